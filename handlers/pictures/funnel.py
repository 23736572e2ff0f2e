"""The funnel: a bar per stage, and between two bars how many of those who could went on."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from handlers.language.language import Language
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

_LEFT, _RIGHT, _NAMES = 0.35, 0.35, 1.75
_TOP, _ROW, _BAR = 1.55, 1.12, 0.52
_ROUND = 0.06


@dataclass(frozen=True)
class StageBar:
    """A stage; `went_on` and its small print stand above it, empty at the first one."""

    name: str
    count: int
    went_on: str = ""
    small: str = ""
    leaks: bool = False


@dataclass(frozen=True)
class FunnelChart:
    title: str
    subtitle: str
    stages: tuple[StageBar, ...]
    note: str = ""


def draw_funnel(chart: FunnelChart, _language: Language) -> Figure:
    """The chart as a figure; the leakiest pair is marked by colour and by an arrow."""
    height = _TOP + _ROW * len(chart.stages) + (0.55 if chart.note else 0.15)
    figure, axes = sheet(height)
    write(axes, _LEFT, 0.45, chart.title, size=23, bold=True)
    write(axes, _LEFT, 0.92, chart.subtitle, size=15, colour=SOFT)
    most = max((stage.count for stage in chart.stages), default=0) or 1
    room = WIDTH - _LEFT - _NAMES - _RIGHT - 0.95
    for number, stage in enumerate(chart.stages):
        middle = _TOP + _ROW * number + _BAR / 2
        x = _LEFT + _NAMES
        if number:
            _between(axes, x, middle - _ROW / 2 - 0.02, stage)
        write(axes, _LEFT, middle, stage.name, size=19, bold=True)
        wide = max(0.12, room * stage.count / most)
        axes.add_patch(
            FancyBboxPatch(
                (x, middle - _BAR / 2),
                wide,
                _BAR,
                boxstyle=f"round,pad=0,rounding_size={_ROUND}",
                facecolor=TEAL,
                edgecolor="none",
            )
        )
        write(axes, x + wide + 0.14, middle, f"{stage.count:,}", size=20, bold=True)
    if chart.note:
        axes.plot([_LEFT, WIDTH - _RIGHT], [height - 0.55] * 2, color=LINE, linewidth=1)
        write(axes, _LEFT, height - 0.28, chart.note, size=14, colour=SOFT)
    return figure


def _between(axes: Axes, x: float, y: float, stage: StageBar) -> None:
    """↓ 62 % between two bars; the leakiest stands on amber."""

    colour, paper = (AMBER, PALE_AMBER) if stage.leaks else (TEAL, PALE)
    text = ("▼ " if stage.leaks else "↓ ") + stage.went_on
    wide = 0.24 + 0.135 * len(text)
    axes.add_patch(
        FancyBboxPatch(
            (x, y - 0.18),
            wide,
            0.36,
            boxstyle="round,pad=0,rounding_size=0.17",
            facecolor=paper,
            edgecolor="none",
        )
    )
    write(axes, x + 0.14, y, text, size=16, colour=colour, bold=True)
    write(axes, x + wide + 0.14, y, stage.small, size=14, colour=SOFT if not stage.leaks else INK)
