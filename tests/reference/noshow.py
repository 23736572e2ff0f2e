"""`/noshow` over again: reservations whose day fell in the period (definitions.md §1.0, §1.1)."""

from collections import Counter
from datetime import datetime
from typing import Any

from crm_core.period import Period
from crm_core.policy.policy import Policy
from tests.reference.clinic import Clinic
from tests.reference.facts import CAME, day_of, people_at
from tests.reference.seen import share, wilson

Counts = Counter[str]
EVERYWHERE: frozenset[str] = frozenset()


def outcome(state: str) -> str | None:
    """What a reservation of a closed day counts as; None: moved, so counted at its last date."""
    if state in CAME:
        return "arrived"
    if state == "moved":
        return None
    if state in ("requested", "booked"):
        return "unmarked"
    return state


def counts(
    clinic: Clinic,
    period: Period,
    now: datetime,
    policy: Policy,
    by: str | None = None,
    branches: frozenset[str] = EVERYWHERE,
) -> dict[str | int | None, Counts]:
    """Reservations by what they came to, per value of the cut (weekday: Monday is 0)."""
    found: dict[str | int | None, Counts] = {}
    for person in people_at(clinic, now, policy):
        for reservation in [*person.reservations, *person.ahead]:
            if branches and reservation.branch not in branches:
                continue
            day = day_of(reservation.starts_at)
            if day not in period or day >= now.date():  # ripe when the day is closed
                continue
            what = outcome(person.state(reservation, now))
            if what is None:
                continue
            value: str | int | None = None
            if by == "weekday":
                value = day.weekday()
            elif by == "branch":
                value = reservation.branch
            found.setdefault(value, Counter())[what] += 1
    return found


def rates(counted: Counts) -> dict[str, dict[str, Any]]:
    """The four rates by the key of their KPI."""
    arrived, missed = counted["arrived"], counted["no_show"]
    late, early = counted["cancelled_late"], counted["cancelled_early"]
    base = arrived + missed + late
    pairs = {
        "no_show": (missed, base),
        "late_cancel": (late, base),
        "show_rate": (arrived, base),
        "early_cancel": (early, base + early),
    }
    answer = {}
    for kpi, (hits, of) in pairs.items():
        low, high = wilson(hits, of)
        answer[kpi] = {
            "numerator": hits,
            "denominator": of,
            "value": share(hits, of),
            "low": low,
            "high": high,
            "out": out(counted, kpi),
        }
    return answer


def out(counted: Counts, kpi: str) -> dict[str, int]:
    """What stands outside a rate, by the reason."""
    reasons = ["cancelled_by_clinic", "unmarked"]
    if kpi != "early_cancel":
        reasons.append("cancelled_early")
    return {reason: counted[reason] for reason in reasons}
