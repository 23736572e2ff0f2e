"""The living card of an inquiry: who asked what, how long ago, who has it, what came of it."""

from dataclasses import replace
from datetime import timedelta

from crm_core.errors import OtherBranch, StaleButton
from crm_core.inquiries.answering import actions
from crm_core.inquiries.answering.turns import INQUIRERS, who_answers
from crm_core.inquiries.askers import SeenAsker, asker_of, inquiry_seen, may_be
from crm_core.inquiries.queries import about, given_about, held_by_other
from crm_core.outbox import actions as outbox
from crm_core.outbox.actions import Destination
from crm_core.staff import audit
from crm_core.staff.access import CALLS
from crm_core.staff.accounts import bindings_for, platforms_of
from crm_core.staff.queries import staff_names
from crm_core.tables.facts import Inquiry
from handlers.call_commands import NextCall
from handlers.inquiry_commands import (
    AnswerInquiry,
    AskChart,
    AskClose,
    AskHandOver,
    ClaimInquiry,
    CloseInquiry,
    HandOverInquiry,
    JoinInquiry,
    ShowInquiry,
    UndoInquiry,
)
from handlers.inquiry_words import ENDS, lasted, shown_asker, shown_phone, shown_source, waited, what_for
from handlers.language import figures
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Heading,
    Reply,
    Style,
    Text,
    Tone,
    Where,
)
from handlers.patient_words import shown_chart, tell_apart
from handlers.reserve_commands import OpenReserve
from handlers.wire import Wire

PURPOSES = ("inquiries", "calls")
"""Channels that get new inquiries: their own where one is bound, else that of the calls."""


def reply_for(inquiry_id: int, context: Context) -> Reply:
    """The card as it stands now, for this reader; privately in full, which is a look. StaleButton,
    OtherBranch."""
    row = row_of(inquiry_id, context)
    if context.private and context.person.staff_id is not None:
        audit.record(
            context.db,
            context.person,
            "look",
            context.now,
            patient_id=row.patient_id,
            branch=row.branch,
            what="inquiry",
        )
    asker = asker_of(context.db, row)
    blocks: list[Block] = [Heading(_title(row, context)), Text(_who(asker, context))]
    if asker.phone is None:
        blocks.append(Text(context.say("No number is known: answer where they asked."), tone=Tone.HINT))
    if row.note and context.private:
        blocks.append(Text(row.note, tone=Tone.QUOTE))
    blocks += _standing(row, context)
    if context.private:
        blocks += _who_it_may_be(row, context)
    return Reply(tuple(blocks), about=about(inquiry_id), shows=ShowInquiry(inquiry_id))


def _title(row: Inquiry, context: Context) -> str:
    say = context.say
    is_new = row.answered_at is None and row.closed_at is None
    parts = [
        say("New inquiry") if is_new else say("Inquiry"),
        shown_source(row.channel, context),
        what_for(row.kind, row.treatment, context),
        context.policy.branch(row.branch).name(context.language.code),
    ]
    return "💬 " + " · ".join(parts)


def _who(asker: SeenAsker, context: Context) -> str:
    parts = [shown_asker(asker.name, context)]
    if asker.patient is not None:
        parts.append(context.say("chart {chart}", chart=shown_chart(asker.patient, context)))
    parts.append(shown_phone(asker, context))
    return " · ".join(part for part in parts if part)


def _standing(row: Inquiry, context: Context) -> list[Block]:
    """What came of it with what can be taken back, else how long it waits and who has it."""
    say, branch = context.say, context.policy.branch(row.branch)
    names = staff_names(context.db, {row.staff_id, row.answered_by_id, row.closed_by_id} - {None})  # type: ignore[arg-type]

    def name(staff_id: int | None) -> str:
        known = names.get(staff_id) if staff_id is not None else None
        return known.name if known else say("somebody")

    blocks: list[Block] = []
    if row.answered_at is not None:
        took = branch.open_minutes_between(row.received_at, row.answered_at)
        by = name(row.answered_by_id or row.staff_id)
        when = figures.staff_moment(row.answered_at, branch, context.language)
        blocks.append(
            Text(
                say(
                    "✅ {staff} answered {when} (after {time})",
                    staff=by,
                    when=when,
                    time=lasted(took, context),
                )
            )
        )
    if row.closed_at is not None and row.closed_why is not None:
        when = figures.staff_moment(row.closed_at, branch, context.language)
        said = say("Closed: {why}", why=say(ENDS[row.closed_why]))
        blocks.append(Text(f"{said} – {name(row.closed_by_id)} {when}"))
    if row.answered_at is None and row.closed_at is None:
        minutes = branch.open_minutes_between(row.received_at, context.now)
        since = figures.staff_moment(row.received_at, branch, context.language)
        blocks.append(Text(f"⏳ {waited(minutes, context)} · {since}"))
        blocks.append(Text(_owner(row, name(row.staff_id), context)))
    return [*blocks, *_buttons(row, context)]


