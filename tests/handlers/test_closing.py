"""The closing card: a minute's work, one winner, everything can be taken back."""

import dataclasses
from datetime import date, time, timedelta

import pytest

from crm_core.errors import AlreadyLogged, DateNotPossible, NotAllowed, NotUnderstood, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import Mark
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Role
from handlers.closing import (
    PAGE,
    AskMove,
    MarkReservation,
    MoveReservation,
    ShowClosing,
    ask_move,
    mark_reservation,
    move_reservation,
    read_closing,
    show_closing,
)
from handlers.language.reply import Form, Reply, Where
from handlers.language.words import Words
from handlers.menu import WIRE
from handlers.reserve_words import read_clock
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked, desk, evening, reservation
from tests.handlers.people import asks, in_channel, labels, press, text


def card(clinic: Clinic, code: str = "en") -> Reply:
    return show_closing(ShowClosing(clinic.branch), in_channel(clinic, code=code, now=evening(clinic)))


def test_the_card_counts_the_day_and_masks_who_is_unmarked(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(name="박민수"), time(14, 30))
    came = clinic.patient()
    booked(clinic, came, time(15))
    clinic.visited(came, 0)
    reply = card(clinic, "ko")
    said = text(reply)
    assert "예약 2 · 신환 2 · 내원 1 · 남은 예약 1" in said
    assert "14:30 박*수 님" in said
    assert "박민수" not in said
    assert labels(reply) == ["내원", "노쇼", "취소", "변경", "나머지 모두 내원"]
    assert reply.about == f"closing:{clinic.branch}:{clinic.today.isoformat()}"


def test_a_press_changes_the_card_where_it_stands_and_can_be_taken_back(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(14, 30))
    booked(clinic, clinic.patient(), time(15))
    who = asks(clinic, desk(clinic), private=False, now=evening(clinic))
    marked = press(card(clinic), "No-show", who)
    assert marked.where is Where.IN_PLACE
    assert "no-show 1" in text(marked)
    assert "✓ 14:30" in text(marked)
    undone = press(marked, "Take back", who)
    assert reservation(clinic.db, number).state is ReservationState.BOOKED
    assert labels(undone).count("Came") == 2


def test_all_the_others_came_closes_the_day(clinic: Clinic) -> None:
    for hour in (10, 11, 12):
        booked(clinic, clinic.patient(), time(hour))
    who = asks(clinic, desk(clinic), code="ko", private=False, now=evening(clinic))
    first = show_closing(ShowClosing(clinic.branch), who)
    done = press(first, "나머지 모두 내원", who)
    assert "마감했어요. 내일 명단에 반영돼요." in text(done)
    assert "나머지 모두 내원 3건" in text(done)
    again = press(done, "되돌리기", who)
    assert "아직 표시가 없는 예약이 3건 있어요" in text(again)
    older = press(
        first, "나머지 모두 내원", dataclasses.replace(who, now=clinic.at(clinic.today, time(9, 30)))
    )
    assert older.where is Where.NOTICE


def test_nobody_is_called_missed_before_their_time(clinic: Clinic) -> None:
    booked(clinic, clinic.patient(), time(18))
    context = in_channel(clinic, now=clinic.at(clinic.today, time(12)))
    assert labels(show_closing(ShowClosing(clinic.branch), context)) == ["Came", "Cancelled", "Moved"]


def test_a_long_day_comes_in_pages(clinic: Clinic) -> None:
    for n in range(PAGE + 3):
        booked(clinic, clinic.patient(), time(10 + n // 4, n % 4 * 15))
    context = in_channel(clinic, now=evening(clinic))
    first = card(clinic)
    assert labels(first).count("Came") == PAGE
    second = press(first, "More (1/2)", context)
    assert labels(second).count("Came") == 3
    assert "More (2/2)" in labels(second)


def test_the_second_to_press_is_told_and_changes_nothing(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    first, second = (asks(clinic, desk(clinic, name), now=evening(clinic)) for name in ("가", "나"))
    mark_reservation(MarkReservation(number, Mark.CAME), first)
    with pytest.raises(AlreadyLogged):
        mark_reservation(MarkReservation(number, Mark.NO_SHOW), second)


def test_a_doctor_closes_nothing_and_a_foreign_branch_stays_shut(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    doctor = asks(clinic, clinic.staff("정원장", Role.DOCTOR))
    item, command = WIRE.decode(WIRE.encode(MarkReservation(number, Mark.CAME)))
    with pytest.raises(NotAllowed):
        item.give(command, doctor)
    with pytest.raises(OtherBranch):
        show_closing(ShowClosing("haeundae"), asks(clinic, desk(clinic)))


def test_a_move_asks_for_day_and_time_and_says_what_it_did(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(name="박민수"), time(10))
    context = asks(clinic, desk(clinic), code="ko", now=evening(clinic))
    asked = ask_move(AskMove(number), context)
    (form,) = asked.blocks
    assert isinstance(form, Form)
    assert form.title.startswith("예약 변경: 10:00 박민수 님")
    assert [(field.name, field.value) for field in form.fields] == [("day", ""), ("clock", "10:00")]
    assert asked.where is Where.PRIVATE
    done = move_reservation(MoveReservation(number, date(2026, 11, 28), "오후 3시 30분"), context)
    assert text(done).startswith("11/28(토) 15:30 예약으로 바꿨어요")
    press(done, "되돌리기", context)
    assert reservation(clinic.db, number).state is ReservationState.BOOKED


def test_a_move_into_the_past_or_without_a_day_is_refused(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    context = asks(clinic, desk(clinic), now=evening(clinic))
    with pytest.raises(DateNotPossible):
        move_reservation(MoveReservation(number, clinic.ago(1), "15:30"), context)
    for day, clock in ((None, "15:30"), (clinic.ago(-2), "later")):
        with pytest.raises(NotUnderstood):
            move_reservation(MoveReservation(number, day, clock), context)


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("15:30", time(15, 30)),
        ("9:05", time(9, 5)),
        ("3:30 pm", time(15, 30)),
        ("12:10 am", time(0, 10)),
        ("15시", time(15)),
        ("오후 3시 30분", time(15, 30)),
        ("오전 10시", time(10)),
    ],
)
def test_a_time_is_read_as_people_write_it(said: str, clock: time) -> None:
    assert read_clock(said) == clock


@pytest.mark.parametrize("said", ["", "25:00", "오후 15시", "10:60", "soon", "10"])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        read_clock(said)
    assert told.value.what == "time"


def test_the_closing_of_an_earlier_day_can_be_asked_for(policy: Policy, clinic: Clinic) -> None:
    assert read_closing(Words("강남 어제", clinic.today, policy)) == ShowClosing("gangnam", clinic.ago(1))
    booked(clinic, clinic.patient(), time(10), clinic.ago(1))
    reply = show_closing(ShowClosing(clinic.branch, clinic.ago(1)), asks(clinic, desk(clinic)))
    assert "unmarked 1" in text(reply)
    assert reply.data is not None
    assert [one["reasons"] for one in reply.data["patients"]] == [["unmarked"]]


def test_the_undo_is_offered_for_ten_minutes(clinic: Clinic) -> None:
    number = booked(clinic, clinic.patient(), time(10))
    now = evening(clinic)
    mark_reservation(MarkReservation(number, Mark.CAME), asks(clinic, desk(clinic), now=now))
    for minutes, offered in ((9, True), (11, False)):
        context = in_channel(clinic, now=now + timedelta(minutes=minutes))
        assert ("Take back" in labels(show_closing(ShowClosing(clinic.branch), context))) is offered
