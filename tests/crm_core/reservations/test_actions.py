"""What became of a reservation: marked once, followed up, taken back."""

from datetime import datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from bot.transaction import step
from crm_core.errors import (
    AlreadyLogged,
    CrmError,
    DateNotPossible,
    NotFree,
    NothingToUndo,
    OtherBranch,
    StaleButton,
    TooLateToUndo,
)
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.reservations import actions
from crm_core.reservations.actions import Mark
from crm_core.staff.access import Person
from crm_core.tables.chat import OutboxKind, OutboxRow, OutboxState
from crm_core.tables.facts import Reservation, ReservationState
from crm_core.tables.journey import Journey
from crm_core.tables.people import Patient, Role
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import (
    audited,
    booked,
    desk,
    evening,
    reservation,
    visits,
)


def test_whoever_came_has_a_visit_at_that_moment_and_a_journey_that_says_so(clinic: Clinic) -> None:
    patient, who = clinic.patient(), desk(clinic)
    number = booked(clinic, patient, time(14, 30))
    now = clinic.at(clinic.today, time(14, 40))
    actions.mark(clinic.db, clinic.policy, who, number, Mark.CAME, now)
    row = reservation(clinic.db, number)
    assert (row.state, row.state_at, row.state_by_id) == (ReservationState.ARRIVED, now, who.staff_id)
    (visit,) = visits(clinic.db, patient)
    assert (visit.arrived_at, visit.arrived_on, visit.source) == (now, clinic.today, "chat")
    (journey,) = clinic.db.scalars(select(Journey).where(col(Journey.patient_id) == patient))
    assert journey.visit_at is not None
    assert clinic.db.get_one(Patient, patient).last_visit_on == clinic.today
    assert audited(clinic.db) == [("mark", "arrived")]


def test_who_came_yesterday_came_at_the_time_of_the_reservation(clinic: Clinic) -> None:
    patient = clinic.patient()
    number = booked(clinic, patient, time(15), clinic.ago(1))
    actions.mark(clinic.db, clinic.policy, desk(clinic), number, Mark.CAME, clinic.now)
    (visit,) = visits(clinic.db, patient)
    assert visit.arrived_at == clinic.at(clinic.ago(1), time(15))


@pytest.mark.parametrize(
    ("ahead", "state"),
    [
        (timedelta(hours=25), ReservationState.CANCELLED_EARLY),
        (timedelta(hours=24), ReservationState.CANCELLED_EARLY),
        (timedelta(hours=23), ReservationState.CANCELLED_LATE),
        (-timedelta(hours=3), ReservationState.CANCELLED_LATE),
    ],
)
def test_a_cancellation_is_late_within_the_hours_of_the_policy(
    clinic: Clinic, ahead: timedelta, state: ReservationState
) -> None:
    number = booked(clinic, clinic.patient(), time(15), clinic.ago(-2))
    now = clinic.at(clinic.ago(-2), time(15)) - ahead
    row = actions.mark(clinic.db, clinic.policy, desk(clinic), number, Mark.CANCELLED, now)
    assert row.state is state


def test_nobody_is_missed_before_their_time_or_when_they_were_here(clinic: Clinic) -> None:
    who = desk(clinic)
    later = booked(clinic, clinic.patient(), time(18))
    was_here = clinic.patient()
    clinic.visited(was_here, 0)
    earlier = booked(clinic, was_here, time(9, 30))
    now = clinic.at(clinic.today, time(17))
    for number in (later, earlier):
        with pytest.raises(StaleButton):
            actions.mark(clinic.db, clinic.policy, who, number, Mark.NO_SHOW, now)
    tomorrow = booked(clinic, clinic.patient(), time(9, 30), clinic.ago(-1))
    with pytest.raises(StaleButton):
        actions.mark(clinic.db, clinic.policy, who, tomorrow, Mark.CAME, now)


def test_the_second_to_press_reads_who_was_first(clinic: Clinic) -> None:
    first, second = desk(clinic, "최데스크"), desk(clinic, "한데스크")
    number = booked(clinic, clinic.patient(), time(10))
    now = evening(clinic)
    actions.mark(clinic.db, clinic.policy, first, number, Mark.CAME, now)
    with pytest.raises(AlreadyLogged) as told:
        actions.mark(clinic.db, clinic.policy, second, number, Mark.NO_SHOW, now)
    assert (told.value.by, told.value.at) == ("최데스크", now)
    assert reservation(clinic.db, number).state is ReservationState.ARRIVED


def test_what_the_chart_has_said_meanwhile_makes_the_button_out_of_date(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10), state=ReservationState.NO_SHOW, state_at=clinic.now)
    with pytest.raises(StaleButton):
        actions.mark(clinic.db, clinic.policy, desk(clinic), number, Mark.CAME, evening(clinic))


