"""시술 이탈률, 고객 이탈률, 자연 복귀율, 복리 성장: counted by hand (definitions.md §1.0)."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from crm_core.churn.queries import due_list
from crm_core.kpi import catalogue as c
from crm_core.kpi.kpi import Kpi, KpiCut
from crm_core.kpi.measure import Measured, measure
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import system_scope
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import PatientStatus
from tests.crm_core.hand_made import Clinic

CHURNED = 180  # days of the botox rule
GROUP = ResponseGroup


def over(clinic: Clinic, first: int, last: int, kpi: Kpi, by: KpiCut | None = None) -> Measured:
    """The number of the days from `first` to `last` days ago."""
    asked = system_scope(clinic.policy, Period(clinic.ago(first), clinic.ago(last)), clinic.branch)
    return measure(clinic.db, asked, clinic.policy, clinic.now, kpi, by)


def share(found: Measured) -> tuple[float, int | None]:
    return found.whole.numerator, found.whole.denominator


def churning(clinic: Clinic, days_ago: int, treatment: str = "botox") -> int:
    """A patient whose churn date was so many days ago."""
    who = clinic.patient()
    days = clinic.policy.days_of(clinic.policy.treatment_slug(treatment))
    assert days is not None
    clinic.treated(who, days_ago + days[1], treatment)
    return who


def test_those_whose_churn_date_fell_in_the_period_and_who_were_not_back(clinic: Clinic) -> None:
    churning(clinic, 20)  # lapsed
    back = churning(clinic, 20)
    clinic.treated(back, 25)  # five days before the churn date
    late = churning(clinic, 20)
    clinic.treated(late, 5)  # fifteen days after it: shown, not taken out
    booked = churning(clinic, 20)
    clinic.booked(booked, -10, made_at=clinic.now - timedelta(30), state=ReservationState.NO_SHOW)
    churning(clinic, 50)  # another period
    found = over(clinic, 30, 10, c.CHURN_FAMILY)
    assert share(found) == (2, 4)
    assert found.parts == {"lapsed": 1, "late_return": 1, "back": 1, "booked": 1}


def test_a_churn_date_counts_when_its_day_is_over(clinic: Clinic) -> None:
    churning(clinic, 0)
    assert share(over(clinic, 5, -5, c.CHURN_FAMILY)) == (0, 0)
    assert share(over(clinic.later(days=1), 5, -5, c.CHURN_FAMILY)) == (1, 1)


@pytest.mark.parametrize("status", [PatientStatus.DECEASED, PatientStatus.ABROAD, PatientStatus.MOVED_BRANCH])
def test_who_died_left_the_country_or_moved_is_out(clinic: Clinic, status: PatientStatus) -> None:
    who = clinic.patient(status=status)
    clinic.treated(who, CHURNED + 20)
    found = over(clinic, 30, 10, c.CHURN_FAMILY)
    assert share(found) == (0, 0)
    assert found.out == {status.value: 1}


def test_who_is_cured_or_has_sessions_left_is_out(clinic: Clinic) -> None:
    cured = churning(clinic, 20)
    clinic.called(cured, 40, Outcome.TREATMENT_COMPLETE, family="botox")
    running = clinic.patient()
    course = clinic.course(running, "laser_toning", 10, days_ago=150)
    clinic.treated(running, 110, "laser_toning", course_no=course)
    used_up = clinic.patient()
    done = clinic.course(used_up, "laser_toning", 1, days_ago=150)
    clinic.treated(used_up, 110, "laser_toning", course_no=done)
    found = over(clinic, 30, 10, c.CHURN_FAMILY)
    assert share(found) == (1, 1)  # the course that was used up lapses like any other
    assert found.out == {"treatment_complete": 1, "course_running": 1}


def test_who_refuses_contact_stays_in_the_base(clinic: Clinic) -> None:
    who = churning(clinic, 20)
    clinic.called(who, 60, Outcome.CONNECTED, GROUP.POSITIVE_DENIAL)
    assert share(over(clinic, 30, 10, c.CHURN_FAMILY)) == (1, 1)
    assert share(over(clinic, 30, 10, c.CHURN_PATIENT)) == (1, 1)


def test_the_rule_of_the_last_treatment_of_a_family_counts(clinic: Clinic) -> None:
    """Skin botox (105 days) on day 130 after an ordinary one: the family lapses 25 days ago, not later."""
    who = clinic.patient()
    clinic.treated(who, 190)
    clinic.treated(who, 130, "skin_botox")
    assert share(over(clinic, 30, 20, c.CHURN_FAMILY)) == (1, 1)
    assert over(clinic, 15, 5, c.CHURN_FAMILY).parts == {"back": 1}  # the ordinary one was followed


def test_a_recommended_date_replaces_the_rule(clinic: Clinic) -> None:
    who = clinic.patient()
    clinic.treated(who, 400, recommended_on=clinic.ago(50))  # lapses thirty days after it
    assert share(over(clinic, 25, 15, c.CHURN_FAMILY)) == (1, 1)


def test_a_month_long_past_is_counted_from_the_treatments_of_then(clinic: Clinic) -> None:
    """The ledger holds the newest dates alone."""
    who = clinic.patient()
    clinic.treated(who, 600)
    clinic.treated(who, 100)
    assert share(over(clinic, 430, 410, c.CHURN_FAMILY)) == (1, 1)


def test_families_are_counted_each_and_add_up(clinic: Clinic) -> None:
    who = churning(clinic, 20)
    clinic.treated(who, 110, "laser_toning")
    found = over(clinic, 30, 10, c.CHURN_FAMILY, KpiCut.TREATMENT)
    assert {value: (f.numerator, f.denominator) for value, f in found.cuts} == {
        "botox": (1, 1),
        "pigment_laser": (1, 1),
    }
    assert share(found) == (2, 2)


def test_a_patient_is_lost_when_every_family_is(clinic: Clinic) -> None:
    churning(clinic, 20)  # lost
    half = churning(clinic, 20)
    clinic.treated(half, 100)  # its botox is followed: not lost
    two = churning(clinic, 20)
    clinic.treated(two, 60, "filler")  # another family holds on
    booked = churning(clinic, 20)
    clinic.booked(booked, 10, made_at=clinic.now - timedelta(30))
    churning(clinic, 40)  # was no longer active on the first day
    found = over(clinic, 30, 10, c.CHURN_PATIENT)
    assert share(found) == (1, 4)
    assert found.parts == {"hit": 1, "miss": 2, "booked": 1}


def test_nobody_is_lost_whose_treatment_is_complete_or_who_has_sessions_left(clinic: Clinic) -> None:
    churning(clinic, 20)  # lost
    cured = churning(clinic, 20)
    clinic.called(cured, 40, Outcome.TREATMENT_COMPLETE, family="botox")
    running = clinic.patient()
    course = clinic.course(running, "laser_toning", 10, days_ago=150)
    clinic.treated(running, 110, "laser_toning", course_no=course)
    found = over(clinic, 30, 10, c.CHURN_PATIENT)
    assert found.parts.get("hit") == 1
    assert share(found) == (1, 2)  # the cured one is out, the one with sessions stays
    assert share(over(clinic, 30, 10, c.GROWTH)) == (1, 2)


def test_natural_return_is_of_those_nobody_reached(clinic: Clinic) -> None:
    back, called, silent = (churning(clinic, 90) for _ in range(3))
    clinic.visited(back, 60)
    clinic.called(called, 80, Outcome.CONNECTED, GROUP.POSITIVE_AFFIRMATION)
    clinic.visited(called, 70)
    clinic.called(silent, 80, Outcome.NO_ANSWER)
    young = churning(clinic, 50)
    clinic.visited(young, 45)
    found = over(clinic, 95, 45, c.NATURAL_RETURN)
    assert share(found) == (1, 2)
    assert found.out == {"called": 1, "too_early": 1}


def test_growth_balances_from_start_to_end(clinic: Clinic) -> None:
    """Start 3 − 1 lost + 1 back + 1 referred + 1 new = 5 at the end; inner factor (3 − 1 + 1 + 1) ÷ 3."""
    for _ in range(2):
        clinic.treated(clinic.patient(), 60)
    churning(clinic, 20)
    clinic.treated(churning(clinic, 200), 15)
    clinic.treated(clinic.patient(source="referral"), 15)
    clinic.treated(clinic.patient(source="kakao"), 15)
    found = over(clinic, 30, 10, c.GROWTH)
    assert found.parts == {"stayed": 2, "lost": 1, "returned_natural": 1, "referred": 1, "new": 1}
    assert found.whole.value == pytest.approx(4 / 3)
    end = over(clinic, 9, 9, c.CHURN_PATIENT).whole.denominator
    assert end == sum(found.parts.values()) - found.parts["lost"]


def test_v1_a_cancelled_future_reservation_hides_nobody(clinic: Clinic) -> None:
    """market.md §3.1 V1 and V3: any appointment from today on, whatever its state, hid the patient there."""
    who = churning(clinic, 20)
    for state in (ReservationState.CANCELLED_EARLY, ReservationState.NO_SHOW, ReservationState.MOVED):
        clinic.booked(
            who, 5, state=state, made_at=clinic.now - timedelta(60), state_at=clinic.now - timedelta(40)
        )
    assert share(over(clinic, 30, 10, c.CHURN_FAMILY)) == (1, 1)
    rows = due_list(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    assert who in {one.patient_id for one in rows}


def test_v1_who_returned_and_lapsed_again_starts_fresh(clinic: Clinic) -> None:
    """Each cycle is a case of its own: lapsed in one period, back, and lapsed again in a later one."""
    who = clinic.patient()
    clinic.treated(who, 500)
    clinic.treated(who, 250)
    assert share(over(clinic, 330, 310, c.CHURN_FAMILY)) == (1, 1)
    assert share(over(clinic, 80, 60, c.CHURN_FAMILY)) == (1, 1)


def test_v4_each_family_of_a_patient_has_its_own_date(clinic: Clinic) -> None:
    """market.md §3.1 V4: one recall for each patient lost the second treatment."""
    who = churning(clinic, 20)
    clinic.treated(who, 140, "laser_toning")
    assert share(over(clinic, 30, 10, c.CHURN_FAMILY)) == (1, 1)
    assert share(over(clinic, 55, 45, c.CHURN_FAMILY)) == (1, 1)


def test_the_numbers_of_the_past_do_not_know_what_came_later(
    clinic: Clinic, policy: Policy, db: Session
) -> None:
    who = churning(clinic, 20)
    clinic.treated(who, 5)
    then = clinic.later(days=-10)
    asked = system_scope(policy, Period(clinic.ago(30), clinic.ago(15)), clinic.branch)
    assert measure(db, asked, policy, then.now, c.CHURN_FAMILY).parts == {"lapsed": 1}
    assert measure(db, asked, policy, clinic.now, c.CHURN_FAMILY).parts == {"late_return": 1}
