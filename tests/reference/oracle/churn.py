"""When a family is due, when it lapses, whether somebody was back or had a live reservation then."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tests.reference.clinic import Treatment
from tests.reference.oracle.journeys import course_left, moment_of
from tests.reference.oracle.people import ENDED, Person, day
from tests.reference.oracle.rules import care, days_of, family, is_check


def churn_date(row: Treatment) -> date | None:
    """The last day on which somebody is still in time for the family of a treatment."""
    if row.recommended_on:
        return row.recommended_on + timedelta(days=days_of("calls", "recommended_after"))
    rule = care(row.treatment)
    if rule is None or rule.churned_after is None:
        return None
    return day(row.done_at) + timedelta(days=rule.churned_after)


def due_date(row: Treatment) -> date | None:
    """The first day on which somebody should be back."""
    if row.recommended_on:
        return row.recommended_on - timedelta(days=days_of("calls", "recommended_before"))
    rule = care(row.treatment)
    if rule is None or rule.due_after is None:
        return None
    return day(row.done_at) + timedelta(days=rule.due_after)


@dataclass(frozen=True)
class Cycle:
    """The last treatment of a family on a day, and the day on which the family lapses after it."""

    row: Treatment
    family: str
    on: date
    due: date
    ends: date


def cycles(person: Person) -> list[Cycle]:
    """One for each family and day of a treatment that says when to be back, in their order."""
    last: dict[tuple[str, date], Treatment] = {}
    for row in sorted(person.treatments, key=lambda row: person.sorted_at(row.done_at)):
        if not is_check(row.treatment):
            last[family(row.treatment) or "", day(row.done_at)] = row
    found = []
    for (name, on), row in last.items():
        due, ends = due_date(row), churn_date(row)
        if due and ends:
            found.append(Cycle(row, name, on, due, ends))
    return sorted(found, key=lambda cycle: cycle.on)


def treated_days(person: Person, name: str) -> list[date]:
    return [day(row.done_at) for row in person.treatments if family(row.treatment) == name]


def course_runs(person: Person, name: str, on: date) -> bool:
    """Whether sessions of the family are left and valid on a day."""
    return any(
        family(course.treatment) == name
        and course.bought_on <= on
        and course_left(person, course, datetime.combine(on, time(23, 59)))
        for course in person.courses
    )


def live_reservation(person: Person, on: date) -> bool:
    """Whether on that day a reservation was standing for that day or later."""
    for booking in person.reservations:
        if booking.starts.date() < on or moment_of(person, booking).date() > on:
            continue
        ended = booking.state in ENDED and booking.ended is not None and booking.ended.date() <= on
        if not ended:
            return True
    return False


OUT = {"deceased": "deceased", "abroad": "abroad", "moved_branch": "moved_branch"}


def out_of_base(person: Person) -> str | None:
    status = person.patient.status if person.patient else None
    return OUT.get(status or "")
