"""The differences that wait for somebody to look."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.contacts.actions import KEEPERS
from crm_core.differences.values import TABLES, unpacked
from crm_core.patients.queries import FoundPatient, names_of
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.imports import SourceDifference

_DAYS = {"reservations": "starts_on", "consults": "held_on", "treatments": "done_on", "payments": "paid_on"}


@dataclass(frozen=True)
class DifferenceSeen:
    """One open difference. `ours` and `theirs` are a ReservationState, a Decision, or minor units."""

    id: int
    branch: str
    kind: str
    column: str
    patient: FoundPatient
    on: date
    ours: Any
    theirs: Any
    counts: str  # chat | import: which of the two stands meanwhile


def open_differences(
    db: Session, person: Person, policy: Policy, *, patient_id: int | None = None, limit: int = 50
) -> tuple[DifferenceSeen, ...]:
    """Those of the branches whose facts this person keeps in order, the oldest first."""
    statement = select(SourceDifference).where(
        col(SourceDifference.branch).in_(person.branches(KEEPERS, policy)),
        col(SourceDifference.settled_at).is_(None),
    )
    if patient_id is not None:
        statement = statement.where(col(SourceDifference.patient_id) == patient_id)
    rows = list(db.scalars(statement.order_by(col(SourceDifference.id)).limit(limit)))
    people = names_of(db, [row.patient_id for row in rows if row.patient_id is not None])
    seen = []
    for row in rows:
        table: Any = TABLES[row.kind]
        on = db.execute(
            select(getattr(table, _DAYS[row.kind])).where(table.book == row.book, table.number == row.row_key)
        ).scalar_one_or_none()
        if on is None or row.patient_id not in people or row.id is None:
            continue
        ours, theirs = (unpacked(row.column, text)[0] for text in (row.ours, row.theirs))
        patient = people[row.patient_id]
        seen.append(
            DifferenceSeen(row.id, row.branch, row.kind, row.column, patient, on, ours, theirs, row.counts)
        )
    return tuple(seen)


def count_open(db: Session, branch: str) -> int:
    """How many differences of a branch wait."""
    found: int = db.execute(
        select(func.count()).where(
            col(SourceDifference.branch) == branch, col(SourceDifference.settled_at).is_(None)
        )
    ).scalar_one()
    return found
