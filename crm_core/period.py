"""A period is local dates, both ends included."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class Period:
    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it starts")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def clipped(self, today: date) -> "Period":
        """The part up to today; a period wholly in the future stays its first day."""
        return Period(self.first, max(self.first, min(self.last, today)))

    @classmethod
    def month(cls, year: int, month: int) -> "Period":
        return cls(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))

    @property
    def is_month(self) -> bool:
        return self == Period.month(self.first.year, self.first.month)

    def previous(self) -> "Period":
        """The period before: the calendar month for a month (quarter, year alike), else as many days."""
        months = self._whole_months()
        if months:
            first = months_before(self.first, months)
            return Period(first, self.first - timedelta(1))
        return Period(self.first - timedelta(self.days), self.first - timedelta(1))

    def last_year(self) -> "Period":
        """The same dates a year earlier; 29 February becomes 28 February."""
        if self._whole_months():
            first = months_before(self.first, 12)
            end = months_before(self.last.replace(day=1), 12)
            return Period(first, Period.month(end.year, end.month).last)
        return Period(_year_before(self.first), _year_before(self.last))

    def _whole_months(self) -> int:
        """How many whole calendar months this is, 0 if it is not."""
        end = Period.month(self.last.year, self.last.month).last
        if self.first.day != 1 or self.last != end:
            return 0
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def months_before(first: date, months: int) -> date:
    """The first day of the month `months` before that of `first`."""
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
