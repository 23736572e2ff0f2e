"""A step of the desk's day is written here: arrived, consulted, decided, treated, closed; and taken back.

What the chart knows already is never written a second time: only what it does not say is filled in.
Until the chart's own row comes (`crm_core/adopting`), a row has `source` "chat" and a number of ours.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from crm_core.calls.actions import staff_name
from crm_core.errors import (
    AlreadyLogged,
    NoSuchPatient,
    NotAllowed,
    NothingToUndo,
    OtherBranch,
    StaleButton,
)
from crm_core.journeys.load import CLOSE
from crm_core.journeys.queries import Standing, journeys_of
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import CHAT
from crm_core.reservations.queries import CLOSERS
from crm_core.staff.access import CALLS, Person, may_see
from crm_core.staff.own import still_own
from crm_core.staff.queries import staff_of
from crm_core.stages.entry import TABLES, Changes, read
from crm_core.stages.follow import follow
from crm_core.stages.queries import (
    AGREED,
    TREATERS,
    courses_left,
    doctor_key,
    flow_of,
    is_only_doctor,
    last_entry,
)
from crm_core.tables.desk import DeskEntry, DeskStep
from crm_core.tables.facts import LIVE, Consult, Decision, Payment, ReservationState, TreatmentDone, Visit
from crm_core.tables.journey import JourneyCorrection
from crm_core.tables.people import Patient, Role

DESK = "desk"  # why a reservation is arrived: not a mark of its own, it is taken back with its step


@dataclass(frozen=True)
class Treatment:
    """What was done; `paid` in minor units, `doctor` the chart's key of the doctor."""

    treatment: str
    course_no: str | None = None
    doctor: str | None = None
    paid: int | None = None


@dataclass
class _Step:
    """One step that is being written, and everything it needs."""

    db: Session
    policy: Policy
    person: Person
    patient: Patient
    branch: str
    kind: DeskStep
    now: datetime

    def __post_init__(self) -> None:
        self.changes = Changes()
        self.day = self.policy.branch(self.branch).today(self.now)

    @property
    def patient_id(self) -> int:
        assert self.patient.id is not None
        return self.patient.id

    @property
    def number(self) -> str:
        """A number of ours, until the chart gives its own."""
        return f"{CHAT}-{uuid4().hex[:16]}"

    def make(self, row: SQLModel) -> None:
        self.db.add(row)
        self.db.flush()
        self.changes.made(row)

    def write(self) -> DeskEntry | None:
        """Notes the step and brings up to date what follows from it; None where nothing changed."""
        if not self.changes.done:
            return None
        entry = DeskEntry(
            patient_id=self.patient_id,
            branch=self.branch,
            kind=self.kind,
            at=self.now,
            by_staff_id=self.person.staff_id,
            changes=self.changes.written(),
        )
        self.db.add(entry)
        follow(self.db, self.policy, self.person, entry, self.now, "stage")
        return entry


def arrive(
    db: Session, policy: Policy, person: Person, patient_id: int, branch: str, now: datetime
) -> DeskEntry | None:
    """The patient is here: a visit, and the day's reservation came. None when that is known.

    NoSuchPatient, OtherBranch.
    """
    step = _begin(db, policy, person, patient_id, branch, DeskStep.ARRIVED, now, CLOSERS)
    _arrive(step)
    return step.write()


def consult(
    db: Session,
    policy: Policy,
    person: Person,
    patient_id: int,
    branch: str,
    now: datetime,
    *,
    treatment: str | None,
    staff_id: int | None,
    proposed: int | None,
) -> DeskEntry | None:
    """A consult of today, undecided; the chart's own of the same family is filled in instead.

    None when all of it is known. NoSuchPatient, OtherBranch.
    """
    step = _begin(db, policy, person, patient_id, branch, DeskStep.CONSULTED, now, CALLS)
    _arrive(step)
    held = flow_of(db, policy, patient_id, branch, now).consults
    known = next((row for row in held if _same(policy, row.treatment, treatment)), None)
    if known is None:
        step.make(
            Consult(
                book=step.patient.book,
                number=step.number,
                patient_id=patient_id,
                branch=branch,
                held_at=now,
                held_on=step.day,
                treatment=treatment,
                staff_id=staff_id,
                proposed_amount=proposed,
                source=CHAT,
            )
        )
    else:
        step.changes.fill(known, treatment=treatment, staff_id=staff_id, proposed_amount=proposed)
    return step.write()


