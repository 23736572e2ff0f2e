"""Where a patient stands at the desk today: what is known, and what can follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.journeys.queries import JourneySeen, Standing, journeys_of
from crm_core.policy.policy import Policy
from crm_core.staff.access import CALLS, EVERYWHERE, Person
from crm_core.tables.desk import DeskEntry
from crm_core.tables.facts import (
    CAME,
    LIVE,
    Consult,
    Course,
    Decision,
    Payment,
    Reservation,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import Role, Staff, StaffRole

TREATERS = CALLS | {Role.DOCTOR}
"""Who may say that a treatment was done; a doctor says so of their own."""

AGREED = (Decision.YES, Decision.PART)


@dataclass(frozen=True)
class CourseLeft:
    """A course with sessions left and valid today; `done` were had so far."""

    number: str
    treatment: str
    sessions: int
    done: int


@dataclass(frozen=True)
class Flow:
    """A patient's day at a branch. `pending` is the youngest undecided consult, `agreed` the youngest
    agreed one that no treatment has followed; both may be of an earlier day."""

    patient_id: int
    branch: str
    day: date
    reservation: Reservation | None
    arrived_at: datetime | None
    consults: tuple[Consult, ...]
    pending: Consult | None
    agreed: Consult | None
    treatments: tuple[TreatmentDone, ...]
    paid: int
    courses: tuple[CourseLeft, ...]
    journey: JourneySeen | None
    last: DeskEntry | None

    @property
    def is_here(self) -> bool:
        """Whether anything says that the patient came today."""
        return bool(self.arrived_at or self.consults or self.treatments)


def flow_of(db: Session, policy: Policy, patient_id: int, branch: str, now: datetime) -> Flow:
    """All that is known of a patient's day at the desk."""
    day = policy.branch(branch).today(now)
    whose = (patient_id, day, now)
    consults = _rows(db, Consult, Consult.held_on, Consult.held_at, whose)
    treatments = _rows(db, TreatmentDone, TreatmentDone.done_on, TreatmentDone.done_at, whose)
    visits = _rows(db, Visit, Visit.arrived_on, Visit.arrived_at, whose)
    journey = next(iter(journeys_of(db, policy, patient_id, now)), None)
    pending, agreed = _undone(db, policy, patient_id, now)
    return Flow(
        patient_id=patient_id,
        branch=branch,
        day=day,
        reservation=_reservation(db, patient_id, day),
        arrived_at=min((row.arrived_at for row in visits), default=None),
        consults=consults,
        pending=pending,
        agreed=agreed,
        treatments=treatments,
        paid=_paid(db, patient_id, day),
        courses=tuple(courses_left(db, patient_id, day)),
        journey=journey if journey and journey.standing is Standing.OPEN else None,
        last=last_entry(db, patient_id),
    )


def last_entry(db: Session, patient_id: int) -> DeskEntry | None:
    """The newest step written in chat about a patient that was not taken back."""
    return db.scalars(
        select(DeskEntry)
        .where(col(DeskEntry.patient_id) == patient_id, col(DeskEntry.taken_back_at).is_(None))
        .order_by(col(DeskEntry.id).desc())
        .limit(1)
    ).first()


def courses_left(db: Session, patient_id: int, day: date) -> Iterable[CourseLeft]:
    """The courses with sessions left on a day, the oldest first (reading 7)."""
    sessions = db.execute(
        select(col(TreatmentDone.course_no), func.count())
        .where(col(TreatmentDone.patient_id) == patient_id, col(TreatmentDone.course_no).is_not(None))
        .group_by(col(TreatmentDone.course_no))
    )
    done = {row[0]: row[1] for row in sessions}
    courses = select(Course).where(col(Course.patient_id) == patient_id)
    for row in db.scalars(courses.order_by(col(Course.bought_on), col(Course.id))):
        had = max(row.used, done.get(row.number, 0))
        if had < row.sessions and (row.valid_until is None or day <= row.valid_until):
            yield CourseLeft(row.number, row.treatment, row.sessions, had)


def staff_with(db: Session, roles: Iterable[Role], branch: str) -> list[Staff]:
    """Who works at a branch in one of these roles, in the order they came."""
    held = (
        select(col(StaffRole.staff_id))
        .where(col(StaffRole.role).in_(list(roles)), col(StaffRole.branch).in_((branch, EVERYWHERE)))
        .distinct()
    )
    statement = select(Staff).where(col(Staff.active), col(Staff.id).in_(held))
    return list(db.scalars(statement.order_by(col(Staff.id))))


def doctor_key(staff: Staff) -> str:
    """How facts name a doctor: the chart's number, else the name."""
    return staff.number or staff.name


def is_only_doctor(person: Person, policy: Policy, branch: str) -> bool:
    """Whether somebody is at the branch as a doctor alone, and so writes only for themselves."""
    return branch not in person.branches(CALLS, policy)


def _rows(db: Session, table: Any, on: Any, at: Any, flow: tuple[int, date, datetime]) -> tuple[Any, ...]:
    patient_id, day, now = flow
    statement = select(table).where(table.patient_id == patient_id, on == day, at <= now)
    return tuple(db.scalars(statement.order_by(at, table.id)))


def _reservation(db: Session, patient_id: int, day: date) -> Reservation | None:
    """The day's reservation that stands: an open one first."""
    rows = db.scalars(
        select(Reservation)
        .where(
            col(Reservation.patient_id) == patient_id,
            col(Reservation.starts_on) == day,
            col(Reservation.state).in_((*LIVE, *CAME)),
        )
        .order_by(col(Reservation.starts_at), col(Reservation.id))
    ).all()
    return next((row for row in rows if row.state in LIVE), rows[0] if rows else None)


def _undone(
    db: Session, policy: Policy, patient_id: int, now: datetime
) -> tuple[Consult | None, Consult | None]:
    """The youngest undecided and the youngest agreed consult that patience still waits for and no
    treatment has followed."""
    last = db.scalar(
        select(func.max(col(TreatmentDone.done_at))).where(
            col(TreatmentDone.patient_id) == patient_id, col(TreatmentDone.done_at) <= now
        )
    )
    since = now - timedelta(max(policy.patience.consult, policy.patience.agreement))
    statement = select(Consult).where(
        col(Consult.patient_id) == patient_id, col(Consult.held_at) > since, col(Consult.held_at) <= now
    )
    if last is not None:
        statement = statement.where(col(Consult.held_at) > last)
    rows = list(db.scalars(statement.order_by(col(Consult.held_at).desc(), col(Consult.id).desc())))
    pending = next((row for row in rows if row.decision is Decision.PENDING), None)
    return pending, next((row for row in rows if row.decision in AGREED), None)


def _paid(db: Session, patient_id: int, day: date) -> int:
    paid = func.coalesce(func.sum(col(Payment.amount) - col(Payment.refund)), 0)
    of_day = (col(Payment.patient_id) == patient_id, col(Payment.paid_on) == day)
    return int(db.scalar(select(paid).where(*of_day)) or 0)
