"""시술 이탈률, 고객 이탈률, 자연 복귀율 and 복리 성장 (definitions.md §1.0): who lapsed, and who stayed."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select, union_all
from sqlmodel import col

from crm_core.churn.conditions import REACHED, RECALL_KINDS, standing_call
from crm_core.kpi.churn_dates import (
    booked_on,
    course_running,
    lapsing,
    last_lines,
    longest_rule,
    treated_between,
)
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import HIT, MISS, NOTHING, YOUNG, Ask, SqlRows, as_text, plus_days
from crm_core.kpi.visits import REFERRED, here
from crm_core.tables.calls import Call, Outcome
from crm_core.tables.people import Patient, PatientStatus

LATE_WITHIN = 90  # days in which a return after the churn date is shown as a late one
NATURAL_WITHIN = 60
LAPSED, LATE, BACK, BOOKED = "lapsed", "late_return", "back", "booked"
GONE = {
    PatientStatus.DECEASED: "deceased",
    PatientStatus.MOVED_BRANCH: "moved_branch",
    PatientStatus.ABROAD: "abroad",
}
FAMILY_CUTS = (
    KpiCut.TREATMENT,
    KpiCut.BRANCH,
    KpiCut.DOCTOR,
    KpiCut.COORDINATOR,
    KpiCut.OWNER,
    KpiCut.SOURCE,
)
PATIENT_CUTS = (KpiCut.BRANCH, KpiCut.OWNER, KpiCut.SOURCE)
STAYED, LOST, NEW, REFERRED_IN, CALLED_BACK, NATURAL = (
    "stayed",
    "lost",
    "new",
    "referred",
    "returned_called",
    "returned_natural",
)
GROWN = (STAYED, CALLED_BACK, NATURAL, REFERRED_IN)
"""Start less those lost, and those back or referred: ÷ the start the inner growth factor."""


def _gone() -> list[tuple[Any, Any]]:
    """Who is out of every base, by the state of the patient."""
    state = as_text(col(Patient.status))
    return [(state == status.value, literal(word)) for status, word in GONE.items()]


def _of_person() -> dict[KpiCut | None, Any]:
    return {KpiCut.SOURCE: col(Patient.source), KpiCut.OWNER: col(Patient.owner_id)}


def _lapses(ask: Ask, part: Any, row: Any) -> Any:
    values: dict[KpiCut | None, Any] = {
        **_of_person(),
        KpiCut.TREATMENT: row.family,
        KpiCut.BRANCH: row.branch,
        KpiCut.DOCTOR: row.doctor,
        KpiCut.COORDINATOR: row.staff_id,
    }
    return (
        select(
            row.patient_id.label("patient_id"),
            row.churn_on.label("day"),
            values.get(ask.by, NOTHING).label("value"),
            part.label("part"),
        )
        .join(Patient, col(Patient.id) == row.patient_id)
        .where(col(Patient.merged_into_id).is_(None))
    )


def _out(ask: Ask, row: Any) -> list[tuple[Any, Any]]:
    """Deceased, abroad, moved; cured by the doctor's word; with sessions left."""
    cured = exists().where(
        col(Call.patient_id) == row.patient_id,
        col(Call.family) == row.family,
        col(Call.outcome) == Outcome.TREATMENT_COMPLETE,
        col(Call.called_on).between(row.done_on, row.churn_on),
        *standing_call(ask.now),
    )
    return [
        *_gone(),
        (cured, literal("treatment_complete")),
        (course_running(ask, row), literal("course_running")),
    ]


def _families(ask: Ask) -> Any:
    """The patients and families whose churn date fell in the period, by what had become of them."""
    last = min(ask.period.last, ask.before(1))
    row = lapsing(ask, ask.period.first, max(last, ask.period.first - timedelta(1)))
    until = plus_days(ask.db, row.churn_on, LATE_WITHIN)
    back = treated_between(ask, row, lambda on: on > row.done_on, lambda on: on <= row.churn_on)
    late = treated_between(ask, row, lambda on: on > row.churn_on, lambda on: on <= until)
    part = case(
        *_out(ask, row),
        (back, literal(BACK)),
        (booked_on(ask, row), literal(BOOKED)),
        (late, literal(LATE)),
        else_=literal(LAPSED),
    )
    return _lapses(ask, part, row)


