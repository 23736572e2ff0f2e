"""/closing: the closing card of a branch's day, marked in under a minute, taken back as easily."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from crm_core.errors import DateNotPossible, NotUnderstood
from crm_core.facts_until import oldest
from crm_core.patients.queries import FoundPatient, names_of
from crm_core.period import Period
from crm_core.reservations import actions
from crm_core.reservations.actions import Mark, Why
from crm_core.reservations.queries import (
    CLOSERS,
    Line,
    count_day,
    count_states,
    line_of,
    reservations_on,
)
from crm_core.staff import audit
from handlers.branches import branches_for, take_branch
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
    Tone,
    Where,
    notice,
)
from handlers.language.words import Words
from handlers.reservation_words import (
    count_line,
    shown_patient,
    shown_state,
    shown_time,
    shown_treatment,
)
from handlers.reservations import KINDS, line_data
from handlers.reserve_words import read_clock

PAGE = 8
RECENT = 3


@dataclass(frozen=True)
class ShowClosing:
    """The closing card of a branch's day; `turn`: the next page, in place."""

    branch: str = ""
    day: date | None = None
    page: int = 0
    turn: bool = False


@dataclass(frozen=True)
class MarkReservation:
    reservation_id: int
    said: Mark


@dataclass(frozen=True)
class MarkOthers:
    branch: str
    day: date


@dataclass(frozen=True)
class UndoMark:
    reservation_id: int


@dataclass(frozen=True)
class UndoOthers:
    branch: str
    day: date


@dataclass(frozen=True)
class AskMove:
    reservation_id: int


@dataclass(frozen=True)
class MoveReservation:
    """A form: the new day and time are asked."""

    reservation_id: int
    day: date | None = None
    clock: str = ""


def read_closing(words: Words) -> ShowClosing:
    """`/closing [branch] [day]`."""
    branch = take_branch(words)
    period = words.take_period(default="today")
    words.finish()
    return ShowClosing(branch, period.first)


def show_closing(command: ShowClosing, context: Context) -> Reply:
    branches = branches_for(command.branch, context, CLOSERS)
    found = {slug: _lines(slug, command.day, context) for slug in branches}
    cards = [_card(replace(command, branch=slug), found[slug], context) for slug in branches]
    data = _data(command, found, context) if context.as_json else None
    return replace(cards[0], also=tuple(cards[1:]), data=data)


def closing_about(branch: str, day: date) -> str:
    """What the closing card of a branch's day is about, for the living card."""
    return f"closing:{branch}:{day.isoformat()}"


def mark_reservation(command: MarkReservation, context: Context) -> Reply:
    row = actions.mark(
        context.db, context.policy, context.person, command.reservation_id, command.said, context.now
    )
    return _in_place(row.branch, row.starts_on, context)


def mark_others(command: MarkOthers, context: Context) -> Reply:
    marked = actions.mark_others(
        context.db, context.policy, context.person, command.branch, command.day, context.now
    )
    if not marked:
        return notice(context.say("Nobody else's time has come yet."))
    return _in_place(command.branch, command.day, context)


def undo_mark(command: UndoMark, context: Context) -> Reply:
    row = actions.undo(context.db, context.policy, context.person, command.reservation_id, context.now)
    return _in_place(row.branch, row.starts_on, context)


def undo_others(command: UndoOthers, context: Context) -> Reply:
    actions.undo_others(context.db, context.policy, context.person, command.branch, command.day, context.now)
    return _in_place(command.branch, command.day, context)


def ask_move(command: AskMove, context: Context) -> Reply:
    """The form that asks for the new day and time, to the asker alone."""
    say = context.say
    line = line_of(context.db, context.policy, context.person, command.reservation_id, context.now)
    today = context.today(line.branch)
    title = say("Move: {who}", who=_who(line, names_of(context.db, [line.patient_id]), context))
    branch = context.policy.branch(line.branch)
    fields = (
        Field(
            "day",
            say("New day"),
            FieldKind.DATE,
            earliest=today,
            latest=today + actions.LONGEST_AHEAD,
        ),
        Field(
            "clock",
            say("Time"),
            hint=say("e.g. 15:30"),
            value=figures.clock(line.starts_at, branch) if line.timed else "",
            longest=10,
        ),
    )
    form = Form(title, MoveReservation(command.reservation_id), fields, say("Move"))
    return Reply((form,), where=Where.PRIVATE)


