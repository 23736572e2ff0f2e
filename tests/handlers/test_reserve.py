"""/reserve as it is typed and pressed: free times, a booking, a move, a cancellation, and the way back."""

from dataclasses import replace
from datetime import date, time

import pytest

from crm_core.errors import Missing, NotAllowed, NotFree, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Role
from handlers.errors import sentence
from handlers.language.language import language
from handlers.language.reply import Form, Reply, Where
from handlers.language.words import Words
from handlers.reserve_commands import AskReserve, BookAt, OpenReserve, ReserveOn
from handlers.reserve_words import read_reserve, short_treatment, whole_treatment
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked, desk, reservation
from tests.handlers.asking import Asker, button, buttons_of
from tests.handlers.people import text

FRIDAY = date(2026, 11, 27)


@pytest.fixture
def asker(clinic: Clinic) -> Asker:
    return Asker(clinic, desk(clinic))


def labels(reply: Reply) -> list[str]:
    return [one.label for one in buttons_of(reply)]


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("김지영", OpenReserve(patient="김지영")),
        ("김지영 내일", OpenReserve(patient="김지영", day=date(2026, 11, 26))),
        ("11/28 15:00 김지영", OpenReserve(patient="김지영", day=date(2026, 11, 28), clock="15:00")),
        (
            "0432 11월 28일 오후 3시 슈링크",
            OpenReserve(patient="0432", day=date(2026, 11, 28), clock="15:00", treatment="lifting_hifu"),
        ),
        (
            "강남 Kim Jiyoung tomorrow 3:30 pm laser toning",
            OpenReserve(
                branch="gangnam",
                patient="Kim Jiyoung",
                day=date(2026, 11, 26),
                clock="15:30",
                treatment="laser_toning",
            ),
        ),
    ],
)
def test_day_time_and_treatment_are_read_in_any_order(
    clinic: Clinic, policy: Policy, typed: str, command: OpenReserve
) -> None:
    assert read_reserve(Words(typed, clinic.today, policy)) == command


def test_without_a_patient_it_asks_for_one(clinic: Clinic, policy: Policy) -> None:
    with pytest.raises(Missing):
        read_reserve(Words("내일 15:00", clinic.today, policy))


def test_free_times_are_buttons_and_one_tap_books(clinic: Clinic, asker: Asker) -> None:
    patient = clinic.patient(chart_no="0432")
    clinic.treated(patient, 200, "botox")
    asked = asker.in_korean().types("/예약잡기 김지영")
    assert "보톡스 · 20분 · 강남점" in text(asked)
    assert labels(asked)[:3] == ["오늘 10:00", "오늘 14:00", "11/26(목) 10:00"]
    assert labels(asked)[-1] == "다른 날"
    done = asker.in_korean().presses(button(asked, "11/26(목) 10:00").command)
    assert text(done).startswith("✅ 예약했어요")
    assert "11/26(목) 10:00 · 보톡스 · 강남점" in text(done)
    ahead = asker.in_korean().presses(button(done, "예정된 예약").command)
    assert labels(ahead) == ["시간 바꾸기", "예약 취소", "하나 더 잡기", "환자"]
    back = asker.in_korean().presses(button(done, "되돌리기").command)
    assert text(back).startswith("되돌렸어요")
    assert "가까운 빈 시간" in text(back)


def test_typed_with_day_and_time_it_is_booked_at_once(clinic: Clinic, asker: Asker) -> None:
    clinic.patient()
    said = asker.reads("/reserve 김지영 11/27 15:00 filler")
    assert "✅ Booked" in said
    assert "Fri 27 Nov 15:00 · Filler · Gangnam" in said


def test_a_day_shows_all_its_free_times(clinic: Clinic, asker: Asker) -> None:
    clinic.patient()
    friday = asker.types("/reserve 김지영 11/27")
    assert labels(friday) == [
        *(f"{h}:{m:02}" for h in (10, 11, 12) for m in (0, 30)),
        *(f"{h}:{m:02}" for h in range(14, 21) for m in (0, 30)),
        "Another day",
    ]
    assert "Closed on Sun 29 Nov." in asker.reads("/reserve 김지영 11/29")


def test_a_reservation_ahead_is_moved_or_a_second_one_is_made(clinic: Clinic, asker: Asker) -> None:
    patient = clinic.patient()
    number = booked(clinic, patient, time(15), FRIDAY, treatment="botox")
    asked = asker.in_korean().types("/예약변경 김지영 11/28 13:00")
    assert "이미 11/27(금) 15:00 예약이 있어요. 11/28(토) 13:00 시간으로 옮길까요?" in text(asked)
    assert labels(asked) == ["옮기기", "닫기", "둘 다 예약"]
    moved = asker.in_korean().presses(button(asked, "옮기기").command)
    assert "✅ 예약을 바꿨어요" in text(moved)
    assert reservation(clinic.db, number).state is ReservationState.MOVED
    asker.in_korean().presses(button(moved, "되돌리기").command)
    assert reservation(clinic.db, number).state is ReservationState.BOOKED
    both = asker.in_korean().presses(button(asked, "둘 다 예약").command)
    assert "✅ 예약했어요" in text(both)


