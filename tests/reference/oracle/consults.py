"""Consults: how many visits have one, who agrees, and how much; courses that were finished."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.reference.clinic import Consult, Course, Treatment
from tests.reference.oracle.cases import Case, Count, Value, common
from tests.reference.oracle.funnel import CUTS, Days, Seen, not_suitable
from tests.reference.oracle.journeys import Journey
from tests.reference.oracle.people import YES, Person, day
from tests.reference.oracle.rules import care, family, is_check

WITHIN = timedelta(days=30)


def counts(row: Consult) -> bool:
    """A consult counts if a treatment that is not covered was proposed; a check is none."""
    known = care(row.treatment)
    return known is None or not (known.covered or known.check)


@dataclass(frozen=True)
class Plan:
    """A journey with a consult that counts: its day is that of the first one."""

    journey: Journey
    rows: list[Consult]

    @property
    def moment(self) -> datetime:
        return self.journey.person.sorted_at(self.rows[0].held_at)

    def agreed_by(self, until: datetime) -> bool:
        return any(moment <= until for moment, _ in self.journey.agreements())

    def same_day(self) -> bool:
        return any(moment.date() == self.moment.date() for moment, _ in self.journey.agreements())

    def old_enough(self, seen: Seen) -> bool:
        return self.moment + WITHIN <= seen.now

    def cuts(self) -> dict[str, list[Value]]:
        cuts: dict[str, list[Value]] = {
            by: list(CUTS[by](self.journey, "consult")) for by in ("branch", "source", "new", "insured")
        }
        cuts["coordinator"] = [self.rows[0].staff]
        cuts["treatment"] = list(CUTS["treatment"](self.journey, "consult"))
        return cuts


def consulted(seen: Seen, days: Days) -> list[list[Plan]]:
    """Everybody's plans whose first consult is of the period."""
    found = []
    for journeys in seen.of_person:
        plans = [Plan(journey, [row for row in journey.consults() if counts(row)]) for journey in journeys]
        plans = [plan for plan in plans if plan.rows and plan.moment.date() in days]
        if plans:
            found.append(plans)
    return found


def merged(plans: list[Plan]) -> dict[str, Iterable[Value]]:
    keys = plans[0].cuts()
    return {key: {value for plan in plans for value in plan.cuts()[key]} for key in keys}


def of_patients(
    seen: Seen, days: Days, ripe: Callable[[Plan], bool], agreed: Callable[[Plan], bool]
) -> list[Case]:
    """Patients with a plan agreed, of those with a ripe plan; out if none was suitable."""
    cases = []
    for plans in consulted(seen, days):
        old = [plan for plan in plans if ripe(plan)]
        out = None
        if all(not_suitable(plan.journey) for plan in old or plans):
            out = "not_suitable"
        elif not old:
            out = "open"
        cases.append(Case(any(agreed(plan) for plan in old), 1, out, merged(old or plans)))
    return cases


def agreement_same_day(seen: Seen, days: Days) -> list[Case]:
    return of_patients(seen, days, lambda plan: True, Plan.same_day)


def agreement(seen: Seen, days: Days) -> list[Case]:
    """Patients with a yes or part within 30 days, of consults at least 30 days old."""
    return of_patients(
        seen, days, lambda plan: plan.old_enough(seen), lambda plan: plan.agreed_by(plan.moment + WITHIN)
    )


def agreement_amount(seen: Seen, days: Days) -> list[Case]:
    """The same in money: each plan once for each family, by its last version."""
    cases = []
    for plans in consulted(seen, days):
        for plan in plans:
            last: dict[str | None, Consult] = {family(row.treatment): row for row in plan.rows}
            cases += [version(seen, plan, row) for row in last.values()]
    return cases


def version(seen: Seen, plan: Plan, row: Consult) -> Case:
    in_time = row.decision in YES and plan.journey.decided(row) <= plan.moment + WITHIN
    out = None
    if row.decision == "not_suitable":
        out = "not_suitable"
    elif not plan.old_enough(seen):
        out = "open"
    elif not row.proposed_amount or (in_time and row.decision == "part" and row.agreed_amount is None):
        out = "no_amount"
    agreed = row.agreed_amount
    if agreed is None:
        agreed = row.proposed_amount if row.decision == "yes" else 0
    return Case(agreed or 0 if in_time else 0, row.proposed_amount or 0, out, plan.cuts())


def consult_rate(seen: Seen, days: Days) -> list[Case]:
    """Visits with a consult, of those with a need for one."""
    cases = []
    for person in seen.people:
        for on in person.days_here():
            if on in days:
                first = person.first_visit()
                new = first is None or first >= on
                out, held = need(person, on, new)
                cuts = common(person, on) | {"new": ["new" if new else "returning"]}
                cases.append(Case(held, 1, out, cuts))
    return cases


def need(person: Person, on: date, new: bool) -> tuple[str | None, bool]:
    """Why a visit had no need for a consult, or None and whether one was held."""
    consults = [row for row in person.consults if day(row.held_at) == on]
    rows = [row for row in person.treatments if day(row.done_at) == on]
    if any(counts(row) for row in consults):
        return None, True
    done = [row for row in rows if not is_check(row.treatment)]
    if any(row.course_no for row in done):
        return "course_session", False
    if not done and (rows or any(is_check(row.treatment) for row in consults)):
        return "check", False
    if done and all(covered(row) for row in done):
        return "covered_care", False
    if not done and consults:
        return "covered_care", False
    if new:
        return None, False
    if not done:
        return "no_new_need", False
    families = {family(row.treatment) for row in done}
    before = {family(row.treatment) for row in person.treatments if day(row.done_at) < on}
    if families <= before:
        return "repeat_treatment", False
    asked = {family(row.treatment) for row in person.consults if day(row.held_at) < on}
    if families <= before | asked:
        return "consulted_before", False
    return None, False


def covered(row: Treatment) -> bool:
    known = care(row.treatment)
    return row.covered if row.covered is not None else known is not None and known.covered


def course_end(course: Course) -> date | None:
    """The validity, else the expected end by the longest interval between its sessions."""
    if course.valid_until:
        return course.valid_until
    known = care(course.treatment)
    every = known.course.get("interval_to") if known and known.course else None
    return course.bought_on + timedelta(days=every * (course.sessions - 1)) if every else None


def course_completion(seen: Seen, days: Days) -> list[Case]:
    cases = []
    for person in seen.people:
        for course in person.courses:
            end = course_end(course)
            if end is None or end not in days:
                continue
            paid = [row for row in person.payments if row.course_no == course.course_no]
            rows = [row for row in person.treatments if row.course_no == course.course_no]
            finished = max(course.used or 0, len(rows)) >= course.sessions
            out = None
            if any(row.refund for row in paid) and not finished:
                out = "refunded"
            elif end + WITHIN > seen.now.date():
                out = "open"
            cuts = common(person) | {"treatment": [family(course.treatment)]}
            cases.append(Case(finished, 1, out, cuts))
    return cases


COUNTS: dict[str, Count] = {
    "consult_rate": consult_rate,
    "agreement_same_day": agreement_same_day,
    "agreement": agreement,
    "agreement_amount": agreement_amount,
    "course_completion": course_completion,
}
