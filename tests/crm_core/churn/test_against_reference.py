"""The list, the explanation and the independent reference agree about every patient."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from crm_core.churn.eligibility import eligibility
from crm_core.churn.queries import churners, due_list
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import system_scope
from crm_core.tables.calls import Section
from tests.crm_core.churn.loaded import Loader, chart_numbers
from tests.reference.churners import churners as reference
from tests.reference.random_clinic import random_clinic

TODAY = date(2026, 11, 23)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize("seed", range(3))
def test_churners_are_those_of_the_reference_also_at_past_moments(
    db: Session, policy: Policy, seed: int
) -> None:
    clinic = random_clinic(seed, 150, TODAY)
    Loader(db, policy).load(clinic)
    for days, hour in ((-1, 0), (0, 20), (40, 9), (101, 0)):
        wall = datetime.combine(TODAY - timedelta(days), datetime.min.time()).replace(hour=hour)
        now = wall.replace(tzinfo=SEOUL)
        day = wall.date()
        scope = system_scope(policy, Period(day, day))
        found = churners(db, scope, policy, day, now)
        whys = reference(clinic, wall, policy)
        expected = sorted(why.chart_no for why in whys if why.reason == "listed")
        mine = chart_numbers(db, [one.patient_id for one in found])
        reasons = {why.chart_no: why for why in whys}
        wrong = {no: reasons[no] for no in set(expected) ^ set(mine)}
        assert mine == expected, (wall, wrong)


@pytest.mark.parametrize("seed", range(3, 5))
def test_why_agrees_with_the_list_for_every_patient(db: Session, policy: Policy, seed: int) -> None:
    loader = Loader(db, policy)
    loader.load(random_clinic(seed, 150, TODAY))
    now = datetime(2026, 11, 23, 20, tzinfo=SEOUL)
    scope = system_scope(policy, Period(TODAY, TODAY))
    listed = {one.patient_id: one for one in due_list(db, scope, policy, TODAY, now)}
    assert listed
    for patient in loader.patients.values():
        why = eligibility(db, policy, patient, now)
        assert why.eligible == (patient in listed), why
        assert why.eligible == (why.section is Section.RECALL)
        assert why.eligible or why.reasons
        if patient in listed:
            assert why == listed[patient]
