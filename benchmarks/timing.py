"""Interleaved medians, and the lines of the table that is printed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Line:
    """One row of the table; `met` is None where the bar names another size."""

    bar: str
    size: str
    measured: str
    limit: str
    met: bool | None
    baseline: str


def interleaved(competitors: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each competitor, taking turns; one warm turn before is not counted."""
    took: dict[str, list[float]] = {name: [] for name in competitors}
    for turn in range(rounds + 1):
        for name, run in competitors.items():
            start = perf_counter()
            run()
            if turn:
                took[name].append(perf_counter() - start)
    return {name: median(times) for name, times in took.items()}


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def table(lines: list[Line]) -> str:
    """A Markdown table."""
    words = {True: "yes", False: "NO", None: "–"}
    rows = [("bar", "size", "measured", "limit", "met", "baseline")]
    rows += [(one.bar, one.size, one.measured, one.limit, words[one.met], one.baseline) for one in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )
