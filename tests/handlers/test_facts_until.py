"""A missing file is one sentence wherever people decide whom to call."""

import pytest

from tests.crm_core.churn.test_unknown import known_until, lapsed
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker


@pytest.mark.parametrize("command", ["/calls", "/churners", "/digest"])
def test_the_lists_name_the_missing_file_and_how_many_wait_for_it(
    clinic: Clinic, coordinator: Asker, command: str
) -> None:
    maybe_here = lapsed(clinic)
    lapsed(clinic)
    clinic.booked(maybe_here, -1)
    known_until(clinic, 3)
    coordinator.types("/calls")
    said = coordinator.in_korean().reads(command)
    assert "예약 · 내원 자료가 11/22(일) 이후로 없어요." in said
    assert "다녀가셨을 수 있는 1분" in said
    english = coordinator.reads(command)
    assert "Held back, as they may have been here since: 1." in english
    known_until(clinic, 1)
    assert "Held back" not in coordinator.reads(command)


def test_the_data_of_the_list_says_how_many_are_held_back(clinic: Clinic, coordinator: Asker) -> None:
    maybe_here = lapsed(clinic)
    clinic.booked(maybe_here, -1)
    known_until(clinic, 3)
    data = coordinator.data("/calls")
    assert (data["held_back"], data["patients"]) == (1, [])
    assert len(coordinator.data("/churners")["patients"]) == 1


def test_why_says_that_somebody_waits_for_a_file(clinic: Clinic, coordinator: Asker) -> None:
    maybe_here = lapsed(clinic)
    clinic.booked(maybe_here, -1)
    known_until(clinic, 3)
    coordinator.types("/calls")
    said = coordinator.in_korean().reads("/why 김지영")
    assert "오늘은 자료를 기다려요" in said
    assert "이후에 다녀가셨을 수 있어요" in said