def test_another_branch_and_another_role_mark_nothing(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    stranger = Person(None, "x", frozenset({(Role.DESK, "busan")}))
    doctor = clinic.staff("정원장", Role.DOCTOR)
    for person in (stranger, doctor):
        with pytest.raises(OtherBranch):
            actions.mark(clinic.db, clinic.policy, person, number, Mark.CAME, evening(clinic))
        with pytest.raises(OtherBranch):
            actions.mark_others(
                clinic.db, clinic.policy, person, clinic.branch, clinic.today, evening(clinic)
            )
    with pytest.raises(StaleButton):
        actions.mark(clinic.db, clinic.policy, desk(clinic), 999_999, Mark.CAME, evening(clinic))


def test_all_others_came_leaves_what_is_marked_and_what_is_still_ahead(clinic: Clinic) -> None:
    who = desk(clinic)
    missed, came, late = (booked(clinic, clinic.patient(), time(h)) for h in (10, 11, 18))
    elsewhere = booked(clinic, clinic.patient(), time(10), clinic.ago(1))
    now = clinic.at(clinic.today, time(17))
    actions.mark(clinic.db, clinic.policy, who, missed, Mark.NO_SHOW, now)
    assert actions.mark_others(clinic.db, clinic.policy, who, clinic.branch, clinic.today, now) == 1
    states = [reservation(clinic.db, n).state for n in (missed, came, late, elsewhere)]
    assert states == [
        ReservationState.NO_SHOW,
        ReservationState.ARRIVED,
        ReservationState.BOOKED,
        ReservationState.BOOKED,
    ]
    (visit,) = visits(clinic.db, reservation(clinic.db, came).patient_id)
    assert visit.arrived_at == clinic.at(clinic.today, time(11))


def test_a_mark_is_taken_back_within_ten_minutes_by_who_made_it(clinic: Clinic) -> None:
    who, other = desk(clinic, "최데스크"), desk(clinic, "한데스크")
    patient = clinic.patient()
    number = booked(clinic, patient, time(10), state=ReservationState.REQUESTED)
    now = evening(clinic)
    actions.mark(clinic.db, clinic.policy, who, number, Mark.CAME, now)
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, other, number, now)
    actions.undo(clinic.db, clinic.policy, who, number, now + timedelta(minutes=10))
    row = reservation(clinic.db, number)
    assert (row.state, row.state_at, row.state_by_id) == (ReservationState.REQUESTED, None, None)
    assert visits(clinic.db, patient) == []
    assert clinic.db.get_one(Patient, patient).last_visit_on is None
    assert audited(clinic.db) == [("mark", "arrived"), ("undo", "arrived")]
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, who, number, now)
    actions.mark(clinic.db, clinic.policy, who, number, Mark.CAME, now)
    with pytest.raises(TooLateToUndo):
        actions.undo(clinic.db, clinic.policy, who, number, now + timedelta(minutes=11))
    assert len(visits(clinic.db, patient)) == 1


def test_all_others_came_is_taken_back_as_one(clinic: Clinic) -> None:
    who = desk(clinic)
    numbers = [booked(clinic, clinic.patient(), time(h)) for h in (10, 11, 12)]
    now = evening(clinic)
    actions.mark(clinic.db, clinic.policy, who, numbers[0], Mark.CAME, now)
    actions.mark_others(clinic.db, clinic.policy, who, clinic.branch, clinic.today, now)
    undone = actions.undo_others(
        clinic.db, clinic.policy, who, clinic.branch, clinic.today, now + timedelta(minutes=1)
    )
    assert undone == 2
    states = [reservation(clinic.db, n).state for n in numbers]
    assert states == [ReservationState.ARRIVED, ReservationState.BOOKED, ReservationState.BOOKED]


