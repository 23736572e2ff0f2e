"""/inquiry as it is typed, filled in, pressed and read."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_core.errors import ClaimedByOther, NotUnderstood
from crm_core.staff.actions import bind_account, bind_channel
from crm_core.tables.chat import ChannelBinding, OutboxRow
from crm_core.tables.facts import Inquiry, InquiryKind
from crm_core.tables.people import Patient, Role, Staff
from handlers.forms import fill
from handlers.inquiry_commands import (
    AskInquiry,
    ClaimInquiry,
    EnrolAsker,
    ShowInquiries,
    ShowInquiry,
    TakeInquiry,
)
from handlers.inquiry_reader import read_inquiry
from handlers.language.reply import Form, Reply, Where
from handlers.language.words import Words
from handlers.menu import WIRE
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button, buttons_of

TYPED = "/inquiry 김지영 010-1234-5678 카카오톡 보톡스"


@pytest.fixture
def desk(clinic: Clinic) -> Asker:
    """Eleven o'clock at the desk, read in Korean; coordinator Kuk answers."""
    clinic = replace(clinic, now=clinic.now.replace(hour=11))
    clinic.coordinator("국소이")
    return Asker(clinic, clinic.staff("탁이안", Role.DESK), code="ko")


def rows(desk: Asker) -> list[Inquiry]:
    desk.clinic.db.flush()
    return list(desk.clinic.db.scalars(select(Inquiry).order_by(col(Inquiry.id))))


def card_of(desk: Asker, inquiry: Inquiry) -> Reply:
    return desk.presses(ShowInquiry(inquiry.id or 0))


def form_of(reply: Reply) -> Form:
    (form,) = reply.blocks
    assert isinstance(form, Form)
    return form


class TestTyped:
    @pytest.mark.parametrize(
        "text",
        [
            "김지영 010-1234-5678 카카오톡 보톡스",
            "보톡스 카톡 01012345678 김지영님",
            "강남점 010 1234 5678 보톡스 카카오톡 채널 김지영",
            "kakao botox +82 10-1234-5678 김지영",
        ],
    )
    def test_the_words_come_in_any_order(self, clinic: Clinic, text: str) -> None:
        read = read_inquiry(Words(text, clinic.today, clinic.policy))
        assert isinstance(read, TakeInquiry)
        assert (read.who, read.source, read.treatment) == ("김지영", "kakao", "botox")
        assert "".join(letter for letter in read.phone if letter.isdigit()).endswith("1012345678")

    def test_kinds_families_charts_and_notes(self, clinic: Clinic) -> None:
        def read(text: str) -> TakeInquiry:
            found = read_inquiry(Words(text, clinic.today, clinic.policy))
            assert isinstance(found, TakeInquiry)
            return found

        assert read("100052 전화 예약변경").who == "100052"
        assert read("#C-17 전화").who == "C-17"
        assert read("김지영 전화 가격문의 리프팅") == TakeInquiry(
            "", "김지영", "", "phone", "lifting", InquiryKind.PRICE
        )
        assert read("Jane Smith instagram filler").who == "Jane Smith"
        assert read("김지영 전화 주말에도 하시나요").note == "주말에도 하시나요"
        assert read("김지영 전화 제가").mine
        assert read("김지인 010-1234-5678 소개").who == "김지인"
        assert read_inquiry(Words("", clinic.today, clinic.policy)) == ShowInquiries()

    @pytest.mark.parametrize(
        ("text", "what", "meant"),
        [
            ("김지영 카카오특 보톡스", "source", "카카오톡"),
            ("김지영 전화 레이져토닝", "treatment", "레이저토닝"),
            ("김지영 010-1234-567 전화", "phone", None),
        ],
    )
    def test_a_slip_is_asked_back(self, clinic: Clinic, text: str, what: str, meant: str | None) -> None:
        with pytest.raises(NotUnderstood) as asked:
            read_inquiry(Words(text, clinic.today, clinic.policy))
        assert asked.value.what == what
        assert meant is None or meant in asked.value.nearest

    def test_it_is_written_given_in_turn_and_shown_in_full_to_the_writer(self, desk: Asker) -> None:
        said = desk.reads(TYPED)
        for words in (
            "기록했어요",
            "새 문의 · 카카오톡 채널 · 보톡스 · 강남점",
            "김지영 님 · 010-1234-5678",
            "방금 들어왔어요 · 11/25(수) 11:00",
            "담당 국소이",
        ):
            assert words in said
        (row,) = rows(desk)
        assert (row.channel, row.treatment, row.kind) == ("kakao", "botox", InquiryKind.TREATMENT)
        assert ("look", "inquiry", None, None) in desk.audited()
        english = replace(desk, code="en").types("/문의 홍길동 010-2222-3333 전화")
        assert "New inquiry · Phone · About a treatment · Gangnam" in english.text

    def test_what_is_missing_is_asked_in_a_form_with_what_is_known(self, desk: Asker) -> None:
        reply = desk.types("/inquiry 김지영 보톡스")
        assert reply.where is Where.PRIVATE
        form = form_of(reply)
        assert {field.name: field.value for field in form.fields} == {
            "who": "김지영",
            "phone": "",
            "source": "",
            "treatment": "botox",
            "kind": "treatment",
            "note": "",
        }
        assert rows(desk) == []

    def test_a_chart_number_is_that_patient_and_an_unknown_one_nobody(self, desk: Asker) -> None:
        patient = desk.clinic.patient(chart_no="100052", name="박수진")
        said = desk.reads("/inquiry 100052 전화 예약변경")
        assert "박수진 님 · 차트 100052" in said
        assert rows(desk)[0].patient_id == patient
        with pytest.raises(NotUnderstood):
            desk.types("/inquiry 999999 전화")

    def test_only_the_phone_agrees_so_the_desk_is_asked(self, desk: Asker) -> None:
        patient = desk.clinic.patient(name="박수진", chart_no="100052", phone="+821012345678")
        reply = desk.types(TYPED)
        assert rows(desk)[0].patient_id is None
        label = next(one.label for one in buttons_of(reply) if "박수진" in one.label)
        desk.presses(button(reply, label).command)
        assert rows(desk)[0].patient_id == patient


