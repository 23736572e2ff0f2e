"""All SQL of the numbers: one `select` returns counts per cut, whatever the clinic's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    type_coerce,
)
from sqlmodel import Session, col

from crm_core.kpi.conditions import PAIRS, AsOf, Table, Which, bound_values
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.tables.facts import LIVE, Consult, Reservation, ReservationState, TreatmentDone, Visit
from crm_core.tables.journey import STAGES, Journey, JourneyPast, Stage

NOTHING: Any = null()
TABLES: tuple[Table, ...] = (Journey, JourneyPast)


class JourneyCut(StrEnum):
    BRANCH = "branch"
    SOURCE = "source"
    TREATMENT = "treatment"
    COORDINATOR = "coordinator"
    NEW = "new"
    INSURED = "insured"


class ReservationCut(StrEnum):
    WEEKDAY = "weekday"
    BRANCH = "branch"
    TREATMENT = "treatment"
    DOCTOR = "doctor"


@dataclass(frozen=True)
class Seen:
    """What a count looks at: branches, a period of first contact, and the moment it is seen at."""

    branches: Sequence[str]
    period: Period
    at: datetime
    policy: Policy

    def as_of(self, table: Table) -> AsOf:
        return AsOf.moment(table, self.at, self.policy.patience)


@dataclass(frozen=True)
class CohortRow:
    """Counts of one cell: the journeys of a cut value that entered at one stage."""

    value: str | int | None
    is_new: bool
    entry: Stage
    numbers: dict[str, int]


def passed(stage: Stage) -> str:
    return f"passed_{stage.value}"


def of_pair(stage: Stage, name: str) -> str:
    """`base`, `converted` (ripe) and `so_base`, `so_converted` (so far) of the pair after a stage."""
    return f"{name}_{stage.value}"


ALL = "journeys"
SAME_DAY_BASE = "same_day_base"
SAME_DAY = "same_day"


def cut_column(table: Table, cut: JourneyCut, stage: Stage, at: Any) -> Any:
    """The column of a cut; that of coordinators is the staff of the stage's first event (reading 9), as
    far as it had happened."""
    match cut:
        case JourneyCut.BRANCH:
            return col(table.branch)
        case JourneyCut.SOURCE:
            return col(table.source)
        case JourneyCut.TREATMENT:
            return col(table.families)
        case JourneyCut.NEW:
            return case((col(table.is_new).is_(True), literal("new")), else_=literal("returning"))
        case JourneyCut.INSURED:
            return col(table.payer)
        case JourneyCut.COORDINATOR:
            happened = getattr(table, f"{stage.value}_at") <= at
            return case((happened, getattr(table, f"{stage.value}_staff_id")), else_=NOTHING)


def cohort(
    db: Session,
    seen: Seen,
    *,
    cut: JourneyCut | None = None,
    stage: Stage = Stage.INQUIRY,
    whole: bool = True,
) -> list[CohortRow]:
    """Counts of the journeys whose first contact is in the period; without `whole` only *so far*."""
    values = {
        **bound_values(seen.at, seen.policy.patience),
        "branches": list(seen.branches),
        "first": seen.period.first,
        "last": seen.period.last,
    }
    found: list[CohortRow] = []
    for table in TABLES:
        statement = _cohort(table, cut, stage, whole)
        for value, _, is_new, entry, *numbers in db.execute(statement, values):
            named = _filled(dict(zip(_names(whole), numbers, strict=True)))
            found.append(CohortRow(value, is_new, entry, named))
    return found


@cache
def _names(whole: bool) -> tuple[str, ...]:
    return tuple(number.name for number in _numbers(AsOf.bound(Journey), whole=whole))


@cache
def _cohort(table: Table, cut: JourneyCut | None, stage: Stage, whole: bool) -> Any:
    """The statement, built once: only its values change from question to question."""
    as_of = AsOf.bound(table)
    grouped: list[Any] = [col(table.branch), col(table.is_new), col(table.entry)]
    value: Any = literal(None)
    if cut is not None:
        value = cut_column(table, cut, stage, as_of.at)
        if cut is not JourneyCut.BRANCH:
            grouped.append(value)
    return (
        select(value.label("value"), *grouped[:3], *_numbers(as_of, whole=whole))
        .where(
            col(table.branch).in_(bindparam("branches", expanding=True)),
            col(table.is_new).in_((False, True)),
            col(table.entry).in_(STAGES),
            col(table.first_on).between(bindparam("first"), bindparam("last")),
            as_of.known,
        )
        .group_by(*grouped)
    )


def _numbers(as_of: AsOf, *, whole: bool) -> list[Any]:
    """The counts a statement makes; what follows from others is filled in by `_filled`."""

    def number(name: str, condition: Any) -> Any:
        return func.count().filter(condition).label(name)

    numbers = [func.count().label(ALL)]
    for stage, following in PAIRS:
        if stage is not Stage.INQUIRY:
            numbers.append(number(of_pair(stage, "so_base"), as_of.in_pair(stage)))
        passed_on = and_(as_of.in_pair(stage), as_of.passed(following))
        numbers.append(number(of_pair(stage, "so_converted"), passed_on))
    same_day = and_(as_of.passed(Stage.AGREEMENT), col(as_of.table.agreed_same_day).is_(True))
    numbers.append(number(SAME_DAY, and_(as_of.in_pair(Stage.CONSULT), same_day)))
    if whole:
        numbers += [number(passed(stage), as_of.passed(stage)) for stage in STAGES[2:]]
        for stage, _ in PAIRS:
            numbers.append(number(of_pair(stage, "base"), as_of.ripe(stage)))
            numbers.append(number(of_pair(stage, "converted"), as_of.part(stage, Which.CONVERTED)))
        numbers += [number(which.value, as_of.part(Stage.CONSULT, which)) for which in BESIDE]
    return numbers


def _filled(numbers: dict[str, int]) -> dict[str, int]:
    """With the counts that are another by definition: each costs a comparison for every journey read."""
    numbers[of_pair(Stage.INQUIRY, "so_base")] = numbers[ALL]
    numbers[SAME_DAY_BASE] = numbers[of_pair(Stage.CONSULT, "so_base")]
    numbers[passed(Stage.RESERVATION)] = numbers[of_pair(Stage.INQUIRY, "so_converted")]
    return numbers


BESIDE = (
    Which.WITHOUT_CONSULT,
    Which.PENDING,
    Which.DECLINED,
    Which.NOT_SUITABLE,
    Which.NOT_RECORDED,
)


class OutcomeKind(StrEnum):
    RETURN = "return"
    REFERRAL = "referral"


@dataclass(frozen=True)
class OutcomeRow:
    """Of the treated journeys of a cut value that became ripe, how many returned or referred."""

    value: str | int | None
    is_new: bool
    ripe: int
    reached: int


def is_ripe_for(table: Table, kind: OutcomeKind, seen: Seen) -> Any:
    """Ripe for return on the churn date, for referral the policy's days after the first treatment."""
    if kind is OutcomeKind.RETURN:
        return true()
    days = timedelta(seen.policy.patience.referral)
    return col(table.treatment_at) <= seen.at - days


