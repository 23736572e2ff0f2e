"""The commands about the funnel, apart so that answers can put one another on buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from crm_core.errors import NotUnderstood, StaleButton
from crm_core.kpi.conditions import Which
from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.funnel import Value
from crm_core.period import Period
from crm_core.staff.access import FIGURES, Scope, scope_for
from crm_core.tables.journey import STAGES, Stage
from handlers.language.menu_item import Context
from handlers.language.words import PERIOD_WORDS, Words

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
        "patients",
        "neworreturning",
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
    """The funnel of a period, of a branch or of all of the asker's; cut where `by` says so.

    `activity` asks what happened in the period instead of following its first contacts; `other_first`
    and `other_last` are a period to compare with.
    """

    branch: str = ""
    first: date | None = None
    last: date | None = None
    by: str = ""
    activity: bool = False
    other_first: date | None = None
    other_last: date | None = None

    @property
    def against(self) -> Period | None:
        if self.other_first is None:
            return None
        return Period(self.other_first, max(self.other_first, self.other_last or self.other_first))


@dataclass(frozen=True)
class ExplainFunnel:
    """How its numbers are counted."""


@dataclass(frozen=True)
class ChooseJourneys:
    """Which of its numbers shall be opened; of a cut, first of which value."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    activity: bool = False
    by: int = 0
    value: str = ""


@dataclass(frozen=True)
class Journeys:
    """The people behind one number. `stage` and `part` are places in STAGES and PARTS, so that the
    whole fits on a button; `who` is "new", "old" or empty for both. `by` is the place of a cut in
    JourneyCut, from 1, and `value` the mark of its value."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    stage: int = 0
    part: int = 0
    who: str = ""
    page: int = 0
    turn: bool = False
    activity: bool = False
    by: int = 0
    value: str = ""

    @property
    def which(self) -> Which:
        if not 0 <= self.part < len(PARTS):
            raise StaleButton
        return PARTS[self.part]

    @property
    def at(self) -> Stage:
        """A stage that has one after it; of the activity view any stage."""
        if not 0 <= self.stage < len(STAGES) - (not self.activity):
            raise StaleButton
        return STAGES[self.stage]

    @property
    def is_new(self) -> bool | None:
        return {"new": True, "old": False}.get(self.who)


@dataclass(frozen=True)
class OpenJourneys(Journeys):
    """Show them, a page at a time."""


@dataclass(frozen=True)
class GiveJourneys(Journeys):
    """Give them to a member of staff to call; without one, ask to whom."""

    staff: int = 0


NOT_RECORDED = "-"


def mark_of(value: Value) -> str:
    """A cut value on a button, however long its name is: the value is looked for by its mark."""
    return NOT_RECORDED if value is None else f"{crc32(str(value).encode()):x}"


def place_of(by: JourneyCut | None) -> int:
    """The place of a cut on a button; 0 is none."""
    return 0 if by is None else tuple(JourneyCut).index(by) + 1


def cut_at(place: int) -> JourneyCut | None:
    if not 0 <= place <= len(JourneyCut):
        raise StaleButton
    return tuple(JourneyCut)[place - 1] if place else None


def part_of(which: Which) -> int:
    return PARTS.index(which)


VIEWS = frozenset({"activity", "활동", "활동기준", "발생일", "발생일기준", "실적", "기간실적"})
VERSUS = frozenset({"vs", "vs.", "versus", "against", "대", "대비", "비교"})


def take_view(words: Words) -> bool:
    """Whether the activity view is asked for; "발생일 기준" may be two words."""
    for index, word in enumerate(words.left):
        if word.casefold() in VIEWS:
            following = words.left[index + 1 : index + 2]
            del words.left[index : index + (2 if following in (["기준"], ["view"]) else 1)]
            return True
    return False


def take_periods(words: Words) -> tuple[Period, Period | None]:
    """The period, and the one it is compared with: "2026-10 vs 2026-09", "10월 9월 비교"."""
    index = next((place for place, word in enumerate(words.left) if word.casefold() in VERSUS), None)
    if index is None:
        return words.take_period(), None
    after = words.left[index + 1 :]
    del words.left[index:]
    period = words.take_period()
    words.left += after
    left = len(words.left)
    other = words.take_period()
    if len(words.left) == left:
        raise NotUnderstood("period", " ".join(words.left) or "vs", PERIOD_WORDS)
    return period, other


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
