"""/patient merge, the questions “same person?”, and a number put right, as somebody at a desk uses them."""

import pytest

from crm_core.churn.reasons import Why
from crm_core.contacts.actions import ensure_phones
from crm_core.errors import AlreadyMerged, Missing, NotAllowed, NotUnderstood
from crm_core.privacy import folded_name, vault_of
from crm_core.tables.calls import Outcome
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Contact, Patient, Prospect, Relation, Role
from handlers.merging_commands import AskNumber, MergeCharts, SetNumber
from tests.crm_core.hand_made import BOTOX, Clinic
from tests.handlers.asking import Asker, button, buttons_of


@pytest.fixture
def desk(clinic: Clinic) -> Asker:
    return Asker(clinic, clinic.staff("박데스크", Role.DESK))


def chart(clinic: Clinic, patient: int) -> str:
    return clinic.db.get_one(Patient, patient).chart_no


def prospect(clinic: Clinic, name: str, phone: str) -> int:
    contact = ensure_phones(clinic.db, [phone], clinic.now)[phone]
    row = Prospect(
        branch=clinic.branch,
        name=name,
        name_blind=vault_of(clinic.db).blind("name", folded_name(name)),
        contact_id=contact,
        created_at=clinic.now,
    )
    clinic.db.add(row)
    clinic.db.flush()
    assert row.id is not None
    clinic.db.add(
        Inquiry(
            book=clinic.branch,
            number=clinic.number("I"),
            prospect_id=row.id,
            branch=clinic.branch,
            received_at=clinic.now,
            received_on=clinic.today,
            treatment=BOTOX,
        )
    )
    clinic.db.flush()
    return row.id


@pytest.mark.parametrize("command", ["/patient merge", "/환자 합치기"])
def test_two_charts_are_compared_merged_found_and_taken_back(
    clinic: Clinic, desk: Asker, command: str
) -> None:
    kept = clinic.patient(name="김지영", birth_date="1990-05-01", chart_no="A1", phone="+821023451234")
    other = clinic.patient(name="김지영", birth_date="1990-05-01", chart_no="A2", phone="+821099998888")
    clinic.treated(other, 200)
    read = desk.types(f"{command} A1 A2")
    said = desk.reads(f"{command} A1 A2")
    for word in ("A1", "A2", "010-2345-1234", "010-9999-8888", "1990-05-01"):
        assert word in said
    merged = desk.presses(button(read, "Merge").command)
    assert "A2" in merged.text
    assert "A1" in desk.reads("/patient A2")
    assert "Undo merge (A2)" in [one.label for one in buttons_of(desk.types("/patient A1"))]
    with pytest.raises(AlreadyMerged):
        desk.presses(MergeCharts(kept, other))
    with pytest.raises(AlreadyMerged):
        desk.types(f"{command} A1 A2")
    desk.presses(button(merged, "Take back").command)
    assert "A2" in desk.reads("/patient A2")
    audited = [row[:3] for row in desk.audited()]
    assert ("look", "merge", other) in audited
    assert ("merge", "merge:1", kept) in audited
    assert ("unmerge", "merge:1", kept) in audited


def test_a_channel_sees_two_charts_masked(clinic: Clinic, desk: Asker) -> None:
    clinic.patient(name="김지영", chart_no="0000432", birth_date="1990-05-01", phone="+821023451234")
    clinic.patient(name="김지영", chart_no="0000977")
    said = desk.in_channel().reads("/patient merge 0000432 0000977")
    for word in ("김지영", "2345", "1990-05-01", "0000432"):
        assert word not in said


def test_charts_alike_are_proposed_until_somebody_says_no(clinic: Clinic, desk: Asker) -> None:
    born = "1990-05-01"
    clinic.patient(name="김지영", birth_date=born, chart_no="A1")
    clinic.patient(name="김 지영", birth_date=born, chart_no="A2")
    clinic.patient(name="김지영", birth_date="1971-01-01", chart_no="A3")
    shared = "+821077776666"
    clinic.patient(name="이하나", chart_no="B1", phone=shared)
    clinic.patient(name="이하나", chart_no="B2", phone=shared)
    clinic.patient(name="이하나", chart_no="B3")
    clinic.patient(name="이두리", chart_no="B4", phone=shared)
    said = desk.reads("/patient merge")
    assert "2 to answer" in said
    assert "same name and birth date" in said
    assert "same phone and name" in said
    for chart_no in ("A3", "B3", "B4"):
        assert chart_no not in said
    assert "Same person? (1)" in [button.label for button in buttons_of(desk.types("/patient A1"))]
    desk.presses(button(desk.types("/patient merge"), "Not the same").command)
    left = desk.reads("/patient merge")
    assert "1 to answer" in left
    assert "A1" not in left


def test_twins_on_one_phone_with_one_name_and_two_birth_dates_are_two_people(
    clinic: Clinic, desk: Asker
) -> None:
    for born in ("1990-05-01", "1990-05-02"):
        clinic.patient(name="김지영", birth_date=born, phone="+821077776666")
    assert "Nobody waits" in desk.reads("/patient merge")


def test_who_asked_becomes_a_patient_when_the_desk_says_yes(clinic: Clinic, desk: Asker) -> None:
    mother = clinic.patient(name="박엄마", chart_no="M1", phone="+821077776666")
    asked = prospect(clinic, "김아들", "+821077776666")
    said = desk.in_korean().reads("/환자 합치기")
    assert "전화는 같고 이름이 달라요" in said
    assert "김아들" in said
    desk.presses(button(desk.types("/patient merge"), "Same person").command)
    row = clinic.db.get_one(Prospect, asked, populate_existing=True)
    assert row.patient_id == mother
    assert "Nobody waits" in desk.reads("/patient merge")