def _owner(row: Inquiry, staff: str, context: Context) -> str:
    say = context.say
    if row.staff_id is None:
        return say("nobody has it yet")
    if row.claimed_at is not None and held_by_other(context.policy, row, None, context.now):
        since = figures.clock(row.claimed_at, context.policy.branch(row.branch))
        return say("{staff} is answering (since {since})", staff=staff, since=since)
    return say("owner {staff}", staff=staff)


def _buttons(row: Inquiry, context: Context) -> list[Block]:
    """What can be done now, the safe first; undo only for ten minutes."""
    say = context.say
    assert row.id is not None
    first: list[Button] = []
    second: list[Button] = []
    done_at = row.closed_at or row.answered_at
    if done_at is None:
        me = context.person.staff_id
        mine = me is not None and row.staff_id == me and held_by_other(context.policy, row, None, context.now)
        if not mine:
            first.append(Button(say("I will answer"), ClaimInquiry(row.id), Style.PRIMARY))
        first.append(Button(say("Answered"), AnswerInquiry(row.id), Style.PRIMARY if mine else Style.PLAIN))
        second += [*_book(row, context), Button(say("Give to somebody else"), AskHandOver(row.id))]
    elif context.now - done_at <= timedelta(minutes=context.policy.calls.undo_minutes):
        first.append(Button(say("Take back"), UndoInquiry(row.id)))
    if row.closed_at is None:
        if done_at is not None:
            first += _book(row, context)
        second.append(Button(say("Close the inquiry"), AskClose(row.id)))
    if done_at is not None and context.private and context.person.has(CALLS):
        second.append(Button(say("Next one"), NextCall(row.branch)))
    rows = tuple(tuple(buttons) for buttons in (first, second) if buttons)
    return [Buttons(rows)] if rows else []


def _book(row: Inquiry, context: Context) -> list[Button]:
    """A reservation for a patient; a prospect needs a chart number first, which is asked for."""
    if "reservations" not in context.policy.modules or row.id is None:
        return []
    if row.patient_id is None:
        return [Button(context.say("Book"), AskChart(row.id))]
    treatment = row.treatment if row.treatment in context.policy.treatments else ""
    return [Button(context.say("Book"), OpenReserve(row.patient_id, row.branch, treatment=treatment or ""))]


def _who_it_may_be(row: Inquiry, context: Context) -> list[Block]:
    """Patients with the phone (or the name) of a prospect: the desk says whether it is one of them."""
    people = may_be(context.db, context.policy, context.person, row)
    if not people or row.closed_why is not None:
        return []
    audit.record(context.db, context.person, "list", context.now, what="may be", count=len(people))
    assert row.id is not None
    with_branch = len({one.branch for one in people}) > 1
    rows = tuple(
        (Button(tell_apart(one, context, with_branch=with_branch), JoinInquiry(row.id, one.id)),)
        for one in people
    )
    ask = context.say("Is it one of these patients? Press, and the inquiry is theirs.")
    return [Text(ask, tone=Tone.HINT), Buttons(rows)]


def show_inquiry(command: ShowInquiry, context: Context) -> Reply:
    return replace(reply_for(command.inquiry_id, context), where=Where.IN_PLACE)


def claim_inquiry(command: ClaimInquiry, context: Context) -> Reply:
    """In a channel the card opens privately: the number is for one person's eyes."""
    actions.claim(context.db, context.policy, context.person, command.inquiry_id, context.now)
    reply = reply_for(command.inquiry_id, replace(context, private=True))
    return replace(reply, where=Where.IN_PLACE if context.private else Where.PRIVATE)


def answer_inquiry(command: AnswerInquiry, context: Context) -> Reply:
    actions.answer(context.db, context.policy, context.person, command.inquiry_id, context.now)
    return show_inquiry(ShowInquiry(command.inquiry_id), context)


