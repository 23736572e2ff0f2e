"""Free times of a branch: its opening hours without lunch, minus what is booked. Pure; lengths in minutes.

All arithmetic is done in UTC: adding minutes to a wall clock goes wrong in the night the clocks change.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from crm_core.policy.branch import Branch

GRID = timedelta(minutes=30)
UNKNOWN_MINUTES = 30  # what a reservation takes whose treatment is not known


class WhyNot(StrEnum):
    """Why a time cannot be booked."""

    CLOSED = "closed"
    LUNCH = "lunch"
    FULL = "full"


class Span(NamedTuple):
    """From a moment until just before another, both in UTC."""

    starts_at: datetime
    ends_at: datetime


def span(starts_at: datetime, minutes: int) -> Span:
    """What a reservation takes."""
    begin = starts_at.astimezone(UTC)
    return Span(begin, begin + timedelta(minutes=minutes))


def windows(branch: Branch, day: date) -> tuple[Span, ...]:
    """The parts of a local day in which patients are treated: before and after lunch; none when closed."""
    hours = branch.hours_on(day)
    if hours is None:
        return ()
    edges = [hours.opens, *(hours.lunch or ()), hours.closes]
    moments = [branch.at(day, clock).astimezone(UTC) for clock in edges]
    pairs = zip(moments[::2], moments[1::2], strict=True)
    return tuple(Span(start, end) for start, end in pairs if start < end)


def why_not(branch: Branch, wanted: Span, taken: Iterable[Span]) -> WhyNot | None:
    """Why a span cannot be booked; None when it can: within one window, and never more than
    `at_once` patients at any minute of it."""
    open_times = windows(branch, branch.local(wanted.starts_at).date())
    if not any(part.starts_at <= wanted.starts_at and wanted.ends_at <= part.ends_at for part in open_times):
        before_last = len(open_times) > 1 and wanted.starts_at < open_times[-1].starts_at
        return WhyNot.LUNCH if before_last and open_times[0].starts_at <= wanted.starts_at else WhyNot.CLOSED
    return WhyNot.FULL if busiest(wanted, taken) >= branch.at_once else None


def busiest(wanted: Span, taken: Iterable[Span]) -> int:
    """The most reservations that overlap at one moment of a span."""
    there = [one for one in taken if one.starts_at < wanted.ends_at and wanted.starts_at < one.ends_at]
    moments = {wanted.starts_at, *(one.starts_at for one in there if one.starts_at > wanted.starts_at)}
    return max(sum(one.starts_at <= at < one.ends_at for one in there) for at in moments)


def free_starts(
    branch: Branch, day: date, minutes: int, taken: Sequence[Span], now: datetime
) -> list[datetime]:
    """Every start of a local day, each half an hour from opening and from the end of lunch, at which
    `minutes` still fit; only what is ahead of `now`. In UTC, in order."""
    found = []
    for part in windows(branch, day):
        start = part.starts_at
        while start < part.ends_at:
            if start > now and why_not(branch, span(start, minutes), taken) is None:
                found.append(start)
            start += GRID
    return found
