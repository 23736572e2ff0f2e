"""A table whose cells are the darker the larger their share: returns by the month of the treatment."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from handlers.charts import HeatMap
from handlers.pictures.paper import INK, LINE, PALE, SOFT, TEAL, WIDTH, sheet, write

_LEFT, _RIGHT, _NAMES, _COUNTS = 0.35, 0.3, 1.05, 0.65
_TOP, _ROW, _GAP = 2.05, 0.46, 0.03
_DARK = 0.55  # from this part of the largest on, the letters are white


def draw_heat(chart: HeatMap) -> Figure:
    """Rows from the oldest down; an empty cell is not known yet and stays white."""
    height = _TOP + _ROW * len(chart.rows) + (0.65 if chart.note else 0.2)
    figure, axes = sheet(height)
    write(axes, _LEFT, 0.45, chart.title, size=23, bold=True)
    write(axes, _LEFT, 0.92, chart.subtitle, size=15, colour=SOFT)
    start = _LEFT + _NAMES + _COUNTS
    wide = (WIDTH - _RIGHT - start) / max(1, len(chart.columns))
    write(axes, start - 0.12, _TOP - 0.25, chart.counted, size=13, colour=SOFT, right=True)
    for place, name in enumerate(chart.columns):
        write(axes, start + wide * (place + 0.5), _TOP - 0.25, name, size=13, colour=SOFT, centre=True)
    write(axes, start + _GAP, _TOP - 0.58, chart.across, size=13, colour=SOFT)
    cells = [cell for row in chart.rows if not row.small for cell in row.cells if cell is not None]
    most = max(cells, default=0) or 1
    for number, row in enumerate(chart.rows):
        top = _TOP + _ROW * number
        write(axes, _LEFT, top + _ROW / 2, row.name, size=14)
        count = f"{row.count}*" if row.small else row.count
        write(axes, start - 0.12, top + _ROW / 2, count, size=13, colour=SOFT, right=True)
        for place, cell in enumerate(row.cells):
            left = start + wide * place
            strength = min(1.0, (cell or 0) / most)
            box = Rectangle(
                (left + _GAP, top + _GAP),
                wide - 2 * _GAP,
                _ROW - 2 * _GAP,
                facecolor=_mixed(strength) if cell is not None else "white",
                alpha=0.4 if row.small else 1.0,
                edgecolor=LINE if cell is None else "none",
                linewidth=0.6,
            )
            axes.add_patch(box)
            if cell is not None:
                colour = SOFT if row.small else "white" if strength > _DARK else INK
                label = row.labels[place]
                write(axes, left + wide / 2, top + _ROW / 2, label, size=12, colour=colour, centre=True)
    if chart.note:
        axes.plot([_LEFT, WIDTH - _RIGHT], [height - 0.55] * 2, color=LINE, linewidth=1)
        write(axes, _LEFT, height - 0.28, chart.note, size=13, colour=SOFT)
    return figure


def _mixed(strength: float) -> tuple[float, ...]:
    """From the pale to the full colour."""
    pale, full = (_parts(colour) for colour in (PALE, TEAL))
    return tuple(a + (b - a) * strength for a, b in zip(pale, full, strict=True))


def _parts(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
