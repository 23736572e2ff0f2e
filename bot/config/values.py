"""How one value of config.yaml is written: opening hours, clock times, days, zones, slugs."""

import re
from collections.abc import Callable
from datetime import date, time
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from crm_core.policy.branch import Hours

DASH = r"\s*[-–]\s*"
CLOCK = r"(\d{1,2}):(\d{2})"
HOURS = re.compile(rf"{CLOCK}{DASH}{CLOCK}(?:,?\s+lunch\s+{CLOCK}{DASH}{CLOCK})?")
HOURS_EXAMPLE = "write 10:00–19:00, 10:00–19:00 lunch 13:00–14:00 or closed"


def wrong(said: str) -> PydanticCustomError:
    """A mistake in the file's own words; `said` ends with what would be right."""
    return PydanticCustomError("dasi", "{said}", {"said": said})


def _clock(hour: str, minute: str, remedy: str) -> time:
    if int(hour) > 23:
        raise wrong(f"there is no hour {int(hour)}; {remedy}")
    if int(minute) > 59:
        raise wrong(f"there is no minute {minute}; {remedy}")
    return time(int(hour), int(minute))


def read_clock(text: Any) -> time:
    """A wall-clock time, `10:30`."""
    found = re.fullmatch(CLOCK, text.strip()) if isinstance(text, str) else None
    if found is None:
        raise wrong("this is not a time of day; write 10:30")
    return _clock(found[1], found[2], "write 10:30")


def read_hours(text: Any) -> Hours | None:
    """Opening hours `10:00–19:00 lunch 13:00–14:00`; `closed` is None."""
    if isinstance(text, str) and text.strip().casefold() == "closed":
        return None
    found = HOURS.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        early = re.search(CLOCK, text) if isinstance(text, str) else None
        if early:
            _clock(early[1], early[2], HOURS_EXAMPLE)
        raise wrong(f"these are not opening hours; {HOURS_EXAMPLE}")
    opens, closes = (_clock(found[n], found[n + 1], HOURS_EXAMPLE) for n in (1, 3))
    if closes <= opens:
        raise wrong(f"closes before it opens; {HOURS_EXAMPLE}")
    if found[5] is None:
        return Hours(opens, closes)
    start, end = (_clock(found[n], found[n + 1], HOURS_EXAMPLE) for n in (5, 7))
    if end <= start:
        raise wrong(f"lunch ends before it begins; {HOURS_EXAMPLE}")
    if not opens < start < end < closes:
        raise wrong(f"lunch lies outside the hours {opens:%H:%M}–{closes:%H:%M}; {HOURS_EXAMPLE}")
    return Hours(opens, closes, (start, end))


def read_open_hours(text: Any) -> Hours:
    """Opening hours of a day on which the branch is open for certain."""
    hours = read_hours(text)
    if hours is None:
        raise wrong("an opened day has hours; write 10:00–16:00, or list it under closed_days")
    return hours


def read_span(text: Any) -> tuple[time, time]:
    """From and until, `10:00–19:00`."""
    hours = read_hours(text)
    if hours is None or hours.lunch:
        raise wrong("these are not two times; write 10:00–19:00")
    return hours.opens, hours.closes


def read_day(text: Any) -> date:
    """An ISO date, `2026-12-31`."""
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text) if isinstance(text, str) else None
    if found is None:
        raise wrong("this is not a day; write 2026-12-31")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise wrong("there is no such day; write 2026-12-31") from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def read_zone(text: str) -> str:
    """A name of the time-zone database, `Asia/Seoul`."""
    if text not in _zones():
        raise wrong("there is no such time zone; write Asia/Seoul")
    return text


def read_country(text: str) -> str:
    """A country whose public holidays are known, by its two letters."""
    from holidays import list_supported_countries

    if text not in list_supported_countries(include_aliases=False):
        raise wrong("no country whose holidays are known; write KR")
    return text


def read_currency(text: str) -> str:
    """A currency by its three letters (ISO 4217)."""
    from babel.core import get_global

    if text not in get_global("all_currencies"):
        raise wrong("this is not a currency; write KRW")
    return text


def _written(read: Callable[[Any], Any], pattern: str, example: str) -> Any:
    schema = {"type": "string", "pattern": pattern, "examples": [example]}
    return BeforeValidator(read), WithJsonSchema(schema)


_HM = r"[0-9]{1,2}:[0-9]{2}"
_SPAN = rf"{_HM}\s*[-–]\s*{_HM}"
_LUNCH = rf"(,?\s+lunch\s+{_SPAN})?"

Clock = Annotated[time, *_written(read_clock, rf"^{_HM}$", "10:30")]
Span = Annotated[tuple[time, time], *_written(read_span, rf"^{_SPAN}$", "10:00–19:00")]
DayHours = Annotated[
    Hours | None,
    *_written(read_hours, rf"^(closed|{_SPAN}{_LUNCH})$", "10:00–19:00 lunch 13:00–14:00"),
]
OpenHours = Annotated[Hours, *_written(read_open_hours, rf"^{_SPAN}{_LUNCH}$", "10:00–16:00")]
Day = Annotated[date, *_written(read_day, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-31")]

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9][0-9-]{6,18}[0-9]$"),
    Field(examples=["02-555-0100"]),
]
Zone = Annotated[str, AfterValidator(read_zone)]
Country = Annotated[str, AfterValidator(read_country)]
Currency = Annotated[str, AfterValidator(read_currency)]
Days = Annotated[int, Field(ge=1, le=3650)]
Count = Annotated[int, Field(ge=1, le=1000)]
