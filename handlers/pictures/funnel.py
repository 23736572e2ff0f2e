"""Funnels side by side: a bar per stage, and between two bars how many of those who could went on."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from handlers.charts import FunnelChart, FunnelSide, StageBar
from handlers.pictures.paper import (
    AMBER,
    INK,
    LINE,
    PALE,
    PALE_AMBER,
    SOFT,
    TEAL,
    WIDTH,
    sheet,
    write,
)

_EDGE, _NAMES, _GAP = 0.35, 1.55, 0.2
_TOP, _ROW, _BAR = 2.0, 1.12, 0.5
_ROUND = 0.06
_COUNT = 0.9  # room for a count beside the longest bar
_PER_LETTER = 0.135
_SHORTEST = 0.08


def draw_funnel(chart: FunnelChart) -> Figure:
    """The chart as a figure; the leakiest pair stands on amber."""
    names = [stage.name for stage in chart.sides[0].stages] if chart.sides else []
    height = _TOP + _ROW * len(names) + (0.5 if chart.note else 0.05)
    figure, axes = sheet(height)
    write(axes, _EDGE, 0.45, chart.title, size=23, bold=True)
    write(axes, _EDGE, 0.92, chart.subtitle, size=15, colour=SOFT)
    for row, name in enumerate(names):
        write(axes, _EDGE, _middle(row), name, size=18, bold=True)
    most = max((stage.count for side in chart.sides for stage in side.stages), default=0) or 1
    width = (WIDTH - 2 * _EDGE - _NAMES - _GAP * (len(chart.sides) - 1)) / max(len(chart.sides), 1)
    for place, side in enumerate(chart.sides):
        _side(axes, _EDGE + _NAMES + place * (width + _GAP), width, side, most)
    if chart.note:
        axes.plot([_EDGE, WIDTH - _EDGE], [height - 0.55] * 2, color=LINE, linewidth=1)
        write(axes, _EDGE, height - 0.28, chart.note, size=14, colour=SOFT)
    return figure


def _middle(row: int) -> float:
    return _TOP + _ROW * row + _BAR / 2


def _side(axes: Axes, x: float, width: float, side: FunnelSide, most: int) -> None:
    write(axes, x, _TOP - 0.38, side.name, size=17, colour=SOFT, bold=True)
    for row, stage in enumerate(side.stages):
        middle = _middle(row)
        if stage.went_on:
            _between(axes, x, middle - _ROW / 2 - 0.02, stage)
        wide = max(_SHORTEST, (width - _COUNT) * stage.count / most)
        _box(axes, x, middle, wide, _BAR, TEAL, _ROUND)
        write(axes, x + wide + 0.12, middle, f"{stage.count:,}", size=19, bold=True)


def _between(axes: Axes, x: float, y: float, stage: StageBar) -> None:
    """↓ 62% between two bars, and of how many."""
    colour, paper = (AMBER, PALE_AMBER) if stage.leaks else (TEAL, PALE)
    text = f"↓ {stage.went_on}"
    wide = 0.22 + _PER_LETTER * len(text)
    _box(axes, x, y, wide, 0.36, paper, 0.17)
    write(axes, x + 0.12, y, text, size=16, colour=colour, bold=True)
    write(axes, x + wide + 0.1, y, stage.small, size=14, colour=INK if stage.leaks else SOFT)


def _box(axes: Axes, x: float, y: float, wide: float, high: float, colour: str, rounding: float) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y - high / 2),
            wide,
            high,
            boxstyle=f"round,pad=0,rounding_size={min(rounding, wide / 2)}",
            facecolor=colour,
            edgecolor="none",
        )
    )
