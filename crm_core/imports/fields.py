"""Pure readers of one cell. What cannot be read is `Unreadable`, with what would be right."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NamedTuple

from crm_core.imports.complaint import Problem
from crm_core.phone import read_phone
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy

DAY_EXAMPLE = "2026-12-01"
MOMENT_EXAMPLE = "2026-12-01 14:00"
PHONE_EXAMPLE = "010-1234-5678"
YEARS = range(1900, 2101)
LONGEST_NAME = 200
LONGEST_NOTE = 4000

SERIALS = range(10_000, 73_051)  # days since 1899-12-30: the dates of a workbook from 1927 to the end of 2099

_NOTE_IN_BRACKETS = re.compile(r"\([^)]*\)")
_DAY = r"(\d{4})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,2})\s*\.?"
_TIME = (
    r"(?:(am|pm)\s*)?(\d{1,2}):\s*(\d{2})?(?::\s*(\d{2})(?:[.,]\d+)?)?\s*(am|pm)?"
    r"\s*(z|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_MOMENT = re.compile(rf"(?:{_DAY}|(\d{{4}})(\d{{2}})(\d{{2}}))(?:(?:\s*t\s*|\s+){_TIME})?")
_LONE_MINUTE = re.compile(r":\s*(\d)(?=\s)")
_UNBROKEN = re.compile(r"(\d{8})(\d{2})(\d{2})(\d{2})?")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


class Unreadable(Exception):
    """A cell that cannot be read."""

    def __init__(self, problem: Problem, example: str = "", detail: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.example = example
        self.detail = detail


class When(NamedTuple):
    """A moment, its local date at the branch, and whether the chart gave a time of day."""

    at: datetime
    on: date
    timed: bool


Words = Mapping[str, Mapping[str, str]]
"""By column (`reservations.status`, `sex`, `clock` …): a word of another language → ours."""


@dataclass(frozen=True)
class Reading:
    """What a reader must know of the row: its branch, the zone of moments that name none, words."""

    branch: Branch
    policy: Policy
    words: Words
    zone: tzinfo
    scale: int = 0  # decimals of the currency
    typed: bool = False  # of a workbook: a bare number may be a date
    memo: dict[tuple[str, str], Any] = field(default_factory=dict)


Reader = Callable[[str, Reading], Any]


def folded(text: str) -> str:
    """A word as it is compared: no spaces, underscores, hyphens or case."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", text)).casefold()


def clean(text: str) -> str:
    """A cell without what cannot be seen around it; Unreadable when something inside is no text."""
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text).strip("\ufeff\u200b\u00a0\u3000 \t\r\n")
    for letter in text:
        if letter not in "\t\r\n" and unicodedata.category(letter) in ("Cc", "Cs"):
            raise Unreadable(Problem.CONTROL)
    return text


def plain_text(text: str, _: Reading) -> str:
    """Words on one line."""
    text = " ".join(text.split())
    if len(text) > LONGEST_NAME:
        raise Unreadable(Problem.TOO_LONG, detail=str(LONGEST_NAME))
    return text


def note(text: str, _: Reading) -> str:
    if len(text) > LONGEST_NOTE:
        raise Unreadable(Problem.TOO_LONG, detail=str(LONGEST_NOTE))
    return text


def phone(text: str, reading: Reading) -> str:
    """A telephone number in E.164."""
    found = read_phone(unicodedata.normalize("NFKC", text), reading.policy.country)
    if found is None:
        raise Unreadable(Problem.NO_PHONE, PHONE_EXAMPLE)
    return found


def day(text: str, reading: Reading) -> date:
    """A local date; the time beside it, if any, is dropped."""
    return _read(text, reading, DAY_EXAMPLE).on


def iso_day(text: str, reading: Reading) -> str:
    """A date of birth as ISO text, as it is sealed."""
    return day(text, reading).isoformat()


def when(text: str, reading: Reading) -> When:
    """A moment, or a date alone at 00:00 of the branch's day (definitions.md §3, reading 4)."""
    return _read(text, reading, MOMENT_EXAMPLE)


def instant(text: str, reading: Reading) -> datetime:
    """A moment; a date alone is 00:00."""
    return _read(text, reading, MOMENT_EXAMPLE).at


