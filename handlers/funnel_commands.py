"""The commands about the funnel, apart so that answers can put one another on buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crm_core.errors import StaleButton
from crm_core.kpi.conditions import Which
from crm_core.kpi.counts import JourneyCut
from crm_core.period import Period
from crm_core.staff.access import FIGURES, Scope, scope_for
from crm_core.tables.journey import STAGES, Stage
from handlers.language.menu_item import Context
from handlers.language.words import Words

CUTS: Mapping[str, tuple[str, ...]] = {
    JourneyCut.BRANCH.value: ("지점별", "지점", "branches"),
    JourneyCut.SOURCE.value: ("유입경로별", "경로별", "유입경로", "sources"),
    JourneyCut.TREATMENT.value: ("시술별", "시술", "treatments", "family"),
    JourneyCut.COORDINATOR.value: ("실장별", "상담실장별", "실장", "coordinators", "staff"),
    JourneyCut.NEW.value: (
        "신환별",
        "구환별",
        "신구환별",
        "신환·구환별",
        "신환구환별",
        "patient",
        "returning",
    ),
    JourneyCut.INSURED.value: (
        "급여별",
        "비급여별",
        "급여·비급여별",
        "보험별",
        "insurance",
        "covered",
        "payer",
    ),
}
PARTS = tuple(Which)


@dataclass(frozen=True)
class ShowFunnel:
    """The funnel of a period, of a branch or of all of the asker's; cut where `by` says so."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""


@dataclass(frozen=True)
class ExplainFunnel:
    """How its numbers are counted."""


@dataclass(frozen=True)
class ChooseJourneys:
    """Which of its numbers shall be opened."""

    branch: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class OpenJourneys:
    """The people behind one number. `stage` and `part` are places in STAGES and PARTS, so that the
    whole fits on a button; `who` is "new", "old" or empty for both."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    stage: int = 0
    part: int = 0
    who: str = ""
    page: int = 0
    turn: bool = False

    @property
    def which(self) -> Which:
        if not 0 <= self.part < len(PARTS):
            raise StaleButton
        return PARTS[self.part]

    @property
    def at(self) -> Stage:
        """A stage that has one after it."""
        if not 0 <= self.stage < len(STAGES) - 1:
            raise StaleButton
        return STAGES[self.stage]

    @property
    def is_new(self) -> bool | None:
        return {"new": True, "old": False}.get(self.who)


def part_of(which: Which) -> int:
    return PARTS.index(which)


def read_cut(words: Words) -> str:
    return words.take_cut(CUTS) or ""


def cut_of(by: str) -> JourneyCut | None:
    """The cut of a button or typed word; StaleButton where there is none of that name."""
    if not by:
        return None
    if by not in CUTS:
        raise StaleButton
    return JourneyCut(by)


def scope_of(branch: str, first: date | None, last: date | None, context: Context) -> Scope:
    """Whose numbers of which days the asker may see: of a branch, of the channel's, or of all."""
    wanted = branch or context.channel_branch
    today = context.today(wanted or None)
    period = Period(first, last or first) if first else Period.month(today.year, today.month)
    return scope_for(context.person, context.policy, period, roles=FIGURES, branch=wanted or None)
