"""The only place that reads the time. Everybody else is handed a Clock or a moment."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251


class FixedClock:
    """A clock that stands at one moment: `--at`, and tests."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class DemoClock:
    """Runs with the system's clock from a moment of its own, and can be moved forward."""

    def __init__(self, moment: datetime) -> None:
        self._lock = Lock()
        self._offset = moment - SystemClock().now()

    def now(self) -> datetime:
        with self._lock:
            return SystemClock().now() + self._offset

    def move_to(self, moment: datetime) -> None:
        with self._lock:
            self._offset = moment - SystemClock().now()

    def advance(self, by: timedelta) -> None:
        self.move_to(self.now() + by)
