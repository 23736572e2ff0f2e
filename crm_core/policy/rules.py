"""Treatments, families and when somebody should be back (definitions.md §2.1)."""

from dataclasses import dataclass
from enum import StrEnum


class RuleKind(StrEnum):
    DAYS = "days"
    NO_RECALL = "no_recall"
    RECOMMENDED_ONLY = "recommended_only"


@dataclass(frozen=True)
class ReturnRule:
    """Two ages in local days since the last treatment; both are None unless kind is DAYS."""

    kind: RuleKind
    due_after: int | None = None
    churned_after: int | None = None


@dataclass(frozen=True)
class CourseRule:
    """Interval between sessions in days; a gap older than `gap_after` days is a mid-course gap.

    `sessions` is the most that is usually sold, 0 where no number is fixed; `fewest` the least.
    """

    sessions: int
    interval_from: int
    interval_to: int
    gap_after: int
    fewest: int | None = None


@dataclass(frozen=True)
class Names:
    """What a thing is called, by language; English falls back to Korean and the other way round."""

    ko: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.ko


@dataclass(frozen=True)
class Family:
    slug: str
    names: Names
    rule: ReturnRule | None


@dataclass(frozen=True)
class Treatment:
    """`rule` is the treatment's own one; `Policy.rule_of` says which rule counts."""

    slug: str
    names: Names
    family: str
    rule: ReturnRule | None
    course: CourseRule | None
    minutes: int
    covered: bool
    check: bool  # a follow-up check or retouch: neither a journey contact nor a return
    aliases: tuple[str, ...]
    diagnoses: tuple[str, ...] = ()
    care: bool = False  # a call or message about it is care, not outreach
