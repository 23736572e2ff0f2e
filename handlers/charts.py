"""What a picture shows, as plain values; `handlers/pictures/` draws them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StageBar:
    """A stage; `went_on` and its small print stand above it, empty at the first one."""

    name: str
    count: int
    went_on: str = ""
    small: str = ""
    leaks: bool = False


@dataclass(frozen=True)
class FunnelSide:
    """One funnel: of new, or of returning patients."""

    name: str
    stages: tuple[StageBar, ...]


@dataclass(frozen=True)
class FunnelChart:
    """Funnels side by side, of the same stages and on one scale."""

    title: str
    subtitle: str
    sides: tuple[FunnelSide, ...]
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """A share of one with its 95 % interval; None where nobody can say."""

    name: str
    value: float | None
    label: str
    low: float | None = None
    high: float | None = None
    marked: bool = False


@dataclass(frozen=True)
class BarChart:
    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    note: str = ""


@dataclass(frozen=True)
class HeatRow:
    """A cohort: shares of one, and how each is written; None where it is not known yet. A small one
    is for orientation only."""

    name: str
    count: str
    small: bool
    cells: tuple[float | None, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class HeatMap:
    """`counted` is what the counts of the rows are, `across` what the columns are."""

    title: str
    subtitle: str
    counted: str
    across: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    note: str = ""


@dataclass(frozen=True)
class Change:
    """A share in two periods; `marked` where they differ by more than chance."""

    group: str
    name: str
    before: float
    after: float
    before_label: str
    after_label: str
    marked: bool = False


@dataclass(frozen=True)
class ChangeChart:
    """Before and after, one above the other; `before` and `after` name the periods."""

    title: str
    subtitle: str
    before: str
    after: str
    changes: tuple[Change, ...]
    note: str = ""
