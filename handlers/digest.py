"""/digest: the morning of a branch in twenty seconds. The post at 08:30 is the same answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm_core.calls.actions import fix_list
from crm_core.differences.queries import count_open
from crm_core.digest.queries import Morning, Point, digest_at, morning
from crm_core.facts_until import oldest
from crm_core.period import Period
from crm_core.reservations.queries import CLOSERS
from crm_core.staff.access import CALLS, FIGURES
from crm_core.tables.people import Role
from handlers.branches import branches_for, take_branch
from handlers.call_commands import ShowCalls
from handlers.closing import ShowClosing
from handlers.facts_until import missing_at, until_sentence
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
    Style,
    Text,
    Tone,
)
from handlers.language.words import Words
from handlers.reservations import ASKERS as RESERVATIONS
from handlers.reservations import ShowReservations

READERS = FIGURES | {Role.DESK}
KINDS = ("reservations", "visits", "consults")
LATE = timedelta(minutes=15)
MOST_POINTS = 3
_POINTS = {
    Point.ASKED: N_("Patients of today who asked to change or cancel: {n}"),
    Point.PROMISED: N_("Call-backs promised for today: {n}"),
    Point.MISSED_BEFORE: N_("Patients of today who missed more than one reservation within a year: {n}"),
    Point.MENTION: N_("Patients of today with another treatment due (mention it at the visit): {n}"),
    Point.UNMARKED_BEFORE: N_("Older reservations still unmarked: {n}"),
}
_DEFINITIONS = {
    "to_confirm": N_(
        "Open reservations of new patients or of those who missed one within a year, not confirmed yet;"
        " and those who asked to change or cancel."
    ),
    "agreed": N_("Patients consulted that day who said yes in full or in part, as known now."),
    "unmarked": N_("Nobody has said what became of it, and its day is over."),
    "inquiries": N_("Not answered yet, received since the last open day began or within two days."),
}


@dataclass(frozen=True)
class ShowDigest:
    """The digest of a branch's day; `posted` by the clock, so that a late one can say so."""

    branch: str = ""
    day: date | None = None
    posted: bool = False


def read_digest(words: Words) -> ShowDigest:
    """`/digest [branch]`."""
    branch = take_branch(words)
    words.finish("branch", list(words.policy.branches))
    return ShowDigest(branch)


def show_digest(command: ShowDigest, context: Context) -> Reply:
    branches = branches_for(command.branch, context, READERS)
    found = {slug: _morning(slug, command.day, context) for slug in branches}
    cards = [_card(known, command.posted, context) for known in found.values()]
    first, *more = cards
    data = _data(found, context) if context.as_json else None
    return Reply(first.blocks, also=tuple(more), data=data)


def _morning(branch: str, day: date | None, context: Context) -> Morning:
    """The counts; from digest time on the day's list is fixed first."""
    db, policy, now = context.db, context.policy, context.now
    place = policy.branch(branch)
    today = place.today(now)
    due = digest_at(policy, place, today)
    if due is not None and now >= due and day in (None, today):
        fix_list(db, policy, branch, today, now)
    return morning(db, policy, branch, day or today, now)


def _card(known: Morning, posted: bool, context: Context) -> Reply:
    say = context.say
    branch = context.policy.branch(known.branch).name(context.language.code)
    day = figures.staff_day(known.day, context.language)
    blocks: list[Block] = [Heading("☀ " + say("Morning digest · {branch} {date}", branch=branch, date=day))]
    missing = missing_at(context, known.branch)
    if missing:
        blocks.append(Text(missing, tone=Tone.WARNING))
    apart = count_open(context.db, known.branch)
    if apart:
        blocks.append(Text(say("The file and the chat differ: {n} · /differences", n=apart), tone=Tone.HINT))
    late = _late(known, posted, context)
    if late:
        blocks.append(Text(late, tone=Tone.HINT))
    blocks.append(Text("\n".join(_today_lines(known, context))))
    blocks.append(Text("\n".join(_yesterday_lines(known, context))))
    blocks.append(Text("\n".join(_points(known, context))))
    blocks.append(Text(until_sentence(context, (known.branch,), KINDS), tone=Tone.HINT))
    blocks += _buttons(known, context)
    return Reply(tuple(blocks))


def _late(known: Morning, posted: bool, context: Context) -> str | None:
    if not posted or known.due_at is None or context.now < known.due_at + LATE:
        return None
    when = figures.clock(known.due_at, context.policy.branch(known.branch))
    return context.say("The digest is late: it was due at {when}.", when=when)


