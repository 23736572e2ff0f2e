"""Shares side by side, each with its interval: no-shows by weekday, conversion by branch."""

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from handlers.charts import BarChart
from handlers.pictures.paper import AMBER, INK, LINE, SOFT, TEAL, WIDTH, sheet, write

_LEFT, _RIGHT, _NAMES = 0.35, 0.35, 2.35
_TOP, _ROW, _BAR = 1.45, 0.62, 0.36
_SHORTEST = 0.03


def draw_bars(chart: BarChart) -> Figure:
    """Horizontal bars from zero; the thin line is the interval."""
    height = _TOP + _ROW * len(chart.bars) + (0.6 if chart.note else 0.2)
    figure, axes = sheet(height)
    write(axes, _LEFT, 0.45, chart.title, size=23, bold=True)
    write(axes, _LEFT, 0.92, chart.subtitle, size=15, colour=SOFT)
    most = max((bar.high or bar.value or 0 for bar in chart.bars), default=0) or 1
    room = WIDTH - _LEFT - _NAMES - _RIGHT - 2.2
    start = _LEFT + _NAMES
    axes.plot([start] * 2, [_TOP - 0.1, _TOP + _ROW * len(chart.bars) - 0.1], color=LINE, linewidth=1)
    for number, bar in enumerate(chart.bars):
        middle = _TOP + _ROW * number + _BAR / 2
        write(axes, _LEFT, middle, bar.name, size=17)
        end = start
        if bar.value is not None:
            colour = AMBER if bar.marked else TEAL
            wide = max(_SHORTEST, room * bar.value / most)
            axes.add_patch(
                FancyBboxPatch(
                    (start, middle - _BAR / 2),
                    wide,
                    _BAR,
                    boxstyle="square,pad=0",
                    facecolor=colour,
                    edgecolor="none",
                )
            )
            end = start + wide
            if bar.low is not None and bar.high is not None:
                ends = [start + room * bar.low / most, start + room * bar.high / most]
                axes.plot(ends, [middle] * 2, color=INK, linewidth=1.6)
                end = max(end, ends[1])
        write(axes, end + 0.14, middle, bar.label, size=16, bold=bar.marked)
    if chart.note:
        axes.plot([_LEFT, WIDTH - _RIGHT], [height - 0.55] * 2, color=LINE, linewidth=1)
        write(axes, _LEFT, height - 0.28, chart.note, size=14, colour=SOFT)
    return figure
