"""Courses whose next session is overdue (중간이탈): paid sessions left, valid, and nobody came: section ⑤."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from crm_core.churn.conditions import among
from crm_core.policy.policy import Policy
from crm_core.policy.rules import CourseRule
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
    found: dict[int, CourseGap] = {}
    for row in rows:
        last_on, branch = since.get(row.id) or (row.last_on or row.bought_on, row.last_branch or row.branch)
        gap = _gap(policy, rules[row.treatment], row, last_on, branch, day)
        if gap is not None and (row.patient_id not in found or _first(gap) < _first(found[row.patient_id])):
            found[row.patient_id] = gap
    return found


def urgency(gap: CourseGap) -> tuple[date, int]:
    """What ⑤ is ordered by: whose sessions end first, then who has waited longest."""
    return gap.valid_until or date.max, -gap.days_over


_first = urgency


def _gap(
    policy: Policy, rule: CourseRule, row: _Row, last_on: date, branch: str, day: date
) -> CourseGap | None:
    left = row.sessions - max(row.used, row.sessions_done)
    over = (day - last_on).days - rule.gap_after
    if left <= 0 or over <= 0:
        return None
    return CourseGap(
        branch=branch,
        treatment=row.treatment,
        family=policy.family_of(row.treatment) or row.treatment,
        sessions=row.sessions,
        left=left,
        last_on=last_on,
        next_from=last_on + timedelta(rule.interval_from),
        next_until=last_on + timedelta(rule.interval_to),
        valid_until=row.valid_until,
        days_over=over,
    )


def _running(
    db: Session,
    rules: dict[str, CourseRule],
    day: date,
    now: datetime,
    patients: Sequence[int] | None,
) -> Select[*tuple[Any, ...]]:
    """Valid courses with sessions left by the chart's own count, each with its last session's day."""
    mine = (
        col(TreatmentDone.course_no) == col(Course.number),
        col(TreatmentDone.book) == col(Course.book),
        col(TreatmentDone.done_at) <= now,
    )
    last_branch = (
        select(col(TreatmentDone.branch))
        .where(*mine)
        .order_by(col(TreatmentDone.done_on).desc(), col(TreatmentDone.done_at).desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = select(
        col(Course.id).label("id"),
        col(Course.patient_id).label("patient_id"),
        col(Course.branch).label("branch"),
        col(Course.treatment).label("treatment"),
        col(Course.sessions).label("sessions"),
        col(Course.used).label("used"),
        col(Course.valid_until).label("valid_until"),
        col(Course.bought_on).label("bought_on"),
        select(func.max(col(TreatmentDone.done_on))).where(*mine).scalar_subquery().label("last_on"),
        select(func.count()).where(*mine).scalar_subquery().label("sessions_done"),
        last_branch.label("last_branch"),
    ).where(
        col(Course.sessions) > col(Course.used),
        or_(col(Course.valid_until).is_(None), col(Course.valid_until) >= day),
        col(Course.bought_at) <= now,
        col(Course.treatment).in_(list(rules)),
    )
    return statement if patients is None else statement.where(among(db, col(Course.patient_id), patients))


def _last_of_family(
    db: Session, policy: Policy, courses: Sequence[_Row], now: datetime
) -> dict[int, tuple[date, str]]:
    """Course → day and branch of the family's last treatment since it was bought, where no session says
    that it is one of the course."""
    statement = (
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
