"""The funnel of a period: stages, pairs, outcomes (product.md §5), from counts alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import TypeVar

from sqlmodel import Session

from crm_core.kpi import counts
from crm_core.kpi.conditions import PAIRS, Which
from crm_core.kpi.counts import CohortRow, JourneyCut, OutcomeKind, OutcomeRow, Seen, of_pair, passed
from crm_core.kpi.kpi import SMALL, Share
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.journey import STAGES, Stage

Value = str | int | None
Item = TypeVar("Item", CohortRow, OutcomeRow)


@dataclass(frozen=True)
class Against:
    """Two periods as they were at one age: the period asked about, and the one it is compared with."""

    here: Share
    there: Share


@dataclass(frozen=True)
class Pair:
    """From the stage before to this one: `ripe` is the conversion, the others are *so far*."""

    ripe: Share
    so_far: Share
    previous: Share
    last_year: Share
    against: Against | None = None

    @property
    def lost(self) -> int:
        return self.ripe.denominator - self.ripe.numerator

    @property
    def left(self) -> Share:
        """The drop-off: of the ripe ones, those that did not go on."""
        return Share(self.lost, self.ripe.denominator)

    @property
    def open(self) -> int:
        return self.so_far.denominator - self.ripe.denominator


@dataclass(frozen=True)
class StageLine:
    """`count` passed this stage and entered at or before it, `entered` entered at it; `pair` is None
    at inquiry."""

    stage: Stage
    count: int
    entered: int
    pair: Pair | None


@dataclass(frozen=True)
class Outcome:
    kind: OutcomeKind
    share: Share


@dataclass(frozen=True)
class SameDay:
    """당일 동의율: agreed on the day of the consult, of those consulted."""

    now: Share
    previous: Share
    last_year: Share
    against: Against | None = None


@dataclass(frozen=True)
class Funnel:
    """One funnel: all journeys of a cell, or those of new or returning patients."""

    journeys: int
    stages: tuple[StageLine, ...]
    outcomes: tuple[Outcome, ...]
    same_day: SameDay
    beside: Mapping[Which, int]  # without consult, undecided, declined, not suitable, not recorded

    @property
    def late_entries(self) -> int:
        """중간 진입: journeys that did not begin with an inquiry."""
        return sum(line.entered for line in self.stages[1:])

    @property
    def leakiest(self) -> StageLine | None:
        """The pair with the lowest conversion among those with enough ripe journeys."""
        ranked = [
            line
            for line in self.stages
            if line.pair and line.pair.ripe.denominator >= SMALL and line.pair.lost
        ]
        return min(ranked, key=lambda line: line.pair.ripe.value or 0.0 if line.pair else 1.0, default=None)


@dataclass(frozen=True)
class FunnelReport:
    period: Period  # clipped to the moment it is seen at
    all: Funnel
    new: Funnel
    returning: Funnel
    by: JourneyCut | None
    cuts: tuple[tuple[Value, Funnel], ...]
    open_days: int
    against: Period | None = None  # a period named to compare with

    def per_open_day(self, stage: Stage) -> float | None:
        """Journeys that passed a stage for each day the branches were open; None without such a day."""
        count = next(line.count for line in self.all.stages if line.stage is stage)
        return count / self.open_days if self.open_days else None


def zone_start(period: Period, scope: Scope, policy: Policy) -> datetime:
    """The first moment of a period on the clock of the scope's first branch."""
    branch = policy.branch(scope.branches[0])
    return branch.at(period.first, time()).astimezone(UTC)


def same_age(period: Period, earlier: Period, scope: Scope, policy: Policy, now: datetime) -> datetime:
    """The moment at which an earlier period was as old as this one is now (reading 10)."""
    return zone_start(earlier, scope, policy) + (now - zone_start(period, scope, policy))


def one_age(
    period: Period, other: Period, scope: Scope, policy: Policy, now: datetime
) -> tuple[datetime, datetime]:
    """The moments at which two periods were of one age: that of the younger of them now."""
    starts = zone_start(period, scope, policy), zone_start(other, scope, policy)
    age = now - max(starts)
    return starts[0] + age, starts[1] + age


def seen_now(scope: Scope, policy: Policy, now: datetime) -> Seen:
    """The scope's period and branches at a moment."""
    return Seen(scope.branches, scope.period, now, policy)


def ripening(scope: Scope, policy: Policy, now: datetime) -> Seen | None:
    """The part of the period in which outcomes can have become ripe; None where it lies ahead."""
    today = policy.branch(scope.branches[0]).today(now)
    if scope.period.first > today:
        return None
    return Seen(scope.branches, scope.period.clipped(today), now, policy)


