"""No-show, late cancellation, show rate: which reservations count, and when."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from crm_core.kpi import catalogue
from crm_core.kpi.counts import ReservationCut
from crm_core.kpi.noshow import GROUPS, Tally, no_show, no_show_patients
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person, scope_for
from crm_core.tables.facts import Decision, Reservation, ReservationState
from crm_core.tables.people import Role
from tests.crm_core.kpi.clinics import Clinic, at, scope

STATE = ReservationState


def tally(db: Session, policy: Policy, day: float = 50) -> Tally:
    return no_show(db, scope(policy), policy, at(day)).whole


def test_each_state_stands_where_the_definitions_say(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    for state in STATE:
        clinic.reservation(clinic.patient(), 0, 3, state=state, state_at=at(2))
    found = tally(db, policy)
    assert (found.arrived, found.no_show, found.cancelled_late) == (3, 1, 1)
    assert (found.cancelled_early, found.cancelled_by_clinic, found.unmarked) == (1, 1, 2)
    assert found.share(catalogue.NO_SHOW).value == pytest.approx(1 / 5)
    assert found.share(catalogue.LATE_CANCEL).value == pytest.approx(1 / 5)
    assert found.share(catalogue.SHOW_RATE).value == pytest.approx(3 / 5)
    assert found.share(catalogue.EARLY_CANCEL).value == pytest.approx(1 / 6)
    assert found.out(catalogue.NO_SHOW) == {
        "cancelled_early": 1,
        "cancelled_by_clinic": 1,
        "unmarked": 2,
    }


def test_a_chain_of_moves_counts_once_at_its_last_date(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = clinic.patient()
    clinic.reservation(who, 0, 3, state=STATE.MOVED, state_at=at(2), moved_to="B")
    clinic.reservation(who, 2, 40, state=STATE.NO_SHOW)
    assert no_show(db, scope(policy), policy, at(60)).whole == Tally()
    assert no_show(db, scope(policy, 30, 30), policy, at(60)).whole == Tally(no_show=1)


@pytest.mark.parametrize("row", ["visit", "consult", "treatment"])
def test_a_booked_reservation_with_a_visit_that_day_has_arrived(
    db: Session, policy: Policy, row: str
) -> None:
    clinic = Clinic(db, policy)
    who, other = clinic.patient(), clinic.patient()
    for one in (who, other):
        clinic.reservation(one, 0, 3)
    options: dict[str, Any] = {"decision": Decision.PENDING} if row == "consult" else {}
    getattr(clinic, row)(who, 3, **options)
    clinic.db.flush()
    assert tally(db, policy) == Tally(arrived=1, unmarked=1)


def test_a_day_counts_when_it_is_over(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.reservation(clinic.patient(), 0, 3, state=STATE.NO_SHOW, state_at=at(3.1))
    assert tally(db, policy, 3.2) == Tally()
    assert tally(db, policy, 4) == Tally(no_show=1)


def test_the_past_is_asked_as_it_was_known(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.reservation(clinic.patient(), 0, 3, state=STATE.NO_SHOW, state_at=at(9))
    assert tally(db, policy, 5) == Tally(unmarked=1)
    assert tally(db, policy, 9) == Tally(no_show=1)
    clinic.reservation(clinic.patient(), 0, 3, state=STATE.NO_SHOW)
    assert tally(db, policy, 5) == Tally(unmarked=1, no_show=1)


@pytest.mark.parametrize("by", list(ReservationCut))
def test_cuts_add_up_and_every_number_opens_its_reservations(
    db: Session, policy: Policy, by: ReservationCut
) -> None:
    clinic = Clinic(db, policy)
    states = list(STATE)
    for number in range(60):
        clinic.reservation(
            clinic.patient(),
            0,
            1 + number % 20,
            state=states[number % len(states)],
            state_at=at(1),
            doctor=("김원장", "박원장", None)[number % 3],
            treatment=("botox", "filler", None)[number % 3],
        )
    person = Person(None, "원장", frozenset({(Role.DIRECTOR, "*")}))
    seen = scope_for(person, policy, scope(policy).period)
    report = no_show(db, seen, policy, at(50), by)
    for group in GROUPS:
        total = sum(getattr(part, group) for _, part in report.cuts)
        assert total == getattr(report.whole, group)
        assert len(no_show_patients(db, seen, policy, at(50), group)) == total
        for value, part in report.cuts:
            found = no_show_patients(db, seen, policy, at(50), group, by=by, value=value)
            assert len(found) == getattr(part, group)


def test_doctors_are_cut_only_for_who_sees_persons(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.reservation(clinic.patient(), 0, 3, state=STATE.NO_SHOW, doctor="김원장")
    desk = Person(None, "데스크", frozenset({(Role.COORDINATOR, "gangnam")}))
    seen = scope_for(desk, policy, scope(policy).period)
    report = no_show(db, seen, policy, at(50), ReservationCut.DOCTOR)
    assert report.cuts == ()
    assert report.whole.no_show == 1
    by = ReservationCut.DOCTOR
    assert no_show_patients(db, seen, policy, at(50), "no_show", by=by, value="김원장") == []


def test_mondays_are_mondays_of_the_branch(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    late = timedelta(hours=13)  # 23:00 in Seoul
    clinic.add(
        Reservation,
        clinic.patient(),
        6 + late / timedelta(1),
        "starts",
        made_at=at(0),
        state=STATE.NO_SHOW,
    )
    report = no_show(db, scope(policy), policy, at(50), ReservationCut.WEEKDAY)
    assert [value for value, _ in report.cuts] == ["monday"]
