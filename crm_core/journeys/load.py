"""The events of many people in a handful of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from crm_core.journeys.events import (
    ClosedByHand,
    Consulted,
    CourseBought,
    Event,
    Inquired,
    Paid,
    Reserved,
    Treated,
    Visited,
)
from crm_core.tables.facts import (
    NO_INQUIRY,
    Consult,
    Course,
    Inquiry,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.journey import JourneyCorrection
from crm_core.tables.people import Patient, Prospect

CLOSE = "close"


@dataclass
class Person:
    """A patient (or a prospect) with all events; `first_visit_on` and `source` are the chart's."""

    first_visit_on: date | None = None
    source: str | None = None
    events: list[Event] = field(default_factory=list)


def people(db: Session, ids: Sequence[int]) -> dict[int, Person]:
    """The patients of these ids that exist, with their events."""
    rows = select(col(Patient.id), col(Patient.first_visit_on), col(Patient.source)).where(
        col(Patient.id).in_(ids)
    )
    found = {
        owner: Person(first_visit_on, source)
        for owner, first_visit_on, source in db.execute(rows)
        if owner is not None
    }
    for owner, event in _events(db, ids):
        if owner in found:
            found[owner].events.append(event)
    return found


def prospects(db: Session, ids: Sequence[int]) -> dict[int, Person]:
    """The prospects of these ids that have not become patients, with their events."""
    rows = select(col(Prospect.id)).where(col(Prospect.id).in_(ids), col(Prospect.patient_id).is_(None))
    found = {owner: Person() for owner in db.scalars(rows) if owner is not None}
    asked = _inquiries(col(Inquiry.prospect_id)).where(
        col(Inquiry.prospect_id).in_(ids), col(Inquiry.patient_id).is_(None)
    )
    corrected = _corrections(col(JourneyCorrection.prospect_id)).where(
        col(JourneyCorrection.prospect_id).in_(ids)
    )
    for owner, *row in db.execute(asked):
        if owner in found:
            found[owner].events.append(Inquired(*row))
    for owner, *row in db.execute(corrected):
        if owner in found:
            found[owner].events.append(ClosedByHand(*row))
    return found


def _events(db: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    events: list[tuple[int, Event]] = []
    became = (
        _inquiries(col(Prospect.patient_id))
        .join(Prospect, col(Prospect.id) == col(Inquiry.prospect_id))
        .where(col(Prospect.patient_id).in_(ids), col(Inquiry.patient_id).is_(None))
    )
    asked = _inquiries(col(Inquiry.patient_id)).where(col(Inquiry.patient_id).in_(ids))
    for statement in (asked, became):
        events += [(owner, Inquired(*row)) for owner, *row in db.execute(statement)]
    for kind, statement in _statements(ids):
        events += [(owner, kind(*row)) for owner, *row in db.execute(statement)]
    return events + _courses(db, ids)


def _inquiries(owner: Any) -> Any:
    return select(
        owner,
        col(Inquiry.number),
        col(Inquiry.received_at),
        col(Inquiry.received_on),
        col(Inquiry.timed),
        col(Inquiry.branch),
        col(Inquiry.kind),
        col(Inquiry.channel),
        col(Inquiry.treatment),
        col(Inquiry.staff_id),
    ).where(or_(col(Inquiry.closed_why).is_(None), col(Inquiry.closed_why).not_in(NO_INQUIRY)))


def _corrections(owner: Any) -> Any:
    return select(
        owner,
        col(JourneyCorrection.id),
        col(JourneyCorrection.at),
        col(JourneyCorrection.why),
    ).where(col(JourneyCorrection.kind) == CLOSE)


def _statements(ids: Sequence[int]) -> list[tuple[Any, Any]]:
    """What makes an event, and the query of its fields in their order."""
    of_patients = col(JourneyCorrection.patient_id)
    return [
        (Reserved, _reservations().where(col(Reservation.patient_id).in_(ids))),
        (
            Visited,
            select(
                col(Visit.patient_id),
                col(Visit.number),
                col(Visit.arrived_at),
                col(Visit.arrived_on),
                col(Visit.timed),
                col(Visit.branch),
            ).where(col(Visit.patient_id).in_(ids)),
        ),
        (Consulted, _consults().where(col(Consult.patient_id).in_(ids))),
        (Treated, _treatments().where(col(TreatmentDone.patient_id).in_(ids))),
        (
            Paid,
            select(
                col(Payment.patient_id),
                col(Payment.number),
                col(Payment.paid_at),
                col(Payment.paid_on),
                col(Payment.timed),
                col(Payment.branch),
                col(Payment.amount),
                col(Payment.treatment_no),
                col(Payment.course_no),
                col(Payment.covered),
            ).where(col(Payment.patient_id).in_(ids)),
        ),
        (ClosedByHand, _corrections(of_patients).where(of_patients.in_(ids))),
    ]


def _reservations() -> Any:
    return select(
        col(Reservation.patient_id),
        col(Reservation.number),
        col(Reservation.starts_at),
        col(Reservation.starts_on),
        col(Reservation.branch),
        col(Reservation.timed),
        col(Reservation.made_at),
        col(Reservation.state),
        col(Reservation.state_at),
        col(Reservation.moved_to),
        col(Reservation.treatment),
        col(Reservation.staff_id),
    )


def _consults() -> Any:
    return select(
        col(Consult.patient_id),
        col(Consult.number),
        col(Consult.held_at),
        col(Consult.held_on),
        col(Consult.timed),
        col(Consult.branch),
        col(Consult.treatment),
        col(Consult.staff_id),
        col(Consult.decision),
        col(Consult.decided_at),
        col(Consult.proposed_amount),
        col(Consult.agreed_amount),
    )


def _treatments() -> Any:
    return select(
        col(TreatmentDone.patient_id),
        col(TreatmentDone.number),
        col(TreatmentDone.done_at),
        col(TreatmentDone.done_on),
        col(TreatmentDone.timed),
        col(TreatmentDone.branch),
        col(TreatmentDone.treatment),
        col(TreatmentDone.staff_id),
        col(TreatmentDone.course_no),
        col(TreatmentDone.recommended_on),
        col(TreatmentDone.covered),
    )


def _courses(db: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    rows = list(db.scalars(select(Course).where(col(Course.patient_id).in_(ids))))
    if not rows:
        return []
    done: defaultdict[tuple[int, str], int] = defaultdict(int)
    sessions = select(col(TreatmentDone.patient_id), col(TreatmentDone.course_no)).where(
        col(TreatmentDone.patient_id).in_(ids), col(TreatmentDone.course_no).is_not(None)
    )
    for owner, course_no in db.execute(sessions):
        done[owner, course_no] += 1
    return [
        (
            row.patient_id,
            CourseBought(
                key=row.number,
                at=row.bought_at,
                on=row.bought_on,
                timed=True,
                branch=row.branch,
                treatment=row.treatment,
                sessions=row.sessions,
                unrecorded=max(0, row.used - done[row.patient_id, row.number]),
                valid_until=row.valid_until,
            ),
        )
        for row in rows
    ]
