"""An inquiry is given out fairly, answered once, closed and taken back."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.transaction import step
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    CrmError,
    Missing,
    NotAllowed,
    NothingToUndo,
    OtherBranch,
    StaleButton,
    TooLateToUndo,
)
from crm_core.inquiries.answering import actions
from crm_core.inquiries.answering.actions import Asked
from crm_core.inquiries.queries import patients_waiting, waiting
from crm_core.policy.policy import InquiryRules, Policy
from crm_core.staff.access import Person, shell_person
from crm_core.tables.calls import Outcome
from crm_core.tables.facts import Inquiry, InquiryEnd, InquiryKind
from crm_core.tables.journey import Journey
from crm_core.tables.people import Prospect, Role, Staff
from tests.crm_core.hand_made import BRANCH, Clinic
from tests.crm_core.inquiries.conftest import asks

PHONE = "+821012345678"


def journeys(clinic: Clinic) -> list[Journey]:
    clinic.db.flush()
    return list(clinic.db.scalars(select(Journey).order_by(col(Journey.id))))


def waits(clinic: Clinic) -> list[int]:
    return [one.inquiry_id for one in waiting(clinic.db, clinic.policy, (BRANCH,), clinic.now)]


class TestWhoAsked:
    def test_a_stranger_is_a_prospect_with_a_journey(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0], "홍길동", PHONE, treatment="botox")
        assert row.patient_id is None
        assert row.prospect_id is not None
        assert (row.source, row.channel, row.received_on) == ("chat", "kakao", clinic.today)
        (journey,) = journeys(clinic)
        assert (journey.prospect_id, journey.source, journey.families) == (row.prospect_id, "kakao", "botox")

    def test_phone_and_name_of_a_patient_join_the_patient(self, clinic: Clinic, team: list[Person]) -> None:
        patient = clinic.patient(name="홍길동", phone=PHONE)
        assert asks(clinic, team[0], "홍 길동", PHONE).patient_id == patient
        other = asks(clinic, team[0], "홍길순", PHONE)
        assert (other.patient_id, other.prospect_id is None) == (None, False)

    def test_a_patient_named_by_the_desk_is_that_patient(self, clinic: Clinic, team: list[Person]) -> None:
        patient = clinic.patient()
        assert asks(clinic, team[0], "", patient_id=patient).patient_id == patient
        assert patients_waiting(clinic.db, clinic.policy, (BRANCH,), clinic.now) == {patient}

    def test_a_phone_alone_is_known_again_and_a_name_alone_is_not(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        first = asks(clinic, team[0], "", PHONE)
        again = asks(clinic.later(minutes=1), team[0], "", PHONE)
        assert first.prospect_id == again.prospect_id
        one = asks(clinic, team[0], "김지영")
        two = asks(clinic.later(minutes=1), team[0], "김지영")
        assert one.prospect_id != two.prospect_id

    def test_somebody_without_name_and_phone_cannot_be_answered(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        with pytest.raises(Missing):
            asks(clinic, team[0], "")

    def test_the_same_words_in_the_same_second_are_one_inquiry(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        assert asks(clinic, team[0], "홍길동", PHONE).id == asks(clinic, team[0], "홍길동", PHONE).id

    def test_another_branch_cannot_be_written_for(self, clinic: Clinic, team: list[Person]) -> None:
        with pytest.raises(OtherBranch):
            actions.take_down(clinic.db, clinic.policy, team[0], Asked("haeundae", name="홍길동"), clinic.now)

    def test_three_channels_in_a_week_are_one_journey_and_wait_once(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        rows = [
            asks(clinic.later(minutes=10 * n), team[0], "홍길동", PHONE, source=source)
            for n, source in enumerate(("kakao", "phone", "instagram"))
        ]
        assert len(journeys(clinic)) == 1
        later = clinic.later(minutes=30)
        (one,) = waiting(clinic.db, clinic.policy, (BRANCH,), later.now)
        assert one.ids == tuple(row.id for row in rows)
        assert one.received_at == clinic.now
        assert len({row.staff_id for row in rows}) == 1
        actions.answer(clinic.db, clinic.policy, team[0], rows[1].id or 0, later.now)
        assert waits(later) == []

    def test_the_desk_says_who_a_prospect_is(self, clinic: Clinic, team: list[Person]) -> None:
        patient = clinic.patient(name="홍길순", phone=PHONE)
        row = asks(clinic, team[0], "홍길동", PHONE)
        prospect = row.prospect_id
        actions.join(clinic.db, clinic.policy, team[0], row.id or 0, patient, clinic.now)
        assert (row.patient_id, row.prospect_id) == (patient, None)
        assert clinic.db.get_one(Prospect, prospect).patient_id == patient
        assert [journey.patient_id for journey in journeys(clinic)] == [patient]
        with pytest.raises(StaleButton):
            actions.join(clinic.db, clinic.policy, team[0], row.id or 0, patient, clinic.now)


class TestInTurn:
    def test_nine_inquiries_are_three_for_each(self, clinic: Clinic, team: list[Person]) -> None:
        given = [asks(clinic.later(minutes=n), team[0], f"손님{n}").staff_id for n in range(9)]
        assert given[:3] == [person.staff_id for person in team]
        assert set(Counter(given).values()) == {3}

    def test_who_has_the_fewest_waiting_is_next_then_who_was_given_none_for_the_longest(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        rows = [asks(clinic.later(minutes=n), team[0], f"손님{n}") for n in range(3)]
        later = clinic.later(minutes=10)
        actions.answer(clinic.db, clinic.policy, team[2], rows[2].id or 0, later.now)
        assert asks(later, team[0], "다음").staff_id == team[2].staff_id
        assert asks(later.later(minutes=1), team[0], "그다음").staff_id == team[0].staff_id

    def test_who_has_left_gets_nothing_and_without_coordinators_the_lead_does(self, clinic: Clinic) -> None:
        lead = clinic.staff("설가온", Role.LEAD)
        assert asks(clinic, lead, "하나").staff_id == lead.staff_id
        gone = clinic.coordinator("옥다빈")
        here = clinic.coordinator("국소이")
        clinic.db.get_one(Staff, gone.staff_id).active = False
        assert {asks(clinic, lead, f"손님{n}").staff_id for n in range(3)} == {here.staff_id}

    def test_switched_off_it_is_free_and_by_hand_it_is_given(
        self, by_hand: Clinic, clinic: Clinic, team: list[Person]
    ) -> None:
        assert asks(by_hand, team[0], "하나").staff_id is None
        assert asks(by_hand, team[0], "둘", to=team[1].staff_id).staff_id == team[1].staff_id
        assert asks(clinic, team[0], "셋", to=team[2].staff_id).staff_id == team[2].staff_id


class TestAnswering:
    def test_the_first_answer_counts_and_the_second_is_told_who_was_first(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        row = asks(clinic, team[0])
        later = clinic.later(minutes=4)
        actions.answer(clinic.db, clinic.policy, team[1], row.id or 0, later.now)
        assert (row.answered_at, row.answered_by_id, row.staff_id) == (
            later.now,
            team[1].staff_id,
            team[1].staff_id,
        )
        with pytest.raises(AlreadyLogged) as lost:
            actions.answer(clinic.db, clinic.policy, team[2], row.id or 0, later.later(minutes=1).now)
        assert lost.value.by == "빈서율"
        assert waits(later) == []

    def test_who_answers_holds_it_for_half_an_hour(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        actions.claim(clinic.db, clinic.policy, team[1], row.id or 0, clinic.now)
        soon, late = clinic.later(minutes=29), clinic.later(minutes=30)
        for act in (actions.claim, actions.answer):
            with pytest.raises(ClaimedByOther) as lost:
                act(clinic.db, clinic.policy, team[0], row.id or 0, soon.now)
            assert (lost.value.by, lost.value.since) == ("빈서율", clinic.now)
        actions.claim(clinic.db, clinic.policy, team[0], row.id or 0, late.now)
        assert row.staff_id == team[0].staff_id

    def test_a_lead_hands_over_what_somebody_holds(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        lead = clinic.staff("설가온", Role.LEAD)
        actions.claim(clinic.db, clinic.policy, team[0], row.id or 0, clinic.now)
        with pytest.raises(ClaimedByOther):
            actions.hand_over(
                clinic.db, clinic.policy, team[1], row.id or 0, team[2].staff_id or 0, clinic.now
            )
        actions.hand_over(clinic.db, clinic.policy, lead, row.id or 0, team[2].staff_id or 0, clinic.now)
        assert (row.staff_id, row.claimed_at) == (team[2].staff_id, None)
        stranger = clinic.staff("복태오", Role.DOCTOR)
        with pytest.raises(StaleButton):
            actions.hand_over(clinic.db, clinic.policy, lead, row.id or 0, stranger.staff_id or 0, clinic.now)

    def test_the_shell_answers_but_holds_nothing(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        shell = shell_person("somebody")
        with pytest.raises(NotAllowed):
            actions.claim(clinic.db, clinic.policy, shell, row.id or 0, clinic.now)
        actions.answer(clinic.db, clinic.policy, shell, row.id or 0, clinic.now)
        assert (row.answered_at, row.staff_id) == (clinic.now, team[0].staff_id)

    def test_another_branch_sees_nothing_of_it(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        other = replace(clinic, branch="haeundae").coordinator("경하늘")
        for act in (actions.claim, actions.answer, actions.undo):
            with pytest.raises(OtherBranch):
                act(clinic.db, clinic.policy, other, row.id or 0, clinic.now)

    @pytest.mark.parametrize("why", [InquiryEnd.SPAM, InquiryEnd.DUPLICATE, InquiryEnd.MISTAKE])
    def test_what_was_no_inquiry_leaves_the_journeys(
        self, clinic: Clinic, team: list[Person], why: InquiryEnd
    ) -> None:
        row = asks(clinic, team[0])
        actions.close(clinic.db, clinic.policy, team[0], row.id or 0, why, clinic.now)
        assert journeys(clinic) == []
        assert waits(clinic) == []
        actions.undo(clinic.db, clinic.policy, team[0], row.id or 0, clinic.later(minutes=9).now)
        assert len(journeys(clinic)) == 1
        assert waits(clinic) == [row.id]

    def test_who_is_not_interested_stays_in_the_funnel(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        actions.answer(clinic.db, clinic.policy, team[0], row.id or 0, clinic.now)
        actions.close(clinic.db, clinic.policy, team[1], row.id or 0, InquiryEnd.NOT_INTERESTED, clinic.now)
        assert len(journeys(clinic)) == 1
        with pytest.raises(AlreadyLogged):
            actions.close(clinic.db, clinic.policy, team[2], row.id or 0, InquiryEnd.SPAM, clinic.now)

    def test_only_ones_own_and_only_for_ten_minutes(self, clinic: Clinic, team: list[Person]) -> None:
        row = asks(clinic, team[0])
        with pytest.raises(NothingToUndo):
            actions.undo(clinic.db, clinic.policy, team[0], row.id or 0, clinic.now)
        actions.answer(clinic.db, clinic.policy, team[0], row.id or 0, clinic.now)
        with pytest.raises(NothingToUndo):
            actions.undo(clinic.db, clinic.policy, team[1], row.id or 0, clinic.now)
        with pytest.raises(TooLateToUndo):
            actions.undo(clinic.db, clinic.policy, team[0], row.id or 0, clinic.later(minutes=11).now)
        actions.undo(clinic.db, clinic.policy, team[0], row.id or 0, clinic.later(minutes=10).now)
        assert row.answered_at is None
        assert waits(clinic) == [row.id]

    def test_undo_opens_what_the_same_press_ended_and_nothing_of_others(
        self, clinic: Clinic, team: list[Person]
    ) -> None:
        one = asks(clinic, team[0], "홍길동", PHONE)
        two = asks(clinic.later(minutes=1), team[0], "홍길동", PHONE, source="phone")
        stranger = asks(clinic.later(minutes=1), team[0], "다른분")
        later = clinic.later(minutes=5)
        for row in (one, stranger):
            actions.answer(clinic.db, clinic.policy, team[0], row.id or 0, later.now)
        ended = [row.answered_at for row in (one, two, stranger)]
        assert ended == [later.now] * 3
        actions.undo(clinic.db, clinic.policy, team[0], two.id or 0, later.now)
        opened = [row.answered_at for row in (one, two, stranger)]
        assert opened == [None, None, later.now]


def test_two_who_take_it_at_once_are_one_who_wins(engine: Engine, policy: Policy, now: datetime) -> None:
    moment = now.replace(hour=11)
    free = replace(policy, inquiries=InquiryRules(in_turn=False))
    with step(engine) as db:
        clinic = Clinic(db, free, moment)
        people = [clinic.coordinator(name) for name in ("국소이", "빈서율")]
        number = asks(clinic, people[0]).id or 0
    start = Barrier(2)
    said: list[CrmError | None] = []

    def press(person: Person) -> None:
        start.wait()
        try:
            with step(engine) as db:
                actions.claim(db, free, person, number, moment)
            said.append(None)
        except CrmError as lost:
            said.append(lost)

    threads = [Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count(None) == 1
    (lost,) = [one for one in said if one is not None]
    with step(engine) as db:
        row = db.get_one(Inquiry, number)
        winner = next(person for person in people if person.staff_id == row.staff_id)
    assert isinstance(lost, ClaimedByOther)
    assert lost.by == winner.name


def test_a_complaint_waits_though_the_patient_was_called(clinic: Clinic, team: list[Person]) -> None:
    patient, other = clinic.patient(), clinic.patient(name="홍길동")
    complaint = asks(clinic, team[0], "", patient_id=patient, kind=InquiryKind.COMPLAINT)
    asks(clinic, team[0], "", patient_id=other, kind=InquiryKind.PRICE)
    later = clinic.later(hours=1)
    for who in (patient, other):
        later.called(who, 0, Outcome.CALL_LATER, clock=later.policy.branch(BRANCH).local(later.now).time())
    assert waits(later) == [complaint.id]
    assert waits(later.later(days=15)) == []
    assert timedelta(15) > timedelta(clinic.policy.patience.inquiry)