def funnel(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    by: JourneyCut | None = None,
    against: Period | None = None,
) -> FunnelReport:
    """The cohort view of the scope's period: journeys whose first contact lies in it, as known at `now`.

    `scope.period` is the whole period, not cut off at today: the earlier ones are compared at its age.
    `against` is a period to compare with besides, both at one age. Coordinators are cut for who sees
    persons, else only one's own line is given.
    """
    cells = _Cells(db, scope, policy, now, against)
    whole = cells.count(None)
    cuts = cells.count(by) if by is not None else {}
    if by is JourneyCut.COORDINATOR and not scope.sees_persons:
        cuts = {value: cell for value, cell in cuts.items() if value == scope.staff_id and value}
    cell = whole.get(None, _Cell())
    period = scope.period.clipped(policy.branch(scope.branches[0]).today(now))
    return FunnelReport(
        period=period,
        all=cell.funnel(None),
        new=cell.funnel(True),
        returning=cell.funnel(False),
        by=by,
        cuts=tuple((value, cuts[value].funnel(None)) for value in sorted(cuts, key=_by_size(cuts))),
        open_days=sum(
            policy.branch(branch).open_days(period.first, period.last) for branch in scope.branches
        ),
        against=against,
    )


def _by_size(cuts: Mapping[Value, "_Cell"]) -> "_Order":
    return _Order(cuts)


@dataclass(frozen=True)
class _Order:
    """The largest first, "not recorded" last."""

    cuts: Mapping[Value, "_Cell"]

    def __call__(self, value: Value) -> tuple[bool, int, str]:
        return value is None, -self.cuts[value].size, str(value)


class _Cell:
    """All rows of one cut value, by when they are seen."""

    def __init__(self) -> None:
        self.now: dict[Stage | None, list[CohortRow]] = defaultdict(list)
        self.previous: dict[Stage | None, list[CohortRow]] = defaultdict(list)
        self.last_year: dict[Stage | None, list[CohortRow]] = defaultdict(list)
        self.here: dict[Stage | None, list[CohortRow]] = defaultdict(list)
        self.there: dict[Stage | None, list[CohortRow]] = defaultdict(list)
        self.is_compared = False
        self.outcomes: dict[OutcomeKind, list[OutcomeRow]] = defaultdict(list)

    @property
    def size(self) -> int:
        return sum(row.numbers[counts.ALL] for rows in self.now.values() for row in rows)

    def funnel(self, is_new: bool | None) -> Funnel:
        following = dict(PAIRS)
        pairs = {following[stage]: self._pair(stage, is_new) for stage, _ in PAIRS}
        return Funnel(
            journeys=sum(self._number(self.now, s, is_new, counts.ALL, (s,)) for s in STAGES),
            stages=tuple(
                StageLine(
                    stage,
                    self._number(self.now, stage, is_new, _passed(stage), _until(stage)),
                    self._number(self.now, stage, is_new, counts.ALL, (stage,)),
                    pairs.get(stage),
                )
                for stage in STAGES
            ),
            outcomes=tuple(Outcome(kind, self._outcome(kind, is_new)) for kind in OutcomeKind),
            same_day=SameDay(
                **self._at_one_age(Stage.CONSULT, is_new, counts.SAME_DAY, counts.SAME_DAY_BASE),
                now=self._share(self.now, Stage.CONSULT, is_new, counts.SAME_DAY, counts.SAME_DAY_BASE),
                against=self._against(Stage.CONSULT, is_new, counts.SAME_DAY, counts.SAME_DAY_BASE),
            ),
            beside={
                which: self._number(self.now, Stage.CONSULT, is_new, which.value, STAGES)
                for which in counts.BESIDE
            },
        )

    def _pair(self, stage: Stage, is_new: bool | None) -> Pair:
        ripe = of_pair(stage, "converted"), of_pair(stage, "base")
        so_far = of_pair(stage, "so_converted"), of_pair(stage, "so_base")
        return Pair(
            **self._at_one_age(stage, is_new, *so_far),
            ripe=self._share(self.now, stage, is_new, *ripe),
            so_far=self._share(self.now, stage, is_new, *so_far),
            against=self._against(stage, is_new, *so_far),
        )

    def _at_one_age(
        self, stage: Stage, is_new: bool | None, numerator: str, denominator: str
    ) -> dict[str, Share]:
        return {
            "previous": self._share(self.previous, stage, is_new, numerator, denominator),
            "last_year": self._share(self.last_year, stage, is_new, numerator, denominator),
        }

    def _against(self, stage: Stage, is_new: bool | None, numerator: str, denominator: str) -> Against | None:
        if not self.is_compared:
            return None
        here = self._share(self.here, stage, is_new, numerator, denominator)
        return Against(here, self._share(self.there, stage, is_new, numerator, denominator))

    def _share(
        self,
        seen: Mapping[Stage | None, list[CohortRow]],
        stage: Stage,
        is_new: bool | None,
        numerator: str,
        denominator: str,
    ) -> Share:
        entries = _until(stage)
        return Share(
            self._number(seen, stage, is_new, numerator, entries),
            self._number(seen, stage, is_new, denominator, entries),
        )

    def _number(
        self,
        seen: Mapping[Stage | None, list[CohortRow]],
        stage: Stage,
        is_new: bool | None,
        name: str,
        entries: Sequence[Stage],
    ) -> int:
        rows = (*seen.get(None, ()), *seen.get(stage, ()))
        return sum(row.numbers[name] for row in rows if row.entry in entries and is_new in (None, row.is_new))

    def _outcome(self, kind: OutcomeKind, is_new: bool | None) -> Share:
        rows = [row for row in self.outcomes[kind] if is_new in (None, row.is_new)]
        return Share(sum(row.reached for row in rows), sum(row.ripe for row in rows))


