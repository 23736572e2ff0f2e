"""The journeys behind a number of the funnel: the same conditions as its count."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from crm_core.kpi import counts
from crm_core.kpi.activity import of_stage
from crm_core.kpi.conditions import Table, Which
from crm_core.kpi.counts import TABLES, JourneyCut, OutcomeKind
from crm_core.kpi.days import happened
from crm_core.kpi.funnel import Value, ripening, seen_now
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.journey import Stage


@dataclass(frozen=True)
class JourneyBehind:
    """A journey that a number counts; a prospect has no chart yet."""

    patient_id: int | None
    prospect_id: int | None
    number: int
    branch: str
    first_on: date
    last_at: datetime
    families: str | None
    reached: Stage  # the last stage passed at the moment asked for


@dataclass(frozen=True)
class Cut:
    """One value of a cut; None is what is not recorded."""

    by: JourneyCut
    value: Value


def funnel_patients(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    stage: Stage,
    which: Which,
    *,
    is_new: bool | None = None,
    cut: Cut | None = None,
) -> list[JourneyBehind]:
    """The journeys of one part, oldest contact first. For a pair `stage` is its earlier stage; a journey
    stands once, so their number is the number shown."""
    if _is_foreign(scope, cut):
        return []
    seen = seen_now(scope, policy, now)
    found: list[JourneyBehind] = []
    for table in TABLES:
        as_of = seen.as_of(table)
        statement = _journeys(table).where(
            col(table.branch).in_(seen.branches),
            col(table.first_on).between(seen.period.first, seen.period.last),
            as_of.known,
            col(table.entry).in_(as_of.entries(stage, which)),
            as_of.part(stage, which),
            *_narrowed(table, is_new, cut, stage, now),
        )
        found += [_behind(row, now) for row in db.execute(statement)]
    return sorted(found, key=lambda row: (row.first_on, row.patient_id or 0, row.number))


def activity_patients(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    stage: Stage,
    *,
    entered: bool = False,
    is_new: bool | None = None,
    cut: Cut | None = None,
) -> list[JourneyBehind]:
    """The journeys that a stage of the activity view counts, or those that began at it in the period."""
    if _is_foreign(scope, cut):
        return []
    seen = seen_now(scope, policy, now)
    found: list[JourneyBehind] = []
    for table in TABLES:
        within = partial(happened, table, seen)
        statement = _journeys(table).where(
            of_stage(table, stage, within, entered=entered),
            seen.as_of(table).known,
            *_narrowed(table, is_new, cut, stage, now),
        )
        found += [_behind(row, now) for row in db.execute(statement)]
    return sorted(found, key=lambda row: (row.first_on, row.patient_id or 0, row.number))


def outcome_patients(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    kind: OutcomeKind,
    *,
    reached: bool | None = None,
    is_new: bool | None = None,
    cut: Cut | None = None,
) -> list[JourneyBehind]:
    """The treated journeys that became ripe for return or referral in the period; with `reached` those
    that did, or did not."""
    seen = ripening(scope, policy, now)
    if seen is None or _is_foreign(scope, cut):
        return []
    found: list[JourneyBehind] = []
    for table in TABLES:
        due_on, reached_at = counts.outcome_columns(table, kind)
        as_of = seen.as_of(table)
        statement = _journeys(table).where(
            col(table.branch).in_(seen.branches),
            due_on.between(seen.period.first, seen.period.last),
            counts.is_ripe_for(table, kind, seen),
            as_of.known,
            *_narrowed(table, is_new, cut, Stage.TREATMENT, now),
        )
        if reached is True:
            statement = statement.where(reached_at <= now)
        elif reached is False:
            statement = statement.where(or_(reached_at.is_(None), reached_at > now))
        found += [_behind(row, now) for row in db.execute(statement)]
    return sorted(found, key=lambda row: (row.first_on, row.patient_id or 0, row.number))


def _is_foreign(scope: Scope, cut: Cut | None) -> bool:
    """Somebody else's line of a cut by person."""
    if cut is None or cut.by is not JourneyCut.COORDINATOR or scope.sees_persons:
        return False
    return cut.value is None or cut.value != scope.staff_id


def _journeys(table: Table) -> Any:
    return select(
        col(table.patient_id),
        col(table.prospect_id),
        col(table.number),
        col(table.branch),
        col(table.first_on),
        col(table.last_at),
        col(table.families),
        col(table.treatment_at),
        col(table.agreement_at),
        col(table.consult_at),
        col(table.visit_passed_at),
        col(table.reservation_passed_at),
    )


def _narrowed(table: Table, is_new: bool | None, cut: Cut | None, stage: Stage, at: datetime) -> list[Any]:
    conditions: list[Any] = []
    if is_new is not None:
        conditions.append(col(table.is_new).is_(is_new))
    if cut is None:
        return conditions
    column = counts.cut_column(table, cut.by, stage, at)
    if cut.value is None:
        conditions.append(column.is_(None))
    elif cut.by is JourneyCut.TREATMENT:
        family = str(cut.value)
        conditions.append(
            or_(
                column == family,
                column.startswith(f"{family}|", autoescape=True),
                column.endswith(f"|{family}", autoescape=True),
                column.contains(f"|{family}|", autoescape=True),
            )
        )
    else:
        conditions.append(column == cut.value)
    return [and_(*conditions)]


_LATEST_FIRST = (
    Stage.TREATMENT,
    Stage.AGREEMENT,
    Stage.CONSULT,
    Stage.VISIT,
    Stage.RESERVATION,
)


def _behind(row: Any, now: datetime) -> JourneyBehind:
    patient_id, prospect_id, number, branch, first_on, last_at, families, *moments = row
    reached = next(
        (
            stage
            for stage, moment in zip(_LATEST_FIRST, moments, strict=True)
            if moment is not None and moment <= now
        ),
        Stage.INQUIRY,
    )
    return JourneyBehind(patient_id, prospect_id, number, branch, first_on, last_at, families, reached)