def decide(
    db: Session,
    policy: Policy,
    person: Person,
    consult_id: int,
    decision: Decision,
    now: datetime,
    agreed: int | None = None,
) -> DeskEntry | None:
    """What the patient decided; the amount of a yes is the proposed one where none is said.

    AlreadyLogged when somebody said it in chat, StaleButton when the chart did, or when it is not there.
    """
    row = db.get(Consult, consult_id, with_for_update=True, populate_existing=True)
    if row is None or row.branch not in policy.branches:
        raise StaleButton
    step = _begin(db, policy, person, row.patient_id, row.branch, DeskStep.DECIDED, now, CALLS)
    if row.decision is not Decision.PENDING:
        raise _decided(db, row)
    if decision is Decision.PENDING:
        return None
    amount = agreed
    if decision is Decision.YES and amount is None:
        amount = row.proposed_amount
    step.changes.change(row, decision=decision, decided_at=now)
    if decision in AGREED:
        step.changes.fill(row, agreed_amount=amount)
    return step.write()


def treat(
    db: Session,
    policy: Policy,
    person: Person,
    patient_id: int,
    branch: str,
    done: Treatment,
    now: datetime,
) -> DeskEntry | None:
    """A treatment of today with its session and what was paid; the chart's own of the same family is
    filled in instead, and a payment of the day that the chart knows is not written again.

    StaleButton when the course has no session left; NoSuchPatient, OtherBranch.
    """
    step = _begin(db, policy, person, patient_id, branch, DeskStep.TREATED, now, TREATERS)
    if is_only_doctor(person, policy, branch):
        own = staff_of(db, person.staff_id)
        done = replace(done, doctor=doctor_key(own) if own else None, paid=None)
    _arrive(step)
    row = _treated(step, done)
    if done.paid:
        _pay(step, row, done.paid)
    return step.write()


def close(
    db: Session, policy: Policy, person: Person, patient_id: int, branch: str, why: str, now: datetime
) -> DeskEntry | None:
    """Closes the open journey by hand with a reason. StaleButton when none is open; NotAllowed for
    whoever is no member of staff."""
    step = _begin(db, policy, person, patient_id, branch, DeskStep.CLOSED, now, CALLS)
    if person.staff_id is None:
        raise NotAllowed(tuple(sorted(role.value for role in CALLS)))
    if not any(one.standing is Standing.OPEN for one in journeys_of(db, policy, patient_id, now)):
        raise StaleButton
    step.make(
        JourneyCorrection(patient_id=patient_id, kind=CLOSE, why=why, at=now, by_staff_id=person.staff_id)
    )
    return step.write()


