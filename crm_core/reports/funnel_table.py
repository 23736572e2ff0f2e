"""The funnel as a frame: a row a stage, for all, new and returning, and for each value of a cut."""

import pandas as pd

from crm_core.kpi.funnel import Funnel, FunnelReport, StageLine, Value
from crm_core.kpi.kpi import Share
from crm_core.reports.frames import Frame

ALL, NEW, RETURNING = "all", "new", "returning"


def funnel_frame(report: FunnelReport) -> Frame:
    """Columns: `who` (all, new, returning), `is_cut`, `cut` (None: not recorded), `stage`, counts, and
    fractions of one."""
    rows = _rows(report.all, ALL) + _rows(report.new, NEW) + _rows(report.returning, RETURNING)
    for value, cell in report.cuts:
        rows += _rows(cell, ALL, value, is_cut=True)
    return pd.DataFrame(rows, dtype=object)


def _rows(cell: Funnel, who: str, value: Value = None, *, is_cut: bool = False) -> list[dict[str, object]]:
    named = {"who": who, "is_cut": is_cut, "cut": value}
    return [named | _row(line) for line in cell.stages]


def _row(line: StageLine) -> dict[str, object]:
    ripe = line.pair.ripe if line.pair else Share(0, 0)
    has = line.pair is not None
    return {
        "stage": line.stage.value,
        "count": line.count,
        "entered": line.entered,
        "base": ripe.denominator if has else None,
        "converted": ripe.numerator if has else None,
        "conversion": ripe.value,
        "low": ripe.low,
        "high": ripe.high,
        "lost": line.pair.lost if line.pair else None,
        "open": line.pair.open if line.pair else None,
        "previous": line.pair.previous.value if line.pair else None,
        "last_year": line.pair.last_year.value if line.pair else None,
    }