def ask_hand_over(command: AskHandOver, context: Context) -> Reply:
    """Who of the branch shall have it, to the asker alone."""
    say = context.say
    row = row_of(command.inquiry_id, context)
    day = context.policy.branch(row.branch).today(context.now)
    people = [one for one in who_answers(context.db, row.branch, day) if one.id != row.staff_id]
    buttons = [Button(one.name, HandOverInquiry(command.inquiry_id, one.id)) for one in people if one.id]
    rows = [tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
    rows.append((Button(say("Back"), ShowInquiry(command.inquiry_id)),))
    return Reply((Text(say("Who shall answer?")), Buttons(tuple(rows))), where=_aside(context))


def hand_over_inquiry(command: HandOverInquiry, context: Context) -> Reply:
    row = actions.hand_over(
        context.db, context.policy, context.person, command.inquiry_id, command.staff_id, context.now
    )
    tell_whose_it_is(row, context)
    return show_inquiry(ShowInquiry(command.inquiry_id), context)


def ask_close(command: AskClose, context: Context) -> Reply:
    """Why it ends, to the asker alone."""
    say = context.say
    row = row_of(command.inquiry_id, context)
    ends = [Button(say(said), CloseInquiry(command.inquiry_id, why)) for why, said in ENDS.items()]
    back = (Button(say("Back"), ShowInquiry(command.inquiry_id)),)
    who = shown_asker(asker_of(context.db, row).name, context)
    title = Text(say("Why does the inquiry of {who} end?", who=who))
    return Reply((title, Buttons((tuple(ends[:2]), tuple(ends[2:]), back))), where=_aside(context))


def close_inquiry(command: CloseInquiry, context: Context) -> Reply:
    actions.close(context.db, context.policy, context.person, command.inquiry_id, command.why, context.now)
    return show_inquiry(ShowInquiry(command.inquiry_id), context)


def undo_inquiry(command: UndoInquiry, context: Context) -> Reply:
    actions.undo(context.db, context.policy, context.person, command.inquiry_id, context.now)
    return show_inquiry(ShowInquiry(command.inquiry_id), context)


def join_inquiry(command: JoinInquiry, context: Context) -> Reply:
    actions.join(
        context.db, context.policy, context.person, command.inquiry_id, command.patient_id, context.now
    )
    return show_inquiry(ShowInquiry(command.inquiry_id), context)


def announce(row: Inquiry, context: Context) -> None:
    """The card stands in the branch's channel, masked, and with whoever has it, in full."""
    assert row.id is not None
    for binding in bindings_for(context.db, row.branch, *PURPOSES):
        outbox.post(
            context.db,
            once=f"inquiry:{row.id}:{binding.id}",
            command=_WIRE.encode(ShowInquiry(row.id)),
            to=Destination(binding.platform, binding.address),
            now=context.now,
            about=about(row.id),
            branch=row.branch,
            priority=0,
        )
    tell_whose_it_is(row, context)


def tell_whose_it_is(row: Inquiry, context: Context) -> None:
    """A private word to whoever was given it by somebody else or in turn."""
    if row.staff_id is None or row.assigned_at is None or row.staff_id == context.person.staff_id:
        return
    assert row.id is not None
    given = f"{row.id}:{row.staff_id}:{row.assigned_at.isoformat()}"
    for platform in platforms_of(context.db, row.staff_id):
        outbox.post(
            context.db,
            once=f"inquiry-given:{given}:{platform}",
            command=_WIRE.encode(ShowInquiry(row.id)),
            to=Destination(platform, staff_id=row.staff_id),
            now=context.now,
            about=given_about(row.id),
            branch=row.branch,
            priority=0,
        )


def row_of(inquiry_id: int, context: Context) -> Inquiry:
    """An inquiry at one of the asker's branches; StaleButton, OtherBranch."""
    row = inquiry_seen(context.db, inquiry_id)
    if row is None:
        raise StaleButton
    if row.branch not in context.person.branches(INQUIRERS, context.policy):
        raise OtherBranch
    return row


def _aside(context: Context) -> Where:
    """A question to one person: in a channel the card of all stays as it is."""
    return Where.IN_PLACE if context.private else Where.PRIVATE


ITEMS = (
    MenuItem(code="qc", command=ShowInquiry, answer=show_inquiry, roles=INQUIRERS),
    MenuItem(code="qk", command=ClaimInquiry, answer=claim_inquiry, roles=INQUIRERS),
    MenuItem(code="qr", command=AnswerInquiry, answer=answer_inquiry, roles=INQUIRERS),
    MenuItem(code="qh", command=AskHandOver, answer=ask_hand_over, roles=INQUIRERS),
    MenuItem(code="qo", command=HandOverInquiry, answer=hand_over_inquiry, roles=INQUIRERS),
    MenuItem(code="qe", command=AskClose, answer=ask_close, roles=INQUIRERS),
    MenuItem(code="qx", command=CloseInquiry, answer=close_inquiry, roles=INQUIRERS),
    MenuItem(code="qu", command=UndoInquiry, answer=undo_inquiry, roles=INQUIRERS),
    MenuItem(code="qj", command=JoinInquiry, answer=join_inquiry, roles=INQUIRERS, about_patient=True),
)
_WIRE = Wire(ITEMS)