def test_a_move_makes_a_chain_and_an_undo_removes_its_end(clinic: Clinic) -> None:
    who, patient = desk(clinic), clinic.patient()
    number = booked(clinic, patient, time(10), treatment="botox_basic", deposit=50_000)
    now, to = evening(clinic), clinic.at(clinic.ago(-2), time(15, 30))
    new = actions.move(clinic.db, clinic.policy, who, number, to, now)
    old = reservation(clinic.db, number)
    assert (old.state, old.moved_to) == (ReservationState.MOVED, new.number)
    assert (new.starts_at, new.starts_on, new.made_at) == (to, clinic.ago(-2), now)
    assert (new.treatment, new.deposit, new.state) == ("botox_basic", 50_000, ReservationState.BOOKED)
    actions.undo(clinic.db, clinic.policy, who, number, now + timedelta(minutes=3))
    left = clinic.db.scalars(select(Reservation).where(col(Reservation.patient_id) == patient)).all()
    assert [(row.id, row.state, row.moved_to) for row in left] == [(number, ReservationState.BOOKED, None)]
    again = actions.move(clinic.db, clinic.policy, who, number, to, now + timedelta(minutes=4))
    actions.mark(clinic.db, clinic.policy, who, again.id or 0, Mark.CANCELLED, now)
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, who, number, now + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("days", "clock", "why"),
    [(-1, time(15), "past"), (400, time(15), "too_far"), (4, time(11), "closed"), (2, time(3), "closed")],
)
def test_a_move_to_an_impossible_time_is_refused(clinic: Clinic, days: int, clock: time, why: str) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    day = clinic.ago(-days)
    if why == "closed" and clock == time(11):
        day = next(
            clinic.ago(-n)
            for n in range(1, 15)
            if not clinic.policy.branch(clinic.branch).is_open(clinic.ago(-n))
        )
    with pytest.raises(CrmError) as told:
        actions.move(clinic.db, clinic.policy, desk(clinic), number, clinic.at(day, clock), evening(clinic))
    assert isinstance(told.value, DateNotPossible | NotFree)
    assert told.value.why == why
    assert reservation(clinic.db, number).state is ReservationState.BOOKED


def test_what_waits_about_a_reservation_is_taken_back_and_its_cards_are_shown_anew(
    clinic: Clinic,
) -> None:
    db, patient = clinic.db, clinic.patient()
    number = booked(clinic, patient, time(10))
    now, day = evening(clinic), clinic.today.isoformat()
    channel = outbox.Destination("local", "#desk")
    outbox.post(db, once="r", command="1.rm", to=channel, now=now, about=f"reservation:{number}")
    shown = (
        f"closing:{clinic.branch}:{day}",
        f"reservations:{clinic.branch}:{day}",
        f"day:{clinic.branch}:{day}",
        f"patient:{patient}",
    )
    for message, about in enumerate(shown):
        outbox.remember_place(
            db,
            about=about,
            command="1.cl",
            platform="local",
            address="#desk",
            message_id=str(message),
            staff_id=None,
            branch=clinic.branch,
            language="ko",
            now=now,
        )
    db.flush()
    actions.mark(db, clinic.policy, desk(clinic), number, Mark.NO_SHOW, now)
    rows = db.scalars(select(OutboxRow).execution_options(populate_existing=True)).all()
    assert [row.state for row in rows if row.kind is OutboxKind.SAY] == [OutboxState.CANCELLED]
    assert {row.about for row in rows if row.kind is OutboxKind.AMEND} == set(shown)


def test_after_a_file_the_cards_of_the_days_near_now_are_shown_anew(clinic: Clinic) -> None:
    db, branch = clinic.db, clinic.branch
    shown = (
        f"closing:{branch}:{clinic.ago(1).isoformat()}",
        f"reservations:{branch}:{clinic.ago(-3).isoformat()}",
        f"day:{branch}:{clinic.today.isoformat()}",
        f"reservations:{branch}:{clinic.ago(30).isoformat()}",
    )
    for message, about in enumerate(shown):
        outbox.remember_place(
            db,
            about=about,
            command="1.cl",
            platform="local",
            address="#desk",
            message_id=str(message),
            staff_id=None,
            branch=branch,
            language="ko",
            now=clinic.now,
        )
    db.flush()
    assert actions.show_anew(db, clinic.policy, branch, clinic.now) == 3
    amended = db.scalars(select(col(OutboxRow.about)).where(col(OutboxRow.kind) == OutboxKind.AMEND))
    assert set(amended) == set(shown[:3])


def test_two_people_press_at_once_and_one_wins(engine: Engine, policy: Policy, now: datetime) -> None:
    with step(engine) as db:
        clinic = Clinic(db, policy, now)
        number = booked(clinic, clinic.patient(), time(10))
        people = [desk(clinic, "최데스크"), desk(clinic, "한데스크")]
        at = evening(clinic)
    start, told = Barrier(2), []

    def press(who: Person, said: Mark) -> None:
        start.wait()
        try:
            with step(engine) as db:
                actions.mark(db, policy, who, number, said, at)
            told.append("won")
        except CrmError as problem:
            told.append(type(problem).__name__)

    threads = [
        Thread(target=press, args=(who, said))
        for who, said in zip(people, (Mark.CAME, Mark.NO_SHOW), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["AlreadyLogged", "won"]
    with Session(engine) as db:
        row = reservation(db, number)
        assert len(visits(db, row.patient_id)) == (row.state is ReservationState.ARRIVED)
