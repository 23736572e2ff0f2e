"""Before and after: two bars a pair, the period before in grey above the one asked about."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from handlers.charts import Change, ChangeChart
from handlers.pictures.paper import AMBER, LINE, SOFT, TEAL, WIDTH, sheet, write

_EDGE, _NAMES, _LABELS = 0.35, 2.5, 1.5
_TOP, _KEY, _GROUP, _ROW, _BAR = 1.3, 0.5, 0.5, 0.78, 0.26
_GREY = "#b9c4cc"
_SHORTEST = 0.03


def draw_changes(chart: ChangeChart) -> Figure:
    """One scale for all bars: what grew is longer. A pair marked differs by more than chance."""
    groups = list(dict.fromkeys(change.group for change in chart.changes))
    height = _TOP + _KEY + _GROUP * len(groups) + _ROW * len(chart.changes) + 0.6
    figure, axes = sheet(height)
    write(axes, _EDGE, 0.45, chart.title, size=23, bold=True)
    write(axes, _EDGE, 0.92, chart.subtitle, size=15, colour=SOFT)
    _key(axes, _EDGE, _TOP, chart.before, _GREY)
    _key(axes, _EDGE + 2.6, _TOP, chart.after, TEAL)
    most = max((max(one.before, one.after) for one in chart.changes), default=0) or 1
    y = _TOP + _KEY
    for group in groups:
        write(axes, _EDGE, y + 0.1, group, size=17, colour=SOFT, bold=True)
        y += _GROUP
        for change in (one for one in chart.changes if one.group == group):
            _change(axes, y, change, most)
            y += _ROW
    if chart.note:
        axes.plot([_EDGE, WIDTH - _EDGE], [height - 0.55] * 2, color=LINE, linewidth=1)
        write(axes, _EDGE, height - 0.28, chart.note, size=14, colour=SOFT)
    return figure


def _key(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    axes.add_patch(Rectangle((x, y - 0.1), 0.2, 0.2, facecolor=colour, edgecolor="none"))
    write(axes, x + 0.3, y, text, size=15)


def _change(axes: Axes, y: float, change: Change, most: float) -> None:
    write(axes, _EDGE, y + _BAR, change.name, size=17, bold=change.marked)
    start = _EDGE + _NAMES
    room = WIDTH - start - _EDGE - _LABELS
    after = AMBER if change.marked and change.after < change.before else TEAL
    bars = (
        (change.before, change.before_label, _GREY, False),
        (change.after, change.after_label, after, True),
    )
    for place, (value, label, colour, bold) in enumerate(bars):
        middle = y + _BAR / 2 + place * (_BAR + 0.03)
        wide = max(_SHORTEST, room * value / most)
        axes.add_patch(Rectangle((start, middle - _BAR / 2), wide, _BAR, facecolor=colour, edgecolor="none"))
        write(
            axes, start + wide + 0.12, middle, label, size=15, bold=bold, colour=SOFT if not bold else after
        )
