"""The local page as a chat platform: said once, edited, withdrawn, and shown to the right eyes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from bot.channel import Act, Answer, Incoming, NotSent, Pressed, Sent, Submitted, Typed, Uploaded
from bot.clock import FixedClock
from bot.local.broadcast import Broadcaster, Event, Kind
from bot.local.channel import LocalChannel, Outcome
from bot.transaction import reading
from crm_core.local_chat import queries
from crm_core.tables.chat import LocalMessage
from handlers.basics import ShowHelp, Speak
from handlers.language.language import language
from handlers.language.reply import (
    Button,
    Buttons,
    Field,
    Form,
    Reply,
    Text,
    Where,
    notice,
)
from tests.bot.local.conftest import drawn

KOREAN = language("ko")
CHANNEL = "#calls-gangnam"
FORM = Form("사유", Speak(), (Field("code", "언어"),), "저장")


class Page:
    """A channel that hears one prepared answer, and what it has shown."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self.engine = engine
        self.shown: list[tuple[str, str]] = []
        self.answer: Answer | None = None
        self.channel = LocalChannel(engine, FixedClock(now), self._shown, drawn)
        self.queue, _ = self.channel.broadcaster.follow(self.channel.broadcaster.mark)

    def _shown(self, answer: Answer, *, platform: str, address: str, message_id: str) -> None:
        self.shown.append((address, message_id))

    async def hear(self, incoming: Incoming) -> Answer | None:
        return self.answer

    def run(self, work: Callable[[], Awaitable[object]]) -> list[object]:
        """The results of work done while the channel listens."""
        results: list[object] = []

        async def inside() -> None:
            listening = asyncio.ensure_future(self.channel.listen(self.hear))
            results.append(await work())
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

        asyncio.run(inside())
        return results

    def act(
        self, act: Act, reply: Reply | None, *, at: str = "@1", message_id: str | None = None, key: str = "k1"
    ) -> Outcome:
        """What @1 does at a place, answered with the reply."""
        self.answer = None if reply is None else Answer(reply, KOREAN, 1)
        heard = Incoming("local", key, "@1", at, at.startswith("@"), act)
        (outcome,) = self.run(lambda: self.channel.act(heard, "staff:1", message_id))
        assert isinstance(outcome, Outcome)
        return outcome

    def say(self, reply: Reply, *, at: str = CHANNEL, key: str = "p1") -> object:
        return self.run(lambda: self.channel.say(at, reply, KOREAN, key))[0]

    def rows(self, place: str) -> list[LocalMessage]:
        with reading(self.engine) as db:
            return queries.messages(db, place, before=None, limit=99)

    def texts(self, place: str) -> list[str]:
        return [json.loads(row.body).get("text", "") for row in self.rows(place)]

    def events(self) -> list[Event]:
        found = []
        while not self.queue.empty():
            event = self.queue.get_nowait()
            assert event is not None
            found.append(event)
        return found


@pytest.fixture
def page(engine: Engine, now: datetime) -> Page:
    return Page(engine, now)


def test_a_post_stands_once_however_often_it_is_delivered(page: Page) -> None:
    first = page.say(Reply((Text("아침 브리핑"),)), key="abc")
    again = page.say(Reply((Text("아침 브리핑"),)), key="abc")
    assert first == again
    assert isinstance(first, Sent)
    assert page.texts(CHANNEL) == ["아침 브리핑"]
    assert [event.kind for event in page.events()] == [Kind.MESSAGE]


def test_further_replies_of_a_post_stand_below_it_once(page: Page) -> None:
    reply = Reply((Text("하나"),), also=(Reply((Text("둘"),)), Reply((Text("셋"),))))
    page.say(reply)
    page.say(reply)
    assert page.texts(CHANNEL) == ["하나", "둘", "셋"]