def _natural(ask: Ask) -> Any:
    """Of those who lapsed in the period and were not reached by a call, who came within 60 days."""
    last = min(ask.period.last, ask.before(1))
    row = lapsing(ask, ask.period.first, max(last, ask.period.first - timedelta(1)))
    until = plus_days(ask.db, row.churn_on, NATURAL_WITHIN)
    back = treated_between(ask, row, lambda on: on > row.done_on, lambda on: on <= row.churn_on)
    called = exists().where(
        col(Call.patient_id) == row.patient_id,
        col(Call.kind).in_(RECALL_KINDS),
        col(Call.outcome).in_(REACHED),
        col(Call.called_on).between(row.done_on, until),
        *standing_call(ask.now),
    )
    again = here(ask, row.patient_id, lambda on: on > row.churn_on, lambda on: on <= until)
    part = case(
        *_out(ask, row),
        (back, literal("not_lapsed")),
        (booked_on(ask, row), literal("not_lapsed")),
        (called, literal("called")),
        (row.churn_on >= ask.before(NATURAL_WITHIN), literal(YOUNG)),
        (again, literal(HIT)),
        else_=literal(MISS),
    )
    return _lapses(ask, part, row)


def _active(ask: Ask, day: Any) -> Any:
    """Patients active on the morning of a day: a family not lapsed or with sessions left, or a visit within
    their own longest rule. Columns: patient_id, churn_on."""
    row = last_lines(ask, day)
    seen = here(
        ask,
        row.patient_id,
        lambda on: on < day,
        lambda on: on >= day - timedelta(longest_rule(ask.policy)),
        lambda on: plus_days(ask.db, on, row.longest) >= day,
    )
    running = course_running(ask, row, any_family=True, on=day - timedelta(1))
    return select(row.patient_id, row.churn_on).where(or_(row.churn_on >= day, seen, running)).subquery().c


def _patients(ask: Ask) -> Any:
    """The patients active on the first day, by whether they became churned patients in the period."""
    first, last = ask.period.first, min(ask.period.last, ask.before(1))
    row = _active(ask, first)
    again = treated_between(ask, row, lambda on: on >= first, lambda on: on <= row.churn_on, rules_only=True)
    part = case(
        *_gone(),
        (or_(row.churn_on < first, row.churn_on > last), literal(MISS)),
        (or_(again, course_running(ask, row, any_family=True)), literal(MISS)),
        (booked_on(ask, row), literal(BOOKED)),
        else_=literal(HIT),
    )
    return _by_patient(ask, row.patient_id, part)


def _growth(ask: Ask) -> Any:
    """The patients active at the start or at the end of the period, by how they moved."""
    first = ask.period.first
    after = min(ask.period.last, ask.before(1)) + timedelta(1)
    if after <= first:
        after = first
    start, end = _active(ask, first), _active(ask, after)
    both = (
        union_all(
            select(start.patient_id, literal(1).label("begins"), literal(0).label("ends")),
            select(end.patient_id, literal(0).label("begins"), literal(1).label("ends")),
        )
        .subquery()
        .c
    )
    row = (
        select(both.patient_id, func.max(both.begins).label("begins"), func.max(both.ends).label("ends"))
        .group_by(both.patient_id)
        .subquery()
        .c
    )
    before = or_(
        and_(col(Patient.first_visit_on).is_not(None), col(Patient.first_visit_on) < first),
        here(ask, row.patient_id, lambda on: on < first),
    )
    by_word = or_(col(Patient.referred_by_id).is_not(None), col(Patient.source).in_(REFERRED))
    called = exists().where(
        col(Call.patient_id) == row.patient_id,
        col(Call.kind).in_(RECALL_KINDS),
        col(Call.outcome).in_(REACHED),
        col(Call.called_on).between(first - timedelta(NATURAL_WITHIN), after),
        *standing_call(ask.now),
    )
    part = case(
        (and_(row.begins == 1, row.ends == 1), literal(STAYED)),
        (row.begins == 1, literal(LOST)),
        (and_(~before, by_word), literal(REFERRED_IN)),
        (~before, literal(NEW)),
        (called, literal(CALLED_BACK)),
        else_=literal(NATURAL),
    )
    return _by_patient(ask, row.patient_id, part)


def _by_patient(ask: Ask, patient_id: Any, part: Any) -> Any:
    """A case of the first day for each of these patients whom a branch asked for looks after."""
    values = {**_of_person(), KpiCut.BRANCH: col(Patient.branch)}
    return (
        select(
            patient_id.label("patient_id"),
            literal(ask.period.first).label("day"),
            values.get(ask.by, NOTHING).label("value"),
            part.label("part"),
        )
        .join(Patient, col(Patient.id) == patient_id)
        .where(col(Patient.branch).in_(ask.branches), col(Patient.merged_into_id).is_(None))
    )


FAMILIES = SqlRows(_families)
NATURAL_RETURNS = SqlRows(_natural)
PATIENTS = SqlRows(_patients)
GROWTH = SqlRows(_growth)
