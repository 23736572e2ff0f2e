"""One number of the catalogue, whole and cut, beside the same of earlier periods at the same age."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from crm_core.kpi.funnel import same_age
from crm_core.kpi.kpi import OF_PERSONS, Figure, Kpi, KpiCut, Unit
from crm_core.kpi.rows import WEEKDAYS, Ask, Cell, Figured, Row, Source, Value
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.people import Staff

NUMERATOR, REST = "hit", "rest"
_EACH_ONCE = tuple(cut for cut in KpiCut if cut is not KpiCut.TREATMENT)
"""Cuts under whose values every case stands once; of several families a case stands under each."""


@dataclass(frozen=True)
class Measured:
    """`previous` and `last_year` are seen at the age the period has now; `out` is what stands
    beside the base, by reason, `parts` every case by its part; `why` says in one word why nobody can say."""

    kpi: Kpi
    period: Period
    whole: Figure
    previous: Figure | None
    last_year: Figure | None
    by: KpiCut | None
    cuts: tuple[tuple[Value, Figure], ...]
    out: Mapping[str, int]
    parts: Mapping[str, int]
    cut_out: Mapping[Value, Mapping[str, int]]
    why: str | None


class Meter:
    """Measures numbers of one scope at one moment; what several of them count is read once."""

    def __init__(self, db: Session, scope: Scope, policy: Policy, now: datetime) -> None:
        self.scope, self.policy, self.now = scope, policy, now
        self.ask = Ask(db, scope, now, policy)
        self._read: dict[tuple[int, Period, datetime, KpiCut | None], tuple[Cell, ...]] = {}

    def whole(self, kpi: Kpi) -> Figure:
        """The number alone, without what it is compared with."""
        return self._figures(kpi, self.ask)[0].get(None, empty(kpi))

    def cuts(self, kpi: Kpi, by: KpiCut) -> Mapping[Value, Figure]:
        """The number of each value of a cut, of everybody."""
        return self._figures(kpi, replace(self.ask, by=by))[0]

    def out(self, kpi: Kpi) -> Mapping[str, int]:
        return self._figures(kpi, self.ask)[1].get(None, {})

    def parts(self, kpi: Kpi) -> Mapping[str, int]:
        """The cases of the whole by part, those of the base too."""
        counted: Counter[str] = Counter()
        if kpi.source is not None and not isinstance(kpi.source, Figured):
            for cell in self._cells(kpi.source, self.ask):
                counted[cell.part] += cell.amount
        return dict(counted)

    def why(self, kpi: Kpi) -> str | None:
        return kpi.source.known(self.ask) if kpi.source else None

    def cut(self, kpi: Kpi, by: KpiCut) -> Mapping[Value, Figure]:
        """The number by the values of a cut, without what it is compared with."""
        return self._figures(kpi, replace(self.ask, by=by))[0]

    def measure(self, kpi: Kpi, by: KpiCut | None = None) -> Measured:
        """The number, cut where `by` says so; persons are cut for who sees them, else only oneself."""
        cuts, cut_out = self._figures(kpi, replace(self.ask, by=by)) if by else ({}, {})
        figures, out = self._figures(kpi, self.ask)
        whole = figures.get(None, empty(kpi))
        if by in OF_PERSONS and not self.scope.sees_persons:
            own = own_value(self.ask.db, self.scope, by)
            cuts = {value: one for value, one in cuts.items() if value is not None and value == own}
        ordered = sorted(cuts.items(), key=_order(by, self.policy))
        return Measured(
            kpi=kpi,
            period=self.scope.period.clipped(self.ask.today),
            whole=whole,
            previous=self._earlier(kpi, self.scope.period.previous()),
            last_year=self._earlier(kpi, self.scope.period.last_year()),
            by=by,
            cuts=tuple(ordered),
            out=out.get(None, {}),
            parts=self.parts(kpi),
            cut_out={value: cut_out.get(value, {}) for value, _ in ordered},
            why=None if whole.value is not None else self.why(kpi),
        )

    def _earlier(self, kpi: Kpi, period: Period) -> Figure | None:
        """The number of an earlier period at the age that this one has now (reading 10)."""
        at = same_age(self.scope.period, period, self.scope, self.policy, self.now)
        ask = self.ask.during(period, min(at, self.now))
        figure = self._figures(kpi, ask)[0].get(None, empty(kpi))
        return figure if figure.value is not None else None

    def _figures(self, kpi: Kpi, ask: Ask) -> tuple[dict[Value, Figure], dict[Value, dict[str, int]]]:
        source = kpi.source
        if source is None:
            return {}, {}
        if source.known(ask) is not None:
            return {None: replace(empty(kpi), known=False)}, {}
        if isinstance(source, Figured):
            found = source.figures(ask)
            return (
                {value: one.figure for value, one in found.items()},
                {value: dict(one.out) for value, one in found.items()},
            )
        parts: dict[Value, Counter[str]] = defaultdict(Counter)
        for cell in self._cells(source, ask):
            parts[cell_value(cell.value, cell, ask.by)][cell.part] += cell.amount
        if kpi.mix is not None and ask.by is kpi.mix:
            figures = mixed(kpi, parts)
        else:
            figures = {value: figure_of(kpi, counted) for value, counted in parts.items()}
        return figures, {value: out_of(kpi, counted) for value, counted in parts.items()}

    def _cells(self, source: Source, ask: Ask) -> tuple[Cell, ...]:
        """The cells of a question; those of the whole are those of a cut that was read before."""
        key = id(source), ask.period, ask.now, ask.by
        if key not in self._read and ask.by is None:
            for by in _EACH_ONCE:
                cut = self._read.get((id(source), ask.period, ask.now, by))
                if cut is not None:
                    return tuple(replace(cell, value=None) for cell in cut)
        if key not in self._read:
            self._read[key] = tuple(source.cells(ask))
        return self._read[key]


def measure(
    db: Session, scope: Scope, policy: Policy, now: datetime, kpi: Kpi, by: KpiCut | None = None
) -> Measured:
    """A number of the scope's period. `scope.period` is the whole period, not cut off at today: the
    earlier ones are compared at its age. Facts later than `now` are not known."""
    return Meter(db, scope, policy, now).measure(kpi, by)


def people(
    db: Session,
    scope: Scope,
    policy: Policy,
    now: datetime,
    kpi: Kpi,
    part: str,
    *,
    by: KpiCut | None = None,
    value: Value = None,
) -> list[Row]:
    """The cases of a part of a number: `hit`, `rest` (of the base, those not hit) or a reason of
    `out`; of one cut value where `by` is given. A case of nobody known has no patient."""
    if kpi.source is None or isinstance(kpi.source, Figured):
        return []
    if by in OF_PERSONS and not scope.sees_persons and value != own_value(db, scope, by):
        return []
    wanted = parts_of(kpi, part)
    ask = Ask(db, scope, now, policy, by)
    return [
        row
        for row in kpi.source.people(ask)
        if row.part in wanted and (by is None or cell_value(row.value, row, by) == value)
    ]


def parts_of(kpi: Kpi, part: str) -> tuple[str, ...]:
    if part == NUMERATOR:
        return kpi.hit
    if part == REST:
        return tuple(name for name in kpi.base if name not in kpi.hit)
    return (part,)


def figure_of(kpi: Kpi, counted: Mapping[str, int]) -> Figure:
    numerator = sum(counted.get(part, 0) for part in kpi.hit)
    if kpi.unit not in (Unit.SHARE, Unit.FACTOR):
        return Figure(kpi.unit, numerator)
    return Figure(kpi.unit, numerator, sum(counted.get(part, 0) for part in kpi.base))


def mixed(kpi: Kpi, parts: Mapping[Value, Mapping[str, int]]) -> dict[Value, Figure]:
    """Each value's share of all cases of the base."""
    numbers = {value: sum(counted.get(part, 0) for part in kpi.base) for value, counted in parts.items()}
    whole = sum(numbers.values())
    return {value: Figure(kpi.unit, number, whole) for value, number in numbers.items() if number}


