"""Returns by monthly cohort, counted by hand."""

from datetime import date, datetime

import pytest
from sqlmodel import Session

from crm_core.journeys.actions import refold
from crm_core.kpi.kpi import Share
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.reports.cohorts import CohortMap, returns_by_cohort
from crm_core.staff.access import system_scope
from tests.crm_core.hand_made import Clinic


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    """On 25 November 2026."""
    return Clinic(db, policy, now)


def the_map(clinic: Clinic, *patients: int) -> CohortMap:
    clinic.db.flush()
    refold(clinic.db, clinic.policy, patients=patients)
    scope = system_scope(clinic.policy, Period.month(clinic.today.year, clinic.today.month), clinic.branch)
    return returns_by_cohort(clinic.db, scope, clinic.policy, clinic.now)


def on(clinic: Clinic, day: date) -> int:
    return (clinic.today - day).days


def test_each_month_of_the_map_counts_who_was_back_by_then(clinic: Clinic) -> None:
    early, late, never = (clinic.patient() for _ in range(3))
    for patient in (early, late, never):
        clinic.treated(patient, on(clinic, date(2026, 1, 10)))
    clinic.treated(early, on(clinic, date(2026, 2, 5)), "filler")
    clinic.treated(late, on(clinic, date(2026, 5, 5)))
    found = the_map(clinic, early, late, never)
    january = found.cells[date(2026, 1, 1)]
    assert found.treated[date(2026, 1, 1)] == 3
    assert january[:4] == (Share(1, 3), Share(1, 3), Share(1, 3), Share(2, 3))


def test_a_return_after_the_churn_date_is_none(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, on(clinic, date(2026, 1, 10)))
    clinic.treated(patient, on(clinic, date(2026, 8, 5)))
    january = the_map(clinic, patient).cells[date(2026, 1, 1)]
    assert january[8] == Share(0, 1)


def test_a_cell_waits_until_the_whole_month_is_that_old(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, on(clinic, date(2026, 10, 1)))
    found = the_map(clinic, patient)
    assert found.treated[date(2026, 10, 1)] == 1
    assert found.cells[date(2026, 10, 1)] == (None,) * 12


def test_who_is_not_called_back_by_any_rule_is_in_no_cohort(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, on(clinic, date(2026, 1, 10)), "removal")
    assert the_map(clinic, patient).treated[date(2026, 1, 1)] == 0