def undo(db: Session, policy: Policy, person: Person, entry_id: int, now: datetime) -> DeskEntry:
    """Takes back one's own newest step about a patient within the policy's minutes; audit rows stay.

    NothingToUndo when it is not one's own, not the newest, or the chart's by now; TooLateToUndo.
    """
    entry = db.get(DeskEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None or entry.taken_back_at is not None:
        raise NothingToUndo
    newest = last_entry(db, entry.patient_id)
    if newest is None or newest.id != entry.id:
        raise NothingToUndo
    still_own(policy, person, entry.by_staff_id, entry.at, now)
    for change in reversed(read(entry.changes)):
        row = db.get(TABLES[change.table], change.row_id, populate_existing=True)
        if row is None or not change.stands(row):
            raise NothingToUndo
        if change.before is None and getattr(row, "source", CHAT) != CHAT:
            raise NothingToUndo
        if change.before is None:
            db.delete(row)
            db.flush()
        else:
            for name, value in change.before.items():
                setattr(row, name, value)
    entry.taken_back_at = now
    follow(db, policy, person, entry, now, "undo")
    return entry


def _begin(
    db: Session,
    policy: Policy,
    person: Person,
    patient_id: int,
    branch: str,
    kind: DeskStep,
    now: datetime,
    roles: frozenset[Role],
) -> _Step:
    """The patient, held until the step ends, if this person may write this step at the branch."""
    patient = db.get(Patient, patient_id, with_for_update=True)
    if patient is None:
        raise NoSuchPatient
    may_see(person, policy, patient)
    if branch not in person.branches(roles, policy) or policy.branch(branch).book != patient.book:
        raise OtherBranch
    return _Step(db, policy, person, patient, branch, kind, now)


def _arrive(step: _Step) -> None:
    """The day's reservation came, and there is a visit, unless the day is known as one already."""
    flow = flow_of(step.db, step.policy, step.patient_id, step.branch, step.now)
    row = flow.reservation
    if row is not None and row.state in LIVE and row.branch == step.branch:
        step.changes.change(
            row,
            state=ReservationState.ARRIVED,
            state_at=step.now,
            state_by_id=step.person.staff_id,
            state_why=DESK,
        )
    if flow.arrived_at is None:
        step.make(
            Visit(
                book=step.patient.book,
                number=step.number,
                patient_id=step.patient_id,
                branch=step.branch,
                arrived_at=step.now,
                arrived_on=step.day,
                doctor=row.doctor if row else None,
                source=CHAT,
            )
        )


def _treated(step: _Step, done: Treatment) -> TreatmentDone:
    """The row of the treatment: the chart's own of the day with what it lacks, else a new one."""
    values: dict[str, Any] = {
        "doctor": done.doctor,
        "staff_id": None if step.person.has({Role.DOCTOR}) else step.person.staff_id,
        "course_no": done.course_no,
        "session_no": _session(step, done.course_no),
        "amount": done.paid,
    }
    of_day = flow_of(step.db, step.policy, step.patient_id, step.branch, step.now).treatments
    row = next((one for one in of_day if _same(step.policy, one.treatment, done.treatment)), None)
    if row is not None:
        step.changes.fill(row, **values)
        return row
    row = TreatmentDone(
        book=step.patient.book,
        number=step.number,
        patient_id=step.patient_id,
        branch=step.branch,
        done_at=step.now,
        done_on=step.day,
        treatment=done.treatment,
        source=CHAT,
        **values,
    )
    step.make(row)
    return row


def _session(step: _Step, course_no: str | None) -> int | None:
    if course_no is None:
        return None
    left = {one.number: one for one in courses_left(step.db, step.patient_id, step.day)}
    if course_no not in left:
        raise StaleButton
    return left[course_no].done + 1


def _pay(step: _Step, row: TreatmentDone, paid: int) -> None:
    """A payment of the treatment, unless the chart has one of the day that is of no other treatment; of
    one that it has not sent yet, it may well be this."""
    mine = col(TreatmentDone.patient_id) == step.patient_id
    others = set(step.db.scalars(select(col(TreatmentDone.number)).where(mine))) - {row.number}
    of_day = select(Payment).where(
        col(Payment.patient_id) == step.patient_id, col(Payment.paid_on) == step.day
    )
    for known in step.db.scalars(of_day):
        if known.treatment_no == row.number or (known.source != CHAT and known.treatment_no not in others):
            return
    step.make(
        Payment(
            book=step.patient.book,
            number=step.number,
            patient_id=step.patient_id,
            branch=step.branch,
            paid_at=step.now,
            paid_on=step.day,
            amount=paid,
            treatment_no=row.number,
            source=CHAT,
        )
    )


def _same(policy: Policy, one: str | None, other: str | None) -> bool:
    """Whether two rows of one day may be the same thing: one family, or one that is not recorded."""
    return one is None or other is None or policy.family_of(one) == policy.family_of(other)


def _decided(db: Session, row: Consult) -> AlreadyLogged | StaleButton:
    """Who said it in chat; else the chart did."""
    steps = select(DeskEntry).where(
        col(DeskEntry.patient_id) == row.patient_id,
        col(DeskEntry.kind) == DeskStep.DECIDED,
        col(DeskEntry.taken_back_at).is_(None),
    )
    for entry in db.scalars(steps.order_by(col(DeskEntry.id).desc())):
        if any(one.table == "consult" and one.row_id == row.id for one in read(entry.changes)):
            return AlreadyLogged(staff_name(db, entry.by_staff_id) or "", entry.at)
    return StaleButton()
