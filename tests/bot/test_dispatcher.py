"""What a person did → inbox → command → reply."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlmodel import Session

from bot.channel import Answer, Incoming, Pressed, Submitted, Typed
from bot.clock import FixedClock
from bot.dispatcher import PER_MINUTE, Dispatcher
from bot.transaction import step
from crm_core.policy.policy import Policy
from crm_core.staff import actions
from crm_core.tables import InboxRow, Staff
from crm_core.tables.chat import InboxState
from crm_core.tables.people import Role
from handlers import basics
from handlers.language.reply import Where
from handlers.menu import WIRE


@pytest.fixture
def dispatcher(engine: Engine, policy: Policy, now: datetime) -> Dispatcher:
    with step(engine) as db:
        staff = actions.add_staff(db, name="이실장", roles={Role.COORDINATOR: ("gangnam",)}, language="en")
        assert staff.id is not None
        actions.bind_account(db, staff_id=staff.id, platform="fake", account="@1", now=now)
    return Dispatcher(engine, policy, FixedClock(now))


def typed(text: str, key: str = "k", account: str = "@1", *, private: bool = True) -> Incoming:
    return Incoming("fake", key, account, account if private else "#room", private, Typed(text))


def pressed(data: str, key: str = "k") -> Incoming:
    return Incoming("fake", key, "@1", "@1", True, Pressed(data, "7"))


def heard(engine: Engine) -> list[InboxRow]:
    with step(engine) as db:
        return list(db.scalars(select(InboxRow)))


def words(answer: Answer | None) -> str:
    assert answer is not None
    return answer.reply.text


def test_a_command_is_answered_in_the_persons_language(dispatcher: Dispatcher) -> None:
    assert "What I can do for you" in words(dispatcher.work(typed("/help")))
    assert "What I can do for you" in words(dispatcher.work(typed("도움말", "k2")))


def test_a_changed_language_is_spoken_from_the_next_answer_on(dispatcher: Dispatcher) -> None:
    assert "한국어" in words(dispatcher.work(typed("/language 한국어")))
    assert "제가 도와드릴 수 있는 일" in words(dispatcher.work(typed("/help", "k2")))


def test_the_same_press_delivered_five_times_has_one_effect(dispatcher: Dispatcher, engine: Engine) -> None:
    press = pressed(WIRE.encode(basics.Speak("ko")))
    answers = [dispatcher.work(press) for _ in range(5)]
    assert answers[0] is not None
    assert answers[1:] == [None] * 4
    rows = heard(engine)
    assert len(rows) == 1
    assert rows[0].state is InboxState.DONE
    assert rows[0].body is None


def test_unknown_people_get_nothing_but_how_to_be_linked(dispatcher: Dispatcher) -> None:
    for text in ("/help", "/language ko", "hello", "/funnel this month"):
        said = words(dispatcher.work(typed(text, account="@stranger")))
        assert "/연결" in said
        assert "이실장" not in said


def test_talk_in_a_channel_is_left_alone(dispatcher: Dispatcher) -> None:
    assert dispatcher.work(typed("점심 뭐 먹어요?", private=False)) is None


def test_an_unknown_word_gets_the_nearest_ones(dispatcher: Dispatcher) -> None:
    assert "/help" in words(dispatcher.work(typed("/hlep")))
    assert "/도움말" in words(dispatcher.work(typed("/도웅말", "k2")))


def test_a_button_of_an_older_version_says_so(dispatcher: Dispatcher) -> None:
    answer = dispatcher.work(pressed("0.he.1"))
    assert answer is not None
    assert answer.reply.where is Where.NOTICE
    assert "out of date" in answer.reply.text


def test_a_form_that_cannot_be_read_names_the_field_and_stays_open(dispatcher: Dispatcher) -> None:
    form = Incoming("fake", "k", "@1", "@1", True, Submitted(WIRE.encode(basics.Speak()), {"nonsense": "x"}))
    answer = dispatcher.work(form)
    assert answer is not None
    assert set(answer.errors or {}) == {"nonsense"}


def test_an_account_is_linked_by_a_code_once(dispatcher: Dispatcher, engine: Engine, now: datetime) -> None:
    with step(engine) as db:
        staff = actions.add_staff(db, name="박원장", roles={Role.DIRECTOR: ("*",)})
        code = actions.make_link_code(db, staff, now)
    assert "박원장" in words(dispatcher.work(typed(f"/link {code}", account="@9")))
    assert "제가 도와드릴" in words(dispatcher.work(typed("/help", "k2", account="@9")))
    assert "쓸 수 없는 코드" in words(dispatcher.work(typed(f"/link {code}", "k3", account="@10")))


def test_a_code_is_worth_nothing_after_ten_minutes(
    engine: Engine, policy: Policy, now: datetime, dispatcher: Dispatcher
) -> None:
    with step(engine) as db:
        staff = actions.add_staff(db, name="박원장", roles={Role.DIRECTOR: ("*",)})
        code = actions.make_link_code(db, staff, now - timedelta(minutes=11))
    assert "쓸 수 없는 코드" in words(dispatcher.work(typed(f"/link {code}", account="@9")))


def test_revoked_staff_are_strangers_at_once(dispatcher: Dispatcher, engine: Engine) -> None:
    with step(engine) as db:
        staff = db.scalars(select(Staff)).one()
        staff.active = False
    assert "/연결" in words(dispatcher.work(typed("/help")))


def test_whatever_breaks_is_told_with_a_number_and_written_nowhere(
    dispatcher: Dispatcher, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(db: Session, staff_id: int, code: str) -> None:
        staff = db.get_one(Staff, staff_id)
        staff.language = code
        raise RuntimeError("김지영 010-1234-5678")

    monkeypatch.setattr("crm_core.staff.actions.speak", broken)
    said = words(dispatcher.work(typed("/language ko")))
    assert "Tell the administrator the number" in said
    assert "김지영" not in caplog.text
    assert heard(engine) == []
    with step(engine) as db:
        assert db.scalars(select(Staff)).one().language == "en"


def test_more_than_twenty_commands_a_minute_are_slowed_down(dispatcher: Dispatcher) -> None:
    for n in range(PER_MINUTE):
        dispatcher.work(typed("/help", f"k{n}"))
    assert "Please wait" in words(dispatcher.work(typed("/help", "more"))) or "기다려" in words(
        dispatcher.work(typed("/help", "more2"))
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.one_of(st.text(max_size=200), st.from_regex(r"/[a-z가-힣]{1,8} .{0,40}")), st.booleans())
def test_any_words_get_one_sentence_or_none(dispatcher: Dispatcher, text: str, private: bool) -> None:
    dispatcher._recent.clear()
    answer: Any = dispatcher.work(typed(text, repr(text) + str(private), private=private))
    assert answer is None or answer.reply.blocks
    assert answer is None or "Tell the administrator" not in answer.reply.text
