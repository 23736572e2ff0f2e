"""Free times: never outside the hours or across lunch, never more patients at once than the branch treats."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.policy.branch import Branch, Hours
from crm_core.policy.policy import Policy
from crm_core.reservations.free import Span, WhyNot, busiest, free_starts, span, why_not, windows
from tests.clinic import policy

DAYS = st.dates(date(2026, 10, 15), date(2026, 12, 5))
CLOCK_CHANGES = (date(2026, 3, 29), date(2026, 10, 25))  # in Berlin
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def branch(**values: object) -> Branch:
    return replace(policy().branch("gangnam"), **values)  # type: ignore[arg-type]


def taken_of(place: Branch, day: date, starts: Sequence[tuple[int, int]]) -> list[Span]:
    return [span(place.at(day, time()).astimezone(UTC) + at * MINUTE, minutes) for at, minutes in starts]


TAKEN = st.lists(
    st.tuples(st.integers(9 * 60, 21 * 60), st.sampled_from((10, 20, 30, 40, 60, 90))), max_size=40
)


@given(day=DAYS, minutes=st.sampled_from((10, 20, 30, 40, 60, 90)), at_once=st.integers(1, 4), starts=TAKEN)
def test_what_is_free_really_fits_and_what_is_not_free_does_not(
    day: date, minutes: int, at_once: int, starts: list[tuple[int, int]]
) -> None:
    place = branch(at_once=at_once)
    taken = taken_of(place, day, starts)
    free = free_starts(place, day, minutes, taken, LONG_AGO)
    hours = place.hours_on(day)
    assert hours is not None or not free
    for start in free:
        assert hours is not None
        first, last = place.local(start), place.local(start + (minutes - 1) * MINUTE)
        assert first.date() == last.date() == day
        assert hours.opens <= first.time()
        assert last.time() < hours.closes
        for at in (start + n * MINUTE for n in range(minutes)):
            assert sum(one.starts_at <= at < one.ends_at for one in taken) < at_once
            if hours.lunch:
                assert not hours.lunch[0] <= place.local(at).time() < hours.lunch[1]
    for part in windows(place, day):
        for start in (part.starts_at + n * timedelta(minutes=30) for n in range(40)):
            if part.starts_at <= start < part.ends_at and start not in free:
                assert start + minutes * MINUTE > part.ends_at or any(
                    sum(one.starts_at <= at < one.ends_at for one in taken) >= at_once
                    for at in (start + n * MINUTE for n in range(minutes))
                )


@given(starts=TAKEN, minutes=st.sampled_from((20, 30, 60)))
def test_a_booking_in_a_free_time_never_makes_too_many(starts: list[tuple[int, int]], minutes: int) -> None:
    place, day = branch(at_once=2), date(2026, 11, 27)
    taken: list[Span] = []
    for one in taken_of(place, day, starts):
        if why_not(place, one, taken) is None:
            taken.append(one)
    for start in free_starts(place, day, minutes, taken, LONG_AGO):
        both = [*taken, span(start, minutes)]
        assert max(busiest(one, both) for one in both) <= 2


@given(starts=TAKEN, n=st.integers(0, 39))
def test_a_reservation_that_is_gone_gives_its_time_back(starts: list[tuple[int, int]], n: int) -> None:
    place, day = branch(at_once=1), date(2026, 11, 27)
    taken = taken_of(place, day, starts)
    without = taken[:n] + taken[n + 1 :]
    before = free_starts(place, day, 30, taken, LONG_AGO)
    after = free_starts(place, day, 30, without, LONG_AGO)
    assert set(before) <= set(after)
    if n < len(taken):
        for start in set(after) - set(before):
            assert busiest(span(start, 30), [taken[n]]) == 1


@pytest.mark.parametrize("day", CLOCK_CHANGES)
@given(minutes=st.sampled_from((20, 60, 90)))
def test_in_the_night_the_clocks_change_a_time_is_as_long_as_any_other(day: date, minutes: int) -> None:
    night = Hours(time(0), time(6))
    place = branch(zone="Europe/Berlin", opened_days=MappingProxyType({day: night}))
    free = free_starts(place, day, minutes, [], LONG_AGO)
    opening, closing = place.opening(day), place.closing(day)
    assert opening is not None
    assert closing is not None
    length = closing.astimezone(UTC) - opening.astimezone(UTC)
    assert length in (timedelta(hours=5), timedelta(hours=7))
    assert len(free) == (length - minutes * MINUTE) // timedelta(minutes=30) + 1
    assert all(start + minutes * MINUTE <= closing.astimezone(UTC) for start in free)


def test_closed_days_holidays_and_the_night_clinic(policy: Policy) -> None:
    place = policy.branch("gangnam")
    assert free_starts(place, date(2026, 11, 29), 30, [], LONG_AGO) == []  # Sunday
    assert free_starts(place, date(2026, 12, 25), 30, [], LONG_AGO) == []  # Christmas
    assert free_starts(place, date(2026, 12, 31), 30, [], LONG_AGO) == []  # a closed day
    friday = free_starts(place, date(2026, 11, 27), 60, [], LONG_AGO)
    assert place.local(friday[-1]).time() == time(20)
    hangul = free_starts(place, date(2026, 10, 9), 30, [], LONG_AGO)  # an opened holiday
    assert place.local(hangul[-1]).time() == time(15, 30)


def test_only_what_is_ahead_is_offered(policy: Policy, now: datetime) -> None:
    place = policy.branch("gangnam")
    at = place.at(date(2026, 11, 25), time(14, 30))
    free = free_starts(place, date(2026, 11, 25), 30, [], at)
    assert place.local(free[0]).time() == time(15)


@pytest.mark.parametrize(
    ("clock", "minutes", "why"),
    [
        (time(9, 30), 30, WhyNot.CLOSED),
        (time(12, 45), 30, WhyNot.LUNCH),
        (time(13, 30), 20, WhyNot.LUNCH),
        (time(18, 30), 60, WhyNot.CLOSED),
        (time(12, 30), 30, None),
        (time(14), 20, None),
    ],
)
def test_why_a_time_cannot_be_had(policy: Policy, clock: time, minutes: int, why: WhyNot | None) -> None:
    place = policy.branch("gangnam")
    wanted = span(place.at(date(2026, 11, 25), clock), minutes)
    assert why_not(place, wanted, []) is why
    if why is None:
        assert why_not(place, wanted, [wanted] * place.at_once) is WhyNot.FULL