def _passed(stage: Stage) -> str:
    return counts.ALL if stage is Stage.INQUIRY else passed(stage)


def _until(stage: Stage) -> tuple[Stage, ...]:
    return STAGES[: STAGES.index(stage) + 1]


class _Cells:
    """Counts now, and as the earlier periods were at the same age, per cut value."""

    def __init__(
        self, db: Session, scope: Scope, policy: Policy, now: datetime, against: Period | None = None
    ) -> None:
        self.db, self.scope, self.policy, self.now, self.against = db, scope, policy, now, against

    def count(self, by: JourneyCut | None) -> dict[Value, _Cell]:
        cells: dict[Value, _Cell] = defaultdict(_Cell)
        stages: Sequence[Stage | None] = STAGES if by is JourneyCut.COORDINATOR else (None,)
        for stage in stages:
            at = stage or Stage.INQUIRY
            for row in self._split(
                by, counts.cohort(self.db, seen_now(self.scope, self.policy, self.now), cut=by, stage=at)
            ):
                cells[row.value].now[stage].append(row)
            for row in self._earlier(self.scope.period.previous(), by, at):
                cells[row.value].previous[stage].append(row)
            for row in self._earlier(self.scope.period.last_year(), by, at):
                cells[row.value].last_year[stage].append(row)
            if self.against is not None:
                for mine, row in self._compared(self.against, by, at):
                    (cells[row.value].here if mine else cells[row.value].there)[stage].append(row)
        ripe = ripening(self.scope, self.policy, self.now)
        if ripe is not None:
            for kind in OutcomeKind:
                for outcome in self._split(by, counts.outcomes(self.db, ripe, kind, cut=by)):
                    cells[outcome.value].outcomes[kind].append(outcome)
        for cell in cells.values():
            cell.is_compared = self.against is not None
        return {value: cell for value, cell in cells.items() if cell.now or cell.outcomes or by is None}

    def _compared(
        self, against: Period, by: JourneyCut | None, stage: Stage
    ) -> Iterable[tuple[bool, CohortRow]]:
        """Whether a row is of the period asked about, and the row: both periods at one age."""
        period = self.scope.period
        moments = one_age(period, against, self.scope, self.policy, self.now)
        for mine, of, at in ((True, period, moments[0]), (False, against, moments[1])):
            seen = Seen(self.scope.branches, of, at, self.policy)
            for row in self._split(by, counts.cohort(self.db, seen, cut=by, stage=stage, whole=False)):
                yield mine, row

    def _earlier(self, period: Period, by: JourneyCut | None, stage: Stage) -> Iterable[CohortRow]:
        at = same_age(self.scope.period, period, self.scope, self.policy, self.now)
        seen = Seen(self.scope.branches, period, at, self.policy)
        return self._split(by, counts.cohort(self.db, seen, cut=by, stage=stage, whole=False))

    def _split(self, by: JourneyCut | None, rows: Iterable[Item]) -> list[Item]:
        """A journey of several families counts under each."""
        if by is not JourneyCut.TREATMENT:
            return list(rows)
        return [
            replace(row, value=family)
            for row in rows
            for family in (str(row.value).split("|") if row.value else [None])
        ]
