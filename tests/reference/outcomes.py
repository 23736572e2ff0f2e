"""Return and referral: the two outcomes of treated journeys (definitions.md, reading 8)."""

from collections.abc import Callable
from datetime import date, timedelta

from crm_core.period import Period
from tests.reference.clinic import Treatment
from tests.reference.facts import Person, day_of
from tests.reference.seen import Json, Seen, share, wilson


def churn_date(person: Person, treatments: list[Treatment]) -> date | None:
    """The longest rule of the last treatment day; a recommended date replaces the rule."""
    last_on = max(day_of(row.done_at) for row in treatments)
    found = []
    for row in treatments:
        if day_of(row.done_at) != last_on:
            continue
        if row.recommended_on:
            after = timedelta(days=person.policy.calls.recommended_after)
            found.append(row.recommended_on + after)
            continue
        days = person.policy.days_of(person.policy.treatment_slug(row.treatment))
        if days:
            found.append(last_on + timedelta(days=days[1]))
    return max(found, default=None)


def return_of(one: Seen, siblings: list[Seen]) -> tuple[date, bool] | None:
    """(the day it became ripe, whether they came back by then); None: never ripe."""
    if not one.journey.treatments:
        return None
    due = churn_date(one.person, one.journey.treatments)
    if due is None or due > one.now.date():
        return None
    following = [other for other in siblings if other.number == one.number + 1]
    days = [day for other in following for day in other.journey.days]
    back = any((day.consults or day.treatments) and day.on <= due for day in days)
    return due, back


def referral_of(one: Seen, everybody: list[Seen]) -> tuple[date, bool] | None:
    """The same for a patient who named this one within the patience of a referral."""
    treated = one.first_treated
    if treated is None or one.person.row is None:
        return None
    until = treated + timedelta(days=one.person.policy.patience.referral)
    if until > one.now:
        return None
    book, chart_no = one.person.key
    referred = [
        other
        for other in everybody
        if other.number == 0
        and other.person.row is not None
        and other.person.key[0] == book
        and other.person.row.referred_by == chart_no
    ]
    return until.date(), any(treated <= other.journey.first_at <= until for other in referred)


def outcome_rows(everybody: list[Seen], period: Period, wanted: Callable[[Seen], bool]) -> list[Json]:
    siblings: dict[tuple[str, ...], list[Seen]] = {}
    for one in everybody:
        siblings.setdefault(one.person.key, []).append(one)
    rows = []
    for outcome in ("return", "referral"):
        found = []
        for one in everybody:
            if not wanted(one):
                continue
            if outcome == "return":
                answer = return_of(one, siblings[one.person.key])
            else:
                answer = referral_of(one, everybody)
            if answer and answer[0] in period:
                found.append(answer[1])
        low, high = wilson(sum(found), len(found))
        rows.append(
            {
                "outcome": outcome,
                "ripe": len(found),
                "reached": sum(found),
                "rate": share(sum(found), len(found)),
                "low": low,
                "high": high,
            }
        )
    return rows
