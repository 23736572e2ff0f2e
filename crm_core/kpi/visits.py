"""Visits as cases: one patient on one local day (reading 1), new or returning, with a consult or not."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.rows import (
    HIT,
    MISS,
    NOTHING,
    YOUNG,
    Ask,
    SqlRows,
    checks,
    family_of,
    is_new,
    plus_days,
)
from crm_core.tables.facts import CAME, Consult, Reservation, TreatmentDone, Visit
from crm_core.tables.people import Patient

CUTS = (KpiCut.BRANCH, KpiCut.NEW, KpiCut.SOURCE, KpiCut.WEEKDAY)
REFERRED = ("referral", "family", "staff_referral")  # sources that are a person's word
BACK_WITHIN = 90  # days in which a new patient shall be here again
_HERE: tuple[tuple[Any, Any, Any, Any], ...] = (
    (Visit, Visit.branch, Visit.arrived_on, Visit.arrived_at),
    (Consult, Consult.branch, Consult.held_on, Consult.held_at),
    (TreatmentDone, TreatmentDone.branch, TreatmentDone.done_on, TreatmentDone.done_at),
    (
        Reservation,
        Reservation.branch,
        Reservation.starts_on,
        func.coalesce(Reservation.state_at, Reservation.starts_at),
    ),
)


def _came(table: Any) -> tuple[Any, ...]:
    """A reservation says that somebody was here only where it was kept."""
    return (col(Reservation.state).in_(CAME),) if table is Reservation else ()


def days(ask: Ask, first: Any = None, last: Any = None, *, registered: bool = False) -> Any:
    """A row for each patient and day of the period: patient_id, day, branch. With `registered` also the first
    day that the chart names, for a clinic whose visits were exported from a later day on."""
    found = [
        select(col(table.patient_id).label("patient_id"), day.label("day"), func.min(branch).label("branch"))
        .where(
            branch.in_(ask.branches),
            day.between(first or ask.period.first, last or ask.period.last),
            at <= ask.now,
            *_came(table),
        )
        .group_by(table.patient_id, day)
        for table, branch, day, at in _HERE
    ]
    if registered:
        begun = col(Patient.first_visit_on)
        found.append(
            select(
                col(Patient.id).label("patient_id"),
                begun.label("day"),
                col(Patient.branch).label("branch"),
            ).where(
                col(Patient.branch).in_(ask.branches),
                begun.between(first or ask.period.first, min(last or ask.period.last, ask.today)),
            )
        )
    each = union_all(*found).subquery().c
    return select(each.patient_id, each.day, func.min(each.branch).label("branch")).group_by(
        each.patient_id, each.day
    )


def here(ask: Ask, patient: Any, *when: Callable[[Any], Any]) -> Any:
    """Whether the patient was here on a day for which all conditions hold."""
    return or_(
        *(
            exists().where(
                col(table.patient_id) == patient,
                at <= ask.now,
                *_came(table),
                *(condition(day) for condition in when),
            )
            for table, _, day, at in _HERE
        )
    )


def is_first(ask: Ask, patient: Any, day: Any, first_visit_on: Any) -> Any:
    """New (신환): no day here lies before, by the chart's registration or by the facts."""
    return and_(
        or_(first_visit_on.is_(None), first_visit_on >= day),
        ~here(ask, patient, lambda other: other < day),
    )


def _value(ask: Ask, row: Any, new: Any) -> Any:
    values: dict[KpiCut | None, Any] = {
        KpiCut.BRANCH: row.branch,
        KpiCut.SOURCE: col(Patient.source),
        KpiCut.NEW: is_new(new),
    }
    return values.get(ask.by, NOTHING)


def _visits(ask: Ask) -> Any:
    row = days(ask).subquery().c
    new = is_first(ask, row.patient_id, row.day, col(Patient.first_visit_on))
    asked = select(row.patient_id, row.day, _value(ask, row, new).label("value"), literal(HIT).label("part"))
    return asked.join(Patient, col(Patient.id) == row.patient_id)


def _newcomers(ask: Ask) -> tuple[Any, Any]:
    """The first days of new patients, and the columns of the day."""
    row = days(ask, registered=True).subquery().c
    new = is_first(ask, row.patient_id, row.day, col(Patient.first_visit_on))
    asked = select(row.patient_id, row.day, _value(ask, row, literal(1) == 1).label("value"))
    return asked.join(Patient, col(Patient.id) == row.patient_id).where(new), row


