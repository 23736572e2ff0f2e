"""/patient: found by what people type, everything on one screen, nothing for those who may not see it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from bot.channel import Incoming, Typed
from bot.clock import FixedClock
from bot.dispatcher import Dispatcher
from bot.terminal import printed
from crm_core.errors import Missing, NoSuchPatient, NotAllowed, OtherBranch
from crm_core.journeys.actions import refold
from crm_core.policy.policy import Policy
from crm_core.staff.actions import bind_account
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import PatientStatus, Relation, Role
from handlers import errors
from handlers.language.language import language
from handlers.language.reply import Where
from handlers.patients import CallPatient, ShowPatient
from tests.crm_core.hand_made import BRANCH, Clinic
from tests.handlers.asking import Asker, button, buttons_of

STRANGE = "<b>&*_ 😀"


def chart_of(clinic: Clinic, patient: int) -> str:
    from crm_core.patients.queries import names_of

    return names_of(clinic.db, [patient])[patient].chart_no


def test_a_patient_is_found_by_chart_number_name_part_of_it_and_last_digits(
    clinic: Clinic, coordinator: Asker
) -> None:
    mine = clinic.patient(name="김지영", phone="+821023451234", birth_date="1988-03-02", sex="female")
    clinic.patient(name="박서준")
    for typed in (chart_of(clinic, mine), "김지영", "지영", "1234", "2345-1234", "010-2345-1234"):
        said = coordinator.reads(f"/patient {typed}")
        assert f"김지영 · age 38 F · chart {chart_of(clinic, mine)}" in said


def test_several_who_fit_are_buttons_that_tell_them_apart(clinic: Clinic, coordinator: Asker) -> None:
    first = clinic.patient(name="김지영", birth_date="1988-03-02")
    second = clinic.patient(name="김지영", birth_date="1991-07-20")
    asked = coordinator.in_korean().types("/환자 김지영")
    assert "어느 분인가요?" in asked.text
    labels = [one.label for one in buttons_of(asked)]
    assert labels == [
        f"김지영 님 · 1988 · …{chart_of(clinic, first)}",
        f"김지영 님 · 1991 · …{chart_of(clinic, second)}",
    ]
    opened = coordinator.presses(buttons_of(asked)[1].command)
    assert chart_of(clinic, second) in opened.text
    assert ("list", "find", None, 2) in coordinator.audited()


def test_more_than_fit_on_buttons_are_said(clinic: Clinic, coordinator: Asker) -> None:
    for _ in range(10):
        clinic.patient(name="김지영")
    asked = coordinator.types("/patient 김지영")
    assert len(buttons_of(asked)) == 8
    assert "There are more" in asked.text


def test_nobody_and_nothing_typed_are_one_sentence_each(clinic: Clinic, coordinator: Asker) -> None:
    with pytest.raises(NoSuchPatient):
        coordinator.types("/patient 홍길동")
    with pytest.raises(Missing):
        coordinator.types("/patient")


@pytest.mark.parametrize("code", ["ko", "en"])
def test_a_patient_of_another_branch_is_refused_and_never_named(
    clinic: Clinic, other_branch: Clinic, coordinator: Asker, code: str
) -> None:
    theirs = other_branch.patient(name="남의환자", phone="+821099998888")
    for typed in ("남의환자", "9999-8888", "010 9999 8888", "8888", chart_of(clinic, theirs)):
        with pytest.raises(OtherBranch) as refused:
            coordinator.types(f"/patient {typed}")
        said = errors.sentence(refused.value, language(code), clinic.policy, coordinator.person)
        assert "남의" not in said
    for command in (ShowPatient(theirs), CallPatient(theirs)):
        with pytest.raises(OtherBranch):
            coordinator.presses(command)
    with pytest.raises(NoSuchPatient):
        coordinator.types("/patient 남의")


def test_an_administrator_sees_no_patient(clinic: Clinic) -> None:
    clinic.patient()
    administrator = Asker(clinic, clinic.staff("전산", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        administrator.types("/patient 김지영")


def test_every_look_is_audited(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    coordinator.types("/patient 김지영")
    coordinator.types("/why 김지영")
    assert coordinator.audited() == [
        ("look", "patient", patient, None),
        ("look", "why", patient, None),
    ]


def full_screen(clinic: Clinic, coordinator: Asker) -> int:
    """A patient of whom everything is known."""
    patient = clinic.patient(
        name="김지영",
        phone="+821023451234",
        birth_date="1988-03-02",
        sex="female",
        owner_id=coordinator.person.staff_id,
        preferred_time="오후",
    )
    for days in (520, 350, 170):
        clinic.treated(patient, days, amount=300_000)
    clinic.course(patient, "레이저토닝", 10, used=7, days_ago=100, valid_until=clinic.ago(-120))
    clinic.treated(patient, 40, "레이저토닝")
    clinic.paid(patient, 170, 1_250_000)
    clinic.booked(patient, 3, treatment="botox")
    clinic.called(
        patient,
        178,
        Outcome.CONNECTED,
        ResponseGroup.NEGATIVE_AFFIRMATION,
        staff_id=coordinator.person.staff_id,
        note="여름 지나고 갈게요",
        cause="no_time",
    )
    refold(clinic.db, clinic.policy, patients=[patient])
    return patient


def test_the_screen_says_everything_that_is_known(clinic: Clinic, coordinator: Asker) -> None:
    full_screen(clinic, coordinator)
    said = coordinator.reads("/patient 김지영")
    for part in (
        "010-2345-1234 · own · consent to advertising: not recorded",
        "Owner",
        "이실장",
        "오후",
        "175 days (mean of last 2)",
        "3 of 10 left",
        "Pigment laser  sessions left",
        "Passive affirmation",
        "여름 지나고 갈게요",
        "No time",
        "Treatment Fri 16 Oct · treated",
        "Sat 28 Nov 11:00 · Booked · Botox",
        "[Call now]  [Why]  [Manual]",
        "No data has been uploaded yet",
    ):
        assert part in said, (part, said)


def test_the_screen_in_korean_has_no_english_left(clinic: Clinic, coordinator: Asker) -> None:
    full_screen(clinic, coordinator)
    said = coordinator.in_korean().reads("/환자 김지영")
    for part in (
        "김지영 님 · 38세 여 · 차트 C-",
        "최근 2회 평균 175일",
        "10회 중 3회 남음 · 유효기간",
        "소극적 긍정",
        "광고성 정보 수신동의 기록 없음",
        "11/28(토) 11:00 · 예약 · 보톡스",
        "[지금 전화]  [왜]  [이럴 땐 이렇게]",
    ):
        assert part in said, (part, said)
    letters = {word for word in said.replace("C-", "").split() if word.isascii() and word.isalpha()}
    assert letters == set()


def test_an_amount_is_for_directors_only(clinic: Clinic, coordinator: Asker) -> None:
    full_screen(clinic, coordinator)
    assert "1,250,000" not in coordinator.reads("/patient 김지영")
    director = Asker(clinic, clinic.director(), "ko")
    assert "최근 24개월 수납" in director.reads("/patient 김지영")
    assert "1,250,000원" in director.reads("/patient 김지영")


def test_states_and_refusals_are_read_first(clinic: Clinic, coordinator: Asker) -> None:
    until = clinic.ago(-60)
    clinic.patient(name="쉬는이", status=PatientStatus.PAUSED, paused_until=until)
    assert "Paused until 24 Jan 2027." in coordinator.reads("/patient 쉬는이")
    refused = clinic.patient(name="거절이")
    clinic.called(refused, 20, Outcome.CONNECTED, ResponseGroup.POSITIVE_DENIAL)
    lines = coordinator.reads("/patient 거절이").splitlines()
    assert "Asked for no contact on Thu 5 Nov (Active denial)." in lines[:4]
    gone = clinic.patient(name="고인이", status=PatientStatus.DECEASED)
    clinic.keep(gone)
    assert "고인" in coordinator.in_korean().reads("/patient 고인이").splitlines()
    for name in ("거절이", "고인이"):
        for command in ("/patient", "/why"):
            labels = [one.label for one in buttons_of(coordinator.types(f"{command} {name}"))]
            assert "Call now" not in labels


def test_a_child_is_reached_through_the_guardian(clinic: Clinic, coordinator: Asker) -> None:
    child = clinic.patient(name="김하늘", phone=None, birth_date="2018-05-05")
    clinic.phone(child, "+821055556666", Relation.GUARDIAN)
    assert "010-5555-6666 · guardian" in coordinator.reads("/patient 김하늘")


@pytest.mark.parametrize("code", ["ko", "en"])
def test_a_name_that_looks_like_markup_stays_a_name(clinic: Clinic, coordinator: Asker, code: str) -> None:
    clinic.patient(name=STRANGE)
    clinic.patient(name=STRANGE)
    asker = Asker(clinic, coordinator.person, code)
    asked = asker.types(f"/patient {STRANGE}")
    assert all(STRANGE in one.label for one in buttons_of(asked))
    assert STRANGE in printed(asker.presses(buttons_of(asked)[0].command))


def test_call_now_opens_the_card_of_today(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 170)
    screen = coordinator.types("/patient 김지영")
    card = coordinator.presses(button(screen, "Call now").command)
    assert card.about == f"patient:{patient}"
    assert "김지영" in printed(card)


def test_the_desk_sees_the_screen_and_calls_nobody_from_it(clinic: Clinic) -> None:
    clinic.patient()
    desk = Asker(clinic, clinic.staff("데스크", Role.DESK))
    assert [one.label for one in buttons_of(desk.types("/patient 김지영"))] == [
        "Why",
        "Reserve",
        "Stage",
        "New number",
    ]


def test_typed_in_a_channel_it_is_answered_privately(engine: Engine, policy: Policy, now: datetime) -> None:
    with Session(engine, expire_on_commit=False) as db:
        clinic = Clinic(db, policy, now)
        clinic.patient(name="김지영", phone="+821023451234")
        person = clinic.coordinator()
        assert person.staff_id is not None
        bind_account(db, staff_id=person.staff_id, platform="local", account="lee", now=now)
        db.commit()
    dispatcher = Dispatcher(engine, policy, FixedClock(now))
    for n, text in enumerate(("/patient 김지영", "/why 김지영", "/caller 1234")):
        incoming = Incoming(
            platform="local",
            key=f"k{n}",
            account="lee",
            address=f"#calls-{BRANCH}",
            private=False,
            language="ko",
            act=Typed(text),
        )
        answer = dispatcher.work(incoming)
        assert answer is not None
        assert answer.reply.where is Where.PRIVATE
        assert "김지영" in printed(answer.reply)


def test_a_question_about_the_past_sees_no_later_reservation(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.booked(patient, 9, made_at=clinic.now + timedelta(days=1))
    assert "Reservations" not in coordinator.reads("/patient 김지영")


def test_a_reservation_is_seen_as_it_stood_at_the_moment(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.booked(patient, 2, state=ReservationState.COMPLETED)
    assert "Fri 27 Nov 11:00 · Booked" in coordinator.reads("/patient 김지영")
    later = replace(coordinator, clinic=clinic.later(days=3))
    assert "Fri 27 Nov 11:00 · Completed" in later.reads("/patient 김지영")


def test_a_reservation_that_nobody_marked_came_if_there_was_a_visit(
    clinic: Clinic, coordinator: Asker
) -> None:
    patient = clinic.patient()
    made = clinic.now - timedelta(days=30)
    clinic.booked(patient, -5, made_at=made)
    clinic.booked(patient, -9, made_at=made)
    clinic.visited(patient, 9)
    said = coordinator.reads("/patient 김지영")
    assert "Fri 20 Nov 11:00 · Unmarked" in said
    assert "Mon 16 Nov 11:00 · Arrived" in said