def move_reservation(command: MoveReservation, context: Context) -> Reply:
    line = line_of(context.db, context.policy, context.person, command.reservation_id, context.now)
    branch = context.policy.branch(line.branch)
    if command.day is None:
        raise NotUnderstood("date", "–")
    at = branch.at(command.day, read_clock(command.clock))
    if command.day < context.today(line.branch):
        raise DateNotPossible(command.day, "past")
    new = actions.move(context.db, context.policy, context.person, command.reservation_id, at, context.now)
    when = figures.staff_moment(new.starts_at, branch, context.language)
    undo = Button(context.say("Take back"), UndoMark(command.reservation_id))
    said = Text(context.say("Moved to {when}", when=when))
    return Reply((said, Buttons(((undo,),))), where=Where.PRIVATE)


def _in_place(branch: str, day: date, context: Context) -> Reply:
    """The card as it stands now, where it was pressed."""
    return _card(ShowClosing(branch, day, turn=True), _lines(branch, day, context), context)


def _lines(branch: str, day: date | None, context: Context) -> list[Line]:
    place = context.policy.branch(branch)
    return reservations_on(context.db, place, day or place.today(context.now), context.now)


def _card(command: ShowClosing, lines: list[Line], context: Context) -> Reply:
    say = context.say
    day = command.day or context.today(command.branch)
    asked = ShowClosing(command.branch, day)
    left = [line for line in lines if line.is_open]
    blocks: list[Block] = [
        Heading(f"🌙 {_title(command.branch, day, context)}"),
        Text(f"{count_line(count_day(lines), context)}"),
    ]
    if not lines:
        blocks.append(Text(say("No reservations")))
    elif left:
        blocks.append(Text(say("Still unmarked: {n}", n=len(left))))
        blocks += _open_blocks(asked, left, command.page, context)
    else:
        blocks.append(Text(say("Closed. Tomorrow's list will know.")))
    blocks += _just_marked(asked, lines, context)
    return Reply(
        tuple(blocks),
        where=Where.IN_PLACE if command.turn else Where.HERE,
        about=closing_about(command.branch, day),
        shows=asked,
    )


def _title(branch: str, day: date, context: Context) -> str:
    name = context.policy.branch(branch).name(context.language.code)
    return f"{context.say('Closing card')} · {name} · {figures.staff_day(day, context.language)}"


