"""The whole policy, handed in wherever a rule of the clinic decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from functools import cached_property

from crm_core.policy.branch import Branch
from crm_core.policy.rules import Family, Names, ReturnRule, RuleKind, Treatment


class Records(StrEnum):
    SHARED = "shared"
    SEPARATE = "separate"


class WithoutConsent(StrEnum):
    """What outreach by phone does without consent and without a treatment in six months."""

    HIDE = "hide"
    ASK = "ask"
    ALLOW = "allow"


@dataclass(frozen=True)
class Cause:
    """Why somebody does not come, and what to say, do and not do about it."""

    slug: str
    names: Names
    say: Names
    do_next: Names
    do_not: Names
    red_flag: bool = False


@dataclass(frozen=True)
class Patience:
    """Days until a silent journey counts as lost, by its stage (definitions.md §2.2)."""

    inquiry: int
    reservation: int
    visit: int
    consult: int
    agreement: int
    referral: int


@dataclass(frozen=True)
class CallRules:
    per_coordinator: int
    claim_minutes: int
    undo_minutes: int
    attempt_days: int
    rest_days: int
    rounds: int
    connected_rest_days: int
    budget: int
    budget_days: int
    quiet_after_visit_days: int
    lapsed_days: int
    follow_up_days: int
    undecided_days: tuple[int, ...]
    recommended_before: int
    recommended_after: int
    attribution_days: int
    confirmation_per_day: int
    holdout_share: float
    consent_days: int
    without_consent: WithoutConsent
    value_months: int
    minimum_cases: int


@dataclass(frozen=True)
class ReminderStep:
    slug: str  # d3, d1
    days_before: int
    at: time
    reconfirms: bool


@dataclass(frozen=True)
class Reminders:
    steps: tuple[ReminderStep, ...]
    hours: tuple[time, time]
    online_change_until: time
    expires_before_hours: int


@dataclass(frozen=True)
class InquiryRules:
    """Who answers an inquiry, and when a lead is told that nobody has.

    `minutes` are opening minutes; `of_branch` has them where a branch's differ. `in_turn`: a new
    inquiry is given to one of the branch's coordinators, else it is free for whoever takes it.
    """

    minutes: int = 15
    of_branch: Mapping[str, int] = field(default_factory=dict)
    in_turn: bool = True

    def minutes_at(self, branch: str) -> int:
        """Opening minutes after which an unanswered inquiry of the branch is escalated."""
        return self.of_branch.get(branch, self.minutes)


@dataclass(frozen=True)
class Source:
    slug: str
    names: Names
    aliases: tuple[str, ...]


class Transform(StrEnum):
    """What is done to a cell before it is read."""

    DIGITS = "digits"  # 9.5985133231274E13 and 95985133231274.0 are the number 95985133231274
    DATE_ONLY = "date_only"  # 2016-04-29T00:00:00Z says the day 2016-04-29 and no time
    WALL_CLOCK = "wall_clock"  # the Z or offset is wrong: the time is the one on the branch's wall


@dataclass(frozen=True)
class Role:
    """What this clinic calls a role; what a role may do is decided in staff/access.py."""

    slug: str
    names: Names
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class ExportProfile:
    """How one export of a clinic's chart program is read.

    `columns`: our header → theirs. `values`: our header → (their value → ours), so that several of
    theirs may mean one of ours. `constants`: our header → the value of every row. `transforms` and
    `formats` (strptime) are by our header and come before `values`. `zone` is that of moments
    without an offset where it is not the branch's; `branch` stands in for `--branch`.
    """

    name: str
    kind: str
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    constants: Mapping[str, str]
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    branch: str | None = None


@dataclass(frozen=True)
class Policy:
    version: int
    name: Names
    records: Records
    one_book: bool
    country: str
    currency: str
    branches: Mapping[str, Branch]
    families: Mapping[str, Family]
    treatments: Mapping[str, Treatment]
    causes: Mapping[str, Cause]
    sources: Mapping[str, Source]
    patience: Patience
    calls: CallRules
    reminders: Reminders
    late_cancel_hours: int
    digest_minutes_before_opening: int
    masked_channels: bool
    language: str
    modules: frozenset[str]
    mappings: Mapping[str, ExportProfile]
    opening_words: Names
    outcome_manuals: Mapping[str, Cause] = field(default_factory=dict)  # by outcome or denial group
    roles: Mapping[str, Role] = field(default_factory=dict)
    inquiries: InquiryRules = field(default_factory=InquiryRules)

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        known: dict[str, str] = {}
        for slug, treatment in self.treatments.items():
            names = (slug, treatment.names.ko, treatment.names.en, *treatment.aliases)
            known.update({_folded(name): slug for name in names})
        return known

    @cached_property
    def _source_by_name(self) -> Mapping[str, str]:
        known: dict[str, str] = {}
        for slug, source in self.sources.items():
            names = (slug, source.names.ko, source.names.en, *source.aliases)
            known.update({_folded(name): slug for name in names})
        return known

    def treatment_slug(self, text: str) -> str:
        """The slug of a treatment by slug, name or alias; an unknown one is its own text."""
        return self._by_name.get(_folded(text), text.strip())

    def family_of(self, treatment: str | None) -> str | None:
        """The family slug of a treatment slug; an unknown treatment is a family of its own."""
        if not treatment:
            return None
        known = self.treatments.get(treatment)
        return known.family if known else treatment

    def rule_of(self, treatment: str) -> ReturnRule | None:
        """The most specific return rule: the treatment's own, else its family's, else none."""
        known = self.treatments.get(treatment)
        if known is None:
            return None
        if known.rule is not None:
            return known.rule
        family = self.families.get(known.family)
        return family.rule if family else None

    def days_of(self, treatment: str) -> tuple[int, int] | None:
        """(due_after, churned_after) in days, None where nothing is due by age alone."""
        rule = self.rule_of(treatment)
        if rule is None or rule.kind is not RuleKind.DAYS:
            return None
        if rule.due_after is None or rule.churned_after is None:
            return None
        return rule.due_after, rule.churned_after

    def family_name(self, family: str, language: str) -> str:
        known = self.families.get(family)
        return known.names.in_language(language) if known else family

    def treatment_name(self, treatment: str, language: str) -> str:
        known = self.treatments.get(treatment)
        return known.names.in_language(language) if known else treatment

    def source_slug(self, text: str) -> str:
        """The slug of a source by slug, name or alias; an unknown one is its own text."""
        return self._source_by_name.get(_folded(text), text.strip())

    def role_slug(self, text: str) -> str:
        """The slug of a role by slug, name or alias; an unknown one is its own text."""
        for slug, role in self.roles.items():
            names = (slug, role.names.ko, role.names.en, *role.aliases)
            if _folded(text) in map(_folded, names):
                return slug
        return text.strip()

    def manual(self, slug: str) -> Cause | None:
        """The prevention manual of a cause, of an outcome or of a response group."""
        return self.causes.get(slug) or self.outcome_manuals.get(slug)

    def branch(self, slug: str) -> Branch:
        return self.branches[slug]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
