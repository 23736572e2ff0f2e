"""How far the facts reach, and which file is missing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, case, func, select
from sqlmodel import Session, col

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.tables.facts import LIVE, Reservation, Visit
from crm_core.tables.imports import FactsUntil

ARRIVALS = ("reservations", "visits")
"""The kinds without which a list may call somebody who has been here since."""


CLOSED_BY_HAND = timedelta(days=31)
"""A clinic whose files stay away for longer is not run from its closing cards: nobody looks there."""


@dataclass(frozen=True)
class MissingFile:
    """A kind whose facts end too early; `until` is None where none was ever read."""

    kind: str
    until: datetime | None


@dataclass(frozen=True)
class Missing:
    """The files that are missing, and the days of which nobody can say who came. `first_day` is None
    where no file was ever read: then nothing is known that could have changed."""

    files: tuple[MissingFile, ...]
    first_day: date | None
    last_day: date


def oldest(db: Session, branches: Collection[str], kinds: Collection[str]) -> datetime | None:
    """The oldest moment up to which one of these kinds is known at one of these branches; kinds that a
    branch never gave do not count. None when nothing was ever read."""
    statement = select(func.min(col(FactsUntil.until))).where(
        col(FactsUntil.branch).in_(branches), col(FactsUntil.kind).in_(kinds)
    )
    found: datetime | None = db.execute(statement).scalar_one()
    return found


def missing_files(db: Session, policy: Policy, branch: str, now: datetime) -> tuple[MissingFile, ...]:
    """Those of reservations and visits that are older than the end of the branch's last open day
    (product.md §2), the oldest first; empty when both reach that far.

    The closing card is a source as well: a day whose reservations were all marked in chat is known.
    """
    place = policy.branch(branch)
    last = place.last_open_day(place.today(now))
    end = place.closing(last)
    if end is None:
        return ()
    rows = db.execute(
        select(col(FactsUntil.kind), col(FactsUntil.until)).where(
            col(FactsUntil.branch) == branch, col(FactsUntil.kind).in_(ARRIVALS)
        )
    )
    known: dict[str, datetime] = {row[0]: row[1] for row in rows}
    late = [MissingFile(kind, known.get(kind)) for kind in ARRIVALS if kind not in known or known[kind] < end]
    if not late:
        return ()
    first = min((_first_unknown(place, one.until) for one in late if one.until is not None), default=None)
    young = first is not None and last - first <= CLOSED_BY_HAND
    closed = _closed_days(db, branch, first, last, now) if first and young else frozenset()
    missing = [one for one in late if one.until is None or not _is_closed(place, one.until, last, closed)]
    return tuple(sorted(missing, key=lambda one: (one.until is not None, one.until or now)))


def missing(db: Session, policy: Policy, branch: str, now: datetime) -> Missing | None:
    """The files that are missing and the days of which nobody can say who came; None when nothing is."""
    files = missing_files(db, policy, branch, now)
    if not files:
        return None
    place = policy.branch(branch)
    first = min((_first_unknown(place, one.until) for one in files if one.until is not None), default=None)
    return Missing(files, first, place.today(now) - timedelta(1))


def _first_unknown(place: Branch, until: datetime) -> date:
    """The first day of which something is unknown: that of `until`, unless it had closed by then."""
    day = place.local(until).date()
    closing = place.closing(day)
    return day if closing is None or until < closing else day + timedelta(1)


def _is_closed(place: Branch, until: datetime, last: date, closed: frozenset[date]) -> bool:
    day = _first_unknown(place, until)
    while day <= last:
        if place.is_open(day) and day not in closed:
            return False
        day += timedelta(1)
    return True


def _closed_days(db: Session, branch: str, first: date, last: date, now: datetime) -> frozenset[date]:
    """Days of which somebody has marked reservations in chat, and left none of them open."""
    came = (
        select(col(Visit.id))
        .where(
            col(Visit.patient_id) == col(Reservation.patient_id),
            col(Visit.arrived_on) == col(Reservation.starts_on),
        )
        .exists()
    )
    marked = and_(col(Reservation.state_why).is_not(None), col(Reservation.state_at) <= now)
    still_open = and_(col(Reservation.state).in_(LIVE), ~came)
    statement = (
        select(
            col(Reservation.starts_on),
            func.sum(case((marked, 1), else_=0)),
            func.sum(case((still_open, 1), else_=0)),
        )
        .where(
            col(Reservation.branch) == branch,
            col(Reservation.starts_on) >= first,
            col(Reservation.starts_on) <= last,
        )
        .group_by(col(Reservation.starts_on))
    )
    return frozenset(day for day, said, left in db.execute(statement) if said and not left)
