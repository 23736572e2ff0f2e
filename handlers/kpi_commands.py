"""The commands about numbers, apart so that answers can put one another on buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz

from crm_core.errors import NotUnderstood, StaleButton
from crm_core.kpi.catalogue import CATALOGUE, RETURN
from crm_core.kpi.kpi import Kpi, KpiCut
from handlers.branches import take_branch
from handlers.cohort_map import ShowCohorts
from handlers.kpi_texts import CUT_WORDS, SYNONYMS
from handlers.language.words import PERIOD_WORDS, Words, nearest

BY_SLUG: Mapping[str, Kpi] = {kpi.slug: kpi for kpi in CATALOGUE}
LISTED = tuple(kpi for kpi in CATALOGUE if not kpi.unlisted)
_ALIKE = 85  # per cent

COHORT = "cohort"
COHORT_WORDS = {COHORT: ("코호트별", "코호트", "달별", "월별", "시술월별", "cohorts", "month")}


@dataclass(frozen=True)
class ShowKpis:
    """Every number of a period, in the four viewpoints."""

    branch: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class ShowKpi:
    """One number: `kpi` is its key."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    kpi: str = ""
    by: str = ""


@dataclass(frozen=True)
class OpenKpi:
    """The people behind a number; `part` is `hit`, `rest` or a reason why they are out of the base."""

    branch: str = ""
    first: date | None = None
    last: date | None = None
    kpi: str = ""
    part: str = ""
    page: int = 0
    turn: bool = False


@dataclass(frozen=True)
class ExplainKpi:
    """How a number is counted; all of them without a key."""

    kpi: str = ""


def kpi_of(slug: str) -> Kpi:
    """The number of a button; StaleButton where there is none of that key."""
    if slug not in BY_SLUG:
        raise StaleButton
    return BY_SLUG[slug]


def cut_of(kpi: Kpi, by: str) -> KpiCut | None:
    """The cut of a button; StaleButton where the number is not cut so."""
    if not by:
        return None
    if by not in set(KpiCut) or KpiCut(by) not in kpi.cuts:
        raise StaleButton
    return KpiCut(by)


def read_kpi(words: Words) -> ShowKpis | ShowKpi | ShowCohorts:
    """`/kpi [name] [branch] [period] [by …]`; the name in Korean or English, nearly right is enough.
    `/kpi return by cohort` is the map of the months of treatment."""
    by = words.take_cut(CUT_WORDS | COHORT_WORDS) or ""
    kpi = take_kpi(words)
    branch = take_branch(words)
    if by == COHORT and kpi == RETURN and not words.left:
        return ShowCohorts(branch)
    period = words.take_period()
    if kpi is None and words.left:
        kpi = _nearest(words.take_rest())
    words.finish(choices=PERIOD_WORDS)
    if kpi is None:
        if by:
            raise NotUnderstood("kpi", f"by {by}", ())
        return ShowKpis(branch, period.first, period.last)
    checked_cut(kpi, by)
    return ShowKpi(branch, period.first, period.last, kpi.slug, by)


def checked_cut(kpi: Kpi, by: str) -> None:
    """NotUnderstood with the cuts that the number has."""
    if by and by not in kpi.cuts:
        raise NotUnderstood("cut", by, tuple(f"by {cut.value}" for cut in kpi.cuts))


def _known() -> dict[str, tuple[str, str]]:
    """Every name as it is compared → (the number's key, the name as it is written)."""
    names = {_folded(kpi.slug): (kpi.slug, kpi.slug) for kpi in LISTED}
    for slug, words in SYNONYMS.items():
        names |= {_folded(word): (slug, word) for word in words if slug in BY_SLUG}
    return names


def _folded(text: str) -> str:
    """Without spaces and strokes; 률 is how 율 is often typed."""
    plain = text.replace("_", "").replace("-", "").replace("률", "율")
    return "".join(plain.split()).casefold()


def take_kpi(words: Words) -> Kpi | None:
    """The longest run of words that is a number's name exactly; it goes before the period, because
    당일 동의율 begins with a day."""
    known = _known()
    for length in range(len(words.left), 0, -1):
        for start in range(len(words.left) - length + 1):
            name = _folded("".join(words.left[start : start + length]))
            if name in known:
                del words.left[start : start + length]
                return BY_SLUG[known[name][0]]
    return None


def _nearest(text: str) -> Kpi:
    """The one number that may have been meant; NotUnderstood with the nearest names where it is unsure."""
    known = _known()
    typed = _folded(text)
    found: dict[str, str] = {}
    alike: set[str] = set()  # but for a letter
    for name in nearest(typed, known, limit=6):
        slug, written = known[name]
        found.setdefault(slug, written)
        if fuzz.ratio(typed, name) >= _ALIKE:
            alike.add(slug)
    if len(found) == 1 or len(alike) == 1:
        return BY_SLUG[(alike or set(found)).pop()]
    raise NotUnderstood("kpi", text, tuple(found.values())[:3])
