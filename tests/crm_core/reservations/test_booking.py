"""Booking in chat: only a free time, once, and one winner of the last slot."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from bot.transaction import step
from crm_core.errors import (
    BookedAlready,
    CrmError,
    DateNotPossible,
    NoSuchPatient,
    NotFree,
    NothingToUndo,
    OtherBranch,
    TooLateToUndo,
)
from crm_core.policy.policy import Policy
from crm_core.reservations import actions
from crm_core.reservations.actions import Mark
from crm_core.reservations.booking.actions import Wanted, book, undo_booking
from crm_core.reservations.openings import free_on, likely_treatment, next_free
from crm_core.staff.access import Person
from crm_core.tables.calls import Call, Outcome, ResponseGroup
from crm_core.tables.facts import Reservation, ReservationState
from crm_core.tables.people import PatientStatus, Role
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import audited, booked, desk, reservation

FRIDAY = date(2026, 11, 27)


def at(clinic: Clinic, clock: time, day: date = FRIDAY) -> datetime:
    return clinic.at(day, clock)


def rows(clinic: Clinic) -> list[Reservation]:
    return list(clinic.db.scalars(select(Reservation).order_by(col(Reservation.id))))


def narrow(clinic: Clinic, at_once: int = 1) -> Policy:
    """The clinic's policy with fewer patients at once."""
    place = replace(clinic.policy.branch(clinic.branch), at_once=at_once)
    return replace(clinic.policy, branches={**clinic.policy.branches, clinic.branch: place})


def test_a_booking_is_a_reservation_of_ours_until_the_chart_has_it(clinic: Clinic) -> None:
    patient, who = clinic.patient(), desk(clinic)
    row = book(
        clinic.db,
        clinic.policy,
        who,
        Wanted(patient, clinic.branch, at(clinic, time(15)), "botox"),
        clinic.now,
    )
    assert (row.state, row.source, row.made_at) == (ReservationState.BOOKED, "chat", clinic.now)
    assert (row.staff_id, row.treatment, row.starts_on) == (who.staff_id, "botox", FRIDAY)
    assert row.number.startswith("chat-")
    assert audited(clinic.db) == [("book", None)]


def test_the_same_press_and_the_same_time_are_one_booking(clinic: Clinic) -> None:
    patient, who = clinic.patient(), desk(clinic)
    wanted = Wanted(patient, clinic.branch, at(clinic, time(15)))
    first = book(clinic.db, clinic.policy, who, wanted, clinic.now, press_key="local:1")
    again = book(clinic.db, clinic.policy, who, wanted, clinic.now, press_key="local:1")
    other_press = book(clinic.db, clinic.policy, who, wanted, clinic.now, press_key="local:2")
    assert first.id == again.id == other_press.id
    assert len(rows(clinic)) == 1


@pytest.mark.parametrize(
    ("day", "clock", "error"),
    [
        (date(2026, 11, 25), time(8), DateNotPossible),
        (date(2026, 11, 24), time(15), DateNotPossible),
        (date(2026, 11, 29), time(15), DateNotPossible),
        (date(2028, 11, 24), time(15), DateNotPossible),
        (FRIDAY, time(13, 15), NotFree),
        (FRIDAY, time(20, 50), NotFree),
    ],
)
def test_the_past_closed_days_and_lunch_are_refused(
    clinic: Clinic, day: date, clock: time, error: type[CrmError]
) -> None:
    wanted = Wanted(clinic.patient(), clinic.branch, at(clinic, clock, day), "botox")
    with pytest.raises(error):
        book(clinic.db, clinic.policy, desk(clinic), wanted, clinic.now)
    assert rows(clinic) == []


def test_a_full_time_names_the_nearest_free_ones(clinic: Clinic) -> None:
    policy = narrow(clinic)
    booked(clinic, clinic.patient(), time(15), FRIDAY, treatment="filler")  # 40 minutes
    wanted = Wanted(clinic.patient(), clinic.branch, at(clinic, time(15)), "botox")
    with pytest.raises(NotFree) as told:
        book(clinic.db, policy, desk(clinic), wanted, clinic.now)
    assert told.value.why == "full"
    near = [clinic.policy.branch(clinic.branch).local(one).time() for one in told.value.near]
    assert near == [time(14), time(14, 30), time(16)]


