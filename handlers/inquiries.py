"""/inquiry: who waits for an answer, and an inquiry written down."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crm_core.errors import NotUnderstood
from crm_core.facts_until import oldest
from crm_core.inquiries.answering.actions import Asked, take_down
from crm_core.inquiries.answering.turns import INQUIRERS
from crm_core.inquiries.askers import prospect_names
from crm_core.inquiries.queries import WaitingInquiry, late, list_about, waiting
from crm_core.patients.queries import FoundPatient, find, names_of
from crm_core.period import Period
from crm_core.staff import audit
from crm_core.staff.queries import staff_names
from crm_core.tables.facts import InquiryKind
from handlers import inquiry_booking, inquiry_card
from handlers.branches import branches_for
from handlers.inquiry_commands import AskInquiry, ShowInquiries, ShowInquiry, TakeInquiry
from handlers.inquiry_reader import (
    has_digit,
    phone_named,
    read_inquiry,
    source_named,
    treatment_named,
)
from handlers.inquiry_words import (
    KIND_NAMES,
    shown_asker,
    shown_owner,
    shown_source,
    waited,
    what_for,
)
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Field,
    FieldKind,
    Form,
    Heading,
    Reply,
    Style,
    Text,
    Where,
)

PAGE = 6
KINDS = ("inquiries",)


def show_inquiries(command: ShowInquiries, context: Context) -> Reply:
    """The waiting inquiries of each branch, the longest waiting first; masked where others read along."""
    branches = branches_for(command.branch, context, INQUIRERS)
    found = {slug: _waiting(slug, command, context) for slug in branches}
    cards = [_list(replace(command, branch=slug), found[slug], context) for slug in branches]
    data = _data(found, context) if context.as_json else None
    return replace(cards[0], also=tuple(cards[1:]), data=data)


def _waiting(branch: str, command: ShowInquiries, context: Context) -> list[WaitingInquiry]:
    if command.late:
        return late(context.db, context.policy, branch, context.now)
    return waiting(context.db, context.policy, (branch,), context.now)


def _list(command: ShowInquiries, found: list[WaitingInquiry], context: Context) -> Reply:
    pages = max(1, -(-len(found) // PAGE))
    page = min(command.page, pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    blocks: list[Block] = [Heading(_title(command, len(found), context))]
    if not found:
        blocks.append(Text(context.say("Nobody is waiting for an answer.")))
    else:
        blocks += _lines(shown, page * PAGE, context)
    blocks.append(_below(command, page, pages, context))
    return Reply(
        tuple(blocks),
        where=Where.IN_PLACE if command.turn else Where.HERE,
        about=list_about(command.branch, context.today(command.branch)),
        shows=replace(command, turn=False, page=0),
    )


def _title(command: ShowInquiries, n: int, context: Context) -> str:
    say = context.say
    branch = context.policy.branch(command.branch).name(context.language.code)
    if command.late:
        minutes = context.policy.inquiries.minutes_at(command.branch)
        return (
            "⏰ " + say("Unanswered for over {minutes} minutes: {n}", minutes=minutes, n=n) + f" · {branch}"
        )
    return "💬 " + say("Inquiries waiting for an answer: {n}", n=n) + f" · {branch}"


def _lines(shown: Sequence[WaitingInquiry], before: int, context: Context) -> list[Block]:
    """One line each, and a button each that opens its card."""
    who = _names(shown, context)
    staff = {
        key: one.name
        for key, one in staff_names(
            context.db, {one.staff_id for one in shown if one.staff_id is not None}
        ).items()
    }
    if context.private:
        audit.record(context.db, context.person, "list", context.now, what="inquiries", count=len(shown))
    lines, buttons = [], []
    for number, one in enumerate(shown, start=before + 1):
        branch = context.policy.branch(one.branch)
        parts = [
            who[one.inquiry_id],
            shown_source(one.source, context),
            what_for(one.kind, one.treatment, context),
        ]
        since = figures.staff_moment(one.received_at, branch, context.language)
        below = [waited(one.waiting_minutes, context), since, shown_owner(one, staff, context)]
        if one.others:
            below.append(context.say("asked {n} times", n=len(one.ids)))
        lines.append(f"{number}. {' · '.join(parts)}\n{' · '.join(below)}")
        buttons.append(Button(f"{number} {who[one.inquiry_id]}", ShowInquiry(one.inquiry_id)))
    rows = tuple(tuple(buttons[start : start + 3]) for start in range(0, len(buttons), 3))
    return [Text("\n\n".join(lines)), Buttons(rows)]


def _names(shown: Sequence[WaitingInquiry], context: Context) -> dict[int, str]:
    """Who asked, by inquiry, as it may be read here."""
    patients = names_of(context.db, [one.patient_id for one in shown if one.patient_id is not None])
    prospects = prospect_names(context.db, [one.prospect_id for one in shown if one.prospect_id is not None])
    names: dict[int, str] = {}
    for one in shown:
        patient = patients.get(one.patient_id) if one.patient_id is not None else None
        name = patient.name if patient else prospects.get(one.prospect_id or 0)
        names[one.inquiry_id] = shown_asker(name, context)
    return names


def _below(command: ShowInquiries, page: int, pages: int, context: Context) -> Buttons:
    say = context.say
    turned = replace(command, turn=True)
    first = [Button(say("New inquiry"), AskInquiry(command.branch), Style.PRIMARY)]
    if command.late:
        first.append(Button(say("All inquiries"), replace(turned, late=False, page=0)))
    turning = []
    if page > 0:
        turning.append(Button("← " + say("Previous"), replace(turned, page=page - 1)))
    if page < pages - 1:
        turning.append(Button(say("More") + " →", replace(turned, page=page + 1)))
    return Buttons(tuple(tuple(row) for row in (turning, first) if row))


def ask_inquiry(command: AskInquiry, context: Context) -> Reply:
    return _form(TakeInquiry(command.branch), context)


def take_inquiry(command: TakeInquiry, context: Context) -> Reply:
    """Writes it when enough is known, else asks for the rest in a form.

    NotUnderstood("phone", "source", "treatment", "patient"), OtherBranch.
    """
    context = replace(context, private=True)
    branches = branches_for(command.branch, context, INQUIRERS)
    phone = phone_named(command.phone, context.policy.country) if command.phone else None
    if len(branches) > 1 or not command.source or not (command.who or phone):
        return _form(command, context)
    treatment = None
    if command.treatment:
        treatment = treatment_named(context.policy, command.treatment)
        if treatment is None:
            raise NotUnderstood("treatment", command.treatment)
    patient = _by_chart(command.who, context) if has_digit(command.who) else None
    asked = Asked(
        branch=branches[0],
        patient_id=patient.id if patient else None,
        name="" if patient else command.who.strip(),
        phone=phone,
        source=source_named(context.policy, command.source),
        kind=command.kind or InquiryKind.TREATMENT,
        treatment=treatment,
        note=command.note.strip() or None,
        to=context.person.staff_id if command.mine else None,
    )
    row = take_down(context.db, context.policy, context.person, asked, context.now)
    inquiry_card.announce(row, context)
    assert row.id is not None
    reply = inquiry_card.reply_for(row.id, context)
    return replace(reply, blocks=(Text("✓ " + context.say("Written down")), *reply.blocks))


def _by_chart(text: str, context: Context) -> FoundPatient:
    """The patient with this chart number; NotUnderstood("patient") where none or several fit."""
    several = find(context.db, context.person, context.policy, text.strip().removeprefix("#"))
    exact = [one for one in several if one.chart_no == text.strip().removeprefix("#")] or several
    if len(exact) != 1:
        raise NotUnderstood("patient", text[:20])
    return exact[0]


def _form(asked: TakeInquiry, context: Context) -> Reply:
    """What is still to be asked, with what is known filled in. A page on a phone."""
    say, policy = context.say, context.policy
    branches = branches_for(asked.branch, context, INQUIRERS)
    fields = [*_who_fields(asked, context), *_what_fields(asked, context)]
    if len(branches) > 1:
        names = tuple((slug, policy.branch(slug).name(context.language.code)) for slug in branches)
        fields.insert(0, Field("branch", say("Branch"), FieldKind.CHOICE, names))
    command = TakeInquiry(branches[0] if len(branches) == 1 else "", mine=asked.mine)
    form = Form(say("New inquiry"), command, tuple(fields), say("Write down"))
    return Reply((form,), where=Where.PRIVATE)


def _who_fields(asked: TakeInquiry, context: Context) -> list[Field]:
    say, code = context.say, context.language.code
    sources = context.policy.sources
    return [
        Field(
            "who",
            say("Name or chart number"),
            required=False,
            value=asked.who,
            hint=say("A name, or the chart number of a patient"),
            longest=60,
        ),
        Field(
            "phone",
            say("Phone"),
            required=False,
            value=asked.phone,
            hint=say("e.g. 010-1234-5678"),
            longest=30,
        ),
        Field(
            "source",
            say("Where from"),
            FieldKind.CHOICE,
            tuple((slug, one.names.in_language(code)) for slug, one in sources.items()),
            value=asked.source if asked.source in sources else "",
        ),
    ]


def _what_fields(asked: TakeInquiry, context: Context) -> list[Field]:
    say, policy, code = context.say, context.policy, context.language.code
    families = [(slug, one.names) for slug, one in policy.families.items() if slug not in policy.treatments]
    treatments = [*families, *((slug, one.names) for slug, one in policy.treatments.items())]
    kinds = [(kind.value, say(name)) for kind, name in KIND_NAMES.items() if kind is not InquiryKind.SPAM]
    return [
        Field(
            "treatment",
            say("Which treatment"),
            FieldKind.CHOICE,
            tuple((slug, names.in_language(code)) for slug, names in treatments),
            required=False,
            value=treatment_named(policy, asked.treatment) or "" if asked.treatment else "",
        ),
        Field(
            "kind",
            say("About what"),
            FieldKind.CHOICE,
            tuple(kinds),
            value=(asked.kind or InquiryKind.TREATMENT).value,
        ),
        Field(
            "note",
            say("What was asked"),
            FieldKind.LONG_TEXT,
            required=False,
            value=asked.note,
            longest=500,
        ),
    ]


def _data(found: dict[str, list[WaitingInquiry]], context: Context) -> dict[str, Any]:
    branches = tuple(found)
    every = [one for rows in found.values() for one in rows]
    patients = names_of(context.db, [one.patient_id for one in every if one.patient_id is not None])
    staff = staff_names(context.db, {one.staff_id for one in every if one.staff_id is not None})
    audit.record(context.db, context.person, "list", context.now, what="inquiries", count=len(every))
    rows = []
    for one in every:
        patient = patients.get(one.patient_id) if one.patient_id is not None else None
        holder = staff.get(one.staff_id) if one.staff_id is not None else None
        rows.append(
            {
                "inquiry": one.inquiry_id,
                "chart_no": patient.chart_no if patient else None,
                "branch": one.branch,
                "received_at": context.policy.branch(one.branch).local(one.received_at).isoformat(),
                "waiting_minutes": one.waiting_minutes,
                "source": one.source,
                "kind": one.kind.value,
                "treatment": one.treatment,
                "staff": holder.number if holder else None,
                "times": len(one.ids),
            }
        )
    day = context.today(branches[0])
    return envelope(
        context,
        command="inquiry",
        branches=branches,
        period=Period(day, day),
        facts_until=oldest(context.db, branches, KINDS),
        more={"inquiries": rows},
    )


ITEMS: tuple[MenuItem[Any], ...] = (
    MenuItem(
        name="inquiry",
        code="qi",
        command=ShowInquiries,
        read=read_inquiry,
        answer=show_inquiries,
        summary=N_("Who waits for an answer; write an inquiry down"),
        example="/inquiry 김지영 010-1234-5678 카카오톡 보톡스",
        korean=("문의",),
        roles=INQUIRERS,
    ),
    MenuItem(code="qf", command=AskInquiry, answer=ask_inquiry, roles=INQUIRERS),
    MenuItem(code="qt", command=TakeInquiry, answer=take_inquiry, roles=INQUIRERS, about_patient=True),
    *inquiry_card.ITEMS,
    *inquiry_booking.ITEMS,
)
