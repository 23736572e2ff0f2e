"""A reservation is booked in chat here; moved, cancelled and marked in `reservations/actions.py`."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import select, update
from sqlmodel import Session, col

from crm_core.errors import BookedAlready, NoSuchPatient, NothingToUndo, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import CHAT, follow_up, refuse_unless_free
from crm_core.reservations.openings import ahead_of
from crm_core.reservations.queries import CLOSERS
from crm_core.staff import audit
from crm_core.staff.access import Person, may_see
from crm_core.staff.own import still_own
from crm_core.tables.calls import AFFIRMATIONS, Call
from crm_core.tables.facts import LIVE, Reservation
from crm_core.tables.people import Patient, PatientStatus

_NUMBER = f"{CHAT}-r-"


@dataclass(frozen=True)
class Wanted:
    """A reservation as it is asked for; `treatment` is a slug of the policy, or None."""

    patient_id: int
    branch: str
    starts_at: datetime
    treatment: str | None = None


def book(
    db: Session,
    policy: Policy,
    person: Person,
    wanted: Wanted,
    now: datetime,
    *,
    another: bool = False,
    press_key: str | None = None,
) -> Reservation:
    """Books a free time; pressed twice, or asked for the time that is booked, it is the one there is.

    BookedAlready when the patient has a reservation ahead and `another` is not said; DateNotPossible,
    NotFree; OtherBranch, NoSuchPatient.
    """
    patient = bookable(db, policy, person, wanted.patient_id, wanted.branch)
    number = _number(press_key)
    known = db.scalars(
        select(Reservation).where(col(Reservation.book) == patient.book, col(Reservation.number) == number)
    ).first()
    if known is not None:
        return known
    place = policy.branch(wanted.branch)
    ahead = ahead_of(db, wanted.patient_id, place.today(now))
    same = [row for row in ahead if row.timed and row.starts_at == wanted.starts_at]
    if same:
        return same[0]
    if ahead and not another:
        assert ahead[0].id is not None
        raise BookedAlready(ahead[0].id, ahead[0].branch, ahead[0].starts_at)
    refuse_unless_free(db, policy, place, wanted.starts_at, wanted.treatment, now)
    row = Reservation(
        book=patient.book,
        number=number,
        patient_id=wanted.patient_id,
        branch=wanted.branch,
        starts_at=wanted.starts_at,
        starts_on=place.local(wanted.starts_at).date(),
        made_at=now,
        treatment=wanted.treatment,
        staff_id=person.staff_id,
        source=CHAT,
    )
    db.add(row)
    audit.record(db, person, "book", now, patient_id=wanted.patient_id, branch=wanted.branch)
    _next_step(db, policy, person, wanted.patient_id, now, None, "book")
    follow_up(db, policy, [row], now)
    return row


def undo_booking(db: Session, policy: Policy, person: Person, reservation_id: int, now: datetime) -> int:
    """Removes one's own booking within the policy's minutes; whose it was. The audit rows of both stay.

    NothingToUndo when it is not this person's, has been marked or is the chart's by now; TooLateToUndo.
    """
    row = db.get(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if row is None or row.state not in LIVE or row.source != CHAT or not row.number.startswith(_NUMBER):
        raise NothingToUndo
    still_own(policy, person, row.staff_id, row.made_at, now)
    audit.record(db, person, "undo", now, patient_id=row.patient_id, branch=row.branch, what="book")
    db.delete(row)
    _next_step(db, policy, person, row.patient_id, now, "book", None)
    follow_up(db, policy, [row], now)
    return row.patient_id


def bookable(db: Session, policy: Policy, person: Person, patient_id: int, branch: str) -> Patient:
    """The patient, if this person books at the branch and the patient's chart is kept there.

    OtherBranch, NoSuchPatient (nobody, or somebody who died).
    """
    patient = db.get(Patient, patient_id)
    if patient is None or patient.status is PatientStatus.DECEASED:
        raise NoSuchPatient
    may_see(person, policy, patient)
    if branch not in person.branches(CLOSERS, policy) or policy.branch(branch).book != patient.book:
        raise OtherBranch
    return patient


def _number(press_key: str | None) -> str:
    """Ours, until the chart gives its own: the same for the same press."""
    tail = sha256(press_key.encode()).hexdigest() if press_key else uuid4().hex
    return f"{_NUMBER}{tail[:16]}"


def _next_step(
    db: Session,
    policy: Policy,
    person: Person,
    patient_id: int,
    now: datetime,
    was: str | None,
    becomes: str | None,
) -> None:
    """What followed from one's own call of today that was an affirmation: it was booked."""
    patient = db.get_one(Patient, patient_id)
    today = policy.branch(patient.branch).today(now)
    db.execute(
        update(Call)
        .where(
            col(Call.patient_id) == patient_id,
            col(Call.staff_id) == person.staff_id,
            col(Call.called_on) == today,
            col(Call.response_group).in_(AFFIRMATIONS),
            col(Call.taken_back_at).is_(None),
            col(Call.next_step).is_(None) if was is None else col(Call.next_step) == was,
        )
        .values(next_step=becomes)
        .execution_options(synchronize_session="fetch")
    )
