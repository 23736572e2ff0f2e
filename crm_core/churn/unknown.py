"""Who may have been here on the days of which no file says who came (product.md §2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.facts_until import missing
from crm_core.policy.policy import Policy
from crm_core.sql import among
from crm_core.tables.calls import AFFIRMATIONS
from crm_core.tables.facts import LIVE, Reservation

if TYPE_CHECKING:
    from crm_core.churn.facts import PatientFacts


def add_unknown_visits(db: Session, policy: Policy, rows: Sequence[PatientFacts], now: datetime) -> None:
    """Notes on each patient since when they may have come: a reservation on an unknown day that nobody
    has marked, or a call on one of these days in which they said that they would come."""
    by_branch: dict[str, list[PatientFacts]] = defaultdict(list)
    for row in rows:
        by_branch[row.branch].append(row)
    for branch, patients in by_branch.items():
        lacking = missing(db, policy, branch, now) if branch in policy.branches else None
        if lacking is None or lacking.first_day is None:
            continue
        reserved = _reserved(db, patients, lacking.first_day, lacking.last_day, now)
        for row in patients:
            said = _said_they_come(row, lacking.first_day, lacking.last_day)
            days = [day for day in (reserved.get(row.patient_id), said) if day is not None]
            row.may_have_come_on = min(days, default=None)


def _reserved(
    db: Session, rows: Sequence[PatientFacts], first: date, last: date, now: datetime
) -> dict[int, date]:
    statement = (
        select(col(Reservation.patient_id), func.min(col(Reservation.starts_on)))
        .where(
            among(db, col(Reservation.patient_id), [row.patient_id for row in rows]),
            col(Reservation.starts_on) >= first,
            col(Reservation.starts_on) <= last,
            col(Reservation.starts_at) <= now,
            col(Reservation.state).in_(LIVE),
        )
        .group_by(col(Reservation.patient_id))
    )
    return {row[0]: row[1] for row in db.execute(statement)}


def _said_they_come(row: PatientFacts, first: date, last: date) -> date | None:
    days = (call.on for call in row.calls if first <= call.on <= last and call.group in AFFIRMATIONS)
    return min(days, default=None)