def date_only(text: str, reading: Reading) -> When:
    """The day a cell names, as it stands there: no time of day, no zone."""
    found = _matched(_in_our_words(text, reading), DAY_EXAMPLE)
    return _whole_day(_date_of(found, DAY_EXAMPLE), reading)


def wall_clock(text: str, reading: Reading) -> When:
    """The time on the branch's wall, whatever zone the cell names."""
    found = _matched(_in_our_words(text, reading), MOMENT_EXAMPLE)
    return _moment(found, reading, MOMENT_EXAMPLE, believe_offset=False)


def by_format(text: str, pattern: str, reading: Reading) -> When | None:
    """What strptime reads with a pattern of the policy; None when it does not fit."""
    try:
        local = datetime.strptime(text, pattern)  # noqa: DTZ007  (the zone comes next)
    except (ValueError, re.error):
        return None
    if local.year not in YEARS:
        raise Unreadable(Problem.FAR_YEAR, MOMENT_EXAMPLE, str(local.year))
    if not any(directive in pattern for directive in ("%H", "%I", "%X", "%c")):
        return _whole_day(local.date(), reading)
    return _in_zone(local if local.tzinfo else local.replace(tzinfo=reading.zone), reading)


def example_of(pattern: str) -> str:
    """2 p.m. on the first of December in a pattern of the policy."""
    try:
        return datetime(2026, 12, 1, 14).strftime(pattern)  # noqa: DTZ001
    except (ValueError, UnicodeError):
        return MOMENT_EXAMPLE


def _read(text: str, reading: Reading, example: str) -> When:
    usual = _as_iso(text, reading)
    if usual is not None:
        return usual
    if reading.typed and (serial := _SERIAL.fullmatch(text)) and int(serial[1]) in SERIALS:
        return _of_serial(Decimal(text), reading)
    if text.isdecimal() and len(text) < 8:
        raise Unreadable(Problem.NO_DATE, example)
    if unbroken := _UNBROKEN.fullmatch(text):
        text = f"{unbroken[1]} {unbroken[2]}:{unbroken[3]}" + (f":{unbroken[4]}" if unbroken[4] else "")
    return _moment(_matched(_in_our_words(text, reading), example), reading, example)


def _as_iso(text: str, reading: Reading) -> When | None:
    """2026-12-01 and 2026-12-01 14:00(:00), which most programs write; None for all else."""
    if not (len(text) in (10, 16, 19) and text.isascii() and text[4] == text[7] == "-"):
        return None
    if len(text) > 10 and (text[10] not in " T" or text[13] != ":" or text[16:17] not in ("", ":")):
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.year not in YEARS:
        return None
    if len(text) == 10:
        return _whole_day(local.date(), reading)
    return _in_zone(local.replace(tzinfo=reading.zone), reading)


def _of_serial(days: Decimal, reading: Reading) -> When:
    """A day, or a moment to the second, as a spreadsheet counts them."""
    seconds = int((days * 86_400).to_integral_value())
    local = datetime(1899, 12, 30) + timedelta(seconds=seconds)  # noqa: DTZ001  (the zone comes next)
    if days == days.to_integral_value():
        return _whole_day(local.date(), reading)
    return _in_zone(local.replace(tzinfo=reading.zone), reading)