def test_a_cancelled_or_moved_reservation_gives_its_time_back(clinic: Clinic) -> None:
    policy, who = narrow(clinic), desk(clinic)
    place = policy.branch(clinic.branch)
    first = booked(clinic, clinic.patient(), time(15), FRIDAY)
    second = booked(clinic, clinic.patient(), time(16), FRIDAY)
    assert not {at(clinic, time(15)), at(clinic, time(16))} & set(
        free_on(clinic.db, policy, place, FRIDAY, None, clinic.now)
    )
    actions.cancel_by_clinic(clinic.db, policy, who, first, clinic.now)
    actions.move(clinic.db, policy, who, second, at(clinic, time(17)), clinic.now)
    free = free_on(clinic.db, policy, place, FRIDAY, None, clinic.now)
    assert {at(clinic, time(15)), at(clinic, time(16))} <= set(free)
    assert at(clinic, time(17)) not in free


def test_a_move_within_its_own_time_is_possible_and_into_a_full_one_is_not(clinic: Clinic) -> None:
    policy, who = narrow(clinic), desk(clinic)
    number = booked(clinic, clinic.patient(), time(15), FRIDAY, treatment="filler")
    booked(clinic, clinic.patient(), time(16), FRIDAY)
    with pytest.raises(NotFree):
        actions.move(clinic.db, policy, who, number, at(clinic, time(16)), clinic.now)
    moved = actions.move(clinic.db, policy, who, number, at(clinic, time(15, 10)), clinic.now)
    assert moved.starts_at == at(clinic, time(15, 10))


def test_whoever_has_a_reservation_ahead_is_asked_about_it(clinic: Clinic) -> None:
    patient, who = clinic.patient(), desk(clinic)
    number = booked(clinic, patient, time(15), FRIDAY)
    wanted = Wanted(patient, clinic.branch, at(clinic, time(16)))
    with pytest.raises(BookedAlready) as told:
        book(clinic.db, clinic.policy, who, wanted, clinic.now)
    assert told.value.reservation_id == number
    book(clinic.db, clinic.policy, who, wanted, clinic.now, another=True)
    assert len(rows(clinic)) == 2


def test_strangers_other_books_and_the_dead_are_refused(clinic: Clinic) -> None:
    wanted = Wanted(clinic.patient(), clinic.branch, at(clinic, time(15)))
    doctor = clinic.staff("정원장", Role.DOCTOR)
    stranger = Person(None, "x", frozenset({(Role.DESK, "haeundae")}))
    for person in (doctor, stranger):
        with pytest.raises(OtherBranch):
            book(clinic.db, clinic.policy, person, wanted, clinic.now)
    everywhere = Person(None, "x", frozenset({(Role.DESK, "*")}))
    elsewhere = replace(wanted, branch="haeundae")
    with pytest.raises(OtherBranch):
        book(clinic.db, clinic.policy, everywhere, elsewhere, clinic.now)
    dead = Wanted(clinic.patient(status=PatientStatus.DECEASED), clinic.branch, at(clinic, time(15)))
    with pytest.raises(NoSuchPatient):
        book(clinic.db, clinic.policy, desk(clinic), dead, clinic.now)


def test_a_booking_is_taken_back_within_ten_minutes_by_who_made_it(clinic: Clinic) -> None:
    who, other = desk(clinic, "최데스크"), desk(clinic, "한데스크")
    wanted = Wanted(clinic.patient(), clinic.branch, at(clinic, time(15)))
    number = book(clinic.db, clinic.policy, who, wanted, clinic.now).id or 0
    with pytest.raises(NothingToUndo):
        undo_booking(clinic.db, clinic.policy, other, number, clinic.now)
    with pytest.raises(TooLateToUndo):
        undo_booking(clinic.db, clinic.policy, who, number, clinic.now + timedelta(minutes=11))
    undo_booking(clinic.db, clinic.policy, who, number, clinic.now + timedelta(minutes=9))
    assert rows(clinic) == []
    assert audited(clinic.db) == [("book", None), ("undo", "book")]
    of_the_chart = booked(clinic, clinic.patient(), time(16), FRIDAY)
    with pytest.raises(NothingToUndo):
        undo_booking(clinic.db, clinic.policy, who, of_the_chart, clinic.now)


