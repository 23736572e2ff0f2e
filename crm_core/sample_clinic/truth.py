"""Counts the planted truths in the rows themselves, whatever the simulation meant to do."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.sample_clinic.rows import ClinicPlan, ConsultRow, CourseRow, ReservationRow

CAME, MISSED, LATE = "completed", "no_show", "cancelled_late"
REACHED = ("connected", "call_later", "treatment_complete")
CALL_WITHIN, BACK_WITHIN, RIPE_AFTER = 14, 60, 30


@dataclass(frozen=True, slots=True)
class Case:
    """A patient on the first due day: not here since the treatment, and without a reservation."""

    branch: str
    chart_no: str
    due_on: date
    reached: bool  # by a recall call within two weeks
    returned: bool  # here again within 60 days


def cases(plan: ClinicPlan, policy: Policy) -> list[Case]:
    """Every case whose 60 days are over; a course with sessions left keeps its patient from being one."""
    last = plan.today - timedelta(BACK_WITHIN + 1)
    visits, calls, booked, held = _by_patient(plan)
    latest: dict[tuple[str, date], str] = {}
    for row in sorted(plan.treatments, key=lambda row: (row.at, row.number)):
        if not policy.treatments[row.treatment].check:
            latest[row.chart_no, row.at.date()] = row.treatment
    branch_of = {patient.chart_no: patient.branch for patient in plan.patients}
    found = []
    for (chart, day), treatment in latest.items():
        days = policy.days_of(treatment)
        due = day + timedelta(days[0]) if days else None
        if due is None or due > last or _between(visits[chart], day, due):
            continue
        if any(_live(row, due) for row in booked[chart]) or any(
            bought_on < due <= runs_out for bought_on, runs_out in held[chart]
        ):
            continue
        called = _between(calls[chart], due - timedelta(1), due + timedelta(CALL_WITHIN - 1))
        back = _between(visits[chart], due, due + timedelta(BACK_WITHIN))
        found.append(Case(branch_of[chart], chart, due, called, back))
    return found


def _by_patient(
    plan: ClinicPlan,
) -> tuple[
    dict[str, list[date]],
    dict[str, list[date]],
    dict[str, list[ReservationRow]],
    dict[str, list[tuple[date, date]]],
]:
    """Days of visits and of reached calls, reservations, from when to when unfinished courses run."""
    visits: dict[str, list[date]] = defaultdict(list)
    calls: dict[str, list[date]] = defaultdict(list)
    booked: dict[str, list[ReservationRow]] = defaultdict(list)
    held: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for visit in plan.visits:
        visits[visit.chart_no].append(visit.at.date())
    for call in plan.calls:
        if call.kind == "recall" and call.outcome in REACHED:
            calls[call.chart_no].append(call.at.date())
    for row in plan.reservations:
        booked[row.chart_no].append(row)
    for course in plan.courses:
        if course.used < course.sessions:
            held[course.chart_no].append((course.bought_at.date(), course.valid_until))
    for days in (*visits.values(), *calls.values()):
        days.sort()
    return visits, calls, booked, held


def _between(days: list[date], after: date, until: date) -> bool:
    """Whether one of the sorted days is later than `after` and not later than `until`."""
    return bisect_left(days, after + timedelta(1)) < bisect_right(days, until)


def _live(row: ReservationRow, day: date) -> bool:
    """Booked before the day, for the day or later, and not called off before it."""
    ended = row.state_at.date() if row.state_at and row.state != CAME else None
    is_ahead = row.made_at.date() < day <= row.starts_at.date()
    return is_ahead and (ended is None or ended >= day)


def marked(plan: ClinicPlan) -> list[ReservationRow]:
    """The base of the rates: arrived, no-show and late cancelled."""
    return [row for row in plan.reservations if row.state in {CAME, MISSED, LATE}]


def agreement(plan: ClinicPlan, rows: Iterable[ConsultRow]) -> Share:
    """Agreed ÷ consulted on consults of at least 30 days; *not suitable* is out."""
    ripe_on = plan.today - timedelta(RIPE_AFTER + 1)
    base = [row for row in rows if row.at.date() <= ripe_on and row.decision != "not_suitable"]
    return Share(sum(row.decision in {"yes", "part"} for row in base), len(base))


def gaps(plan: ClinicPlan, policy: Policy) -> list[CourseRow]:
    """Courses with sessions left and valid whose last session is too long ago, with nothing booked."""
    last: dict[str | None, date] = {}
    for row in plan.treatments:
        last[row.course_no] = max(row.at.date(), last.get(row.course_no, date.min))
    booked = {
        row.chart_no
        for row in plan.reservations
        if row.state == "booked" and row.starts_at.date() >= plan.today
    }
    found = []
    for course in plan.courses:
        rule = policy.treatments[course.treatment].course
        since = (plan.today - last[course.number]).days
        runs = course.used < course.sessions and course.valid_until >= plan.today
        if rule is not None and runs and since > rule.gap_after and course.chart_no not in booked:
            found.append(course)
    return found


def seollal(plan: ClinicPlan, policy: Policy) -> tuple[date, ...]:
    """The days of Seollal in the year behind: three holidays in a row between 20 January and 22 February."""
    holidays = policy.branch(plan.planted.unmarked_branch).holidays
    day = plan.start
    while day < plan.today:
        three = tuple(day + timedelta(n) for n in range(3))
        is_season = (1, 20) <= (day.month, day.day) <= (2, 22)
        if is_season and holidays.issuperset(three):
            return three
        day += timedelta(1)
    return ()
