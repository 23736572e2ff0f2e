"""/why: every reason that the deciding code gives has one sentence, in both languages."""

import re
from dataclasses import replace
from datetime import date, datetime
from typing import cast

import pytest
from sqlmodel import Session

from crm_core.calls.actions import fix_list
from crm_core.churn.eligibility import eligibility
from crm_core.churn.reasons import Reason, Why
from crm_core.policy.policy import Policy
from crm_core.staff.access import shell_person
from crm_core.tables.calls import Outcome, ResponseGroup, Section
from crm_core.tables.people import PatientStatus, Relation
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.why_words import family_sentence, has_sentence, why_sentence
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button

HANGUL = re.compile("[가-힣]")
DAY = date(2026, 11, 3)
WORDS = {
    Why.NOT_STARTED: ["gangnam"],
    Why.STATUS: ["paused", "abroad", "moved_branch", "inactive", "deceased", "merged"],
    Why.DENIED: [None, *ResponseGroup],
    Why.IN_HIGHER_SECTION: list(Section),
}


def reasons() -> list[Reason]:
    """Each reason with everything it may carry, and with nothing it can do without."""
    found = []
    for why in Why:
        for word in WORDS.get(why, [None]):
            found.append(Reason(why, on=DAY, until=DAY, n=2, days=30, family="botox", word=word))
            found.append(Reason(why, n=0, days=30, family="botox", word=word))
    return found


def test_every_reason_has_a_sentence() -> None:
    assert all(has_sentence(why) for why in Why)


@pytest.mark.parametrize("reason", reasons(), ids=lambda one: f"{one.why}-{one.word}-{one.on is None}")
def test_a_reason_is_said_in_both_languages(reason: Reason, policy: Policy, now: datetime) -> None:
    context = Context(
        db=cast("Session", None),
        person=shell_person("test"),
        policy=policy,
        now=now,
        language=language("en"),
        private=True,
    )
    english = why_sentence(reason, context)
    korean = why_sentence(reason, replace(context, language=language("ko")))
    assert not HANGUL.search(english)
    assert HANGUL.search(korean)
    for said in (english, korean):
        assert "{" not in said
        assert "None" not in said


def test_a_family_is_said_in_every_band(clinic: Clinic, coordinator: Asker) -> None:
    expected = {
        10: "Botox: not due yet (last on Sun 15 Nov).",
        160: "Botox: 10 days past its time (last on Thu 18 Jun).",
        200: "Botox: lapsed, 50 days past its time (last on Sat 9 May).",
        500: "Botox: long gone (last on 13 Jul 2025).",
    }
    for days, sentence in expected.items():
        patient = clinic.patient()
        clinic.treated(patient, days)
        one = eligibility(clinic.db, clinic.policy, patient, clinic.now)
        family = (*one.families, *one.others)[0]
        assert family_sentence(family, coordinator.context) == sentence


def test_on_the_list_it_says_which_section_and_since_when(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 162)
    assert "May be called; today's list has not been made yet" in coordinator.reads("/why 김지영")
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    said = coordinator.reads("/why 김지영")
    assert "On today's list: ⑦ Due and lapsed\n· Botox: 12 days past its time" in said
    assert "Not on" not in said
    korean = coordinator.in_korean().reads("/왜 김지영")
    assert "오늘 명단에 있는 이유: ⑦" in korean
    assert "· 보톡스: 시기 12일 지남(마지막 6/16(화))." in korean


def test_beyond_what_the_branch_can_call_it_says_that_the_list_is_full(
    clinic: Clinic, coordinator: Asker
) -> None:
    for _ in range(clinic.policy.calls.per_coordinator + 1):
        clinic.treated(clinic.patient(name="앞사람"), 160)
    clinic.treated(clinic.patient(name="뒷사람"), 179)
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    assert "May be called, but waits: today's list is full" in coordinator.reads("/why 뒷사람")


def test_every_reason_against_is_said_not_the_first_alone(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient(status=PatientStatus.ABROAD)
    clinic.treated(patient, 170)
    clinic.visited(patient, 3)
    clinic.booked(patient, 4)
    clinic.called(patient, 20, Outcome.CONNECTED, ResponseGroup.NEGATIVE_DENIAL)
    said = coordinator.reads("/why 김지영")
    for sentence in (
        "Not on today's list because",
        "· Lives abroad.",
        "· Asked for no contact on Thu 5 Nov (Passive denial).",
        "· Has a reservation on Sun 29 Nov.",
        "· Was here on Sun 22 Nov.",
    ):
        assert sentence in said
    korean = coordinator.in_korean().reads("/why 김지영")
    for sentence in (
        "오늘 명단에 없는 이유",
        "· 해외에 계세요.",
        "· 11/5(목) 연락 중단을 원하셨어요(소극적 부정).",
        "· 11/29(일) 예약이 있어요.",
        "· 11/22(일)에 다녀가셨어요.",
    ):
        assert sentence in korean


def test_a_promise_stands_higher_and_says_so(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 170)
    clinic.called(patient, 5, Outcome.CALL_LATER, promised_on=clinic.today)
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    said = coordinator.reads("/why 김지영")
    assert "On today's list: ① Promised\n· We promised to call on Wed 25 Nov." in said
    assert "Not among due and lapsed today because" in said


def test_before_start_it_says_that_nobody_is_called(db: Session, policy: Policy, now: datetime) -> None:
    clinic = Clinic(db, policy, now)
    clinic.treated(clinic.patient(), 170)
    said = Asker(clinic, clinic.coordinator()).reads("/why 김지영")
    assert "Would be on the list: ⑦" in said
    assert "Gangnam: calls have not started. A director presses start." in said


def test_what_stops_nothing_is_said_to_the_caller(clinic: Clinic, coordinator: Asker) -> None:
    clinic.treated(clinic.patient(), 300)
    said = coordinator.in_korean().reads("/why 김지영")
    assert "권하기 전에 먼저 여쭤봐 주세요" in said
    assert "· 광고성 정보 수신동의가 없고 마지막 시술(1/29(목))이 6개월 넘게 지났어요." in said


def test_done_today_is_said(clinic: Clinic, coordinator: Asker) -> None:
    patient = clinic.patient()
    clinic.treated(patient, 170)
    clinic.card(patient)
    clinic.says(coordinator.person, patient, Outcome.CONNECTED, ResponseGroup.POSITIVE_AFFIRMATION)
    said = coordinator.reads("/why 김지영")
    assert "Was on today's list, and has been called." in said
    assert "We spoke not long ago; can be called again from Fri 25 Dec." in said


def test_why_agrees_with_the_list_whatever_happened(clinic: Clinic, coordinator: Asker) -> None:
    """Each of these either stands in a section or is told a reason."""
    clinic.patient(name="a", phone=None)
    child = clinic.patient(name="b", birth_date="2016-01-01")
    clinic.phone(child, "+821011112222", Relation.FAMILY)
    for name, days in (("c", 10), ("d", 160), ("e", 400), ("f", 700)):
        clinic.treated(clinic.patient(name=name), days)
    listed = clinic.due()
    for name in "abcdef":
        reply = coordinator.types(f"/why {name}")
        patient = int(str(button(reply, "Patient").command).split("patient_id=")[1].split(",")[0])
        assert ("May be called" in reply.text) == (patient in listed)
        assert ("Not on today's list because" in reply.text) == (patient not in listed)