def _new_patients(ask: Ask) -> Any:
    return _newcomers(ask)[0].add_columns(literal(HIT).label("part"))


def _referred(ask: Ask) -> Any:
    by_word = or_(col(Patient.referred_by_id).is_not(None), col(Patient.source).in_(REFERRED))
    part = case((by_word, literal(HIT)), else_=literal(MISS))
    return _newcomers(ask)[0].add_columns(part.label("part"))


def _back(ask: Ask) -> Any:
    """New patients, by whether they came again within 90 days; one-time covered care is out."""
    asked, row = _newcomers(ask)
    until = plus_days(ask.db, row.day, BACK_WITHIN)
    again = here(ask, row.patient_id, lambda other: other > row.day, lambda other: other <= until)
    part = case(
        (and_(_covered(ask, row), ~_consulted(ask, row)), literal("covered_care")),
        (row.day > ask.before(BACK_WITHIN), literal(YOUNG)),
        (again, literal(HIT)),
        else_=literal(MISS),
    )
    return asked.add_columns(part.label("part"))


def _consulted(ask: Ask, row: Any) -> Any:
    return exists().where(
        col(Consult.patient_id) == row.patient_id,
        col(Consult.held_on) == row.day,
        col(Consult.held_at) <= ask.now,
    )


def _consulted_before(ask: Ask, row: Any) -> Any:
    """A consult lies so shortly before that the treatment of this day is what was decided then."""
    return exists().where(
        col(Consult.patient_id) == row.patient_id,
        col(Consult.held_on) < row.day,
        plus_days(ask.db, col(Consult.held_on), ask.policy.patience.agreement) >= row.day,
        col(Consult.held_at) <= ask.now,
    )


def _done(ask: Ask, row: Any, *more: Any) -> Any:
    """Whether a treatment of the day is so."""
    return exists().where(
        col(TreatmentDone.patient_id) == row.patient_id,
        col(TreatmentDone.done_on) == row.day,
        col(TreatmentDone.done_at) <= ask.now,
        *more,
    )


def _covered(ask: Ask, row: Any) -> Any:
    """Everything done that day is covered care; something was."""
    other = or_(col(TreatmentDone.covered).is_(None), col(TreatmentDone.covered).is_(False))
    return and_(_done(ask, row), ~_done(ask, row, other))


def _new_family(ask: Ask, row: Any) -> Any:
    """Treated that day in a family that the patient never had before: a new need (구신환)."""
    earlier = aliased(TreatmentDone)
    before = (
        exists()
        .where(
            col(earlier.patient_id) == row.patient_id,
            col(earlier.done_on) < row.day,
            family_of(ask.policy, col(earlier.treatment))
            == family_of(ask.policy, col(TreatmentDone.treatment)),
        )
        .correlate_except(earlier)
    )  # the visit stands two levels above
    return _done(ask, row, col(TreatmentDone.treatment).not_in(checks(ask.policy)), ~before)


def _consults(ask: Ask) -> Any:
    """Visits by whether they needed a consult and had one (definitions.md §1.1).

    Who has one needed one. Without: a new patient did, and who was treated in a family new to them;
    a course session, a check, a repeat, covered care and what an earlier consult decided did not.
    """
    row = days(ask).subquery().c
    new = is_first(ask, row.patient_id, row.day, col(Patient.first_visit_on))
    no_check = col(TreatmentDone.treatment).not_in(checks(ask.policy))
    part = case(
        (_consulted(ask, row), literal(HIT)),
        (and_(_done(ask, row), ~_done(ask, row, no_check)), literal("check")),
        (_done(ask, row, col(TreatmentDone.course_no).is_not(None)), literal("course_session")),
        (_covered(ask, row), literal("covered_care")),
        (new, literal(MISS)),
        (and_(_done(ask, row), _consulted_before(ask, row)), literal("consulted_before")),
        (_new_family(ask, row), literal(MISS)),
        (_done(ask, row), literal("repeat_treatment")),
        else_=literal("no_new_need"),
    )
    asked = select(row.patient_id, row.day, _value(ask, row, new).label("value"), part.label("part"))
    return asked.join(Patient, col(Patient.id) == row.patient_id)


VISITS = SqlRows(_visits)
NEW_PATIENTS = SqlRows(_new_patients)
REFERRED_NEW = SqlRows(_referred)
NEW_BACK = SqlRows(_back)
CONSULTS = SqlRows(_consults)