def outcome_columns(table: Table, kind: OutcomeKind) -> tuple[Any, Any]:
    """The date on which a treated journey is ripe for an outcome, and when it was reached."""
    if kind is OutcomeKind.RETURN:
        return col(table.return_due_on), col(table.returned_at)
    return col(table.referral_due_on), col(table.referred_at)


def outcomes(
    db: Session, seen: Seen, kind: OutcomeKind, *, cut: JourneyCut | None = None
) -> list[OutcomeRow]:
    """Counts of the treated journeys that became ripe within the period and by the moment it is seen at."""
    found: list[OutcomeRow] = []
    for table in TABLES:
        due_on, reached_at = outcome_columns(table, kind)
        value: Any = literal(None) if cut is None else cut_column(table, cut, Stage.TREATMENT, seen.at)
        grouped = [col(table.branch), col(table.is_new)]
        if cut not in (None, JourneyCut.BRANCH):
            grouped.append(value)
        reached = func.count().filter(reached_at <= seen.at)
        statement = (
            select(value.label("value"), col(table.is_new), func.count(), reached)
            .where(
                col(table.branch).in_(seen.branches),
                due_on.between(seen.period.first, seen.period.last),
                is_ripe_for(table, kind, seen),
                seen.as_of(table).known,
            )
            .group_by(*grouped)
        )
        found += [OutcomeRow(*row) for row in db.execute(statement)]
    return found


