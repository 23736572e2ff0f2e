"""The reservations of a day or period, each in the state it is seen in at a moment."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlmodel import Session, col

from crm_core.errors import OtherBranch, StaleButton
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.sql import chunks
from crm_core.staff.access import Person, Scope
from crm_core.tables.facts import (
    CAME,
    LIVE,
    Answer,
    Consult,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.people import Patient, Role

AWAY = (
    ReservationState.MOVED,
    ReservationState.CANCELLED_EARLY,
    ReservationState.CANCELLED_BY_CLINIC,
)
"""Ends that take a reservation off its day in time: it is not among the day's reservations any more."""

CLOSERS = frozenset({Role.DESK, Role.COORDINATOR, Role.LEAD, Role.DIRECTOR})
"""Who may say what became of a reservation of their branches."""

MISSED = (ReservationState.NO_SHOW, ReservationState.CANCELLED_LATE)


@dataclass(frozen=True)
class Line:
    """A reservation as it was seen at a moment (readings 11 and 12).

    `state` is arrived where the patient had a visit that day; `day_over` tells unmarked from open.
    `is_new`: no visit of the patient lies before that day. `state_by_id` is who marked it in chat.
    """

    reservation_id: int
    patient_id: int
    branch: str
    chart_no: str
    starts_at: datetime
    starts_on: date
    timed: bool
    state: ReservationState
    answer: Answer
    day_over: bool
    is_new: bool
    treatment: str | None
    doctor: str | None
    state_at: datetime | None
    state_by_id: int | None
    state_why: str | None

    @property
    def is_open(self) -> bool:
        """Nobody has said yet what became of it."""
        return self.state in LIVE

    @property
    def is_unmarked(self) -> bool:
        """Its day is over, and still nobody has said (미처리)."""
        return self.is_open and self.day_over

    @property
    def is_away(self) -> bool:
        return self.state in AWAY


@dataclass(frozen=True)
class DayCounts:
    """A day in numbers: `total` = came + no-shows + late cancellations + open; away ones stand beside."""

    total: int
    new: int
    came: int
    no_show: int
    cancelled_late: int
    open: int
    unmarked: int
    away: int

    @property
    def expected(self) -> int:
        """Whoever has not cancelled: those who came, are awaited, or did not appear."""
        return self.total - self.cancelled_late


def reservations_of(db: Session, scope: Scope, policy: Policy, now: datetime) -> list[Line]:
    """Every reservation of the scope's days and branches that was known at `now`, by branch and start."""
    lines: list[Line] = []
    for slug in scope.branches:
        lines += _of_branch(db, policy.branch(slug), scope.period.first, scope.period.last, now)
    return lines


def reservations_on(db: Session, branch: Branch, day: date, now: datetime) -> list[Line]:
    """Every reservation of a branch's day that was known at `now`, by start: for cards and the digest."""
    return _of_branch(db, branch, day, day, now)


def line_of(db: Session, policy: Policy, person: Person, reservation_id: int, now: datetime) -> Line:
    """One reservation, for who may mark it. OtherBranch, StaleButton when there is none."""
    row = db.get(Reservation, reservation_id)
    if row is None or row.branch not in policy.branches:
        raise StaleButton
    if row.branch not in person.branches(CLOSERS, policy):
        raise OtherBranch
    lines = reservations_on(db, policy.branch(row.branch), row.starts_on, now)
    found = [line for line in lines if line.reservation_id == reservation_id]
    if not found:
        raise StaleButton
    return found[0]


def count_day(lines: Iterable[Line]) -> DayCounts:
    """The numbers of the closing card and of the digest."""
    known = list(lines)
    there = [line for line in known if not line.is_away]
    return DayCounts(
        total=len(there),
        new=sum(line.is_new for line in there if line.state is not ReservationState.CANCELLED_LATE),
        came=sum(line.state in CAME for line in there),
        no_show=sum(line.state is ReservationState.NO_SHOW for line in there),
        cancelled_late=sum(line.state is ReservationState.CANCELLED_LATE for line in there),
        open=sum(line.is_open for line in there),
        unmarked=sum(line.is_unmarked for line in there),
        away=len(known) - len(there),
    )


