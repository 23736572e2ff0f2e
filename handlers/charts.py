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
