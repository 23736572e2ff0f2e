"""Sealing, finding and masking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.phone import last_four, read_phone, spoken_phone
from crm_core.privacy import Vault, masked_chart, masked_name, masked_phone


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_is_opened_and_never_stands_in_the_clear(text: str) -> None:
    vault = Vault(b"k" * 32)
    sealed = vault.seal(text)
    assert vault.open(sealed) == text
    assert vault.seal(text) != sealed
    assert len(text) < 4 or text.encode() not in sealed


def test_another_key_opens_nothing_and_finds_nothing() -> None:
    one, other = Vault(b"1" * 32), Vault(b"2" * 32)
    with pytest.raises(ValueError, match="another DATA_KEY"):
        other.open(one.seal("김지영"))
    assert one.blind("phone", "+821012345678") != other.blind("phone", "+821012345678")
    assert one.blind("phone", "1") != one.blind("name", "1")


@pytest.mark.parametrize("key", ["", "short", "not base64 at all!", "YWJj"])
def test_a_key_that_is_none_is_refused_in_words(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault.from_key(key)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("홍길동", "홍*동"),
        ("김철", "김*"),
        ("남궁민수", "남**수"),
        ("Jane Smith", "J*** S****"),
        ("李小明", "李**"),
        ("", "*"),
    ],
)
def test_a_name_is_masked_as_a_channel_may_show_it(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@given(st.text(min_size=2, max_size=40).filter(lambda t: len("".join(t.split())) > 1))
def test_a_masked_name_is_never_the_name(name: str) -> None:
    assert masked_name(name) != name or "*" in name


def test_phones_and_charts_show_their_ends_only() -> None:
    assert masked_phone("1234") == "010-****-1234"
    assert masked_chart("2024000432") == "…0432"


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("010-2345-1234", "+821023451234"),
        ("010 2345 1234", "+821023451234"),
        ("+82 10-2345-1234", "+821023451234"),
        ("1023451234", "+821023451234"),  # a spreadsheet ate the zero
        ("02-345-6789", "+8223456789"),
        ("010-123-4567", None),
        ("+1 415 555 2671", "+14155552671"),
        ("없음", None),
        ("", None),
    ],
)
def test_a_phone_is_read_once_at_the_edge(text: str, phone: str | None) -> None:
    assert read_phone(text) == phone


def test_a_phone_is_written_as_people_of_the_country_do() -> None:
    assert spoken_phone("+821023451234") == "010-2345-1234"
    assert last_four("+821023451234") == "1234"
