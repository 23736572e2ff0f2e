"""/reservations: a branch's day as a living card, or a longer period as a list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from crm_core.facts_until import oldest
from crm_core.patients.queries import names_of
from crm_core.period import Period
from crm_core.reservations.queries import (
    Line,
    count_day,
    count_states,
    reservations_of,
)
from crm_core.staff import audit
from crm_core.staff.access import NAMES, scope_for
from crm_core.tables.people import Role
from handlers.branches import branches_for, take_branch
from handlers.facts_until import until_sentence
from handlers.language import figures
from handlers.language.envelope import envelope
from handlers.language.language import N_
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import (
    Block,
    Button,
    Buttons,
    Heading,
    Reply,
    Table,
    Text,
    Tone,
    Where,
)
from handlers.language.words import Words
from handlers.reservation_words import (
    count_line,
    shown_patient,
    shown_state,
    shown_time,
    shown_treatment,
)

ASKERS = NAMES | {Role.GROUP}
KINDS = ("reservations", "visits")
PAGE = 12
_NEAR = {0: N_("Today's reservations"), 1: N_("Tomorrow's reservations"), 3: N_("Reservations in three days")}


@dataclass(frozen=True)
class ShowReservations:
    """The reservations of days at a branch, or at every branch of the asker; `turn`: a page in place."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    page: int = 0
    turn: bool = False


def read_reservations(words: Words) -> ShowReservations:
    """`/reservations [branch] [period]`."""
    branch = take_branch(words)
    period = words.take_period(default="today")
    words.finish()
    return ShowReservations(branch, period.first, period.last)


def show_reservations(command: ShowReservations, context: Context) -> Reply:
    branches = branches_for(command.branch, context, ASKERS)
    lines = {slug: _lines(command, slug, context) for slug in branches}
    cards = [_card(replace(command, branch=slug), lines[slug], context) for slug in branches]
    data = _data(command, lines, context) if context.as_json else None
    return replace(cards[0], also=tuple(cards[1:]), data=data)


def reservations_about(branch: str, day: date) -> str:
    """What the card of a branch's day is about, for the living card."""
    return f"reservations:{branch}:{day.isoformat()}"


def period_of(command: ShowReservations, branch: str, context: Context) -> Period:
    first = command.first or context.today(branch)
    return Period(first, command.last or first)


def _lines(command: ShowReservations, branch: str, context: Context) -> list[Line]:
    period = period_of(command, branch, context)
    scope = scope_for(context.person, context.policy, period, roles=ASKERS, branch=branch)
    return reservations_of(context.db, scope, context.policy, context.now)


def _card(command: ShowReservations, lines: list[Line], context: Context) -> Reply:
    period = period_of(command, command.branch, context)
    asked = ShowReservations(command.branch, period.first, period.last, command.page)
    there = [line for line in lines if not line.is_away]
    pages = max(1, -(-len(there) // PAGE))
    page = min(command.page, pages - 1)
    blocks: list[Block] = [
        Heading(_title(command.branch, period, context)),
        Text(count_line(count_day(lines), context)),
    ]
    if not there:
        blocks.append(Text(context.say("No reservations")))
    elif command.branch in context.person.branches(NAMES, context.policy):
        if context.private:
            audit.record(
                context.db,
                context.person,
                "list",
                context.now,
                branch=command.branch,
                what="reservations",
                count=len(lines) if context.as_json else min(PAGE, len(there) - page * PAGE),
            )
        blocks.append(_table(there[page * PAGE : (page + 1) * PAGE], period, context))
    blocks.append(Text(until_sentence(context, (command.branch,), KINDS), tone=Tone.HINT))
    blocks += _buttons(asked, page, pages, context)
    one_day = period.days == 1
    return Reply(
        tuple(blocks),
        where=Where.IN_PLACE if command.turn else Where.HERE,
        about=reservations_about(command.branch, period.first) if one_day else None,
        shows=asked if one_day else None,
    )


def _title(branch: str, period: Period, context: Context) -> str:
    ahead = (period.first - context.today(branch)).days
    near = _NEAR.get(ahead) if period.days == 1 else None
    days = figures.days_between(period.first, period.last, context.language)
    name = context.policy.branch(branch).name(context.language.code)
    return f"📅 {context.say(near or N_('Reservations'))} · {name} · {days}"


def _table(lines: Sequence[Line], period: Period, context: Context) -> Table:
    say = context.say
    names = names_of(context.db, [line.patient_id for line in lines])
    rows = tuple(
        (
            _when(line, period, context),
            shown_patient(names[line.patient_id].name, line.chart_no, context),
            say("New patient") if line.is_new else say("Returning patient"),
            shown_treatment(line, context),
            shown_state(line, context),
        )
        for line in lines
    )
    return Table(
        (say("Time"), say("Patient"), say("New or returning"), say("Treatment"), say("State")),
        rows,
        plain=True,
    )


def _when(line: Line, period: Period, context: Context) -> str:
    clock = shown_time(line, context)
    if period.days == 1:
        return clock
    return f"{figures.staff_day(line.starts_on, context.language)} {clock}"


def _buttons(asked: ShowReservations, page: int, pages: int, context: Context) -> list[Block]:
    turning = []
    if page > 0:
        label = "← " + context.say("Previous")
        turning.append(Button(label, replace(asked, page=page - 1, turn=True)))
    if page < pages - 1:
        label = context.say("More") + " →"
        turning.append(Button(label, replace(asked, page=page + 1, turn=True)))
    return [Buttons((tuple(turning),))] if turning else []


def _data(command: ShowReservations, lines: dict[str, list[Line]], context: Context) -> dict[str, Any]:
    branches = tuple(lines)
    period = period_of(command, branches[0], context)
    entitled = set(context.person.branches(NAMES, context.policy)) if context.private else set()
    rows = [
        {"branch": slug, "state": state, "count": n}
        for slug, found in lines.items()
        for state, n in sorted(count_states(found).items())
    ]
    return envelope(
        context,
        command="reservations",
        branches=branches,
        period=period,
        facts_until=oldest(context.db, branches, KINDS),
        rows=rows,
        clip=False,
        definitions={
            "unmarked": context.say("Nobody has said what became of it, and its day is over."),
            "new": context.say("No visit lies before that day."),
        },
        more={
            "patients": [
                line_data(line, context)
                for slug, found in lines.items()
                if slug in entitled
                for line in found
            ]
        },
    )


def line_data(line: Line, context: Context) -> dict[str, Any]:
    """A reservation in a list of `--json`, known by the chart number."""
    starts_at = context.policy.branch(line.branch).local(line.starts_at)
    return {
        "chart_no": line.chart_no,
        "branch": line.branch,
        "starts_at": starts_at.isoformat() if line.timed else line.starts_on.isoformat(),
        "state": line.state.value,
        "unmarked": line.is_unmarked,
        "answer": line.answer.value,
        "new": line.is_new,
        "treatment": line.treatment,
        "family": context.policy.family_of(line.treatment),
        "doctor": line.doctor,
        "reasons": ["unmarked" if line.is_unmarked else line.state.value],
    }


ITEMS = (
    MenuItem(
        name="reservations",
        code="rs",
        command=ShowReservations,
        read=read_reservations,
        answer=show_reservations,
        summary=N_("The reservations of a day or period"),
        example="/reservations tomorrow",
        korean=("예약", "예약현황"),
        roles=ASKERS,
    ),
)
