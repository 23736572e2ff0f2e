"""Telephone numbers as clinics write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.phone import read_phone, spoken_phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("010-1234-5678", "+821012345678"),
        ("010.1234.5678", "+821012345678"),
        ("1012345678", "+821012345678"),  # a spreadsheet took the zero
        ("+82 10 1234 5678", "+821012345678"),
        ("+82 (0)10-1234-5678", "+821012345678"),
        ("0082-10-1234-5678", "+821012345678"),
        ("821012345678", "+821012345678"),
        ("02-333-4444", "+8223334444"),
        ("02)333-4444", "+8223334444"),
        ("233334444", "+82233334444"),
        ("031-123-4567", "+82311234567"),
        ("1588-1234", "+8215881234"),
        ("070-1234-5678", "+827012345678"),
        ("0505-123-4567", "+825051234567"),
        ("02-333-4444 내선 12", "+8223334444"),
        ("02-333-4444 ext. 12", "+8223334444"),
        ("02-333-4444#3", "+8223334444"),
        ("010-1111-2222 (엄마)", "+821011112222"),
        ("+1 415 555 2671", "+14155552671"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 138 0013 8000", "+8613800138000"),
        ("00186 138 0013 8000", "+8613800138000"),
    ],
)
def test_one_number_is_read_however_it_is_written(text: str, number: str) -> None:
    assert read_phone(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "010-1111-2222 / 02-333-4444",
        "02-333-4444 / 010-1111-2222",
        "02-333-4444, 010-1111-2222, 010-3333-4444",
        "집 02-333-4444\n휴대폰 010-1111-2222",
        "010-1111-2222 또는 010-3333-4444",
    ],
)
def test_of_several_numbers_the_first_mobile_one(text: str) -> None:
    assert read_phone(text) == "+821011112222"


@pytest.mark.parametrize(
    "text", ["", "없음", "0", "010-123", "010-1234-56789", "333-4444", "2333-4444", "23334444", "-"]
)
def test_what_is_no_number_or_may_be_two_is_none(text: str) -> None:
    assert read_phone(text) is None


@given(st.integers(0, 99_999_999))
def test_a_mobile_number_comes_back_as_people_write_it(rest: int) -> None:
    number = f"+8210{rest:08}"
    assert read_phone(number) == number
    assert read_phone(f"010{rest:08}") == number
    assert read_phone(f"10{rest:08}") == number
    assert read_phone(spoken_phone(number)) == number
