"""A day's reservations as they are seen at a moment."""

from datetime import time, timedelta

import pytest

from crm_core.policy.branch import Branch
from crm_core.reservations.queries import (
    DayCounts,
    count_day,
    count_states,
    missed_before,
    reservations_of,
    reservations_on,
)
from crm_core.tables.facts import ReservationState
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked, evening


@pytest.fixture
def branch(clinic: Clinic) -> Branch:
    return clinic.policy.branch(clinic.branch)


def test_a_visit_that_day_makes_a_booked_reservation_arrived(clinic: Clinic, branch: Branch) -> None:
    came, missed = clinic.patient(), clinic.patient()
    booked(clinic, came, time(10))
    booked(clinic, missed, time(10, 30), state=ReservationState.NO_SHOW, state_at=evening(clinic))
    clinic.visited(came, 0)
    clinic.visited(missed, 1)
    lines = reservations_on(clinic.db, branch, clinic.today, evening(clinic))
    assert [line.state for line in lines] == [ReservationState.ARRIVED, ReservationState.NO_SHOW]
    morning = reservations_on(clinic.db, branch, clinic.today, clinic.at(clinic.today, time(7)))
    assert [line.state for line in morning] == [ReservationState.BOOKED, ReservationState.BOOKED]


def test_unmarked_begins_when_the_day_is_over(clinic: Clinic, branch: Branch) -> None:
    booked(clinic, clinic.patient(), time(10))
    tonight = clinic.at(clinic.today, time(23, 59))
    (line,) = reservations_on(clinic.db, branch, clinic.today, tonight)
    assert line.is_open
    assert not line.is_unmarked
    (line,) = reservations_on(clinic.db, branch, clinic.today, tonight + timedelta(minutes=2))
    assert line.is_unmarked
    assert count_states([line]) == {"unmarked": 1}


def test_new_is_whoever_was_never_here_before_that_day(clinic: Clinic, branch: Branch) -> None:
    new, registered, treated, today_only = (clinic.patient() for _ in range(4))
    old = clinic.patient(first_visit_on=clinic.ago(400))
    clinic.treated(treated, 30)
    clinic.visited(registered, 3)
    clinic.visited(today_only, 0)
    for patient in (new, registered, treated, today_only, old):
        booked(clinic, patient, time(10))
    lines = reservations_on(clinic.db, branch, clinic.today, clinic.now)
    assert {line.patient_id for line in lines if line.is_new} == {new, today_only}


def test_what_was_made_later_is_hidden_before_it_was_made(clinic: Clinic, branch: Branch) -> None:
    booked(clinic, clinic.patient(), time(10), made_at=clinic.at(clinic.ago(2)))
    before = clinic.at(clinic.ago(3))
    assert reservations_on(clinic.db, branch, clinic.today, before) == []


def test_the_numbers_of_a_day_add_up(clinic: Clinic, branch: Branch) -> None:
    at = clinic.at(clinic.ago(1), time(18))
    for state in ReservationState:
        booked(clinic, clinic.patient(), time(10), clinic.ago(1), state=state, state_at=at)
    counts = count_day(reservations_on(clinic.db, branch, clinic.ago(1), clinic.now))
    assert counts == DayCounts(
        total=7, new=6, came=3, no_show=1, cancelled_late=1, open=2, unmarked=2, away=3
    )
    assert counts.total == counts.came + counts.no_show + counts.cancelled_late + counts.open
    assert counts.expected == 6


def test_a_scope_sees_its_branches_and_days_alone(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(), time(10))
    booked(clinic, clinic.patient(), time(10), clinic.ago(-1))
    found = reservations_of(clinic.db, clinic.scope, clinic.policy, clinic.now)
    assert [line.starts_on for line in found] == [clinic.today]


def test_missed_before_looks_a_year_back(clinic: Clinic) -> None:
    lately, long_ago, kept = (clinic.patient() for _ in range(3))
    for patient, days, state in (
        (lately, 360, ReservationState.CANCELLED_LATE),
        (long_ago, 370, ReservationState.NO_SHOW),
        (kept, 30, ReservationState.COMPLETED),
    ):
        booked(clinic, patient, time(10), clinic.ago(days), state=state)
    everybody = (lately, long_ago, kept)
    assert missed_before(clinic.db, everybody, clinic.today, clinic.now) == {lately: 1}
