"""A branch of the clinic: where it is, when it is open, how many patients it treats at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

CHAT, IMPORT = "chat", "import"
"""The two sources of a fact: what somebody said in chat, and a file of the chart program."""


@dataclass(frozen=True)
class Hours:
    opens: time
    closes: time
    lunch: tuple[time, time] | None = None

    @property
    def spans(self) -> tuple[tuple[time, time], ...]:
        """From when till when somebody is there to answer: lunch lies between."""
        if self.lunch is None:
            return ((self.opens, self.closes),)
        return (self.opens, self.lunch[0]), (self.lunch[1], self.closes)


@dataclass(frozen=True)
class Branch:
    slug: str
    name_ko: str
    name_en: str
    zone: str
    week: tuple[Hours | None, ...]  # Monday first; None is closed
    holidays: frozenset[date]  # public holidays, from 2015 to ten years ahead
    closed_days: frozenset[date]
    opened_days: Mapping[date, Hours]  # holidays or Sundays on which this branch works
    phone: str
    place: str
    way: str
    at_once: int
    book: str  # slug of its chart-number book: the branch's own or the group's
    truth: Mapping[str, str] = field(default_factory=dict)  # by kind, the source that counts: chat, import

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def counts(self, kind: str) -> str:
        """The source that counts where a file and the chat differ about a kind of fact."""
        return self.truth.get(kind, IMPORT)

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_ko

    def hours_on(self, day: date) -> Hours | None:
        """The opening hours of a local day, None when closed."""
        if day in self.opened_days:
            return self.opened_days[day]
        if day in self.closed_days or day in self.holidays:
            return None
        return self.week[day.weekday()]

    def is_open(self, day: date) -> bool:
        return self.hours_on(day) is not None

    def open_days(self, first: date, last: date) -> int:
        """How many days from first to last, both included, this branch is open."""
        return sum(self.is_open(first + timedelta(n)) for n in range((last - first).days + 1))

    def next_open_day(self, after: date) -> date:
        """The first open day later than `after`; `after` + 1 where none lies within a year."""
        days = (after + timedelta(n) for n in range(1, 367))
        return next((day for day in days if self.is_open(day)), after + timedelta(1))

    def last_open_day(self, before: date) -> date:
        """The last open day earlier than `before`; `before` − 1 where none lies within a year."""
        days = (before - timedelta(n) for n in range(1, 367))
        return next((day for day in days if self.is_open(day)), before - timedelta(1))

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.tz)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.tz).date()

    def at(self, day: date, clock: time) -> datetime:
        """The aware moment at which the branch's wall clock shows `clock` on `day`."""
        return datetime.combine(day, clock, self.tz)

    def opening(self, day: date) -> datetime | None:
        hours = self.hours_on(day)
        return self.at(day, hours.opens) if hours else None

    def closing(self, day: date) -> datetime | None:
        hours = self.hours_on(day)
        return self.at(day, hours.closes) if hours else None

    def open_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The opening hours of a local day as moments in UTC, lunch left out; none when closed."""
        hours = self.hours_on(day)
        if hours is None:
            return ()
        return tuple(
            (self.at(day, start).astimezone(UTC), self.at(day, end).astimezone(UTC))
            for start, end in hours.spans
        )

    def open_minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole minutes from start to end in which the branch was open, lunch left out; 0 backwards."""
        passed = timedelta(0)
        day, last = self.today(start), self.today(end)
        while day <= last:
            for opens, closes in self.open_spans(day):
                passed += max(timedelta(0), min(closes, end) - max(opens, start))
            day += timedelta(1)
        return int(passed.total_seconds() // 60)

    def after_open_minutes(self, start: datetime, minutes: int) -> datetime | None:
        """The moment at which so many opening minutes have passed; None where that takes over a year."""
        left = timedelta(minutes=minutes)
        first = self.today(start)
        for ahead in range(367):
            for opens, closes in self.open_spans(first + timedelta(ahead)):
                begins = max(opens, start)
                if closes - begins >= left:
                    return begins + left
                left -= max(timedelta(0), closes - begins)
        return None