class TestForm:
    def test_filled_in_it_is_written(self, desk: Asker) -> None:
        form = form_of(desk.presses(AskInquiry("gangnam")))
        answers = {
            "who": "홍길동",
            "phone": "010-1234-5678",
            "source": "instagram",
            "treatment": "",
            "kind": "price",
            "note": "주말 가격이 궁금하시대요",
        }
        filled, problems = fill(form.command, answers, desk.clinic.today)
        assert problems == {}
        item, command = WIRE.decode(WIRE.encode(filled))
        said = item.give(command, desk.context)
        assert "인스타그램 · 가격 문의" in said.text
        assert "주말 가격이 궁금하시대요" in said.text
        assert "주말" not in card_of(desk.in_channel(), rows(desk)[0]).text

    def test_a_wrong_number_is_said(self, desk: Asker) -> None:
        with pytest.raises(NotUnderstood) as asked:
            desk.presses(TakeInquiry("gangnam", "홍길동", "12", "phone"))
        assert asked.value.what == "phone"


class TestList:
    def test_the_longest_waiting_is_first_with_its_minutes_and_who_has_it(self, desk: Asker) -> None:
        desk.types("/inquiry 김지영 010-1234-5678 카카오톡 보톡스")
        later = replace(desk, clinic=desk.clinic.later(minutes=10))
        later.types("/inquiry 홍길동 010-2222-3333 전화")
        seen = replace(desk, clinic=desk.clinic.later(minutes=12))
        said = seen.reads("/inquiry")
        assert "답을 기다리는 문의 2건 · 강남점" in said
        first, second = said.index("김지영"), said.index("홍길동")
        assert first < second
        assert "12분째 기다리고 있어요" in said
        assert "2분째 기다리고 있어요" in said
        assert "담당 국소이" in said
        assert ("list", "inquiries", None, 2) in seen.audited()

    def test_after_an_hour_the_hours_are_said(self, desk: Asker) -> None:
        desk.types(TYPED)
        later = replace(desk, clinic=desk.clinic.later(hours=26))
        assert "진료시간으로 10시간째 기다리고 있어요" in later.reads("/inquiry")
        assert "waiting for 10 h" in replace(later, code="en").reads("/inquiry")

    def test_in_a_channel_names_are_masked(self, desk: Asker) -> None:
        desk.types(TYPED)
        said = desk.in_channel().reads("/inquiry")
        assert "김*영 님" in said
        assert "김지영" not in said
        card = card_of(desk.in_channel(), rows(desk)[0])
        assert "김*영 님 · 010-****-5678" in card.text
        assert card.about == f"inquiry:{rows(desk)[0].id}"

    def test_nobody_waits(self, desk: Asker) -> None:
        assert "답을 기다리는 분이 없어요." in desk.reads("/inquiry")

    def test_as_data(self, desk: Asker) -> None:
        patient = desk.clinic.patient(chart_no="100052")
        desk.types("/inquiry 100052 전화 가격문의 보톡스")
        later = replace(desk, clinic=desk.clinic.later(minutes=7))
        (one,) = later.data("/inquiry")["inquiries"]
        assert (one["chart_no"], one["waiting_minutes"], one["source"], one["kind"], one["treatment"]) == (
            "100052",
            7,
            "phone",
            "price",
            "botox",
        )
        assert patient == rows(desk)[0].patient_id


