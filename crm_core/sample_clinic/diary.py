"""The appointment book of a branch: free slots within its opening hours, and moments of the day."""

from datetime import date, datetime, time, timedelta
from random import Random

from crm_core.policy.branch import Branch

SLOT = 30
HOUR = 60


class Diary:
    """Places reservations on open days only, never more at once than the branch can treat."""

    def __init__(self, branch: Branch, most: int, rng: Random) -> None:
        self.branch = branch
        self._most = most
        self._rng = rng
        self._free: dict[date, dict[int, int]] = {}
        self._booked: dict[date, int] = {}
        self._open: dict[date, list[tuple[int, int]]] = {}

    def open_day(self, day: date) -> date:
        """The day itself, else the next on which the branch is open."""
        return day if self.branch.is_open(day) else self.branch.next_open_day(day)

    def book(self, day: date, minutes: int) -> datetime:
        """A free start on the day or, when it is full or closed, on one of the next days."""
        while True:
            day = self.open_day(day)
            start = self._start(day, -(-minutes // SLOT))
            if start is not None:
                return self._at(day, start)
            day += timedelta(1)

    def moment(self, day: date, first: int = 0, last: int = 24 * HOUR) -> datetime:
        """A minute of an open day outside lunch, between two minutes of the day where that is possible."""
        spans = self._spans(day)
        within = [(max(a, first), min(b, last)) for a, b in spans]
        fitting = [(a, b) for a, b in within if b - a >= 1] or spans
        start, end = self._rng.choices(fitting, [b - a for a, b in fitting])[0]
        return self._at(day, self._rng.randrange(start, end))

    def before_opening(self, day: date, minutes: int) -> datetime:
        """So many minutes before the branch opens on an open day."""
        return self._at(day, self._spans(day)[0][0] - minutes)

    def minute(self, moment: datetime) -> int:
        local = self.branch.local(moment)
        return local.hour * HOUR + local.minute

    def closes(self, day: date) -> int:
        """The minute of an open day at which the branch closes."""
        return self._spans(day)[-1][1]

    def _start(self, day: date, slots: int) -> int | None:
        hours = self.branch.hours_on(day)
        short = hours is not None and hours.closes <= time(17)
        if self._booked.get(day, 0) >= (self._most * 3 // 4 if short else self._most):
            return None
        free = self._free_on(day)
        starts = [start for start, places in free.items() if places]
        for n in range(1, slots):
            starts = [start for start in starts if free.get(start + n * SLOT)]
        if not starts:
            return None
        chosen = self._rng.choice(starts)
        for n in range(slots):
            free[chosen + n * SLOT] -= 1
        self._booked[day] = self._booked.get(day, 0) + 1
        return chosen

    def _free_on(self, day: date) -> dict[int, int]:
        if day not in self._free:
            self._free[day] = {
                start: self.branch.at_once
                for a, b in self._spans(day)
                for start in range(a, b - SLOT + 1, SLOT)
            }
        return self._free[day]

    def _spans(self, day: date) -> list[tuple[int, int]]:
        """From which minute to which an open day lasts, without lunch."""
        if day not in self._open:
            self._open[day] = self._read(day)
        return self._open[day]

    def _read(self, day: date) -> list[tuple[int, int]]:
        hours = self.branch.hours_on(day)
        assert hours is not None, day
        opens, closes = _minutes(hours.opens), _minutes(hours.closes)
        if hours.lunch is None:
            return [(opens, closes)]
        return [(opens, _minutes(hours.lunch[0])), (_minutes(hours.lunch[1]), closes)]

    def _at(self, day: date, minute: int) -> datetime:
        return self.branch.at(day, time(minute // HOUR, minute % HOUR))


def _minutes(clock: time) -> int:
    return clock.hour * HOUR + clock.minute
