"""Consults left undecided (보류), and the days on which these patients are called: section ④.

The journey says whether something has been decided since; the consult says when to call.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.sql import among
from crm_core.tables.facts import Consult, Decision
from crm_core.tables.journey import Journey

LONGEST_CLOSING = 31
"""Days: a call day that falls into a longer closing than this is not looked for any more."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PendingConsult:
    """The last consult of a patient, undecided, in a journey without agreement, treatment or end."""

    branch: str
    held_at: datetime
    held_on: date
    treatment: str | None
    family: str | None
    call_days: tuple[date, ...]

    def next_day(self, day: date) -> date | None:
        """The first day from `day` on on which this patient is to be called; None when all are over."""
        return next((on for on in self.call_days if on >= day), None)


def call_days(branch: Branch, held_on: date, days: Iterable[int]) -> tuple[date, ...]:
    """The days on which an undecided patient is called; one on a closed day moves to the next open day.

    Two that fall on one day are one: a day that was missed has no call of its own.
    """
    return tuple(sorted({branch.next_open_day(held_on + timedelta(n - 1)) for n in days}))


def days_of_consults(branch: Branch, day: date, days: Iterable[int]) -> list[date]:
    """The days of the consults whose patients are called on `day`; none on a closed day."""
    if not branch.is_open(day):
        return []
    closed_before = (day - branch.last_open_day(day)).days
    return sorted({day - timedelta(n + k) for n in days for k in range(min(closed_before, LONGEST_CLOSING))})


def to_be_called(
    db: Session, policy: Policy, branches: Collection[str], day: date, now: datetime
) -> list[int]:
    """Patients of an undecided consult at the branches for whom `day` is a call day, by the day's index."""
    found: set[int] = set()
    for slug in branches:
        held = days_of_consults(policy.branch(slug), day, policy.calls.undecided_days)
        if held:
            statement = select(col(Consult.patient_id)).where(
                col(Consult.branch) == slug, col(Consult.held_on).in_(held), col(Consult.held_at) <= now
            )
            found.update(db.scalars(statement))
    return sorted(found)


def pending_consults(
    db: Session, policy: Policy, patients: Sequence[int], day: date, now: datetime
) -> dict[int, PendingConsult]:
    """Of each of the patients the last consult, where it is undecided and young enough for a call."""
    since = day - timedelta(max(policy.calls.undecided_days) + LONGEST_CLOSING)
    last = {row[0]: row for row in db.execute(_consults(db, patients, since, now))}
    waiting = {
        patient: PendingConsult(
            row[1],
            row[2],
            row[3],
            row[4],
            policy.family_of(row[4]),
            call_days(policy.branch(row[1]), row[3], policy.calls.undecided_days),
        )
        for patient, row in last.items()
        if row[1] in policy.branches and (row[5] is Decision.PENDING or _not_yet(row[6], now))
    }
    if not waiting:
        return {}
    settled = _settled(db, waiting, now)
    return {patient: consult for patient, consult in waiting.items() if patient not in settled}


def _consults(db: Session, patients: Sequence[int], since: date, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Consult.patient_id),
            col(Consult.branch),
            col(Consult.held_at),
            col(Consult.held_on),
            col(Consult.treatment),
            col(Consult.decision),
            col(Consult.decided_at),
        )
        .where(
            among(db, col(Consult.patient_id), patients),
            col(Consult.held_on) >= since,
            col(Consult.held_at) <= now,
        )
        .order_by(col(Consult.patient_id), col(Consult.held_at), col(Consult.id))
    )


def _not_yet(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def _settled(db: Session, waiting: dict[int, PendingConsult], now: datetime) -> set[int]:
    """Whose consult's journey has an agreement, a treatment or an end by now."""
    statement = (
        select(
            col(Journey.patient_id),
            col(Journey.consult_at),
            col(Journey.agreement_at),
            col(Journey.treatment_at),
            col(Journey.declined_at),
            col(Journey.unsuitable_at),
            col(Journey.closed_by_hand_at),
        )
        .where(among(db, col(Journey.patient_id), waiting), col(Journey.consult_at) <= now)
        .order_by(col(Journey.patient_id), col(Journey.consult_at))
    )
    settled: dict[int, bool] = {}
    for patient, consulted_at, *ends in db.execute(statement):
        # A consult with a date alone stands in its journey at another moment of the same day.
        if consulted_at < waiting[patient].held_at + _DAY:
            settled[patient] = any(end is not None and end <= now for end in ends)
    return {patient for patient, is_settled in settled.items() if is_settled}
