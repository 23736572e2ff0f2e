"""리콜 성공률 and 재유치율: whom a call brought back (definitions.md §1.0, reading 15)."""

from datetime import time, timedelta

import pytest

from crm_core.kpi import catalogue as c
from crm_core.kpi.kpi import Kpi, KpiCut
from crm_core.kpi.measure import Measured, measure, people
from crm_core.kpi.recall import recall_cases
from crm_core.kpi.rows import Ask
from crm_core.period import Period
from crm_core.staff.access import Scope, scope_for, system_scope
from crm_core.tables.calls import CallKind, Outcome, ResponseGroup
from crm_core.tables.facts import Consult, Decision, ReservationState
from tests.crm_core.hand_made import Clinic

GROUP = ResponseGroup


def asked(clinic: Clinic, first: int = 120, last: int = 90) -> Scope:
    return system_scope(clinic.policy, Period(clinic.ago(first), clinic.ago(last)), clinic.branch)


def found(
    clinic: Clinic, kpi: Kpi, by: KpiCut | None = None, *, first: int = 120, last: int = 90
) -> Measured:
    """Of the calls from 120 to 90 days ago, unless others are asked for: old enough to judge."""
    return measure(clinic.db, asked(clinic, first, last), clinic.policy, clinic.now, kpi, by)


def share(clinic: Clinic, kpi: Kpi, *, first: int = 120, last: int = 90) -> tuple[float, int | None]:
    whole = found(clinic, kpi, first=first, last=last).whole
    return whole.numerator, whole.denominator


def reached(clinic: Clinic, since: int, *, call: int = 100, **values: object) -> int:
    """A patient treated with botox `since` days before the call, and reached by it 100 days ago."""
    who = clinic.patient()
    clinic.treated(who, call + since)
    clinic.called(who, call, Outcome.CONNECTED, GROUP.NEGATIVE_AFFIRMATION, **values)
    return who


def test_due_and_lapsed_are_two_numbers(clinic: Clinic) -> None:
    for since in (160, 160, 200):  # due from 150 to 180, lapsed after it
        reached(clinic, since)
    back = reached(clinic, 170)
    clinic.treated(back, 80)
    again = reached(clinic, 300)
    clinic.treated(again, 80)
    assert share(clinic, c.RECALL_SUCCESS) == (1, 3)
    assert share(clinic, c.RECAPTURE) == (1, 2)


def test_only_a_connected_recall_call_makes_a_case_and_one_a_patient(clinic: Clinic) -> None:
    who = reached(clinic, 200)
    clinic.called(who, 95, Outcome.CONNECTED, GROUP.POSITIVE_AFFIRMATION)
    for outcome, kind in ((Outcome.NO_ANSWER, CallKind.RECALL), (Outcome.CONNECTED, CallKind.CONFIRMATION)):
        other = clinic.patient()
        clinic.treated(other, 300)
        clinic.called(other, 100, outcome, kind=kind)
    assert share(clinic, c.RECAPTURE) == (0, 1)


def test_who_lapsed_in_one_family_is_a_recapture_though_another_is_due(clinic: Clinic) -> None:
    who = reached(clinic, 200)
    clinic.treated(who, 100 + 70, "laser_toning")  # due from 60 to 90
    assert share(clinic, c.RECAPTURE) == (0, 1)
    assert share(clinic, c.RECALL_SUCCESS) == (0, 0)


def test_v5_a_visit_before_the_call_of_the_same_month_is_no_return(clinic: Clinic) -> None:
    """market.md §3.1 V5: there a visit before the call counted as "returned after the call"."""
    who = clinic.patient()
    clinic.treated(who, 300)
    clinic.db.add(
        Consult(
            book="b",
            number="before",
            patient_id=who,
            branch=clinic.branch,
            held_at=clinic.at(clinic.ago(103)),
            held_on=clinic.ago(103),
            decision=Decision.PENDING,
        )
    )
    clinic.called(who, 100, Outcome.CONNECTED, GROUP.POSITIVE_AFFIRMATION)
    assert share(clinic, c.RECAPTURE) == (0, 1)


def test_the_same_day_counts_after_the_call_alone(clinic: Clinic) -> None:
    before = clinic.patient()
    clinic.treated(before, 300)
    clinic.treated(before, 100)  # at eleven
    clinic.called(before, 100, Outcome.CONNECTED, clock=time(15))
    after = reached(clinic, 200, clock=time(10))
    clinic.treated(after, 100)
    assert share(clinic, c.RECAPTURE) == (1, 1)  # before the call the first one was treated: nothing was due


@pytest.mark.parametrize(("days", "back"), [(40, 1), (39, 0)])
def test_back_within_sixty_days(clinic: Clinic, days: int, back: int) -> None:
    who = reached(clinic, 200)
    clinic.treated(who, days)
    assert share(clinic, c.RECAPTURE) == (back, 1)


