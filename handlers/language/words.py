"""Arguments as people type them, in English and Korean: periods, days, cuts, patients."""

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from rapidfuzz import fuzz, process

from crm_core.errors import NotUnderstood
from crm_core.period import Period, months_before
from crm_core.policy.policy import Policy

T = TypeVar("T")

_RANGE = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2})(?:\.\.|~|…)(\d{4}-\d{1,2}-\d{1,2})$")
_MONTH = re.compile(r"^(\d{4})[-.](\d{1,2})$")
_DAY = re.compile(r"^(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?$")
_SHORT_DAY = re.compile(r"^(\d{1,2})[/.](\d{1,2})$")
_KOREAN_DAY = re.compile(r"^(?:(\d{4})년)?(\d{1,2})월(\d{1,2})일$")
_KOREAN_MONTH = re.compile(r"^(?:(\d{4})년)?(\d{1,2})월$")
_QUARTER = re.compile(r"^(\d{4})-?q([1-4])$")
_LAST_DAYS = re.compile(r"^(?:last|최근|지난)(\d{1,4})(?:days?|일)(?:간|동안)?$")
_YEAR = re.compile(r"^(\d{4})년?$")
LONGEST_DAYS = 3660
LONGEST_RUN = 4  # words of one treatment, day, time or phone number
_NEAR = 55
_NEAR_IN_HANGUL = 62

_NAMED = {
    "today": ("today", "오늘", "금일", "당일"),
    "yesterday": ("yesterday", "어제", "전일"),
    "tomorrow": ("tomorrow", "내일", "명일"),
    "day_after_tomorrow": ("dayaftertomorrow", "모레", "내일모레"),
    "this_week": ("thisweek", "이번주", "금주"),
    "last_week": ("lastweek", "지난주", "저번주", "전주"),
    "next_week": ("nextweek", "다음주", "차주"),
    "this_month": ("thismonth", "이번달", "이달", "당월", "금월"),
    "last_month": ("lastmonth", "지난달", "저번달", "전월"),
    "next_month": ("nextmonth", "다음달"),
    "this_quarter": ("thisquarter", "이번분기"),
    "last_quarter": ("lastquarter", "지난분기"),
    "this_year": ("thisyear", "올해", "금년"),
    "last_year": ("lastyear", "작년", "지난해"),
}
_BY_WORD = {word: name for name, words in _NAMED.items() for word in words}
PERIOD_WORDS = (
    "today", "yesterday", "this week", "last week", "this month", "last month", "this quarter",
    "last quarter", "this year", "last 90 days", "오늘", "어제", "이번 주", "지난주", "이번 달", "지난달",
    "이번 분기", "올해", "최근 90일",
)  # fmt: skip


