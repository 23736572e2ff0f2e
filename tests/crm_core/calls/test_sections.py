"""② ④ ⑤ of today's list: who stands in which, when they leave, and what a call there is written as."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls import actions
from crm_core.calls.today import TodayCard, TodayList, next_up, today
from crm_core.churn.reasons import Why
from crm_core.churn.undecided import call_days, days_of_consults
from crm_core.inquiries.queries import WaitingInquiry
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.calls import CallCard, CallKind, LegalClass, Outcome, Refusal, ResponseGroup, Section
from crm_core.tables.facts import Decision
from tests.clinic import policy as the_policy
from tests.crm_core.hand_made import Clinic

YES = ResponseGroup.POSITIVE_AFFIRMATION
DAYS = (1, 3, 14)


def seen(clinic: Clinic, who: Person) -> TodayList:
    actions.fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    return today(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)


def opened(clinic: Clinic) -> Clinic:
    """The same clinic, open every day: days after a consult are then days of the list."""
    branch = clinic.policy.branch(clinic.branch)
    hours = next(hours for hours in branch.week if hours is not None)
    always = replace(branch, week=(hours,) * 7, holidays=frozenset(), closed_days=frozenset())
    return replace(
        clinic, policy=replace(clinic.policy, branches={**clinic.policy.branches, clinic.branch: always})
    )


def in_course(clinic: Clinic, days_ago: int, **values: object) -> int:
    """A patient with nine of ten toning sessions left, the last one so many days ago."""
    patient = clinic.patient()
    values.setdefault("valid_until", clinic.ago(-60))
    number = clinic.course(patient, "laser_toning", 10, days_ago=max(days_ago, 90), **values)
    clinic.treated(patient, days_ago, "laser_toning", course_no=number)
    return patient


def test_an_undecided_patient_is_called_on_days_1_3_and_14_after_the_consult(clinic: Clinic) -> None:
    clinic = opened(clinic)
    patient = clinic.patient()
    clinic.consulted(patient, 0)
    found = [days for days in range(20) if clinic.later(days=days).undecided() == {patient}]
    assert found == list(DAYS)


def test_a_day_on_a_closed_day_moves_to_the_next_open_day_and_joins_the_one_there(policy: Policy) -> None:
    branch = policy.branch("gangnam")
    saturday = date(2026, 11, 21)
    assert not branch.is_open(saturday + timedelta(1))
    assert call_days(branch, saturday, (1, 2)) == (saturday + timedelta(2),)


@given(start=st.dates(date(2026, 1, 1), date(2026, 12, 1)))
def test_the_days_forward_and_backward_agree(start: date) -> None:
    branch = the_policy().branch("gangnam")
    for n in range(25):
        day = start + timedelta(n)
        for held in days_of_consults(branch, day, DAYS):
            assert day in call_days(branch, held, DAYS)
    for day in call_days(branch, start, DAYS):
        assert start in days_of_consults(branch, day, DAYS)


def test_an_undecided_patient_leaves_when_it_is_decided_booked_treated_or_answered(clinic: Clinic) -> None:
    clinic = opened(clinic)
    patients = [clinic.patient() for _ in range(6)]
    waits, booked, treated, denied, promised, paid = patients
    for patient in patients:
        clinic.consulted(patient, 3)
    clinic.consulted(clinic.patient(), 3, decision=Decision.NO, decided_at=clinic.at(clinic.ago(3)))
    assert clinic.undecided() == set(patients)
    clinic.booked(booked, 5)
    clinic.treated(treated, 2, "lifting_hifu")
    clinic.called(denied, 1, Outcome.CONNECTED, ResponseGroup.NEGATIVE_DENIAL)
    clinic.called(promised, 1, Outcome.CALL_LATER, promised_on=clinic.ago(-2))
    clinic.paid(paid, 3, 500_000)
    clinic.keep(paid)
    assert clinic.undecided() == {waits}
    assert clinic.later(days=2).promised() == {promised}


def test_v3_who_was_not_reached_comes_again_on_the_next_day_of_the_three(clinic: Clinic) -> None:
    clinic = opened(clinic)
    patient = clinic.patient()
    clinic.consulted(patient, 1)
    clinic.called(patient, 0, kind=CallKind.UNDECIDED)
    assert clinic.later(days=2).undecided() == {patient}


def test_who_was_here_since_the_consult_is_not_called_about_it(clinic: Clinic) -> None:
    clinic = opened(clinic)
    patient = clinic.patient()
    clinic.consulted(patient, 3)
    clinic.visited(patient, 1)
    assert clinic.undecided() == set()


def test_a_gap_begins_after_the_days_of_the_course_and_ends_with_sessions_or_validity(clinic: Clinic) -> None:
    rule = clinic.policy.treatments["laser_toning"].course
    assert rule is not None
    late, young = in_course(clinic, rule.gap_after + 1), in_course(clinic, rule.gap_after)
    used = in_course(clinic, 40, used=10)
    over = in_course(clinic, 40, valid_until=clinic.ago(1))
    booked = in_course(clinic, 40)
    clinic.booked(booked, 4)
    assert clinic.mid_course() == {late}
    assert clinic.later(days=1).mid_course() == {late, young}
    for patient in (used, over, booked):
        assert clinic.why(patient).section is not Section.MID_COURSE


def test_a_course_without_a_return_rule_has_a_gap_too(clinic: Clinic) -> None:
    patient = clinic.patient()
    number = clinic.course(patient, "hair_removal", 5, days_ago=90)
    clinic.treated(patient, 60, "hair_removal", course_no=number)
    assert clinic.mid_course() == {patient}
    gap = clinic.why(patient).gap
    assert gap is not None
    assert (gap.left, gap.last_on, gap.valid_until) == (4, clinic.ago(60), None)


def test_a_gap_is_care_it_needs_no_consent_and_spends_no_budget(clinic: Clinic) -> None:
    who = clinic.coordinator()
    patient = in_course(clinic, 300, valid_until=None)
    for days in (20, 25):
        clinic.called(patient, days, Outcome.CONNECTED, YES, legal_class=LegalClass.OUTREACH)
    clinic.visited(patient, 16)
    why = clinic.why(patient)
    assert (why.section, why.notes) == (Section.MID_COURSE, ())
    call = clinic.says(who, patient, Outcome.CONNECTED, YES).call
    assert (call.kind, call.legal_class) == (CallKind.MID_COURSE, LegalClass.CARE)
    assert clinic.later(days=1).mid_course() == set()


def test_a_call_about_an_undecided_consult_is_written_as_outreach_of_its_own_kind(clinic: Clinic) -> None:
    clinic = opened(clinic)
    who, patient = clinic.coordinator(), clinic.patient()
    clinic.consulted(patient, 1)
    call = clinic.says(who, patient, Outcome.NO_ANSWER).call
    assert (call.kind, call.legal_class) == (CallKind.UNDECIDED, LegalClass.OUTREACH)
    assert call.family == clinic.policy.family_of("lifting_hifu")


@pytest.mark.parametrize("group", [ResponseGroup.NEGATIVE_DENIAL, ResponseGroup.POSITIVE_DENIAL])
def test_both_denial_groups_leave_every_section_of_cards(clinic: Clinic, group: ResponseGroup) -> None:
    clinic = opened(clinic)
    undecided, course, due = clinic.patient(), in_course(clinic, 40), clinic.patient()
    clinic.consulted(undecided, 3)
    clinic.treated(due, 182)
    for patient in (undecided, course, due):
        clinic.called(patient, 1, Outcome.CONNECTED, group)
    assert not clinic.undecided() | clinic.mid_course() | clinic.due() | clinic.promised()
    for patient in (undecided, course, due):
        assert Why.DENIED in clinic.reasons(patient)


def test_a_patient_once_in_the_highest_section(clinic: Clinic) -> None:
    clinic = opened(clinic)
    who = clinic.coordinator()
    patient = in_course(clinic, 90)
    clinic.treated(patient, 182)
    clinic.consulted(patient, 14)
    assert clinic.why(patient).section is Section.UNDECIDED
    clinic.asked(patient, 0)
    assert clinic.why(patient).section is Section.INQUIRIES
    found = seen(clinic, who)
    assert [one.patient_id for one in found.inquiries] == [patient]
    assert found.cards == ()
    clinic.called(patient, 0, Outcome.CALL_LATER, promised_on=clinic.today, clock=clinic.now.time())
    assert clinic.promised() == {patient}


def test_the_cut_is_from_below_and_inquiries_are_never_cut(clinic: Clinic) -> None:
    clinic = opened(clinic)
    rules = replace(clinic.policy.calls, per_coordinator=4)
    clinic = replace(clinic, policy=replace(clinic.policy, calls=rules))
    who = clinic.coordinator()
    asking, undecided, course = clinic.patient(), clinic.patient(), in_course(clinic, 40)
    clinic.asked(asking, 0)
    clinic.consulted(undecided, 1)
    for _ in range(3):
        clinic.treated(clinic.patient(), 182)
    found = seen(clinic, who)
    counts = {section: n for section, n in found.counts.items() if n}
    assert counts == {
        Section.INQUIRIES: 1,
        Section.UNDECIDED: 1,
        Section.MID_COURSE: 1,
        Section.RECALL: 1,
    }
    assert (found.total, found.waiting) == (4, 2)
    assert [card.patient_id for card in found.cards][:2] == [undecided, course]
    late = clinic.patient()
    clinic.asked(late, 0)
    assert seen(clinic, who).counts[Section.INQUIRIES] == 2


def test_next_offers_the_longest_waiting_inquiry_after_the_promises(clinic: Clinic) -> None:
    clinic = opened(clinic)
    who, other = clinic.coordinator(), clinic.coordinator("최실장")
    promised, asking, undecided = clinic.patient(), clinic.patient(), clinic.patient()
    clinic.treated(promised, 182)
    clinic.called(promised, 2, Outcome.CALL_LATER, promised_on=clinic.today)
    clinic.asked(asking, 0, staff_id=who.staff_id)
    clinic.consulted(undecided, 1)
    seen(clinic, who)

    def following(person: Person) -> TodayCard | WaitingInquiry | None:
        return next_up(clinic.db, person, clinic.policy, clinic.branch, clinic.today, clinic.now)

    first = following(who)
    assert isinstance(first, TodayCard)
    assert first.patient_id == promised
    actions.skip(clinic.db, clinic.policy, who, first.card_id, clinic.now)
    asked, below = following(who), following(other)
    assert isinstance(asked, WaitingInquiry)
    assert asked.patient_id == asking
    assert isinstance(below, TodayCard)
    assert below.patient_id == undecided


def test_who_decides_meanwhile_drops_out_or_stands_where_they_belong_now(clinic: Clinic) -> None:
    clinic = opened(clinic)
    who = clinic.coordinator()
    booked, asks = clinic.patient(), in_course(clinic, 40)
    clinic.consulted(booked, 1)
    assert seen(clinic, who).total == 2
    clinic.booked(booked, 3)
    clinic.asked(asks, 0)
    found = seen(clinic, who)
    assert found.cards == ()
    assert found.counts[Section.INQUIRIES] == 1


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            ["consult", "session", "botox", "ask", "book", "visit", "no_answer", "busy", "later", "yes"]
        ),
        st.integers(1, 60),
    ),
    max_size=10,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=EVENTS, passed=st.integers(0, 20))
def test_the_list_is_who_the_explanation_says_and_nobody_is_on_it_twice(
    db: Session, now: object, events: list[tuple[int, str, int]], passed: int
) -> None:
    try:
        clinic = Clinic(db, the_policy(), now).started()  # type: ignore[arg-type]
        patients = [clinic.patient() for _ in range(4)]
        for number, what, days in events:
            happens(clinic, patients[number], what, days)
        clinic = clinic.later(days=passed)
        found = {
            Section.PROMISED: clinic.promised(),
            Section.UNDECIDED: clinic.undecided(),
            Section.MID_COURSE: clinic.mid_course(),
            Section.RECALL: clinic.due(),
        }
        for patient in patients:
            section = clinic.why(patient).section
            standing = [name for name, people in found.items() if patient in people]
            assert standing == ([section] if section in found else [])
        cards = list(seen(clinic, clinic.coordinator()).cards)
        assert len({card.patient_id for card in cards}) == len(cards)
        assert {card.patient_id for card in cards} <= set().union(*found.values())
        silent = not any(what == "yes" for _, what, _ in events)
        held = db.scalars(select(Refusal).where(col(Refusal.kind) == "denial")).all()
        assert not (silent and held)
        assert len(db.scalars(select(CallCard)).all()) == len(cards)
    finally:
        db.rollback()


def happens(clinic: Clinic, patient: int, what: str, days: int) -> None:
    """Something in the past of a patient."""
    match what:
        case "consult":
            clinic.consulted(patient, days)
        case "session":
            number = clinic.course(patient, "laser_toning", 3, days_ago=days)
            clinic.treated(patient, days, "laser_toning", course_no=number)
        case "botox":
            clinic.treated(patient, 150 + days)
        case "ask":
            clinic.asked(patient, days)
        case "book":
            clinic.booked(patient, days - 20)
        case "visit":
            clinic.visited(patient, days)
        case "later":
            clinic.called(patient, days, Outcome.CALL_LATER, promised_on=clinic.ago(days - 10))
        case "yes":
            clinic.called(patient, days, Outcome.CONNECTED, YES)
        case _:
            clinic.called(patient, days, Outcome(what))
