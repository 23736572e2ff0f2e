"""Shares, their intervals, and what is more than chance."""

import pytest

from crm_core.kpi.kpi import Share, more_than_chance


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [  # Newcombe (1998), table I, method 3
        (Share(81, 263), 0.2553, 0.3662),
        (Share(15, 148), 0.0624, 0.1605),
        (Share(0, 20), 0.0000, 0.1611),
        (Share(1, 29), 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_the_published_examples(share: Share, low: float, high: float) -> None:
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)


def test_nobody_can_say_of_nothing() -> None:
    assert (Share(0, 0).value, Share(0, 0).low, Share(0, 0).high) == (None, None, None)
    assert not more_than_chance(Share(0, 0), Share(5, 10))


def test_a_difference_is_marked_only_where_it_is_more_than_chance() -> None:
    assert more_than_chance(Share(50, 100), Share(65, 100))
    assert not more_than_chance(Share(50, 100), Share(63, 100))
    assert not more_than_chance(Share(10, 10), Share(10, 10))


def test_below_thirty_is_a_small_number() -> None:
    assert Share(1, 29).is_small
    assert not Share(1, 30).is_small
