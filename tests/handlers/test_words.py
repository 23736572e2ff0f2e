"""Arguments as people type them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import NotUnderstood
from crm_core.period import Period
from handlers.language.words import Words, nearest, read_day, read_period, tidy
from tests.clinic import policy

TODAY = date(2026, 11, 25)  # a Wednesday
CUTS = {"branch": ("지점별",), "source": ("유입경로별",), "treatment": ("시술별",)}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-11-25", "2026-11-25"),
        ("오늘", "2026-11-25", "2026-11-25"),
        ("yesterday", "2026-11-24", "2026-11-24"),
        ("this week", "2026-11-23", "2026-11-29"),
        ("지난주", "2026-11-16", "2026-11-22"),
        ("저번 주", "2026-11-16", "2026-11-22"),
        ("This Month", "2026-11-01", "2026-11-30"),
        ("이번달", "2026-11-01", "2026-11-30"),
        ("이번 달", "2026-11-01", "2026-11-30"),
        ("당월", "2026-11-01", "2026-11-30"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("전월", "2026-10-01", "2026-10-31"),
        ("this quarter", "2026-10-01", "2026-12-31"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("올해", "2026-01-01", "2026-12-31"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026-2", "2026-02-01", "2026-02-28"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-10-01..2026-10-15", "2026-10-01", "2026-10-15"),
        ("2026-10-01 ~ 2026-10-15", "2026-10-01", "2026-10-15"),
        ("last 90 days", "2026-08-28", "2026-11-25"),
        ("최근 90일", "2026-08-28", "2026-11-25"),
        ("11월", "2026-11-01", "2026-11-30"),
        ("2025년 12월", "2025-12-01", "2025-12-31"),
        ("11/25", "2026-11-25", "2026-11-25"),
        ("1/5", "2027-01-05", "2027-01-05"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_period_is_read_in_words_and_figures(text: str, first: str, last: str) -> None:
    assert read_period(text, TODAY) == Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    ["soon", "2026-13", "2026-02-30", "2026-10-15..2026-10-01", "last 0 days", "9999999", "", "11월 31일"],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    assert read_period(text, TODAY) is None


def test_words_take_a_period_and_a_cut_in_either_order_and_language() -> None:
    words = Words("by source last month", TODAY, policy())
    with pytest.raises(NotUnderstood):
        words.take_cut(CUTS)
    for text in ("last month by source", "지난달 유입경로별", "유입경로별 지난달"):
        words = Words(text, TODAY, policy())
        assert words.take_cut(CUTS) == "source"
        assert words.take_period() == Period(date(2026, 10, 1), date(2026, 10, 31))
        words.finish()


def test_an_unknown_word_gets_the_nearest_ones() -> None:
    words = Words("lats month", TODAY, policy())
    words.take_period()
    with pytest.raises(NotUnderstood) as refused:
        words.finish()
    assert refused.value.word == "lats month"
    assert "last month" in refused.value.nearest


def test_an_unknown_cut_names_those_there_are() -> None:
    with pytest.raises(NotUnderstood) as refused:
        Words("last month by branhc", TODAY, policy()).take_cut(CUTS)
    assert refused.value.nearest[0] == "branch"


@pytest.mark.parametrize(
    ("word", "meant"), [("문위", "문의"), ("되돌리깅", "되돌리기"), ("전하", "전화"), ("퍼넡", "퍼널")]
)
def test_hangul_is_compared_letter_by_letter(word: str, meant: str) -> None:
    assert nearest(word, ("문의", "되돌리기", "전화", "퍼널", "왜", "calls"))[0] == meant


def test_a_greeting_is_near_no_command() -> None:
    assert nearest("안녕하세요", ("왜", "이탈", "연결", "언어")) == ()


def test_full_width_letters_and_smart_quotes_are_read_as_meant() -> None:
    assert tidy("／ｆｕｎｎｅｌ　this  “month”") == '/funnel this "month"'


@given(st.text(max_size=40))
def test_any_text_is_a_period_or_none_and_never_an_exception(text: str) -> None:
    found = read_period(text, TODAY)
    assert found is None or found.first <= found.last
    day = read_day(text, TODAY)
    assert day is None or isinstance(day, date)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_a_range_in_figures_is_read_back(first: date, days: int) -> None:
    last = first + timedelta(days)
    assert read_period(f"{first}..{last}", TODAY) == Period(first, last)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 800))
def test_the_period_before_ends_the_day_before(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days))
    assert period.previous().last == first - timedelta(1)


@given(st.text(max_size=20))
def test_the_nearest_words_are_among_the_choices(word: str) -> None:
    assert set(nearest(word, ("funnel", "calls", "퍼널"))) <= {"funnel", "calls", "퍼널"}
