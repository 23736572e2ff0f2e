"""What every picture shares: the font from its package, colours, and an empty sheet."""

from functools import cache
from importlib import resources

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

WIDTH = 7.8  # inches at DPI: 780 pixels, twice the width of a small phone
DPI = 100
INK = "#14202b"
SOFT = "#5b6875"
LINE = "#d9e0e5"
TEAL = "#0b6e69"
PALE = "#d5ebe8"
AMBER = "#b45309"
PALE_AMBER = "#fdebd0"
_REGULAR, _BOLD = "NotoSansKR-Regular.otf", "NotoSansKR-Bold.otf"


@cache
def font(size: float, *, bold: bool = False) -> FontProperties:
    """Noto Sans KR (OFL) from its package: the same letters on every machine."""
    folder = resources.files("pylopdf_fonts_ko")
    name = _BOLD if bold and (folder / _BOLD).is_file() else _REGULAR
    with resources.as_file(folder / name) as file:
        return FontProperties(fname=str(file), size=size)


def sheet(height: float) -> tuple[Figure, Axes]:
    """An empty sheet; one unit of its axes is an inch, from the top left corner down."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return figure, axes


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 17,
    colour: str = INK,
    bold: bool = False,
    right: bool = False,
    centre: bool = False,
) -> None:
    """A line of text with its middle at y, from x on, up to it or around it. A dollar sign is a dollar
    sign, no formula."""
    axes.text(
        x,
        y,
        text,
        fontproperties=font(size, bold=bold),
        color=colour,
        ha="center" if centre else "right" if right else "left",
        va="center",
        parse_math=False,
    )
