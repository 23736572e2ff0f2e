"""One cell: what is read, and what is not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm_core.imports import amounts, fields
from crm_core.imports.complaint import Problem
from crm_core.imports.fields import Reading, Unreadable
from handlers.complaints import KOREAN
from tests.clinic import policy

SEOUL = policy().branch("gangnam").tz
READING = Reading(
    policy().branch("gangnam"),
    policy(),
    {c: k if c == "clock" else {fields.folded(w): o for w, o in k.items()} for c, k in KOREAN.items()},
    SEOUL,
)
TWO = datetime(2026, 12, 1, 14, tzinfo=SEOUL)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 14:00",
        "2026-12-01T14:00:00",
        "2026-12-01 14:00:00.000",
        "2026.12.01 14:00",
        "2026. 12. 1. 14:00",
        "2026/12/1 14:00",
        "20261201 14:00",
        "2026-12-01T05:00:00Z",
        "2026-12-01T14:00:00+09:00",
        "2026-12-01T14:00+0900",
        "2026-12-01 오후 2:00",
        "2026년 12월 1일(화) 오후 2시",
        "2026년 12월 01일 14시 00분",
        "2026-12-01 2:00 pm",
        "２０２６-12-01 14:00",
        "20261201140000",
        "202612011400",
        "2026. 12. 1. 오후 2:00",
        "2026년 12월 1일 화요일 오후 2:00",
        "2026-12-01(화) 14시",
    ],
)
def test_a_moment_is_read_in_every_usual_way(text: str) -> None:
    assert fields.when(text, READING) == (TWO, date(2026, 12, 1), True)


@pytest.mark.parametrize("text", ["2026-12-01", "2026.12.01", "2026/12/1", "20261201", "2026년 12월 1일"])
def test_a_date_alone_is_midnight_and_not_timed(text: str) -> None:
    assert fields.when(text, READING) == (datetime(2026, 12, 1, tzinfo=SEOUL), date(2026, 12, 1), False)


def test_noon_and_midnight_by_half_days() -> None:
    assert fields.instant("2026-12-01 오전 12:05", READING).hour == 0
    six_past = fields.instant("2026년 12월 1일(화) 오후 3시 6분", READING)
    assert (six_past.astimezone(READING.zone).hour, six_past.minute) == (15, 6)
    assert fields.instant("2026-12-01 오후 12:05", READING).hour == 12


def test_the_local_date_is_the_branchs() -> None:
    late = fields.when("2026-11-30T23:30:00Z", READING)
    assert late.on == date(2026, 12, 1)
    assert late.at.astimezone(UTC).day == 30


@pytest.mark.parametrize(
    ("text", "problem", "detail"),
    [
        ("2026-13-01", Problem.NO_MONTH, "13"),
        ("2026-02-30", Problem.NO_DAY, "2026-02-30"),
        ("2026-12-01 25:00", Problem.NO_HOUR, "25"),
        ("2026-12-01 14:61", Problem.NO_MINUTE, "61"),
        ("0026-12-01", Problem.FAR_YEAR, "26"),
        ("tomorrow", Problem.NO_DATE, ""),
        ("46357", Problem.NO_DATE, ""),
        ("26/12/01", Problem.NO_DATE, ""),
        ("12/01/26", Problem.NO_DATE, ""),
        ("2026-12-01 오전 13:00", Problem.NO_HOUR, "13"),
        ("2026-12-01 24:30", Problem.NO_HOUR, "24"),
        ("2026-02-30 10:00", Problem.NO_DAY, "2026-02-30"),
        ("1850-02-01 10:00", Problem.FAR_YEAR, "1850"),
        ("01/12/2026", Problem.NO_DATE, ""),
        ("2026-12-01 14:00 +99:99", Problem.NO_HOUR, "99"),
    ],
)
def test_what_is_no_moment_says_why(text: str, problem: Problem, detail: str) -> None:
    with pytest.raises(Unreadable) as caught:
        fields.when(text, READING)
    assert (caught.value.problem, caught.value.detail) == (problem, detail)
    assert caught.value.example == "2026-12-01 14:00"


def test_the_end_of_a_day_is_the_beginning_of_the_next() -> None:
    assert fields.when("2026-12-01 24:00", READING) == (
        datetime(2026, 12, 2, tzinfo=SEOUL),
        date(2026, 12, 2),
        True,
    )


WRITTEN: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}",
    lambda at: f"{at.year}. {at.month}. {at.day}. {at:%H:%M:%S}",
    lambda at: f"{at:%Y%m%d%H%M%S}",
    lambda at: f"{at:%Y/%m/%d} {'오전' if at.hour < 12 else '오후'} {at.hour % 12 or 12}:{at:%M:%S}",
    lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
)


@given(
    seconds=st.integers(-2_100_000_000, 4_100_000_000),
    write=st.sampled_from(WRITTEN),
)
def test_a_moment_comes_back_however_it_was_written(seconds: int, write: Callable[[datetime], str]) -> None:
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(SEOUL)
    assume(moment == moment.astimezone(UTC).astimezone(SEOUL) and not moment.fold)
    assert fields.when(write(moment), READING).at == moment


@given(won=st.integers(0, 2_000_000_000), sign=st.sampled_from(["{}", "{}원", "₩{}", "￦ {} 원", "KRW {}"]))
def test_an_amount_comes_back_however_it_was_written(won: int, sign: str) -> None:
    for text in (f"{won:,}", str(won), f"{won}.0"):
        assert amounts.amount(sign.format(text), READING) == won
    tens, rest = divmod(won, 10_000)
    if tens:
        assert amounts.amount(sign.format(f"{tens:,}만{rest or ''}"), READING) == won


@pytest.mark.parametrize(
    ("text", "won"),
    [
        ("125만원", 1_250_000),
        ("125만", 1_250_000),
        ("12.5만", 125_000),
        ("1억 2,000만원", 120_000_000),
        ("3천원", 3_000),
        ("１２５만원", 1_250_000),
        ("0원", 0),
    ],
)
def test_an_amount_in_korean_units(text: str, won: int) -> None:
    assert amounts.amount(text, READING) == won


def test_what_was_paid_back_is_the_same_with_and_without_a_sign() -> None:
    for text in ("50,000", "-50,000", "(50,000)", "△50,000원", "₩-50,000"):
        assert amounts.given_back(text, READING) == 50_000


def test_sessions_are_counted() -> None:
    read = amounts.count_from(1)
    assert [read(text, READING) for text in ("10", "10회", "10.0")] == [10, 10, 10]


@pytest.mark.parametrize(
    "text", ["1,250,000", "1,250,000원", "₩1,250,000", "1250000", "1250000.0", "￦ 1,250,000"]
)
def test_an_amount_is_read_in_every_usual_way(text: str) -> None:
    assert amounts.amount(text, READING) == 1_250_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-1", Problem.NEGATIVE),
        ("(1,000)", Problem.NEGATIVE),
        ("1만 20000", Problem.NO_AMOUNT),
        ("2만 3억", Problem.NO_AMOUNT),
        ("1.5만 7천5", Problem.NO_AMOUNT),
        ("12.5", Problem.NOT_WHOLE),
        ("1,25,000", Problem.NO_AMOUNT),
        ("free", Problem.NO_AMOUNT),
        ("9999999999999", Problem.TOO_LARGE),
        ("NaN", Problem.NO_AMOUNT),
    ],
)
def test_what_is_no_amount(text: str, problem: Problem) -> None:
    with pytest.raises(Unreadable) as caught:
        amounts.amount(text, READING)
    assert caught.value.problem is problem


def test_phones_are_kept_in_one_form() -> None:
    for text in ("010-1234-5678", "01012345678", "1012345678", "+82 10 1234 5678", "０１０-1234-5678"):
        assert fields.phone(text, READING) == "+821012345678"
    with pytest.raises(Unreadable):
        fields.phone("010-123", READING)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9.5985133231274E13", "95985133231274"),
        ("95985133231274.0", "95985133231274"),
        ("29872499824296", "29872499824296"),
        ("9377952927E-5", "93779.52927"),
        ("A-17", "A-17"),
        ("1E999999999", "1E999999999"),
    ],
)
def test_a_number_that_a_spreadsheet_wrote(text: str, number: str) -> None:
    assert fields.digits(text) == number


def test_a_word_of_ours_or_a_korean_one() -> None:
    read = fields.one_of("outcome", ("connected", "no_answer"))
    assert [read(t, READING) for t in ("No Answer", "no-answer", "부재중", "부재")] == ["no_answer"] * 4
    with pytest.raises(Unreadable) as caught:
        read("maybe", READING)
    assert caught.value.detail == "connected, no_answer"