def _today_lines(known: Morning, context: Context) -> list[str]:
    say = context.say
    today = known.today
    if known.due_at is None and not today.total:
        return [say("The branch is closed today.")]
    lines = [
        say("Reservations today: {count} ({new} new)", count=figures.count(today.expected), new=today.new)
    ]
    if known.to_confirm:
        lines.append(say("To confirm: {count}", count=known.to_confirm))
    if known.calls is not None:
        lines.append(say("To call today: {count}", count=known.calls))
    if known.inquiries and known.oldest_inquiry:
        age = _age(context.now - known.oldest_inquiry, context)
        lines.append(say("Inquiries waiting: {count} (oldest {age})", count=known.inquiries, age=age))
    return lines


def _yesterday_lines(known: Morning, context: Context) -> list[str]:
    say, before = context.say, known.yesterday
    day = figures.staff_day(before.day, context.language)
    yesterday = before.day == known.day - timedelta(1)
    when = say("Yesterday") if yesterday else say("Last open day {day}", day=day)
    counts = before.reservations
    parts = [
        say("arrived {n}", n=figures.count(before.visits)),
        say("no-show {n}", n=counts.no_show),
        say("cancelled late {n}", n=counts.cancelled_late),
    ]
    if before.consults:
        parts.append(say("agreed {agreed}/{consults}", agreed=before.agreed, consults=before.consults))
    lines = [f"{when}: {' · '.join(parts)}"]
    if counts.unmarked:
        lines.append(say("Unmarked on {day}, please mark them: {count}", count=counts.unmarked, day=day))
    return lines


def _points(known: Morning, context: Context) -> list[str]:
    say = context.say
    if not known.points:
        return [say("Nothing urgent")]
    return [
        say("Worth a look today"),
        *(f"• {say(_POINTS[point], n=n)}" for point, n in known.points[:MOST_POINTS]),
    ]


def _buttons(known: Morning, context: Context) -> list[Block]:
    """Only what the reader may open; the channel's reader is the branch's team."""
    say, person = context.say, context.person
    buttons = []
    if person.has(RESERVATIONS):
        label = say("Reservations")
        buttons.append(Button(label, ShowReservations(known.branch, known.day, known.day)))
    if person.has(CALLS):
        buttons.append(Button(say("Calls"), ShowCalls(known.branch), Style.PRIMARY))
    if known.yesterday.reservations.unmarked and person.has(CLOSERS):
        buttons.append(Button(say("Mark them"), ShowClosing(known.branch, known.yesterday.day)))
    return [Buttons((tuple(buttons),))] if buttons else []


def _age(waited: timedelta, context: Context) -> str:
    minutes = int(waited.total_seconds()) // 60
    if minutes < 60:
        return context.say("{n} min", n=minutes)
    hours = minutes // 60
    return context.say("{n} h", n=hours) if hours < 48 else context.say("{n} days", n=hours // 24)


def _data(found: Mapping[str, Morning], context: Context) -> dict[str, Any]:
    branches = tuple(found)
    day = next(iter(found.values())).day
    return envelope(
        context,
        command="digest",
        branches=branches,
        period=Period(day, day),
        facts_until=oldest(context.db, branches, KINDS),
        rows=[row for known in found.values() for row in _rows(known)],
        cut={"by": "branch", "value": None},
        definitions={key: context.say(text) for key, text in _DEFINITIONS.items()},
        more={
            "digests": [
                {
                    "branch": known.branch,
                    "day": known.day.isoformat(),
                    "due_at": _iso(known.due_at),
                    "last_open_day": known.yesterday.day.isoformat(),
                    "points": [{"point": point.value, "count": n} for point, n in known.points],
                    "missing": missing_at(context, known.branch),
                }
                for known in found.values()
            ]
        },
    )


def _rows(known: Morning) -> list[dict[str, Any]]:
    before = known.yesterday
    counts = {
        "reservations": known.today.expected,
        "new": known.today.new,
        "to_confirm": known.to_confirm,
        "calls": known.calls,
        "inquiries": known.inquiries,
        "visits": before.visits,
        "no_show": before.reservations.no_show,
        "late_cancel": before.reservations.cancelled_late,
        "agreed": before.agreed,
        "consults": before.consults,
        "unmarked": before.reservations.unmarked,
    }
    return [
        {
            "kpi": kpi,
            "cut": known.branch,
            "numerator": n,
            "denominator": None,
            "value": n,
            "low": None,
            "high": None,
            "unit": "count",
            "out": {},
        }
        for kpi, n in counts.items()
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


ITEMS = (
    MenuItem(
        name="digest",
        code="dg",
        command=ShowDigest,
        read=read_digest,
        answer=show_digest,
        summary=N_("The morning of your branch in twenty seconds"),
        example="/digest",
        korean=("브리핑", "오늘"),
        roles=READERS,
    ),
)
