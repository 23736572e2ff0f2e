"""A branch's day by hand: reservations at a time, and what became of them."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.staff.access import Person
from crm_core.tables.facts import Reservation, Visit
from crm_core.tables.people import Role
from crm_core.tables.records import AuditRow
from tests.crm_core.hand_made import Clinic


def booked(clinic: Clinic, patient: int, clock: time, day: date | None = None, **values: Any) -> int:
    """A reservation of a day (today), made a week before; its id."""
    on = day or clinic.today
    row = Reservation(
        book=clinic.policy.branch(clinic.branch).book,
        number=clinic.number("R"),
        patient_id=patient,
        branch=clinic.branch,
        starts_at=clinic.at(on, clock),
        starts_on=on,
        made_at=values.pop("made_at", clinic.at(on, clock) - timedelta(days=7)),
        **values,
    )
    clinic.db.add(row)
    clinic.keep(patient)
    assert row.id is not None
    return row.id


def reservation(db: Session, number: int) -> Reservation:
    row = db.get(Reservation, number, populate_existing=True)
    assert row is not None
    return row


def visits(db: Session, patient: int) -> list[Visit]:
    return list(db.scalars(select(Visit).where(col(Visit.patient_id) == patient)))


def audited(db: Session) -> list[tuple[str, str | None]]:
    rows = db.scalars(select(AuditRow).order_by(col(AuditRow.id)))
    return [(row.action, row.what) for row in rows]


def desk(clinic: Clinic, name: str = "최데스크") -> Person:
    return clinic.staff(name, Role.DESK)


def evening(clinic: Clinic) -> datetime:
    """Closing time of the clinic's day."""
    closing = clinic.policy.branch(clinic.branch).closing(clinic.today)
    assert closing is not None
    return closing