def test_a_message_is_amended_and_withdrawn_where_it_stands(page: Page) -> None:
    sent = page.say(Reply((Text("맡은 분 없음"),)))
    assert isinstance(sent, Sent)
    number = sent.message_id
    changed = page.run(lambda: page.channel.amend(CHANNEL, number, Reply((Text("이수진님"),)), KOREAN))
    assert changed == [Sent(number)]
    assert page.texts(CHANNEL) == ["이수진님"]
    elsewhere = page.run(lambda: page.channel.amend("@9", number, Reply((Text("x"),)), KOREAN))
    assert isinstance(elsewhere[0], NotSent)
    page.run(lambda: page.channel.withdraw(CHANNEL, number))
    (row,) = page.rows(CHANNEL)
    assert row.withdrawn_at is not None
    assert "이수진" not in row.body
    gone = page.run(lambda: page.channel.amend(CHANNEL, number, Reply((Text("x"),)), KOREAN))
    assert gone == [NotSent("no such message", for_good=True)]
    odd = page.run(lambda: page.channel.withdraw(CHANNEL, "x"))
    assert odd == [NotSent("no such message", for_good=True)]


def test_what_stands_on_the_page_is_sealed_in_the_database(page: Page) -> None:
    page.say(Reply((Text("김지영 님"),)))
    with Session(page.engine) as db:
        raw = db.connection().exec_driver_sql("SELECT body FROM local_message").scalar_one()
    assert "김지영".encode() not in bytes(raw)


def test_a_private_question_and_its_answer_stand_in_the_private_chat(page: Page) -> None:
    outcome = page.act(Typed("/help"), Reply((Text("도움말"),)))
    assert page.texts("@1") == ["/help", "도움말"]
    assert page.shown == [("@1", str(page.rows("@1")[-1].id))]
    assert outcome.kept
    assert not outcome.privately


def test_a_question_in_a_channel_is_answered_there(page: Page) -> None:
    page.act(Typed("/funnel"), Reply((Text("퍼널"),)), at=CHANNEL)
    assert page.texts(CHANNEL) == ["/funnel", "퍼널"]


def test_an_answer_about_a_patient_leaves_nothing_in_the_channel(page: Page) -> None:
    outcome = page.act(Typed("/patient 김지영"), Reply((Text("김지영 님"),), where=Where.PRIVATE), at=CHANNEL)
    assert page.texts(CHANNEL) == []
    assert page.texts("@1") == ["/patient 김지영", "김지영 님"]
    assert outcome.privately
    (note,) = [event for event in page.events() if event.kind is Kind.NOTE]
    assert note.account == "@1"
    assert note.place == CHANNEL
    assert note.body is not None
    assert note.body["text"] == "개인 대화로 보내 드렸어요"


def test_a_refused_question_stays_with_the_one_who_asked(page: Page) -> None:
    refused = notice("그런 분을 찾지 못했어요")
    outcome = page.act(Typed("/patient 김지영"), refused, at=CHANNEL)
    assert outcome.toast == "그런 분을 찾지 못했어요"
    assert not outcome.kept
    assert page.texts(CHANNEL) == page.texts("@1") == []


def test_talk_that_is_no_command_is_said_to_the_channel(page: Page) -> None:
    page.act(Typed("점심 뭐 먹죠?"), None, at=CHANNEL)
    assert page.texts(CHANNEL) == ["점심 뭐 먹죠?"]
    assert page.rows(CHANNEL)[0].author == "staff:1"


def test_the_same_thing_heard_twice_is_said_once(page: Page) -> None:
    page.act(Typed("점심 뭐 먹죠?"), None, at=CHANNEL, key="same")
    page.act(Typed("점심 뭐 먹죠?"), None, at=CHANNEL, key="same")
    assert page.texts(CHANNEL) == ["점심 뭐 먹죠?"]


def test_a_pressed_message_becomes_its_answer(page: Page) -> None:
    sent = page.say(Reply((Text("카드"),)))
    assert isinstance(sent, Sent)
    reply = Reply((Text("기록했어요"),), where=Where.IN_PLACE)
    page.act(Pressed("1.la.ko", sent.message_id), reply, at=CHANNEL, message_id=sent.message_id)
    assert page.texts(CHANNEL) == ["기록했어요"]
    assert page.shown == [(CHANNEL, sent.message_id)]


