"""A patient is found by chart number, name, a part of it, or the end of a phone: in one's branches."""

from dataclasses import replace

import pytest

from crm_core.errors import NoSuchPatient, NotAllowed, OtherBranch
from crm_core.patients.queries import find, names_of, nobody_here, screen
from crm_core.tables.calls import Outcome, Section
from crm_core.tables.people import Patient, Role
from tests.crm_core.hand_made import Clinic


def test_every_way_to_name_a_patient(clinic: Clinic) -> None:
    who = clinic.coordinator()
    kim = clinic.patient(name="김 지영", phone="+821023451234")
    jane = clinic.patient(name="Jane Smith", phone="+821088887777")
    chart = clinic.db.get_one(Patient, kim).chart_no
    for text in (chart, f"#{chart}", "김지영", " 김 지영 ", "지영", "1234", "010-2345-1234"):
        assert [one.id for one in find(clinic.db, who, clinic.policy, text)] == [kim], text
    for text in ("jane smith", "JANESMITH", "smith", "7777"):
        assert [one.id for one in find(clinic.db, who, clinic.policy, text)] == [jane], text
    assert find(clinic.db, who, clinic.policy, "  ") == []


def test_two_of_one_name_are_both_found_and_a_chart_number_stands_first(clinic: Clinic) -> None:
    who = clinic.coordinator()
    first, second = clinic.patient(name="이하나"), clinic.patient(name="이하나")
    assert [one.id for one in find(clinic.db, who, clinic.policy, "이하나")] == [first, second]
    by_phone = clinic.patient(phone="+821011115555")
    by_chart = clinic.patient(chart_no="5555")
    assert [one.id for one in find(clinic.db, who, clinic.policy, "5555")] == [by_chart, by_phone]


def test_another_branchs_patient_is_not_found_and_not_opened(clinic: Clinic) -> None:
    patient = clinic.patient(name="박서준")
    elsewhere = replace(clinic, branch="haeundae").coordinator()
    assert find(clinic.db, elsewhere, clinic.policy, "박서준") == []
    assert isinstance(nobody_here(clinic.db, clinic.policy, "박서준"), OtherBranch)
    assert isinstance(nobody_here(clinic.db, clinic.policy, "없는이름"), NoSuchPatient)
    with pytest.raises(OtherBranch):
        screen(clinic.db, elsewhere, clinic.policy, patient, clinic.now)
    with pytest.raises(NotAllowed):
        find(clinic.db, clinic.staff("전산", Role.ADMINISTRATOR), clinic.policy, "박서준")


def test_a_strange_name_does_no_harm(clinic: Clinic) -> None:
    who = clinic.coordinator()
    patient = clinic.patient(name="<b>&*_ 😀")
    for text in ("<b>&*_ 😀", "😀", "&*_"):
        assert [one.id for one in find(clinic.db, who, clinic.policy, text)] == [patient]
    assert find(clinic.db, who, clinic.policy, "%") == []


def test_the_one_screen_carries_the_decision_and_the_facts(clinic: Clinic) -> None:
    owner = clinic.coordinator("담당")
    patient = clinic.patient(phone="+821023451234", owner_id=owner.staff_id)
    clinic.treated(patient, 182, "botox")
    number = clinic.course(patient, "laser_toning", 10, used=2)
    for days in (170, 160, 150):
        clinic.treated(patient, days, "laser_toning", course_no=number)
    clinic.called(patient, 3, Outcome.NO_ANSWER)
    seen = screen(clinic.db, owner, clinic.policy, patient, clinic.now)
    assert (seen.owner, seen.visits, seen.last_visit_on) == ("담당", 4, clinic.ago(150))
    assert [(one.sessions, one.left) for one in seen.courses] == [(10, 7)]
    assert [phone.last_four for phone in seen.phones] == ["1234"]
    assert seen.eligibility.section is Section.MID_COURSE
    assert seen.eligibility.tries.days == 1
    assert [call.outcome for call in seen.calls] == [Outcome.NO_ANSWER]
    assert names_of(clinic.db, [patient])[patient].name == "김지영"
