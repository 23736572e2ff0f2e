"""What a number is: a share of something, an amount, a time; with how sure one can be of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_core.kpi.rows import Figured, Source

_Z = 1.959963984540054  # 95 %, two sides
SMALL = 30  # fewer cases than this are for orientation only, and are not ranked


class Unit(StrEnum):
    SHARE = "share"  # numerator ÷ denominator, a fraction of one
    COUNT = "count"
    MONEY = "money"  # minor units; with a denominator the amount for each of them
    MINUTES = "minutes"  # a median; the denominator is how many it is the median of
    FACTOR = "factor"  # numerator ÷ denominator, around one


class KpiCut(StrEnum):
    BRANCH = "branch"
    COORDINATOR = "coordinator"
    TREATMENT = "treatment"
    DOCTOR = "doctor"
    SOURCE = "source"
    WEEKDAY = "weekday"
    NEW = "new"
    INSURED = "insured"
    GROUP = "group"
    CAUSE = "cause"
    OWNER = "owner"


OF_PERSONS = frozenset({KpiCut.COORDINATOR, KpiCut.DOCTOR, KpiCut.OWNER})
"""Cuts that name members of staff: directors see all, everybody else their own line."""


class Viewpoint(StrEnum):
    """The four viewpoints of patient management, and what they stand on."""

    BOOKING = "vp1"
    VISIT = "vp2"
    DECISION = "vp3"
    RELATION = "vp4"
    BASIS = "basis"


class Ripe(StrEnum):
    """When a case is old enough to count; the younger ones are out of the base and counted there."""

    AT_ONCE = "at_once"
    DAY_CLOSED = "day_closed"
    PATIENCE = "patience"  # the policy's days of the stage (definitions.md §2.2)
    DECISION = "decision"  # 30 days after the consult
    COURSE_END = "course_end"  # the expected end and 30 days
    CHURN_DATE = "churn_date"
    REFERRAL = "referral"
    NEW_RETURN = "new_return"  # 90 days after the first visit
    ATTRIBUTION = "attribution"  # 60 days after the call
    MONTH_CLOSED = "month_closed"
    APPOINTMENT = "appointment"


@dataclass(frozen=True)
class Kpi:
    """A number of the catalogue: `slug` is the key of wording.md without `kpi.`.

    `source` gives its cases; those of the parts `hit` are the numerator, those of `base` the
    denominator, and every other part is out of the base and shown. Its title, question and
    definition are said by `handlers/kpi_words.py` under its slug.
    """

    slug: str
    unit: Unit
    source: "Source | Figured | None" = field(default=None, compare=False, repr=False)
    hit: tuple[str, ...] = ("hit",)
    base: tuple[str, ...] = ("hit", "miss")
    viewpoint: Viewpoint = Viewpoint.BASIS
    ripe: Ripe = Ripe.AT_ONCE
    kinds: tuple[str, ...] = ()  # of facts, for "facts until"
    cuts: tuple[KpiCut, ...] = ()
    view: str = "activity"
    unlisted: bool = False  # of another number's answer, not asked for by itself
    mix: KpiCut | None = None  # a cut whose values are shares of the whole, seen without being asked for


@dataclass(frozen=True)
class Figure:
    """What came out. `denominator` is None for a bare count or amount; `known` is False where the
    clinic has no such facts at all."""

    unit: Unit
    numerator: float
    denominator: int | None = None
    known: bool = True
    of: int | None = None  # the cases behind a share of money, whose denominator is an amount

    @property
    def value(self) -> float | None:
        """A fraction, a count, minor units, minutes or a factor; None where nobody can say."""
        if not self.known or self.denominator == 0:
            return None
        if self.unit is Unit.MINUTES or self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator

    @property
    def share(self) -> "Share | None":
        """As a share, where it is one."""
        if self.unit is not Unit.SHARE or self.denominator is None or self.of is not None or not self.known:
            return None
        return Share(int(self.numerator), self.denominator)

    @property
    def low(self) -> float | None:
        return self.share.low if self.share else None

    @property
    def high(self) -> float | None:
        return self.share.high if self.share else None

    @property
    def cases(self) -> int:
        """How many cases stand behind it."""
        if self.of is not None:
            return self.of
        return int(self.numerator) if self.denominator is None else self.denominator

    @property
    def is_small(self) -> bool:
        return self.denominator is not None and self.cases < SMALL


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
