"""Whoever may have come on a day of which no file says who came is not called before the file is read."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_core.calls.actions import fix_list
from crm_core.calls.today import today
from crm_core.churn.reasons import Why
from crm_core.facts_until import missing
from crm_core.reservations.actions import Mark, mark, mark_others
from crm_core.staff.access import Person
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import Reservation, ReservationState
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import Role
from tests.crm_core.hand_made import Clinic


def known_until(clinic: Clinic, days_ago: int, *kinds: str) -> None:
    """Files whose last day is so many days ago, to its end."""
    branch = clinic.policy.branch(clinic.branch)
    for kind in kinds or ("reservations", "visits"):
        until = branch.at(clinic.ago(days_ago - 1), time(0))
        clinic.db.merge(FactsUntil(branch=clinic.branch, kind=kind, until=until))
    clinic.db.flush()


def lapsed(clinic: Clinic) -> int:
    patient = clinic.patient()
    clinic.treated(patient, 182)
    return patient


def listed(clinic: Clinic, who: Person) -> tuple[set[int], int]:
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    found = today(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)
    return {card.patient_id for card in found.cards}, found.held_back


def test_an_unmarked_reservation_of_an_unknown_day_holds_the_card_back_until_the_file_is_read(
    clinic: Clinic,
) -> None:
    who = clinic.coordinator()
    free, maybe_here = lapsed(clinic), lapsed(clinic)
    clinic.booked(maybe_here, -1, made_at=clinic.now - timedelta(days=9))
    known_until(clinic, 3)
    assert listed(clinic, who) == ({free}, 1)
    reason = next(r for r in clinic.why(maybe_here).reasons if r.why is Why.FACTS_MISSING)
    assert reason.on == clinic.ago(1)
    known_until(clinic, 1)
    assert listed(clinic, who) == ({free, maybe_here}, 0)


@pytest.mark.parametrize(
    "state", [ReservationState.NO_SHOW, ReservationState.CANCELLED_EARLY, ReservationState.MOVED]
)
def test_a_reservation_that_is_known_not_to_have_been_kept_holds_nobody_back(
    clinic: Clinic, state: ReservationState
) -> None:
    patient = lapsed(clinic)
    made_at = clinic.now - timedelta(days=9)
    clinic.booked(patient, -1, made_at=made_at, state=state, state_at=clinic.now - timedelta(hours=20))
    known_until(clinic, 3)
    assert not clinic.why(patient).held_back


def test_a_reservation_of_a_day_that_is_known_holds_nobody_back(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.booked(patient, -5, made_at=clinic.now - timedelta(days=9))
    known_until(clinic, 3)
    assert not clinic.why(patient).held_back


def test_who_said_on_an_unknown_day_that_they_come_is_held_back(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.called(patient, 2, Outcome.CONNECTED, ResponseGroup.NEGATIVE_AFFIRMATION)
    silent = lapsed(clinic)
    clinic.called(silent, 2)
    known_until(clinic, 3)
    assert clinic.why(patient).held_back
    assert not clinic.why(silent).held_back


def test_a_kind_that_was_never_read_holds_nobody_back(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.booked(patient, -1, made_at=clinic.now - timedelta(days=9))
    found = missing(clinic.db, clinic.policy, clinic.branch, clinic.now)
    assert found is not None
    assert found.first_day is None
    assert not clinic.why(patient).held_back


def test_the_closing_card_of_the_day_closes_it(clinic: Clinic) -> None:
    """Facts typed in chat are a source: nothing is missing once nobody is left unmarked."""
    desk = clinic.staff("박데스크", Role.DESK)
    first, second = lapsed(clinic), lapsed(clinic)
    for patient in (first, second):
        clinic.booked(patient, -1, made_at=clinic.now - timedelta(days=9))
    known_until(clinic, 2)
    evening = clinic.later(hours=-14)
    number = clinic.db.scalars(select(col(Reservation.id)).where(col(Reservation.patient_id) == first)).one()
    assert number is not None
    mark(clinic.db, clinic.policy, desk, number, Mark.NO_SHOW, evening.now)
    assert missing(clinic.db, clinic.policy, clinic.branch, clinic.now) is not None
    mark_others(clinic.db, clinic.policy, desk, clinic.branch, evening.today, evening.now)
    assert missing(clinic.db, clinic.policy, clinic.branch, clinic.now) is None
    assert not clinic.why(first).held_back


def test_one_closed_day_does_not_close_the_one_before_it(clinic: Clinic) -> None:
    desk = clinic.staff("박데스크", Role.DESK)
    for days_ago in (1, 2):
        clinic.booked(lapsed(clinic), -days_ago, made_at=clinic.now - timedelta(days=9))
    known_until(clinic, 3)
    mark_others(clinic.db, clinic.policy, desk, clinic.branch, clinic.ago(1), clinic.now)
    found = missing(clinic.db, clinic.policy, clinic.branch, clinic.now)
    assert found is not None
    assert found.first_day == clinic.ago(2)
