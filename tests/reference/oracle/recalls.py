"""What calls bring: recall success of the due, recapture of the lapsed."""

from collections.abc import Iterable
from datetime import date, timedelta

from tests.reference.clinic import Call
from tests.reference.oracle.cases import Case, Count, Value, common, weekday
from tests.reference.oracle.churn import Cycle, course_runs, cycles
from tests.reference.oracle.funnel import Days, Seen
from tests.reference.oracle.journeys import moment_of
from tests.reference.oracle.people import ENDED, Booking, Person, day
from tests.reference.oracle.rules import days_of, is_check

WITHIN = timedelta(days=60)
SPOKE = ("connected", "call_later", "treatment_complete")


def first_call(person: Person, days: Days) -> Call | None:
    """The first connected recall call of the period."""
    rows = [
        row
        for row in person.calls
        if row.kind in (None, "recall") and row.outcome in SPOKE and day(row.called_at) in days
    ]
    return min(rows, key=lambda row: person.sorted_at(row.called_at), default=None)


def bands(person: Person, on: date) -> dict[str, set[str]]:
    """The families due and lapsed on a day."""
    found: dict[str, set[str]] = {"due": set(), "lapsed": set()}
    last: dict[str, Cycle] = {cycle.family: cycle for cycle in cycles(person) if cycle.on <= on}
    for name, cycle in last.items():
        if course_runs(person, name, on) or on < cycle.due:
            continue
        if on <= cycle.ends + timedelta(days=days_of("calls", "lapsed_days")):  # later: long gone
            found["lapsed" if on > cycle.ends else "due"].add(name)
    return found


def booked_before(person: Person, call: Call) -> list[Booking]:
    """What was standing, for later, when the call was made."""
    moment = person.sorted_at(call.called_at)
    return [
        row
        for row in person.reservations
        if row.starts > moment
        and moment_of(person, row) <= moment
        and not (row.state in ENDED and row.ended and row.ended <= moment)
    ]


def came(person: Person, call: Call, families: set[str] | None) -> bool:
    """Came for a paid treatment or a consult within 60 days after the call."""
    on = day(call.called_at)
    for then in person.days_here():
        if not on < then <= on + WITHIN:
            continue
        rows = [row for row in person.treatments if day(row.done_at) == then and not is_check(row.treatment)]
        paid = any(row.amount for row in rows) or any(
            row.amount > 0 and day(row.paid_at) == then for row in person.payments
        )
        consult = any(day(row.held_at) == then and not is_check(row.treatment) for row in person.consults)
        if consult or (rows and paid):
            return True
    return False


def recall(band: str) -> Count:
    def count(seen: Seen, days: Days) -> list[Case]:
        cases = []
        for person in seen.people:
            call = first_call(person, days)
            if call is None:
                continue
            on = day(call.called_at)
            found = bands(person, on)
            of = "lapsed" if found["lapsed"] else "due" if found["due"] else None
            if of != band:
                continue
            out = None
            if booked_before(person, call):
                out = "booked_before"
            elif person.sorted_at(call.called_at) + WITHIN > seen.now:
                out = "too_early"
            cases.append(Case(came(person, call, None), 1, out, call_cuts(person, call, found[band])))
        return cases

    return count


def call_cuts(person: Person, call: Call, families: set[str]) -> dict[str, Iterable[Value]]:
    return common(person) | {
        "group": [call.group],
        "cause": [call.cause],
        "treatment": list(families),
        "weekday": [weekday(day(call.called_at))],
    }


COUNTS: dict[str, Count] = {"recall_success": recall("due"), "recapture": recall("lapsed")}
