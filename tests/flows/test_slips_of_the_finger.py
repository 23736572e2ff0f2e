"""What coordinators type in a hurry, in Korean and English: it is done, or the slip itself is named."""

from datetime import date

import pytest

from crm_core.errors import CrmError, DateNotPossible, NotFree, NotUnderstood
from handlers.language.words import Words
from handlers.reserve_commands import OpenReserve
from handlers.reserve_words import read_reserve
from handlers.stage_commands import ShowStage
from handlers.stages import read_stage
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import desk
from tests.handlers.asking import Asker

FRIDAY = date(2026, 11, 27)


@pytest.fixture
def asker(clinic: Clinic) -> Asker:
    clinic.patient(name="김지영", chart_no="0432")
    return Asker(clinic, desk(clinic))


@pytest.mark.parametrize(
    "typed",
    [
        "0432 모레 15:30",
        "１１／２７ １５：３０ 0432",
        "오후 3시반 0432 11월 27일",
        "0432 3:30pm 11/27",
        "0432 2026-11-27 15시 30분",
    ],
)
def test_a_day_and_a_time_are_read_however_they_are_typed(clinic: Clinic, typed: str) -> None:
    found = read_reserve(Words(typed, clinic.today, clinic.policy))
    assert found == OpenReserve(patient="0432", day=FRIDAY, clock="15:30")


def test_a_full_hour_may_be_typed_without_minutes(clinic: Clinic) -> None:
    assert read_reserve(Words("0432 11/27 3pm", clinic.today, clinic.policy)).clock == "15:00"


@pytest.mark.parametrize("day", ["2/30", "13/1", "2026-02-30", "2월30일"])
def test_a_day_that_no_calendar_has_is_named_and_taken_for_no_patient(asker: Asker, day: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        asker.types(f"/reserve 0432 {day} 15:00")
    assert (told.value.what, told.value.word) == ("date", day)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("/reserve 0432 11/24 15:00", DateNotPossible),  # yesterday
        ("/reserve 0432 11/27 13:30", NotFree),  # lunch
        ("/reserve 0432 11/29 15:00", DateNotPossible),  # Sunday
        ("/reserve 0432 11/27 25:00", NotUnderstood),
    ],
)
def test_a_time_that_cannot_be_is_refused(asker: Asker, typed: str, problem: type[CrmError]) -> None:
    with pytest.raises(problem):
        asker.types(typed)


@pytest.mark.parametrize("typed", ["도착 0432", "0432 도착", "arrived 0432", "0432 arrived"])
def test_a_step_may_stand_before_the_patient(clinic: Clinic, typed: str) -> None:
    found = read_stage(Words(typed, clinic.today, clinic.policy))
    assert found == ShowStage(step="arrived", patient="0432")


def test_a_refusal_does_not_name_a_patient_of_another_branch(asker: Asker, other_branch: Clinic) -> None:
    other_branch.patient(name="최부산", chart_no="9001")
    for typed in ("/reserve 9001 11/27 15:00", "/stage 9001 도착", "/patient 9001", "/why 9001"):
        with pytest.raises(CrmError) as told:
            asker.types(typed)
        assert "최부산" not in str(told.value)