def test_the_same_name_with_another_phone_is_asked_and_no_is_remembered(clinic: Clinic, desk: Asker) -> None:
    clinic.patient(name="김지영", chart_no="A1")
    asked = prospect(clinic, "김지영", "+821077776666")
    assert "same name, another phone" in desk.reads("/patient merge")
    desk.presses(button(desk.types("/patient merge"), "Not the same").command)
    assert "Nobody waits" in desk.reads("/patient merge")
    assert clinic.db.get_one(Prospect, asked).patient_id is None


def test_only_those_who_keep_the_charts_merge_them(clinic: Clinic, coordinator: Asker, desk: Asker) -> None:
    with pytest.raises(NotAllowed):
        coordinator.types("/patient merge")
    assert "New number" not in [one.label for one in buttons_of(coordinator.types(_known(clinic)))]
    with pytest.raises(Missing):
        desk.types("/patient merge 0001")


def _known(clinic: Clinic) -> str:
    return f"/patient {chart(clinic, clinic.patient())}"


def test_a_wrong_number_is_shown_with_who_and_when_and_put_right_from_the_screen(
    clinic: Clinic, coordinator: Asker, desk: Asker
) -> None:
    patient = clinic.patient(name="김지영", chart_no="A1", phone="+821023451234")
    clinic.treated(patient, 182)
    clinic.says(coordinator.person, patient, Outcome.WRONG_NUMBER)
    assert Why.WRONG_NUMBER in clinic.reasons(patient)
    assert f"({coordinator.person.name})" in desk.reads("/patient A1")
    assert "다른 사람 번호" in desk.in_korean().reads("/환자 A1")
    form = desk.presses(button(desk.types("/patient A1"), "New number").command)
    assert form.blocks
    with pytest.raises(NotUnderstood):
        desk.presses(SetNumber(patient, "12"))
    desk.presses(SetNumber(patient, "010-3333-4444"))
    assert patient in clinic.due()
    said = desk.reads("/patient A1")
    assert "010-3333-4444" in said
    assert ("phone", "self", patient, None) in desk.audited()
    assert AskNumber(patient) in [one.command for one in buttons_of(desk.types("/patient A1"))]


def test_a_number_called_wrong_by_mistake_is_right_again_when_it_is_given_again(
    clinic: Clinic, coordinator: Asker, desk: Asker
) -> None:
    patient = clinic.patient(phone="+821023451234")
    clinic.treated(patient, 182)
    clinic.says(coordinator.person, patient, Outcome.WRONG_NUMBER)
    desk.presses(SetNumber(patient, "01023451234"))
    clinic.keep(patient)
    assert patient in clinic.due()
    assert clinic.card(patient)


def test_a_wrong_number_stops_calls_in_every_branch_and_becomes_its_owners(
    clinic: Clinic, other_branch: Clinic, coordinator: Asker
) -> None:
    phone = "+821023451234"
    here, there = clinic.patient(phone=phone), other_branch.patient(name="최주인", phone=phone)
    clinic.treated(here, 182)
    other_branch.treated(there, 182)
    clinic.says(coordinator.person, here, Outcome.WRONG_NUMBER)
    assert Why.WRONG_NUMBER in other_branch.reasons(there)
    desk_there = Asker(other_branch, other_branch.staff("남데스크", Role.DESK))
    desk_there.presses(SetNumber(there, phone))
    clinic.keep(here, there)
    assert there in other_branch.due()
    assert Why.WRONG_NUMBER in clinic.reasons(here)


def test_one_phone_of_a_family_says_whom_else_it_serves(
    clinic: Clinic, other_branch: Clinic, desk: Asker
) -> None:
    phone = "+821077776666"
    clinic.patient(name="박엄마", chart_no="M1", phone=phone)
    child = clinic.patient(name="김아들", chart_no="M2", phone=None, birth_date="2020-01-01")
    clinic.phone(child, phone, Relation.GUARDIAN)
    other_branch.patient(name="박이모", phone=phone)
    said = desk.reads("/patient M1")
    assert "also: 김아들 (M2) guardian, 1 of other branches" in said
    assert "박이모" not in said
    assert "함께 쓰는 분: 김아들 님 (M2)" in desk.in_korean().reads("/환자 M1")


def test_a_childs_new_number_is_the_guardians_whatever_is_said(clinic: Clinic, desk: Asker) -> None:
    child = clinic.patient(name="김아들", chart_no="M2", phone=None, birth_date="2020-01-01")
    clinic.treated(child, 182)
    assert Why.NO_PHONE in clinic.reasons(child)
    desk.presses(SetNumber(child, "010-7777-6666", Relation.SELF))
    assert "guardian" in desk.reads("/patient M2")
    assert child in clinic.due()


def test_an_adults_own_number_comes_before_the_guardians(clinic: Clinic, desk: Asker) -> None:
    grown = clinic.patient(name="김아들", phone=None, birth_date="2010-01-01")
    guardian = clinic.phone(grown, "+821077776666", Relation.GUARDIAN)
    clinic.treated(grown, 182)
    assert clinic.why(grown).contact_id == guardian
    desk.presses(SetNumber(grown, "010-3333-4444", Relation.SELF))
    own = clinic.why(grown).contact_id
    assert own is not None
    assert clinic.db.get_one(Contact, own).address == "+821033334444"