def test_moving_shows_where_it_stands_and_frees_nothing_before_it_is_moved(
    clinic: Clinic, asker: Asker
) -> None:
    number = booked(clinic, clinic.patient(), time(15), FRIDAY, treatment="botox")
    ahead = asker.types("/reserve 김지영")
    times = asker.presses(button(ahead, "Change the time").command)
    assert "So far: Fri 27 Nov 15:00" in text(times)
    assert times.where is Where.IN_PLACE
    assert reservation(clinic.db, number).state is ReservationState.BOOKED


def test_a_cancellation_asks_once_whose_reason_it_is(clinic: Clinic, asker: Asker) -> None:
    number = booked(clinic, clinic.patient(), time(15), FRIDAY)
    ahead = asker.in_korean().types("/reserve 김지영")
    asked = asker.in_korean().presses(button(ahead, "예약 취소").command)
    assert labels(asked) == ["닫기", "환자분 요청", "병원 사정"]
    done = asker.in_korean().presses(button(asked, "병원 사정").command)
    assert reservation(clinic.db, number).state is ReservationState.CANCELLED_BY_CLINIC
    assert labels(done) == ["되돌리기", "다시 예약"]
    asker.in_korean().presses(button(done, "되돌리기").command)
    asker.in_korean().presses(button(asked, "환자분 요청").command)
    assert reservation(clinic.db, number).state is ReservationState.CANCELLED_EARLY


def test_the_form_takes_any_day_and_time(clinic: Clinic, asker: Asker) -> None:
    patient = clinic.patient()
    (form,) = asker.presses(AskReserve(patient, "gangnam", treatment="botox")).blocks
    assert isinstance(form, Form)
    assert [(one.name, one.required, one.value) for one in form.fields] == [
        ("day", True, ""),
        ("clock", False, ""),
        ("treatment", False, "botox"),
    ]
    context = asker.context
    item = next(one for one in context.menu if one.command is ReserveOn)
    asked = ReserveOn(patient, "gangnam", day=FRIDAY, treatment="botox")
    assert "Free on Fri 27 Nov" in text(item.give(asked, context))
    assert "✅ Booked" in text(item.give(replace(asked, clock="15:00"), context))


def test_a_full_time_is_refused_in_one_clear_sentence(clinic: Clinic, policy: Policy, asker: Asker) -> None:
    for _ in range(policy.branch("gangnam").at_once):
        booked(clinic, clinic.patient(), time(15), FRIDAY)
    clinic.patient(name="박민수")
    with pytest.raises(NotFree) as told:
        asker.types("/reserve 박민수 11/27 15:00 보톡스")
    said = sentence(told.value, language("ko"), policy, asker.person)
    assert said == ("11/27(금) 15:00에는 자리가 없어요. 가까운 빈 시간: 11/27(금) 14:00, 14:30, 15:30")


def test_it_opens_from_a_call_that_was_an_affirmation(clinic: Clinic) -> None:
    coordinator = Asker(clinic, clinic.coordinator())
    patient = clinic.patient()
    clinic.treated(patient, 170, "botox")
    clinic.says(coordinator.person, patient, Outcome.CONNECTED, ResponseGroup.POSITIVE_AFFIRMATION)
    card = coordinator.types("/log 김지영")
    assert button(card, "Book").command == OpenReserve(patient)
    times = coordinator.presses(button(card, "Book").command)
    coordinator.presses(button(times, "Thu 26 Nov 10:00").command)
    assert "Book" not in labels(coordinator.types("/log 김지영"))


def test_of_several_with_one_name_the_button_keeps_what_was_typed(clinic: Clinic, asker: Asker) -> None:
    clinic.patient()
    clinic.patient()
    which = asker.types("/예약잡기 강남 김지영 11/27 오후 3시 30분 보톡스 사각턱·승모근")
    done = asker.presses(buttons_of(which)[1].command)
    assert "Fri 27 Nov 15:30 · Botox jaw, trapezius · Gangnam" in text(done)


def test_a_doctor_and_another_branch_book_nothing(clinic: Clinic) -> None:
    patient = clinic.patient()
    with pytest.raises(NotAllowed):
        Asker(clinic, clinic.staff("정원장", Role.DOCTOR)).types("/reserve 김지영")
    with pytest.raises(OtherBranch):
        Asker(clinic, desk(clinic)).presses(OpenReserve(patient, "haeundae"))


def test_every_look_is_audited(clinic: Clinic, asker: Asker) -> None:
    patient = clinic.patient()
    asker.types("/reserve 김지영")
    assert asker.audited() == [("look", "reserve", patient, None)]


def test_the_longest_slugs_fit_on_a_button(policy: Policy) -> None:
    long, longer = "a" * 40, "a" * 30 + "b" * 10
    botox = policy.treatments["botox"]
    wide = replace(policy, treatments={**policy.treatments, long: botox, longer: botox})
    for slug in wide.treatments:
        assert whole_treatment(wide, short_treatment(wide, slug)) == slug
    assert len(short_treatment(policy, "botox_jaw_trapezius")) <= 20
    assert BookAt(1, 2).treatment == ""
