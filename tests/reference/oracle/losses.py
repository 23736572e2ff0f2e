"""Who is lost: per family, per patient, who comes back alone, and whether the clinic grows."""

from collections.abc import Iterable
from datetime import date, timedelta

from tests.reference.clinic import Treatment
from tests.reference.oracle.cases import Case, Count, Value, common, patient_source
from tests.reference.oracle.churn import (
    Cycle,
    course_runs,
    cycles,
    live_reservation,
    out_of_base,
    treated_days,
)
from tests.reference.oracle.funnel import Days, Seen
from tests.reference.oracle.people import Person, day
from tests.reference.oracle.rules import care, family, is_check

WITHIN = timedelta(days=60)
SPOKE = ("connected", "call_later", "treatment_complete")


def ended(seen: Seen, days: Days) -> list[tuple[Person, Cycle]]:
    """Everybody's last cycle of each family of those that ended in the period."""
    found: dict[tuple[int, str], tuple[Person, Cycle]] = {}
    for person in seen.people:
        for cycle in cycles(person):
            if cycle.ends in days and cycle.ends < seen.now.date():  # the day is over
                found[id(person), cycle.family] = (person, cycle)
    return list(found.values())


def back(person: Person, cycle: Cycle) -> bool:
    return any(cycle.on < on <= cycle.ends for on in treated_days(person, cycle.family))


def why_out(person: Person, cycle: Cycle) -> str | None:
    """Why somebody is in no part of the lapse rate."""
    if reason := out_of_base(person):
        return reason
    complete = any(
        row.outcome == "treatment_complete"
        and cycle.on <= day(row.called_at) <= cycle.ends
        and row.family in (None, cycle.family)
        for row in person.calls
    )
    if complete:
        return "treatment_complete"
    return "course_running" if course_runs(person, cycle.family, cycle.ends) else None


def cycle_cuts(person: Person, cycle: Cycle) -> dict[str, Iterable[Value]]:
    return common(person) | {
        "treatment": [cycle.family],
        "doctor": [cycle.row.doctor],
        "coordinator": [cycle.row.staff],
    }


def lapsed(person: Person, cycle: Cycle) -> bool:
    return not back(person, cycle) and not live_reservation(person, cycle.ends)


def churn_family(seen: Seen, days: Days) -> list[Case]:
    return [
        Case(lapsed(person, cycle), 1, why_out(person, cycle), cycle_cuts(person, cycle))
        for person, cycle in ended(seen, days)
    ]


def natural_return(seen: Seen, days: Days) -> list[Case]:
    """Of those who lapsed and were not reached by a call, who was here within 60 days after it."""
    cases = []
    for person, cycle in ended(seen, days):
        until = cycle.ends + WITHIN
        called = any(
            row.outcome in SPOKE and row.kind in (None, "recall") and cycle.on < day(row.called_at) <= until
            for row in person.calls
        )
        out = why_out(person, cycle)
        if out is None and not lapsed(person, cycle):
            out = "not_lapsed"
        elif out is None and called:
            out = "called"
        elif out is None and until > seen.now.date():
            out = "too_early"
        came = any(cycle.ends < on <= until for on in person.days_here())
        cases.append(Case(came, 1, out, cycle_cuts(person, cycle)))
    return cases


def churned_on(person: Person, on: date) -> bool:
    """Whether on this day the last of the families lapsed, without a live reservation."""
    last: dict[str, Cycle] = {cycle.family: cycle for cycle in cycles(person) if cycle.on <= on}
    if not last or max(cycle.ends for cycle in last.values()) != on:
        return False
    if any(course_runs(person, name, on) for name in last):
        return False
    return not live_reservation(person, on)


def active_on(person: Person, first: date) -> bool:
    """A visit within the longest rule of one's own families before this day."""
    last: dict[str | None, Treatment] = {}
    for row in sorted(person.treatments, key=lambda row: person.sorted_at(row.done_at)):
        if day(row.done_at) < first and not is_check(row.treatment):
            last[family(row.treatment)] = row
    rules = [
        known.churned_after for row in last.values() if (known := care(row.treatment)) and known.churned_after
    ]
    before = [on for on in person.days_here() if on < first]
    return bool(rules) and before[-1] + timedelta(days=max(rules)) >= first


def lost_in(person: Person, days: Days, now: date) -> bool:
    ends = {cycle.ends for cycle in cycles(person) if cycle.ends in days and cycle.ends <= now}
    return any(churned_on(person, on) for on in ends)


def churn_patient(seen: Seen, days: Days) -> list[Case]:
    return [
        Case(lost_in(person, days, seen.now.date()), 1, out_of_base(person), common(person))
        for person in seen.people
        if active_on(person, days.first)
    ]


def growth(seen: Seen, days: Days) -> list[Case]:
    """(Active at the start − lost + returned + referred) ÷ active at the start; other new ones beside."""
    cases = []
    for person in seen.people:
        cuts = common(person)
        first = person.first_visit()
        if active_on(person, days.first):
            cases.append(Case(1 - lost_in(person, days, seen.now.date()), 1, None, cuts))
        elif first and first in days:
            patient = person.patient
            word = patient_source(person) in ("referral", "family", "staff_referral")
            referred = word or (patient is not None and bool(patient.referred_by))
            cases.append(Case(1, 0, None if referred else "new", cuts))
        elif first and any(on in days for on in person.days_here()):
            cases.append(Case(1, 0, None, cuts))
    return cases


COUNTS: dict[str, Count] = {
    "churn_family": churn_family,
    "churn_patient": churn_patient,
    "natural_return": natural_return,
    "growth": growth,
}