@pytest.mark.parametrize("state", [ReservationState.BOOKED, ReservationState.REQUESTED])
def test_a_cancellation_says_whose_reason_it_was_and_is_taken_back(
    clinic: Clinic, state: ReservationState
) -> None:
    who = desk(clinic)
    number = booked(clinic, clinic.patient(), time(15), FRIDAY, state=state)
    row = actions.cancel_by_clinic(clinic.db, clinic.policy, who, number, clinic.now)
    assert row.state is ReservationState.CANCELLED_BY_CLINIC
    actions.undo(clinic.db, clinic.policy, who, number, clinic.now)
    assert reservation(clinic.db, number).state is state
    row = actions.mark(clinic.db, clinic.policy, who, number, Mark.CANCELLED, clinic.now)
    assert row.state is ReservationState.CANCELLED_EARLY


def test_a_booking_settles_a_promise_and_says_what_the_call_led_to(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), clinic.patient()
    clinic.started()
    clinic.treated(patient, 200)
    clinic.called(patient, 3, Outcome.CALL_LATER, promised_on=clinic.today)
    today = clinic.called(
        patient,
        0,
        Outcome.CONNECTED,
        ResponseGroup.POSITIVE_AFFIRMATION,
        staff_id=who.staff_id,
        clock=time(8, 30),
    )
    wanted = Wanted(patient, clinic.branch, at(clinic, time(15)))
    row = book(clinic.db, clinic.policy, who, wanted, clinic.now)
    calls = list(clinic.db.scalars(select(Call).execution_options(populate_existing=True)))
    assert [one.promise_kept for one in calls if one.promised_on] == [True]
    assert [one.next_step for one in calls if one.id == today] == ["book"]
    undo_booking(clinic.db, clinic.policy, who, row.id or 0, clinic.now)
    call = clinic.db.get_one(Call, today, populate_existing=True)
    assert call.next_step is None


def test_the_next_free_times_are_spread_over_three_open_days(clinic: Clinic) -> None:
    place = clinic.policy.branch(clinic.branch)
    found = next_free(clinic.db, clinic.policy, place, "botox", clinic.now)
    assert [place.local(one).strftime("%d %H:%M") for one in found] == [
        "25 10:00",
        "25 14:00",
        "26 10:00",
        "26 14:00",
        "27 10:00",
        "27 14:00",
    ]


def test_the_next_reservation_is_probably_for_what_was_had_last(clinic: Clinic) -> None:
    patient = clinic.patient()
    assert likely_treatment(clinic.db, clinic.policy, patient) is None
    clinic.treated(patient, 100, "filler")
    clinic.treated(patient, 40, "laser_toning")
    assert likely_treatment(clinic.db, clinic.policy, patient) == "laser_toning"


def test_two_people_book_the_last_slot_and_one_wins(engine: Engine, policy: Policy, now: datetime) -> None:
    with step(engine) as db:
        clinic = Clinic(db, policy, now)
        policy = narrow(clinic)
        wanted = [Wanted(clinic.patient(), clinic.branch, at(clinic, time(15))) for _ in range(3)]
        people = [desk(clinic, name) for name in ("최데스크", "한데스크", "민데스크")]
    start, told = Barrier(3), []

    def press(who: Person, asked: Wanted) -> None:
        start.wait()
        try:
            with step(engine) as db:
                book(db, policy, who, asked, now)
            told.append("won")
        except CrmError as problem:
            told.append(type(problem).__name__)

    threads = [Thread(target=press, args=pair) for pair in zip(people, wanted, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["NotFree", "NotFree", "won"]
    with Session(engine) as db:
        assert len(list(db.scalars(select(Reservation)))) == 1
