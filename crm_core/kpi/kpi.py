"""What a number is: a share of something, with how sure one can be of it."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

_Z = 1.959963984540054  # 95 %, two sides
SMALL = 30  # fewer cases than this are for orientation only, and are not ranked


class Unit(StrEnum):
    SHARE = "share"


@dataclass(frozen=True)
class Kpi:
    """A number of the catalogue: `slug` is the key of wording.md without `kpi.`."""

    slug: str
    unit: Unit


@dataclass(frozen=True)
class Share:
    """A part of a whole; `value` is a fraction of one, or None where nobody can say."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of Wilson (1927) as fractions; None where nobody can say."""
        if not self.denominator:
            return None
        n, p = self.denominator, self.numerator / self.denominator
        centre = p + _Z**2 / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        scale = 1 + _Z**2 / n
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)

    @property
    def low(self) -> float | None:
        return self.interval[0] if self.interval else None

    @property
    def high(self) -> float | None:
        return self.interval[1] if self.interval else None

    @property
    def is_small(self) -> bool:
        return self.denominator < SMALL

    def __add__(self, other: "Share") -> "Share":
        return Share(self.numerator + other.numerator, self.denominator + other.denominator)


def more_than_chance(one: Share, other: Share) -> bool:
    """Whether two shares differ by more than chance: a two-sided z test of two proportions at 5 %."""
    if not one.denominator or not other.denominator:
        return False
    both = one + other
    pooled = both.numerator / both.denominator
    error = sqrt(pooled * (1 - pooled) * (1 / one.denominator + 1 / other.denominator))
    if not error:
        return False
    return abs((one.value or 0.0) - (other.value or 0.0)) / error > _Z