def out_of(kpi: Kpi, counted: Mapping[str, int]) -> dict[str, int]:
    """Everything that is in neither part of the number, by reason; the base is none of it."""
    used = {*kpi.hit, *kpi.base}
    return {part: number for part, number in sorted(counted.items()) if part not in used and number}


def empty(kpi: Kpi) -> Figure:
    return Figure(kpi.unit, 0, 0 if kpi.unit in (Unit.SHARE, Unit.FACTOR) else None)


def cell_value(value: Value, cell: Cell | Row, by: KpiCut | None) -> Value:
    """The value a case is counted under; weekdays are of its day."""
    return WEEKDAYS[cell.on.weekday()] if by is KpiCut.WEEKDAY else value


def own_value(db: Session, scope: Scope, by: KpiCut | None) -> Value:
    """What the asker's own line is called in a cut by persons."""
    if by is not KpiCut.DOCTOR:
        return scope.staff_id
    staff = db.get(Staff, scope.staff_id) if scope.staff_id is not None else None
    return staff.name if staff else None


def _order(
    by: KpiCut | None, policy: Policy
) -> Callable[[tuple[Value, Figure]], tuple[bool, int, float, str]]:
    """Weekdays and branches in their own order, all others the largest first; "not recorded" last."""
    ranked: Iterable[Value] = ()
    if by is KpiCut.WEEKDAY:
        ranked = WEEKDAYS
    elif by is KpiCut.BRANCH:
        ranked = policy.branches
    places = {value: place for place, value in enumerate(ranked)}

    def place(item: tuple[Value, Figure]) -> tuple[bool, int, float, str]:
        value, figure = item
        return value is None, places.get(value, len(places)), -figure.cases, str(value)

    return place
