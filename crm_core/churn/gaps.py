"""Courses whose next session is overdue (중간이탈): paid sessions left, valid, and nobody came: section ⑤."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlmodel import Session, col

from crm_core.policy.policy import Policy
from crm_core.policy.rules import CourseRule
from crm_core.sql import among
from crm_core.tables.facts import Course, TreatmentDone

_Row = Any


@dataclass(frozen=True, slots=True)
class CourseGap:
    """A course with paid sessions left whose last session is longer ago than the policy allows.

    `last_on` is the last session, else the last treatment of the family, else the day it was bought;
    `next_from` and `next_until` are when the next session was recommended.
    """

    branch: str
    treatment: str
    family: str
    sessions: int
    left: int
    last_on: date
    next_from: date
    next_until: date
    valid_until: date | None
    days_over: int  # days since the first day of the gap


def course_gaps(
    db: Session, policy: Policy, day: date, now: datetime, patients: Sequence[int] | None = None
) -> dict[int, CourseGap]:
    """The gap of each of the patients, or of everybody with one: through courses, never all patients.

    A patient with several has the one that ends first, then the one that has waited longest.
    """
    rules = {slug: known.course for slug, known in policy.treatments.items() if known.course is not None}
    rows = list(db.execute(_running(db, rules, day, now, patients)))
    lacking = [row for row in rows if row.sessions_done == 0]
    since = _last_of_family(db, policy, lacking, now) if lacking else {}
    overdue: list[tuple[_Row, date]] = []
    for row in rows:
        last_on = since[row.id][0] if row.id in since else row.last_on or row.bought_on
        if _is_overdue(rules[row.treatment], row, last_on, day):
            overdue.append((row, last_on))
    branches = _last_branches(db, {row.id for row, _ in overdue}, now) if overdue else {}
    branches |= {course: branch for course, (_, branch) in since.items()}
    found: dict[int, CourseGap] = {}
    for row, last_on in overdue:
        gap = _gap(policy, rules[row.treatment], row, last_on, branches.get(row.id, row.branch), day)
        if row.patient_id not in found or _first(gap) < _first(found[row.patient_id]):
            found[row.patient_id] = gap
    return found


def urgency(gap: CourseGap) -> tuple[date, int]:
    """What ⑤ is ordered by: whose sessions end first, then who has waited longest."""
    return gap.valid_until or date.max, -gap.days_over


_first = urgency


def _is_overdue(rule: CourseRule, row: _Row, last_on: date, day: date) -> bool:
    return _left(row) > 0 and (day - last_on).days > rule.gap_after


def _left(row: _Row) -> int:
    left: int = row.sessions - max(row.used, row.sessions_done)
    return left


def _gap(policy: Policy, rule: CourseRule, row: _Row, last_on: date, branch: str, day: date) -> CourseGap:
    return CourseGap(
        branch=branch,
        treatment=row.treatment,
        family=policy.family_of(row.treatment) or row.treatment,
        sessions=row.sessions,
        left=_left(row),
        last_on=last_on,
        next_from=last_on + timedelta(rule.interval_from),
        next_until=last_on + timedelta(rule.interval_to),
        valid_until=row.valid_until,
        days_over=(day - last_on).days - rule.gap_after,
    )


def _running(
    db: Session,
    rules: dict[str, CourseRule],
    day: date,
    now: datetime,
    patients: Sequence[int] | None,
) -> Select[*tuple[Any, ...]]:
    """Valid courses with sessions left by the chart's own count, each with its last session's day."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Course.id).label("id"),
            col(Course.patient_id).label("patient_id"),
            col(Course.branch).label("branch"),
            col(Course.treatment).label("treatment"),
            col(Course.sessions).label("sessions"),
            col(Course.used).label("used"),
            col(Course.valid_until).label("valid_until"),
            col(Course.bought_on).label("bought_on"),
            func.max(col(TreatmentDone.done_on)).label("last_on"),
            func.count(col(TreatmentDone.id)).label("sessions_done"),
        )
        .outerjoin(TreatmentDone, and_(*_session_of_course(now)))
        .where(
            col(Course.sessions) > col(Course.used),
            or_(col(Course.valid_until).is_(None), col(Course.valid_until) >= day),
            col(Course.bought_at) <= now,
            col(Course.treatment).in_(list(rules)),
        )
        .group_by(col(Course.id))
    )
    return statement if patients is None else statement.where(among(db, col(Course.patient_id), patients))


def _session_of_course(now: datetime) -> tuple[Any, ...]:
    return (
        col(TreatmentDone.course_no) == col(Course.number),
        col(TreatmentDone.book) == col(Course.book),
        col(TreatmentDone.done_at) <= now,
    )


def _last_branches(db: Session, courses: Collection[int], now: datetime) -> dict[int, str]:
    """Course → the branch of its last session."""
    statement: Select[*tuple[Any, ...]] = (
        select(col(Course.id), col(TreatmentDone.branch))
        .join(TreatmentDone, and_(*_session_of_course(now)))
        .where(among(db, col(Course.id), sorted(courses)))
        .order_by(col(TreatmentDone.done_on), col(TreatmentDone.done_at))
    )
    return {row[0]: row[1] for row in db.execute(statement)}


def _last_of_family(
    db: Session, policy: Policy, courses: Sequence[_Row], now: datetime
) -> dict[int, tuple[date, str]]:
    """Course → day and branch of the family's last treatment since it was bought, where no session says
    that it is one of the course."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(TreatmentDone.patient_id),
            col(TreatmentDone.treatment),
            col(TreatmentDone.done_on),
            col(TreatmentDone.branch),
        )
        .where(
            among(db, col(TreatmentDone.patient_id), sorted({row.patient_id for row in courses})),
            col(TreatmentDone.course_no).is_(None),
            col(TreatmentDone.done_at) <= now,
        )
        .order_by(col(TreatmentDone.patient_id), col(TreatmentDone.done_on))
    )
    latest: dict[tuple[int, str], tuple[date, str]] = {}
    for patient, treatment, on, branch in db.execute(statement):
        known = policy.treatments.get(treatment)
        if known is not None and not known.check:
            latest[patient, known.family] = on, branch
    found = {}
    for row in courses:
        seen = latest.get((row.patient_id, policy.family_of(row.treatment) or row.treatment))
        if seen is not None and seen[0] >= row.bought_on:
            found[row.id] = seen
    return found