class TestCard:
    def test_i_will_answer_opens_privately_and_holds_it(self, desk: Asker) -> None:
        desk.types(TYPED)
        number = rows(desk)[0].id or 0
        coordinator = Asker(desk.clinic, desk.clinic.coordinator("빈서율"), code="ko")
        reply = coordinator.in_channel().presses(ClaimInquiry(number))
        assert reply.where is Where.PRIVATE
        assert "010-1234-5678" in reply.text
        assert "빈서율님이 답하고 있어요(11:00부터)" in reply.text
        with pytest.raises(ClaimedByOther):
            desk.presses(ClaimInquiry(number))

    def test_answered_says_by_whom_and_how_fast_and_is_taken_back(self, desk: Asker) -> None:
        desk.types(TYPED)
        later = replace(desk, clinic=desk.clinic.later(minutes=9))
        answered = later.presses(button(card_of(later, rows(desk)[0]), "답변했어요").command)
        assert "✅ 탁이안 11/25(수) 11:09 답변(9분 만에)" in answered.text
        assert [one.label for one in buttons_of(answered)] == ["되돌리기", "예약 잡기", "문의 닫기"]
        back = later.presses(button(answered, "되돌리기").command)
        assert "9분째 기다리고 있어요" in back.text

    def test_closed_with_a_reason(self, desk: Asker) -> None:
        desk.types(TYPED)
        asked = desk.presses(button(card_of(desk, rows(desk)[0]), "문의 닫기").command)
        labels = [one.label for one in buttons_of(asked)]
        assert labels == ["관심 없으심", "중복 문의", "스팸", "잘못 적음", "뒤로"]
        closed = desk.presses(button(asked, "중복 문의").command)
        assert "닫음: 중복 문의 – 탁이안 11/25(수) 11:00" in closed.text
        assert "답을 기다리는 분이 없어요." in desk.reads("/inquiry")

    def test_handed_over_to_somebody_of_the_branch(self, desk: Asker) -> None:
        desk.types(TYPED)
        desk.clinic.coordinator("빈서율")
        asked = desk.presses(button(card_of(desk, rows(desk)[0]), "다른 분께").command)
        assert "빈서율" in [one.label for one in buttons_of(asked)]
        given = desk.presses(button(asked, "빈서율").command)
        assert "담당 빈서율" in given.text


class TestBooking:
    def test_a_patient_sees_free_times_for_the_treatment(self, desk: Asker) -> None:
        desk.clinic.patient(chart_no="100052", name="박수진")
        reply = desk.types("/inquiry 100052 전화 보톡스")
        booking = desk.presses(button(reply, "예약 잡기").command)
        assert "박수진" in booking.text
        assert booking.where is Where.HERE

    def test_a_prospect_gets_a_chart_number_first(self, desk: Asker) -> None:
        desk.types(TYPED)
        (row,) = rows(desk)
        form = form_of(desk.presses(button(card_of(desk, row), "예약 잡기").command))
        filled, problems = fill(form.command, {"chart": "200001"}, desk.clinic.today)
        assert problems == {}
        booking = desk.presses(filled)
        assert "김지영" in booking.text
        desk.clinic.db.refresh(row)
        patient = desk.clinic.db.get_one(Patient, row.patient_id)
        assert (patient.chart_no, patient.name, patient.source) == ("200001", "김지영", "kakao")
        assert "010-1234-5678" in card_of(desk, row).text

    def test_a_number_that_is_somebodys_is_asked_about(self, desk: Asker) -> None:
        patient = desk.clinic.patient(chart_no="100052", name="박수진")
        desk.types(TYPED)
        asked = desk.presses(EnrolAsker(rows(desk)[0].id or 0, "100052"))
        assert rows(desk)[0].patient_id is None
        label = next(one.label for one in buttons_of(asked) if "박수진" in one.label)
        desk.presses(button(asked, label).command)
        assert rows(desk)[0].patient_id == patient


def test_the_channel_gets_the_card_and_whoever_was_given_it_a_word(desk: Asker) -> None:
    db, now = desk.clinic.db, desk.clinic.now
    bind_channel(db, branch="gangnam", purpose="calls", platform="fake", address="#calls", language="ko")
    bind_account(db, staff_id=_of(desk, "국소이"), platform="fake", account="@1", now=now)
    desk.types(TYPED)
    db.flush()
    (row,) = rows(desk)
    planned = db.scalars(select(OutboxRow).order_by(col(OutboxRow.id))).all()
    assert [(one.address, one.staff_id) for one in planned] == [("#calls", None), (None, row.staff_id)]
    assert {WIRE.decode(one.command)[1] for one in planned} == {ShowInquiry(row.id or 0)}
    assert len(db.scalars(select(ChannelBinding)).all()) == 1


def _of(desk: Asker, name: str) -> int:
    found = desk.clinic.db.scalars(select(Staff).where(col(Staff.name) == name)).one()
    assert found.id is not None
    return found.id
