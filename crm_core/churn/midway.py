"""Lists of people in the middle of something: ④ undecided after a consult, ⑤ between two sessions."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session

from crm_core.churn.eligibility import judge
from crm_core.churn.gaps import course_gaps, urgency
from crm_core.churn.reasons import Eligibility
from crm_core.churn.treatments import past_lines
from crm_core.churn.undecided import to_be_called
from crm_core.policy.policy import Policy
from crm_core.staff.access import Scope
from crm_core.tables.calls import Section


def undecided_list(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[Eligibility]:
    """Everybody in section ④ of the day, not cut: the youngest consult first."""
    patients = to_be_called(db, policy, scope.branches, day, now)
    found = _in_section(db, scope, policy, day, now, patients, Section.UNDECIDED)
    return sorted(found, key=lambda one: (-_held_on(one, day).toordinal(), one.patient_id))


def mid_course_list(db: Session, scope: Scope, policy: Policy, day: date, now: datetime) -> list[Eligibility]:
    """Everybody in section ⑤ of the day, not cut: whose sessions end first, then who has waited longest."""
    gaps = course_gaps(db, policy, day, now)
    patients = sorted(patient for patient, gap in gaps.items() if gap.branch in scope.branches)
    found = _in_section(db, scope, policy, day, now, patients, Section.MID_COURSE)
    return sorted(found, key=lambda one: (*urgency(gaps[one.patient_id]), one.patient_id))


def _held_on(one: Eligibility, day: date) -> date:
    return one.pending.held_on if one.pending is not None else day


def _in_section(
    db: Session,
    scope: Scope,
    policy: Policy,
    day: date,
    now: datetime,
    patients: Sequence[int],
    section: Section,
) -> list[Eligibility]:
    past = past_lines(db, policy, scope.branches, day, now, patients) if patients else None
    rows = judge(db, policy, list(patients), day, now, lines=past)
    return [one for one in rows.values() if one.section is section and one.branch in scope.branches]
