"""From the treatments of one patient to the dates on which each family is due, lapsed, long gone.

Pure: product.md §3 (bands, recommended date, the last treatment's rule) and readings 7 and 18.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crm_core.period import months_before
from crm_core.policy.policy import Policy

FOREVER = date(9999, 12, 31)
RHYTHM_INTERVALS = 3


@dataclass(frozen=True)
class Done:
    """A treatment done; `amount` in minor units."""

    treatment: str
    done_on: date
    branch: str
    amount: int = 0
    recommended_on: date | None = None
    course: tuple[str, str] | None = None  # book and number of the course it is a session of


@dataclass(frozen=True)
class CourseHeld:
    """A course bought: what the chart says is used, and until when it is valid."""

    course: tuple[str, str]
    treatment: str
    sessions: int
    used: int
    valid_until: date | None


@dataclass(frozen=True)
class LedgerLine:
    """One family of one patient in the ledger; the fields are those of `RecallDue`."""

    family: str
    branch: str
    treatment: str
    last_on: date
    due_on: date
    churned_on: date
    lapsed_until: date
    recommended: bool
    own_rhythm_days: int | None
    own_rhythm_n: int
    course_until: date | None
    worth: int
    times: int


def ledger_lines(
    policy: Policy, treatments: Iterable[Done], courses: Iterable[CourseHeld] = ()
) -> tuple[LedgerLine, ...]:
    """The lines of one patient, a family each. Treatments come in their order (moment, then key).

    A check or retouch is no treatment here; a family whose last treatment has no date has no line.
    """
    done = list(treatments)
    running = courses_running(policy, done, courses)
    by_family: dict[str, list[Done]] = {}
    for one in done:
        known = policy.treatments.get(one.treatment)
        if known is None or not known.check:
            by_family.setdefault(policy.family_of(one.treatment) or one.treatment, []).append(one)
    lines = (_line(policy, family, rows, running) for family, rows in sorted(by_family.items()))
    return tuple(line for line in lines if line is not None)


def courses_running(
    policy: Policy, treatments: Iterable[Done], courses: Iterable[CourseHeld]
) -> dict[str, date]:
    """Family → the last day on which paid sessions are left (reading 7); FOREVER without a validity."""
    held = list(courses)
    if not held:
        return {}
    rows: dict[tuple[str, str], int] = {}
    for one in treatments:
        if one.course is not None:
            rows[one.course] = rows.get(one.course, 0) + 1
    until: dict[str, date] = {}
    for course in held:
        if course.sessions <= max(course.used, rows.get(course.course, 0)):
            continue
        family = policy.family_of(course.treatment) or course.treatment
        until[family] = max(course.valid_until or FOREVER, until.get(family, date.min))
    return until


def due_dates(policy: Policy, last: Done) -> tuple[date, date, bool] | None:
    """(first day due, last day due, from a recommended date) after the last treatment of a family.

    A recommended date stands above every rule, *no recall* too: a person has decided. None where
    nothing makes it due: no recall, no rule, or a rule that waits for the doctor's date.
    """
    if last.recommended_on is not None:
        before, after = policy.calls.recommended_before, policy.calls.recommended_after
        wanted = last.recommended_on
        return wanted - timedelta(before), wanted + timedelta(after), True
    days = policy.days_of(last.treatment)
    if days is None:
        return None
    return last.done_on + timedelta(days[0]), last.done_on + timedelta(days[1]), False


def _line(
    policy: Policy, family: str, rows: Sequence[Done], running: Mapping[str, date]
) -> LedgerLine | None:
    last = max(enumerate(rows), key=lambda pair: (pair[1].done_on, pair[0]))[1]
    dates = due_dates(policy, last)
    if dates is None:
        return None
    days = sorted({one.done_on for one in rows})
    rhythm, intervals = own_rhythm(days)
    since = value_since(last.done_on, policy.calls.value_months)
    return LedgerLine(
        family=family,
        branch=last.branch,
        treatment=last.treatment,
        last_on=last.done_on,
        due_on=dates[0],
        churned_on=dates[1],
        lapsed_until=dates[1] + timedelta(policy.calls.lapsed_days),
        recommended=dates[2],
        own_rhythm_days=rhythm,
        own_rhythm_n=intervals,
        course_until=running.get(family),
        worth=sum(one.amount for one in rows if one.done_on > since),
        times=len(days),
    )


def own_rhythm(days: Sequence[date]) -> tuple[int | None, int]:
    """Mean of the last three intervals in days, and how many they are; None with one treatment day."""
    last = days[-RHYTHM_INTERVALS - 1 :]
    intervals = len(last) - 1
    if intervals < 1:
        return None, 0
    return round((last[-1] - last[0]).days / intervals), intervals


def value_since(day: date, months: int) -> date:
    """The day after which payments count for the value seen on `day`."""
    first = months_before(day.replace(day=1), months)
    end = months_before(first, -1) - timedelta(1)
    return first.replace(day=min(day.day, end.day))
