"""Two charts side by side, and the merge that can still be taken back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.calls.actions import staff_name
from crm_core.contacts.queries import PhoneSeen, phones_of
from crm_core.errors import AlreadyMerged, CannotMerge
from crm_core.patients.merging.actions import REVERSIBLE
from crm_core.patients.queries import FoundPatient, of_id
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Reservation, TreatmentDone, Visit
from crm_core.tables.people import Patient, PatientMerge, Staff


@dataclass(frozen=True)
class Side:
    """One of two charts, as far as deciding whether they are one person needs."""

    who: FoundPatient
    phones: tuple[PhoneSeen, ...]
    owner: str | None
    first_visit_on: date | None
    last_visit_on: date | None
    reservations: int
    visits: int
    treatments: int


@dataclass(frozen=True)
class MergeSeen:
    """A merge that can still be taken back; `chart_no` is that of the chart that came over."""

    id: int
    kept_id: int
    chart_no: str
    by: str | None
    at: datetime


def side_by_side(
    db: Session, person: Person, policy: Policy, first: int, second: int, now: datetime
) -> tuple[Side, Side]:
    """The two charts; NoSuchPatient, OtherBranch, AlreadyMerged when they are one by now, CannotMerge."""
    one, other = (of_id(db, person, policy, patient_id) for patient_id in (first, second))
    if one.id == other.id:
        made = _newest_merge(db, one.id)
        if made is None:
            raise CannotMerge("same")
        raise AlreadyMerged(staff_name(db, made.by_staff_id) or "–", made.at)
    return _side(db, one, now), _side(db, other, now)


def _side(db: Session, who: FoundPatient, now: datetime) -> Side:
    row = db.get_one(Patient, who.id)
    days = set(db.scalars(select(col(Visit.arrived_on)).where(*_of(Visit, who.id, Visit.arrived_at, now))))
    done = list(
        db.scalars(
            select(col(TreatmentDone.done_on)).where(*_of(TreatmentDone, who.id, TreatmentDone.done_at, now))
        )
    )
    booked = select(func.count()).where(col(Reservation.patient_id) == who.id)
    firsts = [*days, *done, *filter(None, [row.first_visit_on])]
    owner = db.get(Staff, row.owner_id) if row.owner_id is not None else None
    return Side(
        who=who,
        phones=phones_of(db, who.id),
        owner=owner.name if owner else None,
        first_visit_on=min(firsts, default=None),
        last_visit_on=max([*days, *done], default=None),
        reservations=db.execute(booked).scalar_one(),
        visits=len(days | set(done)),
        treatments=len(done),
    )


def _of(table: type[Any], patient_id: int, at: Any, now: datetime) -> tuple[Any, ...]:
    return table.patient_id == patient_id, at <= now


def reversible(db: Session, patient_id: int, now: datetime) -> MergeSeen | None:
    """The newest merge into this patient, when it can still be taken back."""
    made = _newest_merge(db, patient_id)
    if made is None or made.id is None or not made.at <= now <= made.at + REVERSIBLE:
        return None
    chart = db.get_one(Patient, made.merged_id).chart_no
    return MergeSeen(made.id, patient_id, chart, staff_name(db, made.by_staff_id), made.at)


def _newest_merge(db: Session, kept_id: int) -> PatientMerge | None:
    return db.scalars(
        select(PatientMerge)
        .where(col(PatientMerge.kept_id) == kept_id, col(PatientMerge.reversed_at).is_(None))
        .order_by(col(PatientMerge.id).desc())
    ).first()
