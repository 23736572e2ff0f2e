"""The activity view (발생일 기준): what happened in a period, stage by stage, whenever it had begun.

Each stage counts the journeys that passed it on a day of the period, among those that entered at it or
before, as the cohort view does; the journeys of two stages are not the same ones, so nothing is divided.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, func, literal, select
from sqlmodel import Session, col

from crm_core.kpi import counts
from crm_core.kpi.conditions import AsOf, Condition, Table
from crm_core.kpi.counts import TABLES, JourneyCut, Seen
from crm_core.kpi.days import in_window, touches_window, windows
from crm_core.kpi.funnel import Value, same_age, seen_now
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.journey import STAGES, Stage


@dataclass(frozen=True)
class ActivityLine:
    """`count` passed the stage in the period, `entered` began at it; the others are the count of an earlier
    period up to the same age."""

    stage: Stage
    count: int
    entered: int
    previous: int
    last_year: int
    against: int | None = None


@dataclass(frozen=True)
class Activity:
    lines: tuple[ActivityLine, ...]

    @property
    def size(self) -> int:
        return sum(line.count for line in self.lines)


@dataclass(frozen=True)
class ActivityReport:
    period: Period  # clipped to the moment it is seen at
    all: Activity
    new: Activity
    returning: Activity
    by: JourneyCut | None
    cuts: tuple[tuple[Value, Activity], ...]
    open_days: int
    against: Period | None = None


def activity(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    by: JourneyCut | None = None,
    against: Period | None = None,
) -> ActivityReport:
    """What happened in the scope's period up to `now`, by stage. `scope.period` is the whole period. A stage
    belongs to the staff of its own event; coordinators are cut for who sees persons, else only one's own."""
    seen = seen_now(scope, policy, now)
    earlier = {
        "previous": _then(seen, scope, scope.period.previous()),
        "last_year": _then(seen, scope, scope.period.last_year()),
    }
    if against is not None:
        earlier["against"] = _then(seen, scope, against)
    whole = _Counted.read(db, seen, earlier, None)
    cuts = _Counted.read(db, seen, earlier, by) if by else None
    values = cuts.values if cuts else set()
    if by is JourneyCut.COORDINATOR and not scope.sees_persons:
        values = {value for value in values if value is not None and value == scope.staff_id}
    parts = [(value, cuts.activity(value, None)) for value in values] if cuts else []
    period = scope.period.clipped(policy.branch(scope.branches[0]).today(now))
    return ActivityReport(
        period=period,
        all=whole.activity(None, None),
        new=whole.activity(None, True),
        returning=whole.activity(None, False),
        by=by,
        cuts=tuple(sorted(parts, key=lambda part: (part[0] is None, -part[1].size, str(part[0])))),
        open_days=sum(
            policy.branch(branch).open_days(period.first, period.last) for branch in scope.branches
        ),
        against=against,
    )


def _then(seen: Seen, scope: Scope, period: Period) -> Seen:
    """An earlier period up to the age that this one has now; a later one as far as it is known."""
    at = same_age(scope.period, period, scope, seen.policy, seen.at)
    return Seen(seen.branches, period, min(at, seen.at), seen.policy)


def passed_at(table: Table, stage: Stage) -> Any:
    """The moment a stage was passed, by its event or by what a later one implies."""
    moments = {
        Stage.INQUIRY: table.first_at,
        Stage.RESERVATION: table.reservation_passed_at,
        Stage.VISIT: table.visit_passed_at,
        Stage.CONSULT: table.consult_at,
        Stage.AGREEMENT: table.agreement_at,
        Stage.TREATMENT: table.treatment_at,
    }
    return col(moments[stage])


Within = Callable[[Any], Condition]


def of_stage(table: Table, stage: Stage, within: Within, *, entered: bool = False) -> Condition:
    """The journeys that a stage of the activity view counts, or of these the ones that began at it;
    `within` says of a moment that it lies in the period."""
    if entered:
        return and_(col(table.entry) == stage, within(col(table.first_at)))
    until = STAGES[: STAGES.index(stage) + 1]
    return and_(col(table.entry).in_(until), within(passed_at(table, stage)))


class _Counted:
    """Numbers by (when they are seen, value, new, stage)."""

    def __init__(self, *, compared: bool) -> None:
        self.compared = compared
        self.numbers: defaultdict[tuple[str, Value, bool, Stage], int] = defaultdict(int)

    @classmethod
    def read(cls, db: Session, now: Seen, earlier: Mapping[str, Seen], by: JourneyCut | None) -> "_Counted":
        found = cls(compared="against" in earlier)
        for name, seen in {"count": now, **earlier}.items():
            for stages in [(stage,) for stage in STAGES] if by is JourneyCut.COORDINATOR else [STAGES]:
                found._add(name, db, seen, stages, by)
        return found

    def _add(
        self, name: str, db: Session, seen: Seen, stages: tuple[Stage, ...], by: JourneyCut | None
    ) -> None:
        for table in TABLES:
            names = ("count", "entered") if name == "count" else (name,)
            columns = [(each, stage) for each in names for stage in stages]
            statement = _statement(table, stages, by, names)
            for values in windows(seen):
                for value, is_new, *numbers in db.execute(statement, values):
                    for one in _families(value, by):
                        for (each, stage), number in zip(columns, numbers, strict=True):
                            self.numbers[each, one, is_new, stage] += number

    @property
    def values(self) -> set[Value]:
        return {value for (name, value, _, _), number in self.numbers.items() if name == "count" and number}

    def activity(self, value: Value, is_new: bool | None) -> Activity:
        sides = (True, False) if is_new is None else (is_new,)

        def number(name: str, stage: Stage) -> int:
            return sum(self.numbers.get((name, value, side, stage), 0) for side in sides)

        return Activity(
            tuple(
                ActivityLine(
                    stage,
                    count=number("count", stage),
                    entered=number("entered", stage),
                    previous=number("previous", stage),
                    last_year=number("last_year", stage),
                    against=number("against", stage) if self.compared else None,
                )
                for stage in STAGES
            )
        )


def _families(value: Value, by: JourneyCut | None) -> Iterable[Value]:
    """A journey of several families counts under each."""
    if by is JourneyCut.TREATMENT and value:
        return str(value).split("|")
    return (value,)


@cache
def _statement(table: Table, stages: tuple[Stage, ...], by: JourneyCut | None, names: tuple[str, ...]) -> Any:
    """The statement, built once: only the window that it looks through changes."""
    as_of = AsOf.bound(table)
    value: Any = literal(None) if by is None else counts.cut_column(table, by, stages[0], as_of.at)
    numbers = [
        func.count().filter(of_stage(table, stage, in_window, entered=name == "entered"))
        for name in names
        for stage in stages
    ]
    grouped = [col(table.is_new)] if by in (None, JourneyCut.NEW) else [value, col(table.is_new)]
    return (
        select(value.label("value"), col(table.is_new), *numbers)
        .where(touches_window(table), as_of.known)
        .group_by(*grouped)
    )
