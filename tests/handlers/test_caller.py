"""/caller: who of us called the number that calls back."""

from datetime import time

import pytest

from crm_core.errors import Missing
from crm_core.tables.calls import CallKind, Outcome, ResponseGroup
from crm_core.tables.people import Relation, Role
from handlers.language.reply import Buttons
from handlers.patients import CallPatient, ShowPatient
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, buttons_of

PHONE = "+821023451234"


@pytest.mark.parametrize("typed", ["1234", "010-2345-1234", "01023451234"])
def test_it_says_who_called_when_and_why(clinic: Clinic, coordinator: Asker, typed: str) -> None:
    patient = clinic.patient(name="김지영", phone=PHONE, birth_date="1988-03-02")
    clinic.called(patient, 1, clock=time(15, 10), staff_id=coordinator.person.staff_id, note="조용히 통화")
    said = coordinator.reads(f"/caller {typed}")
    assert "김지영 · 1988 · …" in said
    assert "Tue 24 Nov 15:10 이실장 called (recall call: No answer)" in said
    assert "조용히 통화" in said
    korean = coordinator.in_korean().reads(f"/누가전화 {typed}")
    assert "11/24(화) 15:10 이실장님이 전화드렸어요(" in korean
    assert ("list", "caller", None, 1) in coordinator.audited()


def test_everybody_behind_the_digits_is_listed_the_last_called_first(
    clinic: Clinic, coordinator: Asker
) -> None:
    clinic.patient(name="전화안한분", phone="+821011111234")
    early = clinic.patient(name="먼저전화", phone="+821022221234")
    late = clinic.patient(name="나중전화", phone="+821033331234")
    clinic.called(early, 9)
    clinic.called(late, 2, Outcome.CONNECTED, ResponseGroup.POSITIVE_AFFIRMATION)
    said = coordinator.reads("/caller 1234")
    assert said.index("나중전화") < said.index("먼저전화") < said.index("전화안한분")
    assert "None of us has called." in said


def test_a_phone_of_a_family_lists_each_of_them(clinic: Clinic, coordinator: Asker) -> None:
    mother = clinic.patient(name="엄마", phone=PHONE)
    child = clinic.patient(name="아이", phone=None, birth_date="2018-05-05")
    clinic.phone(child, PHONE, Relation.GUARDIAN)
    clinic.called(child, 1, kind=CallKind.HAPPY)
    reply = coordinator.types("/caller 1234")
    opened = [one.command for one in buttons_of(reply) if isinstance(one.command, ShowPatient)]
    assert opened == [ShowPatient(child), ShowPatient(mother)]
    assert "happy call" in reply.text


def test_nothing_of_another_branch_is_told(clinic: Clinic, other_branch: Clinic, coordinator: Asker) -> None:
    theirs = other_branch.patient(name="남의환자", phone=PHONE)
    other_branch.called(theirs, 1)
    said = coordinator.reads("/caller 1234")
    assert said == "No patient's number ends in 1234."
    mine = clinic.patient(name="우리환자", phone="+821088881234")
    clinic.called(mine, 2)
    said = coordinator.reads("/caller 1234")
    assert "우리환자" in said
    assert "남의환자" not in said


@pytest.mark.parametrize("typed", ["", "123", "abcd", "홍길동 1234"])
def test_it_asks_for_four_digits(coordinator: Asker, typed: str) -> None:
    with pytest.raises(Missing):
        coordinator.types(f"/caller {typed}")


def test_a_call_that_was_taken_back_is_told_only_where_no_other_is_known(
    clinic: Clinic, coordinator: Asker
) -> None:
    patient = clinic.patient(phone=PHONE)
    clinic.called(patient, 3, taken_back_at=clinic.now)
    assert "taken back" in coordinator.reads("/caller 1234")
    clinic.called(patient, 4)
    assert "taken back" not in coordinator.reads("/caller 1234")


def test_the_card_opens_for_those_who_call_and_not_for_the_desk(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient(phone=PHONE)
    clinic.called(patient, 1)
    reply = coordinator.types("/caller 1234")
    assert buttons_of(reply)[0].command == CallPatient(patient)
    assert coordinator.presses(buttons_of(reply)[0].command).about == f"patient:{patient}"
    desk = Asker(clinic, clinic.staff("데스크", Role.DESK))
    assert [one.command for one in buttons_of(desk.types("/caller 1234"))] == [ShowPatient(patient)]


def test_more_than_fit_are_counted(clinic: Clinic, coordinator: Asker) -> None:
    for n in range(11):
        clinic.patient(phone=f"+8210{2000 + n}1234")
    reply = coordinator.types("/caller 1234")
    assert sum(isinstance(block, Buttons) for block in reply.blocks) == 8
    assert "3 more have such a number" in reply.text