def _open_blocks(asked: ShowClosing, left: list[Line], page: int, context: Context) -> list[Block]:
    """Each open reservation with its four buttons, a page of them, and "all others came" below."""
    assert asked.day is not None
    say = context.say
    pages = max(1, -(-len(left) // PAGE))
    page = min(page, pages - 1)
    shown = left[page * PAGE : (page + 1) * PAGE]
    names = names_of(context.db, [line.patient_id for line in shown])
    if context.private:
        audit.record(
            context.db,
            context.person,
            "list",
            context.now,
            branch=asked.branch,
            what="closing",
            count=len(left) if context.as_json else len(shown),
        )
    blocks: list[Block] = []
    for line in shown:
        what = f" · {shown_treatment(line, context)}" if line.treatment else ""
        blocks.append(Text(_who(line, names, context) + what))
        blocks.append(Buttons((_marks(line, context),)))
    below: list[tuple[Button, ...]] = []
    if any(line.starts_at <= context.now for line in left):
        label = say("All the others came")
        below.append((Button(label, MarkOthers(asked.branch, asked.day), Style.PRIMARY),))
    if pages > 1:
        turned = replace(asked, page=(page + 1) % pages, turn=True)
        below.append((Button(say("More ({page}/{pages})", page=page + 1, pages=pages), turned),))
    if below:
        blocks.append(Buttons(tuple(below)))
    return blocks


def _marks(line: Line, context: Context) -> tuple[Button, ...]:
    """What can be said of it by now: nobody is missed before their time."""
    say, number = context.say, line.reservation_id
    buttons = []
    if line.starts_on <= context.today(line.branch):
        buttons.append(Button(say("Came"), MarkReservation(number, Mark.CAME)))
    if line.starts_at <= context.now:
        buttons.append(Button(say("No-show"), MarkReservation(number, Mark.NO_SHOW)))
    buttons.append(Button(say("Cancelled"), MarkReservation(number, Mark.CANCELLED)))
    buttons.append(Button(say("Moved"), AskMove(number)))
    return tuple(buttons)


def _just_marked(asked: ShowClosing, lines: Sequence[Line], context: Context) -> list[Block]:
    """What can still be taken back: the newest marks, and "all others" as one."""
    assert asked.day is not None
    say = context.say
    since = context.now - timedelta(minutes=context.policy.calls.undo_minutes)
    young = [line for line in lines if line.state_at and since <= line.state_at <= context.now]
    others = [line for line in young if line.state_why == Why.OTHERS]
    single = [line for line in young if line.state_why in set(Why) - {Why.OTHERS}]
    single.sort(key=lambda line: line.state_at or context.now, reverse=True)
    blocks: list[Block] = []
    names = names_of(context.db, [line.patient_id for line in single[:RECENT]])
    for line in single[:RECENT]:
        said = f"✓ {_who(line, names, context)} · {shown_state(line, context)}"
        blocks.append(Text(said, tone=Tone.HINT))
        blocks.append(Buttons(((Button(say("Take back"), UndoMark(line.reservation_id)),),)))
    if others:
        blocks.append(Text("✓ " + say("All the others came: {n}", n=len(others)), tone=Tone.HINT))
        blocks.append(Buttons(((Button(say("Take back"), UndoOthers(asked.branch, asked.day)),),)))
    return blocks


def _who(line: Line, names: dict[int, FoundPatient], context: Context) -> str:
    return f"{shown_time(line, context)} {shown_patient(names[line.patient_id].name, line.chart_no, context)}"


def _data(command: ShowClosing, found: dict[str, list[Line]], context: Context) -> dict[str, Any]:
    branches = tuple(found)
    day = command.day or context.today(branches[0])
    rows = [
        {"branch": slug, "state": state, "count": n}
        for slug, lines in found.items()
        for state, n in sorted(count_states(lines).items())
    ]
    return envelope(
        context,
        command="closing",
        branches=branches,
        period=Period(day, day),
        facts_until=oldest(context.db, branches, KINDS),
        rows=rows,
        clip=False,
        more={
            "patients": [
                line_data(line, context)
                for lines in found.values()
                for line in lines
                if line.is_open and context.private
            ]
        },
    )


ITEMS: tuple[MenuItem[Any], ...] = (
    MenuItem(
        name="closing",
        code="cl",
        command=ShowClosing,
        read=read_closing,
        answer=show_closing,
        summary=N_("Mark what became of today's reservations"),
        example="/closing",
        korean=("마감",),
        roles=CLOSERS,
    ),
    MenuItem(code="cm", command=MarkReservation, answer=mark_reservation, roles=CLOSERS),
    MenuItem(code="co", command=MarkOthers, answer=mark_others, roles=CLOSERS),
    MenuItem(code="cu", command=UndoMark, answer=undo_mark, roles=CLOSERS),
    MenuItem(code="cx", command=UndoOthers, answer=undo_others, roles=CLOSERS),
    MenuItem(code="cv", command=AskMove, answer=ask_move, roles=CLOSERS),
    MenuItem(code="cw", command=MoveReservation, answer=move_reservation, roles=CLOSERS),
)
