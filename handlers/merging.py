"""/patient merge: two charts of one person made one, the questions “same person?”, and a new number."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from crm_core.contacts.actions import KEEPERS, new_number
from crm_core.contacts.queries import PhoneSeen
from crm_core.patients.merging import actions
from crm_core.patients.merging.queries import Side, side_by_side
from crm_core.patients.queries import FoundPatient, find, nobody_here, of_id
from crm_core.patients.same_person.actions import join_prospect, not_the_same
from crm_core.patients.same_person.queries import Likeness, Proposal, ProspectSeen, proposals
from crm_core.phone import spoken_phone
from crm_core.privacy import masked_name, masked_phone
from crm_core.staff import audit
from crm_core.tables.people import Relation
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Command,
    Field,
    FieldKind,
    Form,
    Heading,
    Reply,
    Style,
    Table,
    Text,
    Tone,
    Where,
)
from handlers.merging_commands import (
    AskNumber,
    CompareCharts,
    JoinProspect,
    MergeCharts,
    NotSame,
    SetNumber,
    ShowProposals,
    SplitCharts,
)
from handlers.patient_words import RELATIONS, is_masked, name_and_chart, shown_chart, shown_name
from handlers.patients import ShowPatient, which_patient

PAGE = 5
_WHY = {
    Likeness.PHONE_AND_NAME: N_("same phone and name"),
    Likeness.NAME_AND_BIRTH: N_("same name and birth date"),
    Likeness.PHONE: N_("same phone, another name"),
    Likeness.NAME: N_("same name, another phone"),
}


def show_proposals(command: ShowProposals, context: Context) -> Reply:
    say, only = context.say, command.patient_id or None
    found = proposals(context.db, context.person, context.policy, context.now, only)
    if not found:
        return Reply((Text(say("Nobody waits to be told apart.")),))
    pages = -(-len(found) // PAGE)
    page = min(command.page, pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    audit.record(context.db, context.person, "list", context.now, what="same_person", count=len(shown))
    blocks: list[Block] = [Heading("👥 " + say("Same person? {n} to answer", n=len(found)))]
    for one in shown:
        blocks += _question(one, context)
    if page < pages - 1:
        more = replace(command, page=page + 1)
        blocks.append(Buttons(((Button(say("More") + " →", more),),)))
    return Reply(tuple(blocks), where=Where.IN_PLACE if command.page else Where.HERE)


def _question(one: Proposal, context: Context) -> list[Block]:
    say = context.say
    patient = name_and_chart(one.patient, context)
    if one.other is not None:
        lines = f"{patient} · {name_and_chart(one.other, context)}"
        yes: Command = CompareCharts(one.patient.id, one.other.id)
        no = NotSame(one.patient.id, other_id=one.other.id)
    else:
        assert one.prospect is not None
        lines = f"{_prospect(one.prospect, context)} · {patient}"
        yes = JoinProspect(one.patient.id, one.prospect.id)
        no = NotSame(one.patient.id, prospect_id=one.prospect.id)
    return [
        Text(f"{lines}\n{say(_WHY[one.why])}"),
        Buttons(((Button(say("Same person"), yes, Style.PRIMARY), Button(say("Not the same"), no)),)),
    ]


def _prospect(one: ProspectSeen, context: Context) -> str:
    """Who asked, with the number they gave: as much of both as may be read here."""
    say, masked = context.say, is_masked(context)
    name = say("no name")
    if one.name:
        name = say("{name}", name=masked_name(one.name) if masked else one.name)
    parts = [name]
    if one.phone:
        phone = one.phone
        parts.append(masked_phone(phone[-4:]) if masked else spoken_phone(phone, context.policy.country))
    asked = say("inquiries: {n}", n=one.inquiries)
    return " ".join(parts) + f" ({asked})"


def compare_charts(command: CompareCharts, context: Context) -> Reply:
    first = _meant(
        command.first_id, command.first, lambda one: replace(command, first_id=one, first=""), context
    )
    if isinstance(first, Reply):
        return first
    second = _meant(
        command.second_id,
        command.second,
        lambda one: replace(command, first_id=first.id, first="", second_id=one, second=""),
        context,
    )
    if isinstance(second, Reply):
        return second
    sides = side_by_side(context.db, context.person, context.policy, first.id, second.id, context.now)
    for side in sides:
        audit.record(
            context.db,
            context.person,
            "look",
            context.now,
            patient_id=side.who.id,
            branch=side.who.branch,
            what="merge",
        )
    return Reply(_compared(sides, context))


def _meant(
    patient_id: int, text: str, command: Callable[[int], Command], context: Context
) -> FoundPatient | Reply:
    if patient_id:
        return of_id(context.db, context.person, context.policy, patient_id)
    several = find(context.db, context.person, context.policy, text)
    if not several:
        raise nobody_here(context.db, context.policy, text)
    return several[0] if len(several) == 1 else which_patient(several, command, context)


def _compared(sides: tuple[Side, Side], context: Context) -> tuple[Block, ...]:
    say = context.say
    kept, other = sides
    rows = tuple(
        (label, one, two)
        for (label, one), (_, two) in zip(_lines(kept, context), _lines(other, context), strict=True)
    )
    told = say(
        "Everything of chart {other} will count for chart {kept}. It can be taken back for a day.",
        other=shown_chart(other.who, context),
        kept=shown_chart(kept.who, context),
    )
    buttons = (
        (
            Button(say("Merge"), MergeCharts(kept.who.id, other.who.id), Style.PRIMARY),
            Button(say("Not the same"), NotSame(kept.who.id, other_id=other.who.id)),
        ),
        (Button(say("Keep the other"), CompareCharts(other.who.id, kept.who.id)),),
    )
    return (
        Heading("👥 " + say("Are these one person?")),
        Table(("", say("Kept"), say("Comes over")), rows),
        Text(told, tone=Tone.HINT),
        Buttons(buttons),
    )


def _lines(side: Side, context: Context) -> list[tuple[str, str]]:
    say, masked, who = context.say, is_masked(context), side.who
    born = who.birth_date.isoformat() if who.birth_date else "–"
    return [
        (say("Chart"), shown_chart(who, context)),
        (say("Name"), shown_name(who, context)),
        (say("Born"), born[:4] if masked else born),
        (say("Phone"), "\n".join(_number(phone, context) for phone in side.phones) or "–"),
        (say("Branch"), context.policy.branch(who.branch).name(context.language.code)),
        (say("Owner"), side.owner or "–"),
        (say("First visit"), _day(side.first_visit_on, context)),
        (say("Last visit"), _day(side.last_visit_on, context)),
        (say("Days here"), figures.count(side.visits)),
        (say("Treatments"), figures.count(side.treatments)),
        (say("Reservations"), figures.count(side.reservations)),
    ]


def _number(phone: PhoneSeen, context: Context) -> str:
    if is_masked(context):
        return masked_phone(phone.last_four)
    spoken = spoken_phone(phone.phone, context.policy.country)
    return (
        spoken if phone.relation is Relation.SELF else f"{spoken} ({context.say(RELATIONS[phone.relation])})"
    )


def _day(day: date | None, context: Context) -> str:
    if day is None:
        return "–"
    return figures.staff_day_with_year(day, context.today(), context.language)


def merge_charts(command: MergeCharts, context: Context) -> Reply:
    db, policy, say = context.db, context.policy, context.say
    other = of_id(db, context.person, policy, command.merged_id)
    made = actions.merge(db, policy, context.person, command.kept_id, command.merged_id, context.now)
    kept = of_id(db, context.person, policy, command.kept_id)
    assert made.id is not None
    told = say(
        "Merged. Chart {other} now counts for {kept}.",
        other=shown_chart(other, context),
        kept=name_and_chart(kept, context),
    )
    row = Button(say("Patient"), ShowPatient(kept.id)), Button(say("Take back"), SplitCharts(made.id))
    return Reply((Text(told), Buttons((row,))), where=Where.IN_PLACE)


def split_charts(command: SplitCharts, context: Context) -> Reply:
    db, policy, say = context.db, context.policy, context.say
    made = actions.reverse(db, policy, context.person, command.merge_id, context.now)
    rows = tuple(
        (Button(name_and_chart(of_id(db, context.person, policy, one), context), ShowPatient(one)),)
        for one in (made.kept_id, made.merged_id)
    )
    return Reply((Text(say("Taken back. They are two charts again.")), Buttons(rows)), where=Where.IN_PLACE)


def join(command: JoinProspect, context: Context) -> Reply:
    db, policy = context.db, context.policy
    join_prospect(db, policy, context.person, command.patient_id, command.prospect_id, context.now)
    who = of_id(db, context.person, policy, command.patient_id)
    told = context.say("Noted. The inquiries now stand with {patient}.", patient=name_and_chart(who, context))
    return Reply((Text(told), _onward(who.id, context)), where=Where.IN_PLACE)


def say_no(command: NotSame, context: Context) -> Reply:
    not_the_same(
        context.db,
        context.policy,
        context.person,
        command.patient_id,
        context.now,
        other_id=command.other_id or None,
        prospect_id=command.prospect_id or None,
    )
    told = context.say("Noted: two people. I will not ask again.")
    return Reply((Text(told), _onward(command.patient_id, context)), where=Where.IN_PLACE)


def _onward(patient_id: int, context: Context) -> Buttons:
    say = context.say
    return Buttons(
        ((Button(say("Patient"), ShowPatient(patient_id)), Button(say("Next question"), ShowProposals())),)
    )


def ask_number(command: AskNumber, context: Context) -> Reply:
    """The form for a new number, to the asker alone."""
    say = context.say
    who = of_id(context.db, context.person, context.policy, command.patient_id)
    fields = (
        Field("phone", say("Phone number"), hint="010-1234-5678", longest=20),
        Field(
            "relation",
            say("Whose number is it?"),
            FieldKind.CHOICE,
            choices=tuple((one.value, say(RELATIONS[one])) for one in Relation),
            value=Relation.SELF.value,
        ),
    )
    title = say("New number: {who}", who=name_and_chart(who, replace(context, private=True)))
    return Reply((Form(title, SetNumber(who.id), fields, say("Save")),), where=Where.PRIVATE)


def set_number(command: SetNumber, context: Context) -> Reply:
    db, policy, say = context.db, context.policy, context.say
    new_number(db, policy, context.person, command.patient_id, command.phone, command.relation, context.now)
    told = say("Saved. This number is called from now on.")
    row = (Button(say("Patient"), ShowPatient(command.patient_id)),)
    return Reply((Text(told), Buttons((row,))), where=Where.PRIVATE)


ITEMS = (
    MenuItem(code="mp", command=ShowProposals, answer=show_proposals, roles=KEEPERS, about_patient=True),
    MenuItem(code="mc", command=CompareCharts, answer=compare_charts, roles=KEEPERS, about_patient=True),
    MenuItem(code="mg", command=MergeCharts, answer=merge_charts, roles=KEEPERS, about_patient=True),
    MenuItem(code="mu", command=SplitCharts, answer=split_charts, roles=KEEPERS, about_patient=True),
    MenuItem(code="mj", command=JoinProspect, answer=join, roles=KEEPERS, about_patient=True),
    MenuItem(code="mn", command=NotSame, answer=say_no, roles=KEEPERS, about_patient=True),
    MenuItem(code="na", command=AskNumber, answer=ask_number, roles=KEEPERS, about_patient=True),
    MenuItem(code="nb", command=SetNumber, answer=set_number, roles=KEEPERS, about_patient=True),
)
