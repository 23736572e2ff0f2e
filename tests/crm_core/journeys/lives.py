"""Events of one person, written shortly."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from crm_core.journeys.events import (
    ClosedByHand,
    Consulted,
    CourseBought,
    Inquired,
    Paid,
    Reserved,
    Treated,
    Visited,
)
from crm_core.tables.facts import Decision, ReservationState

START = datetime(2026, 9, 1, 0, tzinfo=UTC)  # 09:00 in Seoul, so a day of the test is a local day
BRANCH = "gangnam"


def at(days: float, minutes: float = 0) -> datetime:
    return START + timedelta(days=days, minutes=minutes)


def on(days: float) -> date:
    return at(int(days)).date()


def inquiry(days: float, treatment: str | None = None, key: str = "", **options: Any) -> Inquired:
    return Inquired(key or f"I{days}", at(days), on(days), True, BRANCH, treatment=treatment, **options)


def reservation(
    days: float, starts: float, treatment: str | None = None, key: str = "", **options: Any
) -> Reserved:
    return Reserved(
        key or f"R{days}",
        at(starts),
        on(starts),
        BRANCH,
        made_at=at(days),
        treatment=treatment,
        **options,
    )


def visit(days: float, **options: Any) -> Visited:
    return Visited(f"V{days}", at(days), on(days), True, BRANCH, **options)


def consult(
    days: float,
    decision: Decision = Decision.PENDING,
    treatment: str | None = "botox",
    decided: float | None = None,
    **options: Any,
) -> Consulted:
    return Consulted(
        f"C{days}",
        at(days),
        on(days),
        True,
        BRANCH,
        treatment=treatment,
        decision=decision,
        decided_at=None if decided is None else at(decided),
        **options,
    )


def treatment(days: float, treatment: str = "botox", **options: Any) -> Treated:
    return Treated(f"T{days}", at(days), on(days), True, BRANCH, treatment, **options)


def course(days: float, sessions: int, treatment: str = "laser_toning", **options: Any) -> CourseBought:
    return CourseBought(f"K{days}", at(days), on(days), True, BRANCH, treatment, sessions, **options)


def payment(days: float, amount: int = 100_000, **options: Any) -> Paid:
    return Paid(f"P{days}", at(days), on(days), True, BRANCH, amount, **options)


def closed(days: float, why: str = "moved_away") -> ClosedByHand:
    return ClosedByHand(f"X{days}", at(days), why)


NO_SHOW = ReservationState.NO_SHOW
EARLY = ReservationState.CANCELLED_EARLY
MOVED = ReservationState.MOVED
BY_CLINIC = ReservationState.CANCELLED_BY_CLINIC
