"""Opening minutes: counted as a person with a clock would, minute by minute."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_core.policy.branch import Branch
from tests.clinic import policy

GANGNAM = policy().branch("gangnam")
FIRST = datetime(2026, 9, 20, tzinfo=GANGNAM.tz)  # Chuseok lies in the week after it


def is_open_in(branch: Branch, minute: datetime) -> bool:
    """Whether somebody is there in the minute that begins now."""
    hours = branch.hours_on(minute.date())
    if hours is None or not hours.opens <= minute.time() < hours.closes:
        return False
    return hours.lunch is None or not hours.lunch[0] <= minute.time() < hours.lunch[1]


minutes = st.integers(0, 30 * 24 * 60)


@given(start=minutes, length=st.integers(0, 4 * 24 * 60))
def test_they_are_the_minutes_one_by_one(start: int, length: int) -> None:
    begins = FIRST + timedelta(minutes=start)
    slow = sum(is_open_in(GANGNAM, begins + timedelta(minutes=n)) for n in range(length))
    assert GANGNAM.open_minutes_between(begins, begins + timedelta(minutes=length)) == slow


@given(start=minutes, waited=st.integers(1, 2_000))
def test_after_so_many_of_them_so_many_have_passed(start: int, waited: int) -> None:
    begins = FIRST + timedelta(minutes=start)
    ends = GANGNAM.after_open_minutes(begins, waited)
    assert ends is not None
    assert GANGNAM.open_minutes_between(begins, ends) == waited
    assert GANGNAM.open_minutes_between(begins, ends - timedelta(minutes=1)) == waited - 1


def test_by_hand() -> None:
    """Wednesday 25 November: 10:00 to 19:00, lunch 13:00 to 14:00."""
    day = date(2026, 11, 25)
    hours = GANGNAM.hours_on(day)
    assert hours is not None
    assert (hours.opens, hours.lunch) == (time(10), (time(13), time(14)))

    def between(start: time, end: time) -> int:
        return GANGNAM.open_minutes_between(GANGNAM.at(day, start), GANGNAM.at(day, end))

    assert between(time(9), time(10, 5)) == 5
    assert between(time(12, 50), time(14, 10)) == 20
    assert between(time(13, 10), time(13, 50)) == 0
    assert between(time(12), time(11)) == 0
    evening = GANGNAM.at(day, time(23))
    assert GANGNAM.after_open_minutes(evening, 15) == GANGNAM.at(date(2026, 11, 26), time(10, 15))


def test_a_public_holiday_does_not_count() -> None:
    christmas = date(2026, 12, 25)
    assert not GANGNAM.is_open(christmas)
    asked = GANGNAM.at(christmas, time(11))
    assert GANGNAM.open_minutes_between(asked, GANGNAM.at(christmas, time(23))) == 0
    assert GANGNAM.open_spans(christmas) == ()