@dataclass(frozen=True)
class ReservationRow:
    """Reservations of one branch and local day in one state, as known at a moment."""

    value: str | None
    branch: str
    on: date
    state: ReservationState
    number: int


def state_at(at: datetime) -> Any:
    """A reservation's state at a moment (readings 11 and 12): before its `state_at` it is booked, and
    a booked one whose day has a visit of the patient is arrived."""
    state = case(
        (col(Reservation.state_at) > at, literal(ReservationState.BOOKED.value)),
        else_=_text(col(Reservation.state)),
    )
    came = or_(
        _was_here(Visit, Visit.arrived_on, Visit.arrived_at, at),
        _was_here(Consult, Consult.held_on, Consult.held_at, at),
        _was_here(TreatmentDone, TreatmentDone.done_on, TreatmentDone.done_at, at),
    )
    live = state.in_([live.value for live in LIVE])
    return case((and_(live, came), literal(ReservationState.ARRIVED.value)), else_=state)


def _was_here(kind: Any, day: Any, moment: Any, at: datetime) -> Any:
    """Whether the patient of a reservation has a row of a visit on its day (reading 1)."""
    return exists().where(
        col(kind.patient_id) == col(Reservation.patient_id),
        col(day) == col(Reservation.starts_on),
        col(moment) <= at,
    )


def _text(column: Any) -> Any:
    """An enum column as the text it is stored as."""
    return type_coerce(column, String)


def made_by(at: datetime) -> Any:
    """Whether a reservation was known at a moment: by when it was made, else by its start."""
    made = func.coalesce(col(Reservation.made_at), col(Reservation.starts_at))
    return case((made <= col(Reservation.starts_at), made), else_=col(Reservation.starts_at)) <= at


def cut_of_reservation(cut: ReservationCut | None) -> Any:
    """The column that a cut needs beside branch and day."""
    match cut:
        case ReservationCut.TREATMENT:
            return col(Reservation.treatment)
        case ReservationCut.DOCTOR:
            return col(Reservation.doctor)
        case ReservationCut.BRANCH | ReservationCut.WEEKDAY | None:
            return NOTHING


def reservations(
    db: Session,
    branches: Sequence[str],
    period: Period,
    at: datetime,
    *,
    cut: ReservationCut | None = None,
) -> list[ReservationRow]:
    """Counts per branch, day and state of the reservations whose day fell in the period."""
    state = state_at(at)
    inner = (
        select(
            cut_of_reservation(cut).label("value"),
            col(Reservation.branch).label("branch"),
            col(Reservation.starts_on).label("day"),
            state.label("state"),
        )
        .where(
            col(Reservation.branch).in_(branches),
            col(Reservation.starts_on).between(period.first, period.last),
            made_by(at),
        )
        .subquery()
    )
    columns = inner.c
    statement = select(columns.value, columns.branch, columns.day, columns.state, func.count())
    statement = statement.group_by(columns.value, columns.branch, columns.day, columns.state)
    return [
        ReservationRow(value, branch, on, ReservationState(state), number)
        for value, branch, on, state, number in db.execute(statement)
    ]