def test_a_visit_without_consult_or_paid_treatment_is_no_return(clinic: Clinic) -> None:
    who = reached(clinic, 200)
    clinic.visited(who, 80)
    assert share(clinic, c.RECAPTURE) == (0, 1)


def test_booked_before_the_call_is_out_whatever_came_of_it(clinic: Clinic) -> None:
    for state in (ReservationState.COMPLETED, ReservationState.NO_SHOW):
        who = reached(clinic, 200)
        clinic.booked(who, -90, state=state, made_at=clinic.at(clinic.ago(110)))
    cancelled = reached(clinic, 200)
    early = ReservationState.CANCELLED_EARLY
    clinic.booked(
        cancelled, -90, state=early, made_at=clinic.at(clinic.ago(130)), state_at=clinic.at(clinic.ago(120))
    )
    assert found(clinic, c.RECAPTURE).out == {"booked_before": 2}
    assert share(clinic, c.RECAPTURE) == (0, 1)


def test_a_case_is_ripe_when_its_sixty_days_are_over(clinic: Clinic) -> None:
    who = reached(clinic, 200, call=60)
    clinic.treated(who, 30)
    assert found(clinic, c.RECAPTURE, first=70, last=50).out == {"too_early": 1}
    assert share(clinic.later(days=1), c.RECAPTURE, first=70, last=50) == (1, 1)


def test_of_any_family_and_of_the_same_family_are_both_said(clinic: Clinic) -> None:
    other = reached(clinic, 200)
    clinic.treated(other, 80, "filler")
    same = reached(clinic, 200)
    clinic.treated(same, 80, "skin_botox")
    assert share(clinic, c.RECAPTURE) == (2, 2)
    assert share(clinic, c.RECAPTURE_SAME) == (1, 2)


def test_the_credit_goes_to_the_last_connected_caller_before_the_booking(clinic: Clinic) -> None:
    one, two, three = (clinic.staff(name) for name in ("가", "나", "다"))
    who = reached(clinic, 200, staff_id=one.staff_id)
    clinic.called(who, 90, Outcome.CONNECTED, staff_id=two.staff_id)
    clinic.called(who, 88, Outcome.NO_ANSWER, staff_id=three.staff_id)
    made = clinic.at(clinic.ago(85))
    clinic.booked(who, -70, state=ReservationState.COMPLETED, made_at=made)
    clinic.called(who, 80, Outcome.CONNECTED, staff_id=three.staff_id)  # after the booking
    clinic.treated(who, 70)
    by = found(clinic, c.RECAPTURE, KpiCut.COORDINATOR)
    assert by.cuts == ()  # a system sees no persons
    person = clinic.director()
    scope = scope_for(person, clinic.policy, asked(clinic).period, branch=clinic.branch)
    by = measure(clinic.db, scope, clinic.policy, clinic.now, c.RECAPTURE, KpiCut.COORDINATOR)
    assert [value for value, _ in by.cuts] == [two.staff_id]


def test_revenue_is_of_the_thirty_days_from_the_first_day_back(clinic: Clinic) -> None:
    who = reached(clinic, 200)
    clinic.treated(who, 80)
    clinic.paid(who, 81, 100)
    clinic.paid(who, 80, 20_000)
    clinic.paid(who, 50, 5_000)
    clinic.paid(who, 49, 300)
    assert found(clinic, c.BROUGHT).whole.value == 25_000


def test_a_return_by_itself_is_no_recapture(clinic: Clinic) -> None:
    who = clinic.patient()
    clinic.treated(who, 300)
    clinic.treated(who, 80)
    assert share(clinic, c.RECAPTURE) == (0, 0)


def test_cuts_add_up_and_the_people_are_as_many(clinic: Clinic) -> None:
    for group, back in ((GROUP.POSITIVE_AFFIRMATION, True), (GROUP.NEGATIVE_DENIAL, False), (None, False)):
        who = clinic.patient()
        clinic.treated(who, 300)
        clinic.called(who, 100, Outcome.CONNECTED, group, cause="cost" if back else None)
        if back:
            clinic.treated(who, 80)
    for by in (KpiCut.GROUP, KpiCut.CAUSE, KpiCut.TREATMENT, KpiCut.BRANCH, KpiCut.WEEKDAY):
        cut = found(clinic, c.RECAPTURE, by)
        assert sum(f.denominator or 0 for _, f in cut.cuts) == cut.whole.denominator == 3
    where = clinic.db, asked(clinic), clinic.policy, clinic.now, c.RECAPTURE
    assert len(people(*where, "hit")) == 1
    assert len(people(*where, "rest", by=KpiCut.GROUP, value=None)) == 1


def test_facts_later_than_the_moment_are_not_known(clinic: Clinic) -> None:
    who = reached(clinic, 200)
    clinic.treated(who, 45)
    then = clinic.now - timedelta(50)
    cases = recall_cases(Ask(clinic.db, asked(clinic), then, clinic.policy))
    assert [one.back_on for one in cases] == [None]
