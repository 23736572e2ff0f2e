"""A large file dropped into chat: read and written by a worker while its card tells how far."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from bot import filing, writing
from bot.channel import Answer, Incoming, Pressed, Uploaded
from bot.clock import FixedClock
from bot.dispatcher import Dispatcher
from bot.filing import Filing, Stopped, Wake
from bot.postman import Postman
from bot.transaction import reading, step
from bot.writing import whole_people
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.tables import AuditRow, StagedFile, Visit
from crm_core.tables.imports import FileState
from crm_core.tables.people import Role
from handlers.imports import ApplyFile
from handlers.language.reply import Buttons
from handlers.menu import WIRE
from tests.bot.fake_channel import FakeChannel

ROWS = 2100
LARGE = "visit_no,chart_no,arrived_at\n" + "".join(f"V{n},{n},2026-11-24 10:00\n" for n in range(ROWS))


class Chat:
    """A lead coordinator who drops files and presses buttons."""

    def __init__(self, engine: Engine, policy: Policy, now: datetime, role: Role = Role.LEAD) -> None:
        self.engine, self.policy, self.now = engine, policy, now
        self.channel = FakeChannel()
        self.wake = Wake()
        self.dispatcher = Dispatcher(engine, policy, FixedClock(now))
        self.filing = Filing(engine, policy, FixedClock(now), self.wake)
        self.keys = 0
        with step(engine) as db:
            lead = staff_actions.add_staff(db, name="설가온", roles={role: ("gangnam",)})
            code = staff_actions.make_link_code(db, lead, now)
        with step(engine) as db:
            staff_actions.link_account(db, platform="fake", account="@lead", code=code, now=now)

    def does(self, act: Uploaded | Pressed) -> Answer:
        self.keys += 1
        heard = Incoming("fake", str(self.keys), "@lead", "@lead", True, act, "en")
        answer = self.dispatcher.work(heard)
        assert answer is not None
        self.dispatcher.shown(answer, platform="fake", address="@lead", message_id="1")
        return answer

    def drops(self, text: str, name: str = "visits.csv") -> Answer:
        return self.does(Uploaded(name, text.encode()))

    def file(self) -> StagedFile:
        with reading(self.engine) as db:
            return db.scalars(select(StagedFile)).one()

    def presses_import(self) -> Answer:
        return self.does(Pressed(WIRE.button(ApplyFile(self.file().id or 0)), "1"))

    def card(self) -> str:
        """The card as it was rendered last."""
        asyncio.run(Postman(self.engine, self.policy, FixedClock(self.now), {"fake": self.channel}).drain())
        return self.channel.amended[-1][1]

    def visits(self) -> int:
        with reading(self.engine) as db:
            return db.scalar(select(func.count()).select_from(Visit)) or 0


@pytest.fixture
def chat(engine: Engine, policy: Policy, now: datetime) -> Chat:
    return Chat(engine, policy, now)


def test_a_large_file_is_previewed_by_the_worker_and_written_after_the_button(chat: Chat) -> None:
    assert "I am reading it" in chat.drops(LARGE + "V9,9,never\n").reply.text
    assert chat.visits() == 0
    assert chat.filing.work() == 1
    shown = chat.card()
    assert "2,100 rows fit, 1 do not." in shown
    assert "never" in shown  # private, to whoever dropped it
    assert chat.filing.work() == 0
    pressed = chat.presses_import().reply
    assert "Writing: 0 of 2,100 rows" in pressed.text
    assert not any(isinstance(block, Buttons) for block in pressed.blocks)
    assert chat.visits() == 0
    assert chat.filing.work() == 1
    assert chat.visits() == ROWS
    done = chat.card()
    assert "2,100 rows read, 2,100 new or changed." in done
    assert "1 rows did not fit" in done
    assert "Facts until" in done
    assert (chat.file().state, chat.file().content) == (FileState.DONE, "")
    with reading(chat.engine) as db:
        looked = [(row.action, row.what, row.count) for row in db.scalars(select(AuditRow))]
    assert ("import", "visits", ROWS) in looked
    again = chat.presses_import()
    assert again.refused
    assert chat.filing.work() == 0


def test_the_card_tells_how_far_the_writing_is(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "whole_people", lambda rows, position, _: whole_people(rows, position, 700))
    monkeypatch.setattr(filing, "EVERY", 1)
    chat.drops(LARGE)
    chat.filing.work()
    chat.presses_import()
    seen: list[str] = []

    def look() -> None:
        seen.append(chat.card())

    chat.filing = Filing(chat.engine, chat.policy, FixedClock(chat.now), Wake(look))
    chat.filing.work()
    assert "Writing: 700 of 2,100 rows. You can go on working." in seen[0]
    assert "Writing: 1,400 of 2,100 rows. You can go on working." in seen[1]
    assert "2,100 new or changed" in seen[-1]


def test_stopped_in_the_middle_the_next_process_goes_on(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "whole_people", lambda rows, position, _: whole_people(rows, position, 700))
    chat.drops(LARGE)
    chat.filing.work()
    chat.presses_import()
    chat.wake.stop.set()
    with pytest.raises(Stopped):
        chat.filing.work()
    assert chat.visits() == 700
    chat.filing = Filing(chat.engine, chat.policy, FixedClock(chat.now), Wake())
    assert chat.filing.work() == 1
    assert chat.visits() == ROWS
    assert "2,100 rows read, 2,100 new or changed." in chat.card()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            LARGE.replace("10:00\n", "10:00,haeundae\n").replace("arrived_at\n", "arrived_at,branch\n"),
            "another branch",
        ),
        ("a,b\n" + "1,2\n" * 80_000, "I cannot tell what is in"),
    ],
)
def test_a_large_file_that_cannot_be_used_says_why_on_its_card(chat: Chat, text: str, said: str) -> None:
    chat.drops(text + "\n" * 300_000, "export.csv")
    assert chat.filing.work() == 1
    assert said in chat.card()
    assert (chat.file().state, chat.visits()) == (FileState.DONE, 0)
    assert chat.filing.work() == 0


def test_somebody_who_lost_the_role_meanwhile_writes_nothing(chat: Chat) -> None:
    chat.drops(LARGE)
    chat.filing.work()
    chat.presses_import()
    with step(chat.engine) as db:
        staff_actions.add_staff(db, name="other", roles={Role.DESK: ("gangnam",)})
        for row in db.execute(select(StagedFile)).scalars():
            row.by_staff_id = (row.by_staff_id or 0) + 1
    chat.filing.work()
    assert chat.visits() == 0
    assert chat.file().state is FileState.DONE


def test_a_confirmed_file_waits_however_long_the_process_is_away(chat: Chat) -> None:
    chat.drops(LARGE)
    chat.filing.work()
    chat.presses_import()
    chat.now += timedelta(days=3)
    chat.dispatcher = Dispatcher(chat.engine, chat.policy, FixedClock(chat.now))
    chat.drops("visit_no,chart_no,arrived_at\nX,1,2026-11-24\n")
    chat.filing.work()
    assert chat.visits() == ROWS