def test_a_pressed_message_of_another_place_is_never_changed(page: Page) -> None:
    sent = page.say(Reply((Text("카드"),)))
    assert isinstance(sent, Sent)
    reply = Reply((Text("기록했어요"),), where=Where.IN_PLACE)
    page.act(Pressed("1.la.ko", sent.message_id), reply, message_id=sent.message_id)
    assert page.texts(CHANNEL) == ["카드"]
    assert page.texts("@1") == ["기록했어요"]


def test_a_notice_is_seen_by_the_asker_alone_and_kept_nowhere(page: Page) -> None:
    outcome = page.act(Pressed("1.la.ko", "1"), notice("방금 먼저 맡으셨어요"), at=CHANNEL)
    assert outcome.toast == "방금 먼저 맡으셨어요"
    assert page.texts(CHANNEL) == page.texts("@1") == []
    assert page.events() == []


def test_a_notice_with_a_button_stays_until_it_is_pressed(page: Page) -> None:
    undo = Reply((Text("기록했어요"), Buttons(((Button("되돌리기", ShowHelp()),),))), where=Where.NOTICE)
    outcome = page.act(Pressed("1.la.ko", "1"), undo, at=CHANNEL)
    assert outcome.toast == ""
    (note,) = page.events()
    assert note.account == "@1"
    assert page.texts(CHANNEL) == []


def test_a_form_that_a_button_opens_is_a_dialog(page: Page) -> None:
    for where in (Where.HERE, Where.PRIVATE, Where.NOTICE):
        outcome = page.act(Pressed("1.la", "1"), Reply((FORM,), where=where), at=CHANNEL)
        assert outcome.dialog is not None
    assert page.texts(CHANNEL) == page.texts("@1") == []


def test_a_form_that_was_asked_for_privately_stands_in_the_chat(page: Page) -> None:
    outcome = page.act(Typed("/language"), Reply((FORM,)))
    assert outcome.dialog is None
    assert page.texts("@1") == ["/language", "사유"]


def test_errors_of_fields_go_back_to_the_form(page: Page) -> None:
    page.answer = replace(Answer(notice("x"), KOREAN, None), errors={"day": "날짜를 확인해 주세요."})
    heard = Incoming("local", "k", "@1", "@1", True, Submitted("1.la", {"day": "x"}))
    (outcome,) = page.run(lambda: page.channel.act(heard, "staff:1"))
    assert isinstance(outcome, Outcome)
    assert outcome.errors == {"day": "날짜를 확인해 주세요."}
    assert page.texts("@1") == []


def test_a_file_is_named_in_the_private_chat(page: Page) -> None:
    page.act(Uploaded("patients.csv", b"x"), Reply((Text("412줄이 맞아요"),)))
    assert page.texts("@1") == ["📎 patients.csv", "412줄이 맞아요"]


def test_everything_missed_is_told_to_whoever_reconnects() -> None:
    broadcaster = Broadcaster()
    mark = broadcaster.mark
    for number in range(3):
        broadcaster.publish(Kind.MESSAGE, "@1", message_id=number)
    queue, complete = broadcaster.follow(mark)
    assert complete
    told = [queue.get_nowait() for _ in range(queue.qsize())]
    assert [event.message_id for event in told if event] == [0, 1, 2]
    last = told[1]
    assert last is not None
    queue, complete = broadcaster.follow(last.mark)
    assert complete
    assert queue.qsize() == 1


@pytest.mark.parametrize("mark", ["", "x", "other-0", "{epoch}-99", "{epoch}--1", "{epoch}-"])
def test_an_unknown_mark_asks_for_everything_anew(mark: str) -> None:
    broadcaster = Broadcaster()
    epoch = broadcaster.mark.split("-")[0]
    _, complete = broadcaster.follow(mark.format(epoch=epoch))
    assert not complete


def test_too_long_an_absence_asks_for_everything_anew() -> None:
    broadcaster = Broadcaster()
    mark = broadcaster.mark
    for _ in range(501):
        broadcaster.publish(Kind.CLOCK, "")
    _, complete = broadcaster.follow(mark)
    assert not complete
