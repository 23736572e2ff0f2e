"""Bands by hand: what a family's last treatment makes of a day (product.md §3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.churn.eligibility import band_of
from crm_core.churn.ledger import (
    FOREVER,
    CourseHeld,
    Done,
    LedgerLine,
    ledger_lines,
    own_rhythm,
    value_since,
)
from crm_core.churn.reasons import Band
from tests.clinic import policy

L = date(2026, 1, 1)


def line(treatment: str = "botox", **values: object) -> LedgerLine:
    (one,) = ledger_lines(policy(), [Done(treatment, L, "gangnam", **values)])  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (149, Band.NOT_YET),
        (150, Band.DUE),
        (180, Band.DUE),
        (181, Band.LAPSED),
        (360, Band.LAPSED),
        (361, Band.LONG_GONE),
    ],
)
def test_botox_is_due_after_150_days_lapsed_after_180_and_long_gone_180_later(days: int, band: Band) -> None:
    assert band_of(line(), L + timedelta(days)) is band


@pytest.mark.parametrize(("days", "band"), [(60, Band.DUE), (90, Band.DUE), (91, Band.LAPSED)])
def test_laser_toning_is_lapsed_after_three_months(days: int, band: Band) -> None:
    assert band_of(line("laser_toning"), L + timedelta(days)) is band


def test_a_recommended_date_replaces_both_ages() -> None:
    wanted = date(2026, 3, 1)
    one = line(recommended_on=wanted)
    assert one.recommended
    assert one.due_on == wanted - timedelta(14)
    assert one.churned_on == wanted + timedelta(30)
    assert band_of(one, wanted + timedelta(31)) is Band.LAPSED


def test_the_doctors_date_makes_due_what_no_rule_would() -> None:
    rows = [Done("medical", L, "gangnam"), Done("removal", L, "gangnam")]
    assert ledger_lines(policy(), rows) == ()
    dated = [Done(row.treatment, L, "gangnam", recommended_on=L) for row in rows]
    assert len(ledger_lines(policy(), dated)) == 2


def test_the_rule_of_the_last_treatment_counts_for_its_family() -> None:
    rows = [Done("botox", L, "gangnam"), Done("skin_botox", L + timedelta(10), "haeundae")]
    (one,) = ledger_lines(policy(), rows)
    assert (one.treatment, one.branch, one.times) == ("skin_botox", "haeundae", 2)
    assert one.due_on == L + timedelta(10 + 75)


def test_a_check_or_retouch_is_no_treatment_that_somebody_comes_back_for() -> None:
    rows = [Done("botox", L, "gangnam"), Done("follow_up_check", L + timedelta(14), "gangnam")]
    (one,) = ledger_lines(policy(), rows)
    assert one.last_on == L


def test_an_unknown_treatment_is_a_family_of_its_own_without_a_rule() -> None:
    assert ledger_lines(policy(), [Done("신비의 시술", L, "gangnam")]) == ()


@pytest.mark.parametrize(
    ("used", "rows", "valid_until", "until"),
    [
        (0, 3, None, FOREVER),
        (9, 3, date(2026, 12, 31), date(2026, 12, 31)),
        (10, 3, None, None),
        (4, 10, None, None),
    ],
)
def test_left_is_sessions_less_the_larger_of_used_and_rows(
    used: int, rows: int, valid_until: date | None, until: date | None
) -> None:
    course = CourseHeld(("b", "K1"), "laser_toning", 10, used, valid_until)
    done = [Done("laser_toning", L + timedelta(7 * n), "gangnam", course=("b", "K1")) for n in range(rows)]
    (one,) = ledger_lines(policy(), done, [course])
    assert one.course_until == until


def test_own_rhythm_is_the_mean_of_the_last_three_intervals() -> None:
    days = [L, L + timedelta(500), L + timedelta(670), L + timedelta(840), L + timedelta(1016)]
    assert own_rhythm(days) == (172, 3)
    assert own_rhythm([L]) == (None, 0)


def test_value_counts_24_months_also_from_the_29th_of_february() -> None:
    assert value_since(date(2026, 11, 25), 24) == date(2024, 11, 25)
    assert value_since(date(2024, 2, 29), 12) == date(2023, 2, 28)


@given(days=st.lists(st.integers(0, 900), min_size=1, max_size=6), seen=st.integers(0, 2000))
def test_bands_never_run_backwards_as_days_pass(days: list[int], seen: int) -> None:
    done = [Done("botox", L + timedelta(n), "gangnam") for n in sorted(days)]
    (one,) = ledger_lines(policy(), done)
    order = list(Band)
    today, tomorrow = L + timedelta(seen), L + timedelta(seen + 1)
    assert order.index(band_of(one, today)) <= order.index(band_of(one, tomorrow))
    assert one.due_on <= one.churned_on < one.lapsed_until
