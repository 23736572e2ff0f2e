"""A month's table of every number: whole, by branch, by week and by weekday."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlmodel import Session

from crm_core.kpi.catalogue import CATALOGUE, CHURN_PATIENT, GROWTH
from crm_core.kpi.kpi import Figure, Kpi, KpiCut, Unit
from crm_core.kpi.measure import Meter
from crm_core.kpi.rows import WEEKDAYS
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.reports.frames import Frame
from crm_core.staff.access import Scope

OF_A_MONTH = (CHURN_PATIENT, GROWTH)
"""Numbers that compare the beginning of a period with its end: a week of them says nothing."""


@dataclass(frozen=True)
class MonthLine:
    """One number; a cut it does not have is empty. Weeks begin on Monday and end with the period."""

    kpi: Kpi
    whole: Figure
    branches: Mapping[str, Figure]
    weeks: Mapping[date, Figure]
    weekdays: Mapping[str, Figure]


def month_table(db: Session, scope: Scope, policy: Policy, now: datetime) -> tuple[MonthLine, ...]:
    """Every number of the catalogue over the scope's period, as known at `now`."""
    whole = Meter(db, scope, policy, now)
    weeks = {
        week.first: Meter(db, replace(scope, period=week), policy, now) for week in weeks_of(scope.period)
    }
    found = []
    for kpi in CATALOGUE:
        if kpi.unlisted:
            continue
        found.append(
            MonthLine(
                kpi=kpi,
                whole=whole.whole(kpi),
                branches=_cut(whole, kpi, KpiCut.BRANCH),
                weeks={} if kpi in OF_A_MONTH else {first: one.whole(kpi) for first, one in weeks.items()},
                weekdays=_cut(whole, kpi, KpiCut.WEEKDAY),
            )
        )
    return tuple(found)


def weeks_of(period: Period) -> Iterator[Period]:
    """The weeks of a period: whole ones from Monday to Sunday, and what is left at both ends."""
    first = period.first
    while first <= period.last:
        last = min(period.last, first + timedelta(6 - first.weekday()))
        yield Period(first, last)
        first = last + timedelta(1)


def _cut(meter: Meter, kpi: Kpi, by: KpiCut) -> Mapping[str, Figure]:
    if by not in kpi.cuts:
        return {}
    return {str(value): figure for value, figure in meter.cut(kpi, by).items() if value is not None}


def month_frame(lines: tuple[MonthLine, ...], branches: tuple[str, ...], period: Period) -> Frame:
    """A row a number: how it is made up, then its value whole, by branch, week and weekday.

    Columns are `kpi`, `unit`, `numerator`, `denominator`, `whole`, a branch's slug, a week's first day
    and the names of the weekdays.
    """
    rows = []
    for line in lines:
        row: dict[str, object] = {
            "kpi": line.kpi.slug,
            "unit": line.kpi.unit.value,
            "numerator": _plain(line.whole.numerator, line.kpi.unit) if line.whole.known else None,
            "denominator": line.whole.denominator,
            "whole": _plain(line.whole.value, line.kpi.unit),
        }
        row |= {slug: _value(line.branches, slug) for slug in branches}
        row |= {week.first.isoformat(): _value(line.weeks, week.first) for week in weeks_of(period)}
        row |= {name: _value(line.weekdays, name) for name in WEEKDAYS}
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _value(figures: Mapping[Any, Figure], key: object) -> float | None:
    figure = figures.get(key)
    return _plain(figure.value, figure.unit) if figure else None


def _plain(value: float | None, unit: Unit) -> float | None:
    """Whole where it is whole: 265, not 265.0; amounts in whole minor units; shares to six places."""
    if value is None:
        return None
    if unit in (Unit.MONEY, Unit.COUNT, Unit.MINUTES):
        return round(value)
    return int(value) if value == int(value) and abs(value) > 1 else round(value, 6)