def count_states(lines: Iterable[Line]) -> Mapping[str, int]:
    """How many are in each state; "unmarked" stands for what is open though its day is over."""
    return Counter("unmarked" if line.is_unmarked else line.state.value for line in lines)


def missed_before(
    db: Session, patients: Collection[int], day: date, now: datetime, *, days: int = 365
) -> Counter[int]:
    """How often each did not come, or cancelled late, in the `days` before a day."""
    found: Counter[int] = Counter()
    for ids in chunks(sorted(set(patients))):
        statement = select(col(Reservation.patient_id)).where(
            col(Reservation.patient_id).in_(ids),
            col(Reservation.starts_on) >= day - timedelta(days),
            col(Reservation.starts_on) < day,
            col(Reservation.starts_at) <= now,
            col(Reservation.state).in_(MISSED),
        )
        found.update(db.scalars(statement))
    return found


def seen(
    state: ReservationState,
    *,
    state_at: datetime | None,
    starts_at: datetime,
    made_at: datetime | None,
    visited: bool,
    now: datetime,
) -> ReservationState:
    """The state a reservation is seen in at `now`: booked before it came into its state (reading 11),
    arrived when its day has a visit of the patient (reading 12)."""
    if state not in LIVE:
        happened = state in CAME or state is ReservationState.NO_SHOW
        since = state_at or (starts_at if happened else made_at or starts_at)
        if since > now:
            state = ReservationState.BOOKED
    return ReservationState.ARRIVED if visited and state in LIVE else state


def _of_branch(db: Session, branch: Branch, first: date, last: date, now: datetime) -> list[Line]:
    today = branch.today(now)
    statement = (
        select(
            Reservation,
            col(Patient.chart_no),
            _visited(now).label("visited"),
            or_(
                and_(
                    col(Patient.first_visit_on).is_not(None),
                    col(Patient.first_visit_on) < col(Reservation.starts_on),
                ),
                *_was_here_before(today, now),
            ).label("known"),
        )
        .join(Patient, col(Patient.id) == col(Reservation.patient_id))
        .where(
            col(Reservation.branch) == branch.slug,
            col(Reservation.starts_on) >= first,
            col(Reservation.starts_on) <= last,
            or_(col(Reservation.made_at).is_(None), col(Reservation.made_at) <= now),
        )
        .order_by(col(Reservation.starts_on), col(Reservation.starts_at), col(Reservation.id))
    )
    return [_line(row, today, now) for row in db.execute(statement)]


def _visited(now: datetime) -> Any:
    return exists().where(
        col(Visit.patient_id) == col(Reservation.patient_id),
        col(Visit.arrived_on) == col(Reservation.starts_on),
        col(Visit.arrived_at) <= now,
    )


def _was_here_before(today: date, now: datetime) -> tuple[Any, ...]:
    mine, day = col(Reservation.patient_id), col(Reservation.starts_on)
    return tuple(
        exists().where(owner == mine, on < day, on <= today, at <= now)
        for owner, on, at in (
            (col(Visit.patient_id), col(Visit.arrived_on), col(Visit.arrived_at)),
            (col(TreatmentDone.patient_id), col(TreatmentDone.done_on), col(TreatmentDone.done_at)),
            (col(Consult.patient_id), col(Consult.held_on), col(Consult.held_at)),
        )
    )


def _line(row: Any, today: date, now: datetime) -> Line:
    reservation, chart_no, visited, known = row
    state = seen(
        reservation.state,
        state_at=reservation.state_at,
        starts_at=reservation.starts_at,
        made_at=reservation.made_at,
        visited=bool(visited),
        now=now,
    )
    return Line(
        reservation_id=reservation.id,
        patient_id=reservation.patient_id,
        branch=reservation.branch,
        chart_no=chart_no,
        starts_at=reservation.starts_at,
        starts_on=reservation.starts_on,
        timed=reservation.timed,
        state=state,
        answer=reservation.answer,
        day_over=reservation.starts_on < today,
        is_new=not known,
        treatment=reservation.treatment,
        doctor=reservation.doctor,
        state_at=reservation.state_at,
        state_by_id=reservation.state_by_id,
        state_why=reservation.state_why,
    )
