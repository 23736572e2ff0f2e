"""/stage as it is typed, pressed and filled in: what is known, only the steps that can follow."""

from datetime import time

import pytest

from crm_core.errors import NotAllowed, NotUnderstood
from crm_core.policy.policy import Policy
from crm_core.tables.calls import Outcome, ResponseGroup, Section
from crm_core.tables.facts import Consult, Decision
from crm_core.tables.people import Role
from handlers.call_commands import ShowCard
from handlers.language.reply import Form, Reply, Where
from handlers.language.words import Words
from handlers.stage_commands import (
    AskClose,
    AskConsult,
    AskTreated,
    CloseJourney,
    RecordAgreed,
    RecordConsult,
    RecordTreated,
    ShowStage,
)
from handlers.stage_words import read_amount
from handlers.stages import read_stage
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked, desk
from tests.handlers.asking import Asker, button, buttons_of
from tests.handlers.people import text


def labels(reply: Reply) -> list[str]:
    return [one.label for one in buttons_of(reply)]


def gives(asker: Asker, command: object) -> Reply:
    """A form that was sent."""
    item = next(one for one in asker.context.menu if one.command is type(command))
    return item.give(command, asker.context)


def form(reply: Reply) -> Form:
    (found,) = reply.blocks
    assert isinstance(found, Form)
    return found


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("", None),
        ("300,000", 300_000),
        ("₩1,250,000", 1_250_000),
        ("30만", 300_000),
        ("30만 5천원", 305_000),
        ("125만원", 1_250_000),
        ("１２만", 120_000),
        ("89000원", 89_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(said: str, amount: int | None) -> None:
    assert read_amount(said) == amount


@pytest.mark.parametrize("said", ["삼십만", "-300", "30.5만", "3000억", "9" * 12])
def test_what_is_no_amount_is_refused(said: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        read_amount(said)
    assert told.value.what == "amount"


def test_a_whole_day_in_korean(clinic: Clinic) -> None:
    asker = Asker(clinic, clinic.coordinator()).in_korean()
    patient = clinic.patient()
    booked(clinic, patient, time(10), treatment="botox")
    first = asker.types("/단계 김지영")
    assert "✓ 예약 · 10:00 · 보톡스" in text(first)
    assert labels(first)[0] == "내원"
    here = asker.presses(button(first, "내원").command)
    assert here.where is Where.IN_PLACE
    assert "✓ 내원 09:00" in text(here)
    assert "내원" not in labels(here)
    asked = form(asker.presses(button(here, "상담 기록").command))
    assert [(one.name, one.value) for one in asked.fields] == [
        ("treatment", "botox"),
        ("staff", str(asker.person.staff_id)),
        ("proposed", ""),
    ]
    talked = gives(asker, RecordConsult(patient, "", "botox", str(asker.person.staff_id), "30만"))
    assert "✓ 상담 · 보톡스 · 보류 · 제안 300,000원" in text(talked)
    agreed = asker.presses(button(talked, "동의").command)
    assert "✓ 상담 · 보톡스 · 동의 · 300,000원" in text(agreed)
    assert "동의" not in labels(agreed)
    asked = form(asker.presses(button(agreed, "시술 기록").command))
    assert {one.name: one.value for one in asked.fields} == {
        "what": "treatment:botox",
        "doctor": "",
        "paid": "300,000",
    }
    done = gives(asker, RecordTreated(patient, "", "treatment:botox", "", "300,000"))
    assert "✓ 시술 · 보톡스" in text(done)
    assert "✓ 오늘 수납 · 300,000원" in text(done)
    assert "진행 중인 건이 없어요" in text(done)
    back = asker.presses(button(done, "되돌리기").command)
    assert text(back).startswith("되돌렸어요")
    assert "오늘 수납" not in text(back)


def test_a_yes_asks_for_the_amount_only_where_none_was_proposed(clinic: Clinic) -> None:
    asker = Asker(clinic, clinic.coordinator())
    patient = clinic.patient()
    talked = gives(asker, RecordConsult(patient, "", "botox", "", ""))
    asked = form(asker.presses(button(talked, "Agreed").command))
    assert [one.name for one in asked.fields] == ["agreed"]
    consult = clinic.db.get(Consult, asked.command.consult_id)  # type: ignore[attr-defined]
    assert consult is not None
    gives(asker, RecordAgreed(consult.id or 0, Decision.PART, "150,000"))
    assert (consult.decision, consult.agreed_amount) == (Decision.PART, 150_000)


def test_the_desk_says_who_came_and_sees_no_amount(clinic: Clinic) -> None:
    patient = clinic.patient()
    coordinator = Asker(clinic, clinic.coordinator())
    gives(coordinator, RecordConsult(patient, "", "botox", "", "300,000"))
    seen = Asker(clinic, desk(clinic)).types("/stage 김지영")
    assert "300,000" not in text(seen)
    assert labels(seen) == ["Reserve", "Patient"]


def test_a_doctor_records_only_what_was_done(clinic: Clinic) -> None:
    patient = clinic.patient()
    doctor = Asker(clinic, clinic.staff("정원장", Role.DOCTOR))
    seen = doctor.types("/stage 김지영")
    assert labels(seen) == ["Record a treatment", "Patient"]
    assert [one.name for one in form(doctor.presses(AskTreated(patient))).fields] == ["what"]
    done = gives(doctor, RecordTreated(patient, "", "treatment:botox"))
    assert "✓ Treatment · Botox · 정원장" in text(done)


def test_a_session_of_the_course_is_offered_first(clinic: Clinic) -> None:
    patient = clinic.patient()
    number = clinic.course(patient, "laser_toning", 10, used=3)
    asker = Asker(clinic, clinic.coordinator()).in_korean()
    asked = form(asker.presses(AskTreated(patient)))
    what = asked.fields[0]
    assert what.choices[0] == (f"course:{number}", "레이저토닝 10회 중 4회째")
    assert what.value == f"course:{number}"
    done = gives(asker, RecordTreated(patient, "", f"course:{number}"))
    assert "✓ 시술 · 레이저토닝 · 4회째" in text(done)


def test_a_journey_is_closed_with_a_reason(clinic: Clinic) -> None:
    patient = clinic.patient()
    asker = Asker(clinic, clinic.coordinator()).in_korean()
    talked = gives(asker, RecordConsult(patient, "", "botox", "", "300,000"))
    assert "건 종료" in labels(talked)
    asked = form(asker.presses(AskClose(patient)))
    assert ("cost", "비용 부담") in asked.fields[0].choices
    assert asked.fields[0].choices[0] == ("", "골라 주세요")
    closed = gives(asker, CloseJourney(patient, "", "cost"))
    assert "진행 중인 건이 없어요" in text(closed)
    assert "건 종료" not in labels(closed)


def test_several_of_one_name_are_asked_about_and_looks_are_audited(clinic: Clinic) -> None:
    first, _ = clinic.patient(), clinic.patient()
    asker = Asker(clinic, clinic.coordinator())
    which = asker.types("/stage 김지영")
    assert len(labels(which)) == 2
    asker.presses(ShowStage(first))
    assert asker.audited()[-1] == ("look", "stage", first, None)


def test_an_undecided_consult_that_was_called_leads_to_its_decision(clinic: Clinic) -> None:
    asker, patient = Asker(clinic, clinic.coordinator()), clinic.patient()
    gives(asker, RecordConsult(patient, "", "botox", "", "300,000"))
    card = clinic.says(asker.person, patient, Outcome.CONNECTED, ResponseGroup.POSITIVE_AFFIRMATION).card
    card.section = Section.UNDECIDED
    assert card.id is not None
    seen = asker.presses(ShowCard(card.id))
    assert button(seen, "Stage").command == ShowStage(patient)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("김지영", ShowStage(patient="김지영")),
        ("김지영 내원", ShowStage(patient="김지영", step="arrived")),
        ("Kim Jiyoung agreed 300,000", ShowStage(patient="Kim Jiyoung", step="yes", amount="300000")),
        ("0432 일부 30만 5천원", ShowStage(patient="0432", step="part", amount="305000")),
        ("0432 미동의", ShowStage(patient="0432", step="no")),
    ],
)
def test_a_step_may_be_typed_behind_the_patient(
    clinic: Clinic, policy: Policy, typed: str, command: ShowStage
) -> None:
    assert read_stage(Words(typed, clinic.today, policy)) == command


def test_a_typed_step_is_written_at_once(clinic: Clinic) -> None:
    asker, patient = Asker(clinic, clinic.coordinator()).in_korean(), clinic.patient()
    assert "보류 중인 상담이 없어요." in asker.reads("/단계 김지영 동의")
    assert "✓ 내원 09:00" in asker.reads("/단계 김지영 내원")
    gives(asker, RecordConsult(patient, "", "botox", "", "40만"))
    assert "보톡스 · 일부 동의 · 300,000원" in asker.reads("/단계 김지영 일부 30만")
    assert form(asker.types("/단계 김지영 시술")).title == "시술 기록"
    with pytest.raises(NotAllowed):
        Asker(clinic, desk(clinic)).types("/stage 김지영 시술")
    with pytest.raises(NotUnderstood):
        asker.types("/stage 김지영 동의 많이")


def test_who_may_consult_can_be_chosen(clinic: Clinic) -> None:
    other, patient = clinic.coordinator("박실장"), clinic.patient()
    desk(clinic)
    asked = form(Asker(clinic, clinic.coordinator()).presses(AskConsult(patient)))
    assert (str(other.staff_id), "박실장") in asked.fields[1].choices
    assert "최데스크" not in dict(asked.fields[1].choices).values()
