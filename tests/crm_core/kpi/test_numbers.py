"""Each number on a clinic small enough to count by hand; the count stands beside it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col

from crm_core.kpi import catalogue as c
from crm_core.kpi.kpi import Kpi, KpiCut, Unit
from crm_core.kpi.measure import Measured, Meter, measure, people
from crm_core.kpi.rows import Figured
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Call, CallKind, Outcome, ResponseGroup
from crm_core.tables.facts import Decision, Inquiry, InquiryKind, Payment, ReservationState
from tests.crm_core.kpi.clinics import BRANCH, Clinic, at, scope


def number(db: Session, policy: Policy, kpi: Kpi, day: float = 200, by: KpiCut | None = None) -> Measured:
    return measure(db, scope(policy), policy, at(day), kpi, by)


def share(found: Measured) -> tuple[float, int | None]:
    return found.whole.numerator, found.whole.denominator


def test_somebody_who_asks_on_three_channels_within_seven_days_asked_once(
    db: Session, policy: Policy
) -> None:
    clinic = Clinic(db, policy)
    kim, lee = clinic.patient(), clinic.patient()
    for day, channel in ((1, "phone"), (3, "kakao"), (9.9, "naver_booking"), (17.0, "phone")):
        clinic.inquiry(kim, day, channel=channel)
    clinic.inquiry(lee, 3)
    clinic.fold()
    found = number(db, policy, c.INQUIRIES)
    assert found.whole.numerator == 3  # Kim's on day 1 and day 17 (7.1 days later), Lee's
    assert found.out["asked_again"] == 2


def test_a_chart_that_names_a_first_visit_before_the_first_file_makes_somebody_new_then(
    db: Session, policy: Policy
) -> None:
    clinic = Clinic(db, policy)
    early = clinic.patient(first_visit_on=at(2).date())
    clinic.visit(early, 12)
    clinic.visit(clinic.patient(), 3)
    clinic.fold()
    found = number(db, policy, c.NEW_PATIENTS)
    assert found.whole.value == 2  # on day 2 by the chart, on day 3 by the visit; nobody on day 12


def test_a_consult_about_covered_care_is_none(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.consult(clinic.patient(), 1, Decision.YES, treatment="medical")
    clinic.consult(clinic.patient(), 1, Decision.YES, treatment="botox")
    clinic.fold()
    for kpi in (c.AGREEMENT, c.AGREEMENT_SAME_DAY):
        found = number(db, policy, kpi)
        assert share(found) == (1, 1)
        assert found.out["covered_care"] == 1


def test_inquiries_are_those_about_a_treatment(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    for kind in InquiryKind:  # treatment and price count: 2; spam and six others do not
        row = Inquiry(
            book=clinic.book,
            number=kind.value,
            patient_id=clinic.patient(),
            branch=BRANCH,
            received_at=at(1),
            received_on=at(1).date(),
            kind=kind,
        )
        db.add(row)
    clinic.fold()
    found = number(db, policy, c.INQUIRIES)
    assert found.whole.value == 2
    assert found.out == {"spam": 1, "other_inquiry": 6}


def test_new_patients_and_visits(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    new, old, by_chart = clinic.patient(), clinic.patient(), clinic.patient(first_visit_on=at(-90).date())
    clinic.visit(old, -40)
    for who in (new, old, by_chart):
        clinic.visit(who, 2)
        clinic.consult(who, 2.01, Decision.PENDING)  # the same day: no second visit
    clinic.visit(new, 9)
    clinic.fold()
    assert number(db, policy, c.NEW_PATIENTS).whole.value == 1  # `new` on day 2
    assert number(db, policy, c.VISITS).whole.value == 4  # three on day 2, one on day 9
    assert number(db, policy, c.VISITS, by=KpiCut.NEW).cuts[0][0] == "returning"
    assert {value: f.value for value, f in number(db, policy, c.VISITS, by=KpiCut.NEW).cuts} == {
        "new": 1,
        "returning": 3,
    }


def test_visits_that_need_a_consult(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    consulted, silent, repeat, need, care, session, check, decided = (clinic.patient() for _ in range(8))
    clinic.visit(consulted, 1)
    clinic.consult(consulted, 1, Decision.NO)  # held
    clinic.visit(silent, 1)  # new, and nobody spoke with them: needed
    clinic.treatment(repeat, -90, treatment="botox")
    clinic.treatment(repeat, 1, treatment="botox")  # a repeat needs none
    clinic.treatment(need, -90, treatment="botox")
    clinic.treatment(need, 1, treatment="filler")  # a new need: needed
    clinic.treatment(care, 1, treatment="botox", covered=True)
    clinic.treatment(session, 1, treatment="laser_toning", course_no="K")
    clinic.treatment(check, 1, treatment=next(s for s, one in policy.treatments.items() if one.check))
    clinic.consult(decided, -9, Decision.YES)
    clinic.treatment(decided, 1, treatment="filler")  # decided nine days before
    clinic.fold()
    found = number(db, policy, c.CONSULT_RATE)
    assert share(found) == (1, 3)
    assert found.out == {
        "check": 1,
        "consulted_before": 1,
        "course_session": 1,
        "covered_care": 1,
        "repeat_treatment": 1,
    }


def test_new_patients_back_within_ninety_days(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    back, last_day, late, care, young = (clinic.patient() for _ in range(5))
    for who in (back, last_day, late):
        clinic.visit(who, 1)
    clinic.visit(back, 30)
    clinic.visit(last_day, 91)  # the ninetieth day after day 1
    clinic.visit(late, 92)
    clinic.treatment(care, 1, treatment="botox", covered=True)
    clinic.visit(young, 20)
    clinic.fold()
    found = number(db, policy, c.RETURN_NEW, day=105)
    assert share(found) == (2, 3)
    assert found.out == {"covered_care": 1, "too_early": 1}


def test_referred_new_patients_and_who_referred(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    giver, other = clinic.patient(), clinic.patient()
    clinic.treatment(giver, 1, treatment="botox")
    clinic.treatment(other, 1, treatment="botox")
    for options in ({"referred_by_id": giver}, {"source": "family"}, {"source": "kakao"}, {}):
        clinic.visit(clinic.patient(**options), 5)
    clinic.fold()
    assert share(number(db, policy, c.REFERRAL_SHARE)) == (2, 6)  # giver and other were new as well
    assert share(number(db, policy, c.REFERRERS)) == (1, 2)  # the four others were not treated


def pay(clinic: Clinic, who: int, day: float, amount: int, **options: Any) -> None:
    clinic.add(Payment, who, day, "paid", amount=amount, **options)


def test_revenue_is_payments_less_refunds(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    one, two = clinic.patient(), clinic.patient()
    clinic.visit(one, 1)
    clinic.visit(two, 2)
    pay(clinic, one, 1, 300_000, covered=False)
    pay(clinic, one, 3, 0, refund=50_000, covered=False)
    pay(clinic, two, 2, 20_000, covered=True)
    pay(clinic, two, 2, 30_000)
    clinic.fold()
    assert number(db, policy, c.REVENUE).whole.value == 300_000
    assert {v: f.value for v, f in number(db, policy, c.REVENUE, by=KpiCut.INSURED).cuts} == {
        "non_covered": 250_000,
        "covered": 20_000,
        None: 30_000,
    }
    assert number(db, policy, c.PER_PATIENT).whole.value == 150_000  # ÷ two who were here


def test_without_payments_nobody_can_say(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.visit(clinic.patient(), 1)
    clinic.fold()
    for kpi in (c.REVENUE, c.PER_PATIENT):
        found = number(db, policy, kpi)
        assert found.whole.value is None
        assert found.why == "no_payments"
    assert number(db, policy, c.CONFIRM_RATE).why == "no_reminders"


def call(clinic: Clinic, who: int, day: float, outcome: Outcome, **options: Any) -> None:
    clinic.add(Call, who, day, "called", outcome=outcome, **options)


def test_calls_that_connected_and_how_people_took_them(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who, group = clinic.patient(), ResponseGroup
    call(clinic, who, 1, Outcome.NO_ANSWER)
    call(clinic, who, 2, Outcome.BUSY)
    call(clinic, who, 3, Outcome.CALL_LATER)
    call(clinic, who, 4, Outcome.TREATMENT_COMPLETE)
    call(clinic, who, 5, Outcome.CONNECTED, response_group=group.POSITIVE_AFFIRMATION)
    call(clinic, who, 6, Outcome.CONNECTED, response_group=group.NEGATIVE_DENIAL)
    call(clinic, who, 7, Outcome.CONNECTED)
    call(clinic, who, 8, Outcome.CONNECTED)
    db.flush()
    db.execute(update(Call).where(col(Call.called_at) == at(8)).values(kind=CallKind.CONFIRMATION))
    call(clinic, who, 9, Outcome.CONNECTED, taken_back_at=at(10))
    clinic.fold()
    assert share(number(db, policy, c.CONNECT_RATE)) == (6, 8)  # calls, not patients; undone is none
    mix = number(db, policy, c.GROUP_MIX, by=KpiCut.GROUP)
    assert share(mix) == (1, 3)  # one affirmation of three connected recall calls
    assert {v: (f.numerator, f.denominator) for v, f in mix.cuts} == {
        "positive_affirmation": (1, 3),
        "negative_denial": (1, 3),
        None: (1, 3),
    }
    assert mix.out == {"call_later": 1, "treatment_complete": 1}


SOURCES = st.sampled_from([None, "kakao", "phone"])
LIVES = st.lists(
    st.tuples(
        SOURCES,
        st.integers(0, 25),
        st.booleans(),
        st.sampled_from([None, *Decision]),
        st.sampled_from(list(ReservationState)),
        st.sampled_from([None, "botox", "filler"]),
        st.sampled_from(list(Outcome)),
    ),
    max_size=8,
)


ADDITIVE = frozenset({KpiCut.SOURCE, KpiCut.WEEKDAY, KpiCut.NEW, KpiCut.INSURED})


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=LIVES)
def test_the_values_of_a_cut_add_up_to_the_whole(db: Session, policy: Policy, lives: Any) -> None:
    """With "not recorded" a value of its own; and the people behind a number are as many as it says."""
    save = db.begin_nested()
    clinic = Clinic(db, policy)
    for source, day, asks, decision, state, treatment, outcome in lives:
        who = clinic.patient(source=source)
        if asks:
            clinic.inquiry(who, day, channel=source)
        clinic.reservation(who, day, day + 1, state=state, state_at=at(day + 1), treatment=treatment)
        if decision is not None:
            clinic.consult(who, day + 1, decision)
        if treatment is not None:
            clinic.treatment(who, day + 1.01, treatment=treatment)
            pay(clinic, who, day + 1.02, 1000 * day)
        call(clinic, who, day + 2, outcome)
    clinic.fold()
    meter = Meter(db, scope(policy, branch=BRANCH), policy, at(120))
    for kpi in c.CATALOGUE:
        whole = meter.whole(kpi)
        for by in ADDITIVE.intersection(kpi.cuts):
            cuts = meter.cuts(kpi, by).values()
            assert sum(f.numerator for f in cuts) == whole.numerator, (kpi.slug, by)
            assert sum(f.denominator or 0 for f in cuts) == (whole.denominator or 0), (kpi.slug, by)
        if kpi.unit is Unit.SHARE and not isinstance(kpi.source, Figured):
            listed = people(db, meter.scope, policy, at(120), kpi, "hit")
            assert len(listed) == whole.numerator, kpi.slug
    save.rollback()


def test_an_earlier_period_is_seen_at_the_same_age(db: Session, policy: Policy) -> None:
    """September has one no-show by its tenth day and two by its end; on 10 October the one counts."""
    clinic = Clinic(db, policy)
    for day in (3, 20):
        clinic.reservation(clinic.patient(), day - 1, day, state=ReservationState.NO_SHOW)
        clinic.reservation(clinic.patient(), day - 1, day, state=ReservationState.COMPLETED)
    clinic.reservation(clinic.patient(), 30, 32, state=ReservationState.COMPLETED)
    clinic.fold()
    asked = scope(policy, 30, 31)  # October, a whole month
    found = measure(db, asked, policy, at(40), c.NO_SHOW)
    assert (found.whole.numerator, found.whole.denominator) == (0, 1)
    assert found.previous is not None
    assert (found.previous.numerator, found.previous.denominator) == (1, 2)


@pytest.mark.parametrize("kpi", c.CATALOGUE, ids=lambda kpi: kpi.slug)
def test_an_empty_clinic_has_no_rates(db: Session, policy: Policy, kpi: Kpi) -> None:
    found = measure(db, scope(policy), policy, at(30), kpi)
    assert found.whole.value in (None, 0)
    if kpi.unit is Unit.SHARE:
        assert found.whole.value is None
    assert found.previous is None or found.previous.value == 0


def test_v7_a_reservation_whose_day_is_over_is_unmarked_and_never_lost(db: Session, policy: Policy) -> None:
    """market.md §3.1 V7: a daily change of state made no-shows vanish. Here silence concludes nothing."""
    clinic = Clinic(db, policy)
    for state in (ReservationState.BOOKED, ReservationState.REQUESTED, ReservationState.NO_SHOW):
        clinic.reservation(clinic.patient(), 1, 3, state=state)
    clinic.fold()
    found = number(db, policy, c.NO_SHOW)
    assert share(found) == (1, 1)
    assert found.out == {"unmarked": 2}
