"""A list of people is given to one member of staff: cards of today, for whom may be called."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from crm_core.calls import actions
from crm_core.calls.today import TodayCard, cards_of_day, next_up
from crm_core.calls.worklists.actions import Kept, hand_out
from crm_core.churn.reasons import Why
from crm_core.errors import NotAllowed, NotStarted, NotUnderstood, OtherBranch
from crm_core.staff.access import Person
from crm_core.tables.calls import CallCard, Outcome, ResponseGroup
from crm_core.tables.people import Patient, Role
from crm_core.tables.records import AuditRow
from tests.crm_core.hand_made import Clinic


def given_to(clinic: Clinic, who: Person) -> set[int]:
    cards = cards_of_day(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)
    return {card.patient_id for card in cards if card.is_mine}


def test_the_callable_ones_get_a_card_for_the_taker_and_the_others_are_counted_by_reason(
    clinic: Clinic,
) -> None:
    taker, other, director = clinic.coordinator("이실장"), clinic.coordinator("최실장"), clinic.director()
    free, booked, denied, nobody, vip, asks = (clinic.patient() for _ in range(6))
    clinic.booked(booked, 3)
    clinic.called(denied, 40, Outcome.CONNECTED, ResponseGroup.POSITIVE_DENIAL)
    silent = clinic.patient(phone=None)
    clinic.db.get_one(Patient, vip).vip = True
    clinic.asked(asks, 0)
    everybody = [free, booked, denied, nobody, vip, asks, silent]
    assert taker.staff_id is not None
    found = hand_out(clinic.db, clinic.policy, director, everybody, taker.staff_id, clinic.now)
    assert found.given == 2
    assert found.not_callable == {
        Why.HAS_RESERVATION: 1,
        Why.DENIED: 1,
        Why.NO_PHONE: 1,
        Kept.ONLY_FOR_OWNER: 1,
        Kept.INQUIRIES: 1,
    }
    assert given_to(clinic, taker) == {free, nobody}
    assert given_to(clinic, other) == set()
    args = clinic.policy, clinic.branch, clinic.today, clinic.now
    assert not isinstance(next_up(clinic.db, other, *args), TodayCard)
    rows = [row for row in clinic.db.scalars(select(AuditRow)) if row.action == "hand_out"]
    assert [(row.staff_id, row.count) for row in rows] == [(director.staff_id, 2)]
    hand_out(clinic.db, clinic.policy, director, everybody, taker.staff_id, clinic.now)
    assert len(clinic.db.scalars(select(CallCard)).all()) == 2


def test_who_becomes_uncallable_drops_out_and_a_card_of_the_list_keeps_its_place(clinic: Clinic) -> None:
    taker, director = clinic.coordinator(), clinic.director()
    due, free = clinic.patient(), clinic.patient()
    clinic.treated(due, 182)
    card = clinic.card(due)
    assert taker.staff_id is not None
    hand_out(clinic.db, clinic.policy, director, [due, free], taker.staff_id, clinic.now)
    assert clinic.db.get_one(CallCard, card).assigned_to_id == taker.staff_id
    clinic.booked(free, 2)
    assert given_to(clinic, taker) == {due}


def test_a_lead_gives_a_coordinator_takes_only_for_themselves(clinic: Clinic) -> None:
    one, two = clinic.coordinator("이실장"), clinic.coordinator("최실장")
    patient = clinic.patient()
    assert one.staff_id is not None
    assert two.staff_id is not None
    with pytest.raises(NotAllowed):
        hand_out(clinic.db, clinic.policy, one, [patient], two.staff_id, clinic.now)
    assert hand_out(clinic.db, clinic.policy, one, [patient], one.staff_id, clinic.now).given == 1
    lead = clinic.staff("팀장", Role.LEAD)
    assert hand_out(clinic.db, clinic.policy, lead, [patient], two.staff_id, clinic.now).given == 1
    with pytest.raises(NotUnderstood):
        hand_out(clinic.db, clinic.policy, lead, [patient], 999_999, clinic.now)
    elsewhere = replace(clinic, branch="haeundae")
    away = elsewhere.coordinator()
    assert away.staff_id is not None
    with pytest.raises(OtherBranch):
        hand_out(clinic.db, clinic.policy, lead, [patient], away.staff_id, clinic.now)
    with pytest.raises(NotStarted):
        hand_out(clinic.db, clinic.policy, away, [patient], away.staff_id, clinic.now)
    stranger = elsewhere.patient()
    found = hand_out(clinic.db, clinic.policy, lead, [stranger], two.staff_id, clinic.now)
    assert found.not_callable == {Kept.OTHER_BRANCH: 1}


def test_a_card_opened_by_hand_is_the_one_on_the_list_of_the_last_treatments_branch(clinic: Clinic) -> None:
    patient = clinic.patient()
    there = replace(clinic, branch="haeundae").started()
    there.treated(patient, 182)
    listed = there.card(patient)
    both = replace(
        clinic.coordinator(), roles=frozenset({(Role.COORDINATOR, "gangnam"), (Role.COORDINATOR, "haeundae")})
    )
    assert actions.open_card(clinic.db, clinic.policy, both, patient, clinic.now).id == listed
    here = clinic.coordinator()
    assert actions.open_card(clinic.db, clinic.policy, here, patient, clinic.now).branch == "gangnam"
