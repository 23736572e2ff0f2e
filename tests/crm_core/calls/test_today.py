"""Today's list: fixed once, cut from below, worked top down; claims are won by one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from bot.transaction import step
from crm_core.calls import actions
from crm_core.calls.queries import who_called
from crm_core.calls.today import CardState, TodayCard, TodayList, next_up, today
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    NotAllowed,
    NotUnderstood,
    OnlyForOwner,
    OtherBranch,
)
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.calls import CallCard, Outcome, ResponseGroup, Section
from crm_core.tables.people import Role
from tests.crm_core.hand_made import Clinic

YES = ResponseGroup.POSITIVE_AFFIRMATION
NO = ResponseGroup.NEGATIVE_DENIAL


def lapsed(clinic: Clinic, **values: object) -> int:
    patient = clinic.patient(**values)  # type: ignore[arg-type]
    clinic.treated(patient, 182)
    return patient


def seen(clinic: Clinic, who: Person) -> TodayList:
    actions.fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    return today(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)


def with_capacity(clinic: Clinic, calls: int) -> Clinic:
    rules = replace(clinic.policy.calls, per_coordinator=calls)
    return replace(clinic, policy=replace(clinic.policy, calls=rules))


def test_before_start_nobody_is_called_and_the_list_shows_what_would_be_on_it(
    policy: Policy, now: datetime, clinic: Clinic
) -> None:
    other = replace(clinic, branch="haeundae")
    patient = other.patient()
    other.treated(patient, 182)
    who = other.coordinator()
    assert actions.fix_list(other.db, policy, "haeundae", other.today, now) is None
    found = seen(other, who)
    assert not found.started
    assert found.cards == ()
    assert found.would_be is not None
    assert found.would_be.eligible == 1
    assert sum(found.would_be.by_family.values()) == 1
    assert other.due() == {patient}
    with pytest.raises(NotAllowed):
        actions.start(other.db, policy, who, "haeundae", now)
    assert actions.start(other.db, policy, other.director(), "haeundae", now)
    assert not actions.start(other.db, policy, other.director(), "haeundae", now)
    assert seen(other, who).total == 1


def test_the_list_is_cut_from_below_to_what_the_branch_can_call(clinic: Clinic) -> None:
    clinic = with_capacity(clinic, 2)
    who = clinic.coordinator()
    clinic.coordinator("최실장")
    for _ in range(6):
        lapsed(clinic)
    gone = clinic.patient()
    clinic.treated(gone, 500)
    found = seen(clinic, who)
    assert (found.total, found.waiting, found.long_gone) == (4, 2, 1)
    assert found.counts[Section.RECALL] == 4


def test_promises_are_never_cut_come_first_and_may_join_later(clinic: Clinic) -> None:
    clinic = with_capacity(clinic, 1)
    who = clinic.coordinator()
    waiting = [lapsed(clinic) for _ in range(2)]
    promised = [lapsed(clinic) for _ in range(3)]
    for patient in promised[:2]:
        clinic.called(patient, 20, Outcome.CALL_LATER, promised_on=clinic.ago(1))
    clinic.called(promised[2], 20, Outcome.CALL_LATER, promised_on=clinic.ago(-1))
    found = seen(clinic, who)
    assert found.counts[Section.PROMISED] == 2
    assert found.counts[Section.RECALL] == 0
    assert found.waiting == len(waiting)
    tomorrow = clinic.later(days=1)
    assert seen(tomorrow, who).counts[Section.PROMISED] == 3


def test_a_promise_for_today_joins_the_fixed_list_and_opens_its_card_again(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    assert seen(clinic, who).total == 1
    clinic.says(who, patient, Outcome.CALL_LATER, promised_on=clinic.today)
    found = seen(clinic.later(minutes=5), who)
    (card,) = found.cards
    assert (card.section, card.state) == (Section.PROMISED, CardState.FREE)


def test_who_becomes_ineligible_drops_out_and_the_list_is_fixed(clinic: Clinic) -> None:
    who = clinic.coordinator()
    booked, stays = lapsed(clinic), lapsed(clinic)
    assert seen(clinic, who).total == 2
    clinic.booked(booked, 3)
    late = lapsed(clinic)
    found = seen(clinic, who)
    assert [card.patient_id for card in found.cards] == [stays]
    assert late not in [card.patient_id for card in found.cards]


def test_next_resumes_what_one_has_claimed_and_put_off_cards_come_last(clinic: Clinic) -> None:
    who, other = clinic.coordinator(), clinic.coordinator("최실장")
    for _ in range(3):
        lapsed(clinic)
    first, second, third = (card.card_id for card in seen(clinic, who).cards)

    def following(person: Person) -> int | None:
        args = clinic.policy, clinic.branch, clinic.today, clinic.now
        card = next_up(clinic.db, person, *args)
        return card.card_id if isinstance(card, TodayCard) else None

    assert following(who) == first
    actions.claim(clinic.db, clinic.policy, who, second, clinic.now)
    assert following(who) == second
    assert following(other) == first
    actions.skip(clinic.db, clinic.policy, other, first, clinic.now)
    assert following(other) == third
    actions.release(clinic.db, clinic.policy, who, second, clinic.now)
    assert following(who) == second
    elsewhere = replace(clinic, branch="haeundae").coordinator()
    with pytest.raises(OtherBranch):
        actions.claim(clinic.db, clinic.policy, elsewhere, third, clinic.now)


def test_a_claim_is_a_lease_of_thirty_minutes_that_can_be_taken_over(clinic: Clinic) -> None:
    who, other = clinic.coordinator("이실장"), clinic.coordinator("최실장")
    card = clinic.card(lapsed(clinic))
    actions.claim(clinic.db, clinic.policy, who, card, clinic.now)
    with pytest.raises(ClaimedByOther) as refused:
        actions.claim(clinic.db, clinic.policy, other, card, clinic.now + timedelta(minutes=29))
    assert (refused.value.by, refused.value.since) == ("이실장", clinic.now)
    with pytest.raises(ClaimedByOther):
        actions.skip(clinic.db, clinic.policy, other, card, clinic.now)
    taken = actions.take_over(clinic.db, clinic.policy, other, card, clinic.now)
    assert taken.claimed_by_id == other.staff_id
    late = clinic.now + timedelta(minutes=30)
    assert actions.claim(clinic.db, clinic.policy, who, card, late).claimed_by_id == who.staff_id


def test_a_vip_is_called_by_the_owner_or_a_director(clinic: Clinic) -> None:
    owner, other = clinic.coordinator("담당"), clinic.coordinator()
    card = clinic.card(lapsed(clinic, vip=True, owner_id=owner.staff_id))
    with pytest.raises(OnlyForOwner) as refused:
        actions.claim(clinic.db, clinic.policy, other, card, clinic.now)
    assert refused.value.owner == "담당"
    found = seen(clinic, other)
    assert not found.cards[0].mine_to_call
    args = clinic.policy, clinic.branch, clinic.today, clinic.now
    assert next_up(clinic.db, other, *args) is None
    actions.claim(clinic.db, clinic.policy, owner, card, clinic.now)
    actions.take_over(clinic.db, clinic.policy, clinic.director(), card, clinic.now)


def test_the_desk_and_administrators_do_not_call(clinic: Clinic) -> None:
    card = clinic.card(lapsed(clinic))
    for role in (Role.DESK, Role.ADMINISTRATOR, Role.DOCTOR):
        with pytest.raises(NotAllowed):
            actions.claim(clinic.db, clinic.policy, clinic.staff("김", role), card, clinic.now)


def test_an_outcome_on_a_free_card_claims_it(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    card = clinic.card(patient)
    clinic.says(who, patient, Outcome.CONNECTED, YES)
    row = clinic.db.get_one(CallCard, card)
    assert row.claimed_by_id == who.staff_id
    with pytest.raises(AlreadyLogged):
        actions.claim(clinic.db, clinic.policy, clinic.coordinator("최실장"), card, clinic.now)
    assert seen(clinic, who).done == 1


def test_who_called_this_number(clinic: Clinic) -> None:
    patient = lapsed(clinic, phone="+821023451234")
    clinic.called(patient, 3, Outcome.NO_ANSWER, staff_id=clinic.coordinator("이실장").staff_id)
    (row,) = who_called(clinic.db, clinic.scope, "1234", clinic.now)
    assert (row.patient_id, row.staff, row.outcome) == (patient, "이실장", Outcome.NO_ANSWER)
    assert who_called(clinic.db, clinic.scope, "9999", clinic.now) == []
    elsewhere = replace(clinic, branch="haeundae").scope
    assert who_called(clinic.db, elsewhere, "1234", clinic.now) == []
    with pytest.raises(NotUnderstood):
        who_called(clinic.db, clinic.scope, "12a", clinic.now)


@pytest.fixture
def two_people(engine: Engine, policy: Policy, now: datetime) -> tuple[list[Person], int]:
    """Two coordinators and a card, all committed."""
    with step(engine) as db:
        clinic = Clinic(db, policy, now).started()
        people = [clinic.coordinator("이실장"), clinic.coordinator("최실장")]
        card = clinic.card(lapsed(clinic))
    return people, card


def test_of_two_who_press_at_once_exactly_one_wins_and_the_other_is_told_who(
    engine: Engine, policy: Policy, now: datetime, two_people: tuple[list[Person], int]
) -> None:
    people, card = two_people
    together = Barrier(2)

    def press(person: Person) -> str:
        together.wait(5)
        with step(engine) as db:
            try:
                actions.claim(db, policy, person, card, now)
            except ClaimedByOther as lost:
                return lost.by
            return ""

    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(press, people))
    assert sorted(bool(name) for name in said) == [False, True]
    with step(engine) as db:
        row = db.get_one(CallCard, card)
        winner = people[said.index("")]
        assert row.claimed_by_id == winner.staff_id
        assert max(said) == winner.name
        assert len(db.scalars(select(CallCard)).all()) == 1
