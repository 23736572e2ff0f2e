"""Who may be called, rule by rule, and what `/why` says; V1 to V5 are traps seen in other systems."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from crm_core.calls.standing.actions import lift
from crm_core.churn.actions import keep_shares
from crm_core.churn.queries import churned_patients, count_bands, due_list, long_gone
from crm_core.churn.reasons import Band, Why
from crm_core.policy.policy import WithoutConsent
from crm_core.tables.calls import CallKind, LegalClass, Outcome, ResponseGroup, ReturnShare, Section
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Consent, Patient, PatientStatus, Relation
from tests.crm_core.hand_made import Clinic

AFFIRMED = ResponseGroup.POSITIVE_AFFIRMATION
DENIED = ResponseGroup.NEGATIVE_DENIAL


def lapsed(clinic: Clinic, **values: object) -> int:
    """A patient whose Botox is 182 days ago: lapsed, and treated here within six months."""
    patient = clinic.patient(**values)  # type: ignore[arg-type]
    clinic.treated(patient, 182)
    return patient


def test_due_and_lapsed_are_called_long_gone_and_not_yet_are_not(clinic: Clinic) -> None:
    found = {}
    for days in (149, 150, 181, 360, 361):
        found[days] = clinic.patient()
        clinic.treated(found[days], days)
    assert clinic.due() == {found[150], found[181], found[360]}
    assert clinic.reasons(found[361])[0] is Why.LONG_GONE
    assert clinic.reasons(found[149])[0] is Why.NOTHING_DUE
    assert long_gone(clinic.db, clinic.scope, clinic.today) == 1


def test_one_card_carries_every_due_and_lapsed_family_the_most_valuable_first(
    clinic: Clinic,
) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 160, "botox", amount=100_000)
    clinic.treated(patient, 200, "lifting_hifu", amount=900_000)
    clinic.treated(patient, 20, "filler")
    (one,) = due_list(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    families = [clinic.policy.family_of(slug) for slug in ("lifting_hifu", "botox")]
    assert [due.family for due in one.families] == families
    assert [due.band for due in one.others] == [Band.NOT_YET]


def test_v1_a_cancelled_or_missed_slot_hides_nobody(clinic: Clinic) -> None:
    for state in (
        ReservationState.CANCELLED_EARLY,
        ReservationState.CANCELLED_LATE,
        ReservationState.CANCELLED_BY_CLINIC,
        ReservationState.MOVED,
    ):
        patient = lapsed(clinic)
        clinic.booked(patient, 3, state=state)
        assert clinic.why(patient).eligible, state
    undated = lapsed(clinic)
    clinic.booked(undated, 3, state=ReservationState.CANCELLED_EARLY, made_at=None)
    past = lapsed(clinic)
    clinic.booked(past, -3)
    assert {undated, past} <= clinic.due()


def test_v1_who_returned_and_lapsed_again_starts_with_fresh_attempts(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 600)
    for days in range(220, 226):
        clinic.called(patient, days)
    clinic.treated(patient, 190)
    why = clinic.why(patient)
    assert why.eligible
    assert why.tries.days == 0


@pytest.mark.parametrize(("days_of_trying", "callable_"), [(2, True), (3, False)])
def test_v2_three_days_of_trying_is_the_most_not_two_and_not_four(
    clinic: Clinic, days_of_trying: int, callable_: bool
) -> None:
    patient = lapsed(clinic)
    for days in range(1, days_of_trying + 1):
        clinic.called(patient, days)
    assert clinic.why(patient).eligible is callable_


def test_v3_a_live_reservation_hides_today_too_and_a_moved_one_by_its_new_date(
    clinic: Clinic,
) -> None:
    today, later = lapsed(clinic), lapsed(clinic)
    clinic.booked(today, 0)
    clinic.booked(later, 2, state=ReservationState.MOVED, moved_to="next")
    clinic.booked(later, 9, state=ReservationState.REQUESTED)
    assert clinic.reasons(today) == [Why.HAS_RESERVATION]
    (reason,) = clinic.why(later).reasons
    assert reason.on == clinic.ago(-9)


def test_v4_each_family_has_its_own_dates(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 170, "botox")
    clinic.treated(patient, 100, "laser_toning")
    why = clinic.why(patient)
    bands = {due.family: due.band for due in why.families}
    toning = clinic.policy.family_of("laser_toning")
    assert toning is not None
    assert bands == {"botox": Band.DUE, toning: Band.LAPSED}


def test_v5_only_a_visit_after_the_call_is_a_return(clinic: Clinic) -> None:
    clinic.policy = replace(clinic.policy, calls=replace(clinic.policy.calls, minimum_cases=1))
    before, after = lapsed(clinic), lapsed(clinic)
    for patient, visit in ((before, 95), (after, 80)):
        clinic.visited(patient, visit)
        clinic.called(patient, 90, Outcome.CONNECTED, AFFIRMED, family="botox", band="lapsed")
    assert keep_shares(clinic.db, clinic.policy, clinic.today, clinic.now)
    assert not keep_shares(clinic.db, clinic.policy, clinic.today, clinic.now)
    rows = {
        (row.family, row.band, row.reaction): (row.returned, row.cases)
        for row in clinic.db.scalars(select(ReturnShare))
    }
    assert rows["", "", ""] == (1, 2)
    assert rows["botox", "lapsed", "none"] == (1, 2)


@pytest.mark.parametrize(("days", "quiet"), [(0, True), (14, True), (15, False)])
def test_who_was_here_in_the_last_14_days_is_left_in_peace(clinic: Clinic, days: int, quiet: bool) -> None:
    patient = lapsed(clinic)
    clinic.visited(patient, days)
    assert clinic.reasons(patient) == ([Why.RECENT_VISIT] if quiet else [])


@pytest.mark.parametrize("status", [s for s in PatientStatus if s is not PatientStatus.ACTIVE])
def test_only_the_active_are_called(clinic: Clinic, status: PatientStatus) -> None:
    assert Why.STATUS in clinic.reasons(lapsed(clinic, status=status))


def test_a_pause_ends_with_its_day(clinic: Clinic) -> None:
    until = {
        days: lapsed(clinic, status=PatientStatus.PAUSED, paused_until=clinic.ago(days)) for days in (0, 1)
    }
    assert clinic.due() == {until[1]}


def test_after_a_conversation_nobody_calls_for_30_days(clinic: Clinic) -> None:
    resting, rested = lapsed(clinic), lapsed(clinic)
    clinic.called(resting, 29, Outcome.CONNECTED, AFFIRMED)
    clinic.called(rested, 30, Outcome.CONNECTED, AFFIRMED)
    assert clinic.due() == {rested}
    (reason,) = clinic.why(resting).reasons
    assert reason.until == clinic.ago(-1)


def test_three_days_of_trying_then_30_days_of_rest_and_two_rounds_at_most(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    for days in (45, 40, 31):
        clinic.called(patient, days)
    clinic.called(patient, 31, Outcome.BUSY)
    assert clinic.why(patient).eligible
    for days in (3, 2):
        clinic.called(patient, days)
    assert clinic.why(patient).tries.days == 2
    clinic.called(patient, 1)
    assert clinic.reasons(patient) == [Why.TRIED_OUT]


def test_a_promised_call_back_is_exempt_from_rest_budget_and_consent(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 340)
    clinic.called(patient, 20, Outcome.CONNECTED, AFFIRMED)
    clinic.called(patient, 3, Outcome.CALL_LATER, promised_on=clinic.today)
    why = clinic.why(patient)
    assert why.section is Section.PROMISED
    assert why.promise is not None
    assert clinic.promised() == {patient}
    assert Why.IN_HIGHER_SECTION in [reason.why for reason in why.reasons]


def test_before_its_day_a_promise_keeps_the_patient_off_every_list(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.called(patient, 40, Outcome.CALL_LATER, promised_on=clinic.ago(-2))
    assert clinic.reasons(patient) == [Why.PROMISED]
    assert clinic.promised() == set()
    assert clinic.later(days=2).promised() == {patient}


@pytest.mark.parametrize("what", ["call", "visit", "booking"])
def test_a_later_conversation_visit_or_booking_settles_a_promise(clinic: Clinic, what: str) -> None:
    patient = lapsed(clinic)
    clinic.called(patient, 40, Outcome.CALL_LATER, promised_on=clinic.ago(35))
    if what == "call":
        clinic.called(patient, 34, Outcome.CONNECTED, AFFIRMED)
    elif what == "visit":
        clinic.visited(patient, 34)
    else:
        clinic.booked(patient, 5)
    assert clinic.promised() == set()


def test_the_budget_is_of_the_phone_whoever_is_called_about(clinic: Clinic) -> None:
    family = [lapsed(clinic, phone="+821055550000") for _ in range(3)]
    assert clinic.due() == set(family)
    for patient in family[:2]:
        clinic.called(patient, 5, Outcome.CONNECTED, AFFIRMED)
    assert clinic.reasons(family[2]) == [Why.BUDGET]


def test_own_and_care_do_not_count_in_the_budget(clinic: Clinic) -> None:
    family = [lapsed(clinic, phone="+821055550000") for _ in range(3)]
    for patient in family[:2]:
        clinic.called(patient, 5, Outcome.CONNECTED, kind=CallKind.HAPPY, legal_class=LegalClass.CARE)
    assert clinic.due() == set(family)


def test_a_wrong_number_stops_the_contact_not_the_patient(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    sister = lapsed(clinic)
    clinic.called(patient, 5, Outcome.WRONG_NUMBER)
    assert clinic.reasons(patient) == [Why.WRONG_NUMBER]
    clinic.phone(patient, "+821077770000")
    assert clinic.due() == {patient, sister}


def test_no_phone_means_no_list_and_is_counted_apart(clinic: Clinic) -> None:
    assert clinic.reasons(lapsed(clinic, phone=None)) == [Why.NO_PHONE]
    counted = count_bands(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    assert (counted.eligible, counted.without_phone) == (0, 1)


def test_under_14_the_guardian_is_called_never_the_child(clinic: Clinic) -> None:
    born = date(clinic.today.year - 14, clinic.today.month, clinic.today.day) + timedelta(1)
    child = lapsed(clinic, birth_date=born.isoformat())
    assert clinic.reasons(child) == [Why.NO_GUARDIAN]
    guardian = clinic.phone(child, "+821099990000", Relation.GUARDIAN)
    why = clinic.why(child)
    assert why.eligible
    assert why.contact_id == guardian
    fourteen = clinic.later(days=1).why(child)
    assert fourteen.contact_id not in (None, guardian)


@pytest.mark.parametrize("rule", WithoutConsent)
def test_without_consent_and_treatment_in_six_months_the_policy_decides(
    clinic: Clinic, rule: WithoutConsent
) -> None:
    clinic.policy = replace(clinic.policy, calls=replace(clinic.policy.calls, without_consent=rule))
    patient, recent = clinic.patient(), clinic.patient()
    clinic.treated(patient, 184)
    clinic.treated(recent, 183)
    why = clinic.why(patient)
    assert why.eligible is (rule is not WithoutConsent.HIDE)
    assert [n.why for n in why.notes] == ([Why.NO_CONSENT] if rule is WithoutConsent.ASK else [])
    assert clinic.why(recent).notes == ()
    assert why.contact_id is not None
    clinic.db.add(
        Consent(
            contact_id=why.contact_id, kind="ads", given=True, at=clinic.at(clinic.ago(300)), source="import"
        )
    )
    clinic.db.flush()
    assert clinic.why(patient).notes == ()
    assert clinic.why(patient).eligible


def test_while_sessions_are_left_the_family_is_neither_due_nor_lapsed(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 100, "laser_toning")
    clinic.course(patient, "laser_toning", 10, valid_until=clinic.ago(-5))
    for days in (0, 5):
        why = clinic.later(days=days).why(patient)
        assert [reason.why for reason in why.reasons] == [Why.COURSE_RUNNING, Why.IN_HIGHER_SECTION]
        assert why.section is Section.MID_COURSE
    assert clinic.later(days=6).reasons(patient) == []


@pytest.mark.parametrize("how", ["treatment_complete", "no_need"])
def test_complete_and_no_need_close_the_family_until_a_new_treatment(clinic: Clinic, how: str) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 170, "botox")
    clinic.treated(patient, 100, "laser_toning")
    if how == "no_need":
        clinic.called(patient, 50, Outcome.CONNECTED, AFFIRMED, family="botox", cause=how)
    else:
        clinic.called(patient, 50, Outcome.TREATMENT_COMPLETE, family="botox")
    why = clinic.why(patient)
    assert [due.family for due in why.families] == [clinic.policy.family_of("laser_toning")]
    clinic.treated(patient, 40, "botox")
    after = clinic.later(days=120).why(patient)
    assert "botox" in [due.family for due in after.families]


def test_a_denial_stands_for_the_phone_whoever_it_was_about_until_it_is_lifted(
    clinic: Clinic,
) -> None:
    mother, child = (lapsed(clinic, phone="+821055550000") for _ in range(2))
    clinic.called(mother, 100, Outcome.CONNECTED, DENIED)
    clinic.called(mother, 40, Outcome.CONNECTED, AFFIRMED)
    assert clinic.reasons(mother) == clinic.reasons(child) == [Why.DENIED]
    lift(clinic.db, clinic.policy, clinic.director(), child, "다시 연락 달라고 하심", clinic.now)
    clinic.db.flush()
    assert clinic.due() == {mother, child}


def test_a_new_number_does_not_evade_a_denial(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.called(patient, 50, Outcome.CONNECTED, DENIED)
    clinic.phone(patient, "+821077770000")
    assert clinic.reasons(patient) == [Why.DENIED]


def test_two_patients_on_one_phone_each_have_a_card(clinic: Clinic) -> None:
    both = {lapsed(clinic, phone="+821055550000") for _ in range(2)}
    assert clinic.due() == both


def test_order_is_value_times_chance_then_least_overdue(clinic: Clinic) -> None:
    rich, late, early = (clinic.patient() for _ in range(3))
    for patient, days, paid in ((rich, 300, 900_000), (late, 200, 100_000), (early, 160, 100_000)):
        clinic.treated(patient, days)
        clinic.paid(patient, days, paid)
    rows = due_list(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    assert [one.patient_id for one in rows] == [rich, early, late]
    assert rows[0].value == 900_000
    assert not rows[0].value_is_visits


def test_without_payment_data_visits_are_the_value(clinic: Clinic) -> None:
    often, once = clinic.patient(), clinic.patient()
    for patient in (once, often):
        clinic.treated(patient, 170)
        clinic.visited(patient, 170)
    clinic.visited(often, 400)
    rows = due_list(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    assert [(one.patient_id, one.value) for one in rows] == [(often, 2), (once, 1)]
    assert rows[0].value_is_visits


def test_a_churned_patient_has_every_family_lapsed_or_long_gone_and_nothing_since(
    clinic: Clinic,
) -> None:
    churned, half, back, booked, denied = (clinic.patient() for _ in range(5))
    for patient in (churned, half, back, booked, denied):
        clinic.treated(patient, 400)
    clinic.treated(half, 30, "filler")
    clinic.visited(back, 100)
    clinic.booked(booked, 4)
    clinic.called(denied, 5, Outcome.CONNECTED, DENIED)
    found = churned_patients(clinic.db, clinic.scope, clinic.policy, clinic.today, clinic.now)
    assert found == [churned, denied]


def test_a_question_about_the_past_sees_what_was_known_then(clinic: Clinic) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 300)
    clinic.treated(patient, 10)
    clinic.called(patient, 20, Outcome.WRONG_NUMBER)
    assert not clinic.why(patient).eligible
    then = clinic.later(days=-100)
    assert then.why(patient).eligible


def test_nobody_is_called_at_the_phone_of_somebody_who_died_also_before_the_file_said_so(
    clinic: Clinic,
) -> None:
    shared = "+821011112222"
    living = lapsed(clinic, phone=shared)
    assert living in clinic.due()
    dead = clinic.patient(phone=shared, status=PatientStatus.DECEASED)
    clinic.db.get_one(Patient, dead).created_at = clinic.now + timedelta(hours=3)
    clinic.keep(dead)
    assert clinic.due() == set()
    assert Why.DECEASED_PHONE in clinic.reasons(living)