def tidy(text: str) -> str:
    """Typed text as it was meant: full-width characters, smart quotes and odd spaces made plain."""
    text = unicodedata.normalize("NFKC", text)
    text = text.translate(str.maketrans("“”‘’–—", "\"\"''--"))
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def nearest(word: str, choices: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Those of the choices that somebody who typed `word` may have meant, best first. Hangul is compared
    letter by letter: 문위 is near 문의."""
    letters = {choice: unicodedata.normalize("NFD", choice) for choice in choices}
    cutoff = _NEAR if word.isascii() else _NEAR_IN_HANGUL
    found = process.extract(
        unicodedata.normalize("NFD", word), letters, scorer=fuzz.WRatio, limit=limit, score_cutoff=cutoff
    )
    return tuple(choice for _, _, choice in found)


def read_period(text: str, today: date) -> Period | None:
    """A period in words or figures, None when it is none; `today` is the branch's local date."""
    word = "".join(text.split()).casefold()
    if word in _BY_WORD:
        return _named(_BY_WORD[word], today)
    if match := _RANGE.match(word):
        first, last = read_day(match[1], today), read_day(match[2], today)
        return Period(first, last) if first and last and first <= last else None
    if match := _LAST_DAYS.match(word):
        days = int(match[1])
        return Period(today - timedelta(days - 1), today) if 0 < days <= LONGEST_DAYS else None
    if match := _QUARTER.match(word):
        return _quarter(int(match[1]), int(match[2]))
    if match := _MONTH.match(word) or _KOREAN_MONTH.match(word):
        year, month = int(match[1] or today.year), int(match[2])
        return Period.month(year, month) if 1 <= month <= 12 and 1900 < year < 2200 else None
    if (match := _YEAR.match(word)) and 1900 < int(match[1]) < 2200:
        return Period(date(int(match[1]), 1, 1), date(int(match[1]), 12, 31))
    day = read_day(text, today)
    return Period(day, day) if day else None


def read_day(text: str, today: date) -> date | None:
    """A day such as 2026-11-25, 11/25 (the nearest such day), 11월 25일, tomorrow; None when it is none."""
    word = "".join(text.split()).casefold()
    named = {"today": 0, "yesterday": -1, "tomorrow": 1, "day_after_tomorrow": 2}
    if (name := _BY_WORD.get(word)) in named:
        return today + timedelta(named[name])
    try:
        if match := _DAY.match(word):
            return _day_of(match[1], match[2], match[3])
        if match := _KOREAN_DAY.match(word):
            if match[1]:
                return _day_of(match[1], match[2], match[3])
            return _nearest_year(int(match[2]), int(match[3]), today)
        if match := _SHORT_DAY.match(word):
            return _nearest_year(int(match[1]), int(match[2]), today)
    except ValueError:
        return None
    return None


def _day_of(year: str, month: str, day: str) -> date | None:
    """As for months: a year before 1901 or after 2199 is a slip of the finger."""
    return date(int(year), int(month), int(day)) if 1900 < int(year) < 2200 else None


def _nearest_year(month: int, day: int, today: date) -> date:
    years = (today.year - 1, today.year, today.year + 1)
    choices = [date(year, month, day) for year in years if day <= calendar.monthrange(year, month)[1]]
    return min(choices, key=lambda choice: abs((choice - today).days))


def _quarter(year: int, quarter: int) -> Period:
    last = Period.month(year, quarter * 3).last
    return Period(date(year, quarter * 3 - 2, 1), last)


def _named(name: str, today: date) -> Period:
    monday = today - timedelta(today.weekday())
    quarter = (today.month - 1) // 3 + 1
    this_month = Period.month(today.year, today.month)
    before = months_before(today.replace(day=1), 1)
    after = this_month.last + timedelta(1)
    previous = _quarter(today.year, quarter).previous()
    return {
        "today": Period(today, today),
        "yesterday": Period(today - timedelta(1), today - timedelta(1)),
        "tomorrow": Period(today + timedelta(1), today + timedelta(1)),
        "day_after_tomorrow": Period(today + timedelta(2), today + timedelta(2)),
        "this_week": Period(monday, monday + timedelta(6)),
        "last_week": Period(monday - timedelta(7), monday - timedelta(1)),
        "next_week": Period(monday + timedelta(7), monday + timedelta(13)),
        "this_month": this_month,
        "last_month": Period.month(before.year, before.month),
        "next_month": Period.month(after.year, after.month),
        "this_quarter": _quarter(today.year, quarter),
        "last_quarter": previous,
        "this_year": Period(date(today.year, 1, 1), date(today.year, 12, 31)),
        "last_year": Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }[name]


@dataclass
class Words:
    """The words after a command. Each `take_…` removes what it understood; `finish` refuses the rest."""

    text: str
    today: date
    policy: Policy
    left: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.left = tidy(self.text).split()

    def take_period(self, default: str = "this_month") -> Period:
        """The first run of words that is a period; the default where no word may be one.
        NotUnderstood("period") when the first word left is none."""
        for start in range(len(self.left)):
            for stop in range(min(len(self.left), start + 4), start, -1):
                found = read_period(" ".join(self.left[start:stop]), self.today)
                if found is not None:
                    del self.left[start:stop]
                    return found
        return _named(default, self.today)

    def take_cut(self, choices: Mapping[str, tuple[str, ...]]) -> str | None:
        """The cut after `by`, or a Korean word such as 지점별; None when there is none."""
        known = {"".join(w.split()).casefold(): name for name, ws in choices.items() for w in (name, *ws)}
        for index, word in enumerate(self.left):
            if word.casefold() == "by":
                wanted = "".join(self.left[index + 1 :]).casefold()
                if wanted not in known:
                    raise NotUnderstood("cut", wanted or "by", nearest(wanted, choices) or tuple(choices))
                del self.left[index:]
                return known[wanted]
            if word.endswith("별"):
                stem = word.casefold()
                if stem not in known:
                    named = ([w for w in ws if w.endswith("별")][:1] for ws in choices.values())
                    options = tuple(w for ws in named for w in ws)
                    raise NotUnderstood("cut", word, nearest(word, options) or options)
                del self.left[index]
                return known[stem]
        return None

    def take_run(self, read: Callable[[str], T | None], keep: int = 0) -> T | None:
        """What the longest run of words means that can be read so; the first `keep` words are left."""
        for size in range(min(LONGEST_RUN, len(self.left)), 0, -1):
            for start in range(keep, len(self.left) - size + 1):
                found = read(" ".join(self.left[start : start + size]))
                if found is not None:
                    del self.left[start : start + size]
                    return found
        return None

    def take_rest(self) -> str:
        """All words left, as one text."""
        rest = " ".join(self.left)
        self.left.clear()
        return rest

    def finish(self, what: str = "period", choices: Iterable[str] = PERIOD_WORDS) -> None:
        """NotUnderstood, naming the first word that nobody took and the nearest ones."""
        if self.left:
            word = " ".join(self.left)
            raise NotUnderstood(what, word, nearest(word, choices))