def _in_our_words(text: str, reading: Reading) -> str:
    """2026년 12월 1일(화) 오후 2시 30분 becomes 2026-12-1 pm 2:30, and 2시 8분 2:08."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        for word, ours in reading.words.get("clock", {}).items():
            text = text.replace(word, ours)
        text = _LONE_MINUTE.sub(r":0\1", text)
    if "(" in text:
        text = _NOTE_IN_BRACKETS.sub(" ", text)
    return " ".join(text.split()).casefold()


def _matched(text: str, example: str) -> re.Match[str]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Unreadable(Problem.NO_DATE, example)
    return found


def _date_of(found: re.Match[str], example: str) -> date:
    year, month, number = (int(found[n] or found[n + 3]) for n in (1, 2, 3))
    if year not in YEARS:
        raise Unreadable(Problem.FAR_YEAR, example, str(year))
    if not 1 <= month <= 12:
        raise Unreadable(Problem.NO_MONTH, example, str(month))
    try:
        return date(year, month, number)
    except ValueError:
        raise Unreadable(Problem.NO_DAY, example, f"{year}-{month:02}-{number:02}") from None


def _moment(found: re.Match[str], reading: Reading, example: str, *, believe_offset: bool = True) -> When:
    on = _date_of(found, example)
    if found[8] is None:
        return _whole_day(on, reading)
    hour, minute, second = int(found[8]), int(found[9] or 0), int(found[10] or 0)
    half = found[7] or found[11]
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    if minute > 59 or second > 59:
        raise Unreadable(Problem.NO_MINUTE, example, str(max(minute, second)))
    if (hour, minute, second, half) == (24, 0, 0, None):
        on, hour = on + timedelta(1), 0  # the end of a day is the beginning of the next
    if hour > 23 or (half == "am" and hour > 11):
        raise Unreadable(Problem.NO_HOUR, example, str(hour))
    zone = _offset(found[12]) if found[12] and believe_offset else None
    if not believe_offset:
        zone = reading.branch.tz
    return _in_zone(datetime.combine(on, time(hour, minute, second), zone or reading.zone), reading)


def _offset(text: str) -> tzinfo:
    if text == "z":
        return timezone.utc  # noqa: UP017
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        raise Unreadable(Problem.NO_HOUR, MOMENT_EXAMPLE, digits[:2])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _in_zone(moment: datetime, reading: Reading) -> When:
    zone = reading.branch.tz
    local = moment if moment.tzinfo is zone else moment.astimezone(zone)
    return When(local, local.date(), True)


def _whole_day(on: date, reading: Reading) -> When:
    return When(datetime.combine(on, time(), reading.branch.tz), on, False)


def digits(text: str) -> str:
    """9.5985133231274E13 and 95985133231274.0 are the number 95985133231274; other texts stay."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or number.adjusted() > 30 or number.adjusted() < -30:
        return text
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def one_of(column: str, values: tuple[str, ...]) -> Reader:
    """One of our words, or a word of another language for it."""
    ours = {folded(value): value for value in values}

    def read(text: str, reading: Reading) -> str:
        word = folded(text)
        found = ours.get(word) or reading.words.get(column, {}).get(word)
        if found is None:
            raise Unreadable(Problem.NOT_ONE_OF, values[0], ", ".join(values))
        return found

    return read


def enum(column: str, kind: type[StrEnum]) -> Reader:
    read = one_of(column, tuple(member.value for member in kind))
    return lambda text, reading: kind(read(text, reading))


def flag(column: str) -> Reader:
    read = one_of(column, ("yes", "no"))
    return lambda text, reading: read(text, reading) == "yes"


def language(text: str, reading: Reading) -> str:
    """A language by its code: ko, en, zh-hans; or by its name in our words."""
    word = folded(text)
    found = reading.words.get("language", {}).get(word, text.casefold().replace("_", "-"))
    if not _LANGUAGE.fullmatch(found):
        raise Unreadable(Problem.NO_LANGUAGE, "ko")
    return found


def _remembered(what: str, find: Callable[[Policy, str], str]) -> Reader:
    """A name of the policy as its slug, an unknown one as its own text."""

    def read(text: str, reading: Reading) -> str:
        text = plain_text(text, reading)
        known = reading.memo.get((what, text))
        if known is None:
            known = reading.memo[what, text] = find(reading.policy, text)
        return str(known)

    return read


def _by_names(named: Mapping[str, Any], text: str) -> str:
    for slug, thing in named.items():
        if folded(text) in {folded(slug), folded(thing.names.ko), folded(thing.names.en)}:
            return slug
    return text


def _family(policy: Policy, text: str) -> str:
    found = _by_names(policy.families, text)
    if found in policy.families:
        return found
    return policy.family_of(policy.treatment_slug(text)) or text


treatment = _remembered("treatment", lambda policy, text: policy.treatment_slug(text))
source = _remembered("source", lambda policy, text: policy.source_slug(text))
cause = _remembered("cause", lambda policy, text: _by_names(policy.causes, text))
family = _remembered("family", _family)
