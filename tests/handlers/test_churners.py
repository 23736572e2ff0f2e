"""/churners: all of ⑦ in its order, masked where others read, whole in JSON."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from bot.terminal import printed
from crm_core.churn.grades import Grade, grades
from crm_core.errors import NotAllowed, NotUnderstood, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Outcome
from crm_core.tables.people import Role
from handlers.churners import PAGE, ShowChurners
from handlers.language.reply import Reply, Table, Where
from handlers.patients import ShowPatient
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button, buttons_of

STRANGE = "<b>&*_ 😀"


def names(reply: Reply) -> list[str]:
    table = next(block for block in reply.blocks if isinstance(block, Table))
    return [row[1] for row in table.rows]


def lapsed_and_due(clinic: Clinic) -> None:
    """Three people: the dearest lapsed, one due for two families, one due and cheap."""
    dear = clinic.patient(name="김비싼")
    clinic.treated(dear, 200)
    clinic.paid(dear, 200, 3_000_000)
    both = clinic.patient(name="이둘다")
    clinic.treated(both, 160)
    clinic.treated(both, 70, "레이저토닝")
    clinic.paid(both, 70, 900_000)
    clinic.treated(clinic.patient(name="박싼"), 155)


def test_the_list_says_who_why_and_in_which_order(clinic: Clinic, coordinator: Asker) -> None:
    lapsed_and_due(clinic)
    said = coordinator.reads("/churners")
    assert "3 people to bring back · Gangnam" in said
    assert said.index("김비싼") < said.index("이둘다") < said.index("박싼")
    assert "lapsed 1" in said
    assert "due 2" in said
    assert "grade A" in said
    assert "Botox: 50 days over (lapsed)" in said
    assert "+1" in said
    korean = coordinator.in_korean().reads("/이탈")
    assert "다시 모실 분 3분 · 강남점" in korean
    assert "A등급" in korean


def test_no_amount_is_on_the_list(clinic: Clinic) -> None:
    lapsed_and_due(clinic)
    director = Asker(clinic, clinic.director())
    for said in (director.reads("/churners"), str(director.data("/churners"))):
        assert "3,000,000" not in said
        assert "3000000" not in said


def test_one_family_alone(clinic: Clinic, coordinator: Asker) -> None:
    lapsed_and_due(clinic)
    for typed in ("/churners 색소레이저", "/churners pigment laser", "/이탈고객 강남 레이저토닝"):
        reply = coordinator.types(typed)
        assert [name.split()[0] for name in names(reply)] == ["이둘다"]
    shown = coordinator.types("/churners")
    chosen = coordinator.presses(button(shown, "Pigment laser 1").command)
    assert [name.split()[0] for name in names(chosen)] == ["이둘다"]
    assert chosen.where is Where.IN_PLACE
    again = coordinator.presses(button(chosen, "All treatments").command)
    assert len(names(again)) == 3


def test_an_unknown_family_names_the_nearest(coordinator: Asker) -> None:
    with pytest.raises(NotUnderstood) as refused:
        coordinator.types("/churners 보톡쓰")
    assert refused.value.what == "family"
    assert "보톡스" in refused.value.nearest


def test_a_channel_sees_no_name_and_no_chart_number(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient(name="김지영")
    clinic.treated(patient, 160)
    said = printed(coordinator.in_channel().types("/churners"))
    assert "김*영" in said
    assert "김지영" not in said
    assert coordinator.in_channel().types("/churners").data is None
    assert coordinator.audited() == []


@pytest.mark.parametrize("code", ["ko", "en"])
def test_a_name_that_looks_like_markup_stays_a_name(clinic: Clinic, coordinator: Asker, code: str) -> None:
    clinic.treated(clinic.patient(name=STRANGE), 160)
    assert STRANGE in replace(coordinator, code=code).reads("/churners")


def test_pages_turn_in_place_and_lead_to_the_patients(clinic: Clinic, coordinator: Asker) -> None:
    patients = [clinic.patient(name=f"환자{n:02}") for n in range(PAGE + 2)]
    for patient in patients:
        clinic.treated(patient, 160)
    first = coordinator.types("/churners")
    assert len(names(first)) == PAGE
    assert first.where is Where.HERE
    second = coordinator.presses(button(first, "More →").command)
    assert second.where is Where.IN_PLACE
    assert len(names(second)) == 2
    opened = [one.command for one in buttons_of(second) if isinstance(one.command, ShowPatient)]
    assert opened == [ShowPatient(patients[-2]), ShowPatient(patients[-1])]
    assert names(coordinator.presses(button(second, "← Previous").command)) == names(first)
    assert names(coordinator.presses(ShowChurners(branch="gangnam", page=99))) == names(second)
    assert ("list", "churners", None, PAGE) in coordinator.audited()


def test_json_lists_everybody_not_a_page(clinic: Clinic, coordinator: Asker) -> None:
    for _ in range(PAGE + 2):
        clinic.treated(clinic.patient(), 160)
    clinic.treated(clinic.patient(), 10)
    data = coordinator.data("/churners")
    assert data["v"] == 1
    assert data["command"] == "churners"
    assert data["scope"] == {"branches": ["gangnam"]}
    assert data["started"] is True
    assert len(data["patients"]) == PAGE + 2
    one = data["patients"][0]
    assert one["chart_no"].startswith("C-")
    assert one["branch"] == "gangnam"
    assert one["families"][0] | {"family": "botox", "band": "due"} == one["families"][0]
    assert one["families"][0]["due_on"] == "2026-11-15"
    assert one["families"][0]["churned_on"] == "2026-12-15"
    assert one["reasons"] == [{"why": "due", "family": "botox", "days_over": 10}]
    assert ("list", "churners json", None, PAGE + 2) in coordinator.audited()


def test_json_leaves_out_whoever_stands_higher_and_calls_shows_them_there(
    clinic: Clinic, coordinator: Asker
) -> None:
    promised = clinic.patient()
    clinic.treated(promised, 160)
    clinic.called(promised, 3, Outcome.CALL_LATER, promised_on=clinic.today)
    clinic.treated(clinic.patient(), 160)
    assert len(coordinator.data("/churners")["patients"]) == 1
    calls = coordinator.data("/calls")
    assert [one["section"] for one in calls["patients"]] == ["promised", "recall"]
    assert calls["patients"][0]["reasons"][0]["why"] == "promised"
    assert calls["sections"]["recall"] == 1
    assert calls["total"] == 2


def test_before_start_the_list_is_whole_and_says_so(db: Session, policy: Policy, now: datetime) -> None:
    clinic = Clinic(db, policy, now)
    clinic.treated(clinic.patient(), 160)
    director = Asker(clinic, clinic.director())
    assert "Calls have not started here" in director.reads("/churners")
    assert director.data("/churners")["started"] is False
    assert len(director.data("/churners")["patients"]) == 1


def test_each_branch_has_a_list_of_its_own(clinic: Clinic, other_branch: Clinic, coordinator: Asker) -> None:
    clinic.treated(clinic.patient(name="우리환자"), 160)
    other_branch.treated(other_branch.patient(name="남의환자"), 160)
    assert "남의환자" not in coordinator.reads("/churners")
    with pytest.raises(OtherBranch):
        coordinator.types("/churners 해운대")
    everywhere = Asker(clinic, replace(coordinator.person, roles=frozenset({(Role.DIRECTOR, "*")})))
    said = everywhere.types("/churners")
    assert len(said.also) == 1
    assert "남의환자" in printed(said)
    data = everywhere.data("/churners")
    assert data["scope"] == {"branches": ["gangnam", "haeundae"]}
    assert [one["branch"] for one in data["patients"]] == ["gangnam", "haeundae"]
    assert data["started"] is False
    assert data["started_branches"] == ["gangnam"]


def test_numbers_of_all_branches_are_not_names(clinic: Clinic) -> None:
    group = Asker(clinic, replace(clinic.staff("그룹", Role.GROUP), roles=frozenset({(Role.GROUP, "*")})))
    with pytest.raises(NotAllowed):
        group.types("/churners")


def test_nobody_to_call_is_said(coordinator: Asker) -> None:
    assert "오늘 전화드릴 수 있는" in coordinator.in_korean().reads("/이탈")
    assert "0 people to bring back" in coordinator.reads("/churners")


@given(st.lists(st.integers(-5, 40)))
def test_a_grade_follows_the_value(values: list[int]) -> None:
    found = grades(values)
    assert set(found) == set(values)
    ordered = sorted(found, reverse=True)
    assert [found[value] for value in ordered] == sorted(found.values())
    assert all(found[value] is Grade.C for value in values if value <= 0)
    best = [value for value in values if found[value] is Grade.A]
    smallest = min(best, default=0)
    assert sum(value > smallest for value in values) * 5 < max(1, len(values))
    assert not values or max(values) <= 0 or found[max(values)] is Grade.A
