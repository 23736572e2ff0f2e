"""A number as `ask --json` gives it: a contract (product.md §7), its words never change."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.facts_until import oldest
from crm_core.kpi.kpi import OF_PERSONS, Figure, Kpi, KpiCut, Unit
from crm_core.kpi.measure import Measured
from crm_core.kpi.rows import Value
from crm_core.staff.access import Scope
from handlers.kpi_words import counted_as_number
from handlers.language.envelope import envelope
from handlers.language.menu_item import Context


def number_row(kpi: Kpi, cut: Value, figure: Figure, out: Mapping[str, int]) -> dict[str, Any]:
    """One number; a rate is a fraction of one, money minor units, a time minutes."""
    whole = figure.unit in (Unit.COUNT, Unit.SHARE, Unit.MONEY, Unit.FACTOR)
    return {
        "kpi": kpi.slug,
        "cut": cut,
        "numerator": (int(figure.numerator) if whole else None) if figure.known else None,
        "denominator": figure.denominator if figure.known else None,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "unit": kpi.unit.value,
        "out": dict(out),
    }


def rows_of(found: Measured, numbers: Mapping[int, str]) -> list[dict[str, Any]]:
    """A row for each value of the cut, or the whole with what it is compared with."""
    if found.by is not None:
        return [
            number_row(found.kpi, _shown(found.by, value, numbers), figure, found.cut_out.get(value, {}))
            for value, figure in found.cuts
        ]
    row = number_row(found.kpi, None, found.whole, found.out)
    row["previous"] = found.previous.value if found.previous else None
    row["last_year"] = found.last_year.value if found.last_year else None
    row["why"] = found.why
    return [row]


def _shown(by: KpiCut, value: Value, numbers: Mapping[int, str]) -> Value:
    """A member of staff by the chart program's key."""
    return numbers.get(value, str(value)) if by in OF_PERSONS and isinstance(value, int) else value


def numbers_data(
    command: str,
    scope: Scope,
    context: Context,
    rows: Sequence[Mapping[str, Any]],
    kpis: Sequence[Kpi],
    *,
    by: KpiCut | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole answer of numbers."""
    kinds = {kind for kpi in kpis for kind in kpi.kinds}
    views = {kpi.view for kpi in kpis}
    return envelope(
        context,
        command=command,
        branches=scope.branches,
        period=scope.period,
        facts_until=oldest(context.db, scope.branches, kinds),
        view=views.pop() if len(views) == 1 else None,
        cut={"by": by.value, "value": None} if by else None,
        rows=rows,
        definitions={kpi.slug: counted_as_number(kpi, context) for kpi in kpis},
        more=more,
    )
