"""Outbox → channels: nothing lost, nothing twice, nothing silently not sent."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from bot.channel import NotSent, Unknown
from bot.clock import FixedClock
from bot.postman import ATTEMPTS, Postman
from bot.transaction import step
from crm_core.database_clock import lease_clock
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.tables import DeliveryAttempt, OutboxRow, Posting
from crm_core.tables.chat import OutboxState
from handlers import basics
from handlers.menu import WIRE
from tests.bot.fake_channel import FakeChannel

HELP = WIRE.encode(basics.ShowHelp())
ROOM = outbox.Destination("fake", "#room")


class Round:
    """One clinic, one channel, one postman."""

    def __init__(self, engine: Engine, policy: Policy, now: datetime) -> None:
        self.engine = engine
        self.clock = FixedClock(now)
        self.channel = FakeChannel()
        self.postman = Postman(engine, policy, self.clock, {"fake": self.channel})
        with step(engine) as db:
            staff_actions.bind_channel(
                db, branch="gangnam", purpose="digest", platform="fake", address="#room", language="en"
            )

    def post(self, once: str = "a", **options: object) -> bool:
        with step(self.engine) as db:
            return outbox.post(db, once=once, command=HELP, to=ROOM, now=self.clock.now(), **options)  # type: ignore[arg-type]

    def drain(self) -> int:
        return asyncio.run(self.postman.drain())

    def rows(self) -> list[OutboxRow]:
        with step(self.engine) as db:
            return list(db.scalars(select(OutboxRow).order_by(OutboxRow.id)))  # type: ignore[arg-type]

    def states(self) -> list[OutboxState]:
        return [row.state for row in self.rows()]


@pytest.fixture
def round_(engine: Engine, policy: Policy, now: datetime) -> Round:
    return Round(engine, policy, now)


def test_what_is_planned_twice_is_said_once(round_: Round) -> None:
    assert round_.post("digest:gangnam:2026-11-25")
    assert not round_.post("digest:gangnam:2026-11-25")
    round_.drain()
    round_.drain()
    assert len(round_.channel.seen) == 1
    assert round_.states() == [OutboxState.SENT]
    assert "What I can do for you" in round_.channel.seen[0][1]


def test_nothing_is_said_before_its_time_or_after_it_is_of_no_use(round_: Round) -> None:
    now = round_.clock.now()
    round_.post("later", not_before=now + timedelta(hours=1))
    round_.post("stale", expires_at=now)
    round_.drain()
    assert round_.channel.seen == []
    assert round_.states() == [OutboxState.PENDING, OutboxState.EXPIRED]
    round_.clock.moment += timedelta(hours=1)
    round_.drain()
    assert len(round_.channel.seen) == 1


def test_not_sent_is_tried_again_and_given_up_with_a_reason(round_: Round) -> None:
    round_.post()
    round_.channel.outcomes = [NotSent("refused")] * ATTEMPTS
    for _ in range(ATTEMPTS):
        round_.drain()
        round_.clock.moment += timedelta(minutes=10)
    (row,) = round_.rows()
    assert (row.state, row.why, row.attempts) == (OutboxState.FAILED, "refused", ATTEMPTS)


def test_told_to_wait_waits_exactly_so_long(round_: Round) -> None:
    round_.post()
    round_.channel.outcomes = [NotSent("429", retry_after=timedelta(seconds=30))]
    round_.drain()
    round_.clock.moment += timedelta(seconds=29)
    round_.drain()
    assert round_.channel.seen == []
    round_.clock.moment += timedelta(seconds=1)
    round_.drain()
    assert len(round_.channel.seen) == 1


@pytest.mark.parametrize("outcome", [Unknown("502"), RuntimeError("reset by peer")])
def test_what_may_have_arrived_is_never_simply_sent_again(
    round_: Round, outcome: Unknown | RuntimeError
) -> None:
    round_.post()
    round_.channel.outcomes = [outcome]
    round_.drain()
    round_.clock.moment += timedelta(days=1)
    round_.drain()
    assert round_.channel.seen == []
    assert round_.states() == [OutboxState.UNKNOWN]


def test_killed_between_start_and_finish_is_unknown_and_before_start_is_sent(round_: Round) -> None:
    round_.post("started")
    round_.post("claimed")
    with step(round_.engine) as db:
        rows = outbox.claim(db, owner="dead", now=round_.clock.now(), lease_now=lease_clock(db))
        started = next(row for row in rows if row.once == "started")
        assert started.id is not None
        long_ago = lease_clock(db) - timedelta(hours=1)
        for row in rows:
            row.lease_until = long_ago
    with step(round_.engine) as db:
        row = db.get_one(OutboxRow, started.id)
        row.state = OutboxState.SENDING
    round_.drain()
    assert round_.states() == [OutboxState.UNKNOWN, OutboxState.SENT]
    assert len(round_.channel.seen) == 1


def test_two_postmen_share_the_work_and_say_each_thing_once(round_: Round, policy: Policy) -> None:
    for n in range(40):
        round_.post(f"n{n}")
    other = Postman(round_.engine, policy, round_.clock, {"fake": round_.channel})

    async def both() -> None:
        await asyncio.gather(round_.postman.drain(), other.drain())

    asyncio.run(both())
    assert len(round_.channel.seen) == 40
    assert len(set(round_.channel.keys)) == 40
    assert set(round_.states()) == {OutboxState.SENT}


def test_what_a_change_takes_back_is_not_said(round_: Round) -> None:
    round_.post("reminder", about="reservation:7")
    with step(round_.engine) as db:
        assert outbox.withdraw(db, "reservation:7", round_.clock.now()) == 1
    round_.drain()
    assert round_.channel.seen == []
    assert round_.states() == [OutboxState.CANCELLED]


def test_each_attempt_is_kept(round_: Round) -> None:
    round_.post()
    round_.channel.outcomes = [NotSent("refused")]
    round_.drain()
    round_.clock.moment += timedelta(minutes=10)
    round_.drain()
    with step(round_.engine) as db:
        attempts = list(db.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.attempt)))  # type: ignore[arg-type]
    assert [(a.attempt, a.result) for a in attempts] == [(1, "pending"), (2, "sent")]


def test_edits_of_one_card_are_coalesced_and_the_newest_wins(round_: Round) -> None:
    with step(round_.engine) as db:
        outbox.remember_place(
            db,
            about="patient:1",
            command=HELP,
            platform="fake",
            address="#room",
            message_id="55",
            staff_id=None,
            branch="gangnam",
            language="en",
            now=round_.clock.now(),
        )
        for _ in range(3):
            outbox.changed(db, "patient:1", round_.clock.now())
    round_.drain()
    assert [message for message, _ in round_.channel.amended] == ["55"]
    with step(round_.engine) as db:
        assert db.scalars(select(Posting)).one().version == 3


def test_a_row_for_nobody_is_dropped_with_its_reason(round_: Round) -> None:
    with step(round_.engine) as db:
        outbox.post(
            db,
            once="x",
            command=HELP,
            to=outbox.Destination("fake", staff_id=None, address="#unbound"),
            now=round_.clock.now(),
        )
    round_.drain()
    (row,) = round_.rows()
    assert (row.state, row.why) == (OutboxState.CANCELLED, "NotReachable")
