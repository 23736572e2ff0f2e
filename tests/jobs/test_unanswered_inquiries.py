"""A lead is told of whoever waits too long: once, together, and only while the branch is open."""

import asyncio
from datetime import date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.clock import DemoClock, FixedClock
from bot.postman import Postman
from bot.scheduler import Scheduler
from bot.transaction import step
from crm_core.inquiries.answering import actions
from crm_core.policy.policy import Policy
from crm_core.staff import actions as staff_actions
from crm_core.staff.access import Person
from crm_core.tables.chat import OutboxKind, OutboxRow
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Role
from handlers.inquiry_commands import ShowInquiries
from handlers.menu import WIRE
from jobs.unanswered_inquiries import UNANSWERED_INQUIRIES
from tests.bot.fake_channel import FakeChannel
from tests.crm_core.hand_made import Clinic
from tests.crm_core.inquiries.conftest import asks

BRANCH = "gangnam"


class Desk:
    """A branch with a channel and two coordinators, on Wednesday."""

    def __init__(self, engine: Engine, policy: Policy, now: datetime) -> None:
        self.engine, self.policy = engine, policy
        self.branch = policy.branch(BRANCH)
        self.today = self.branch.today(now)
        self.channel = FakeChannel()
        with step(engine) as db:
            clinic = Clinic(db, policy, now)
            self.people = [clinic.coordinator(name) for name in ("국소이", "빈서율")]
            staff_actions.bind_channel(
                db, branch=BRANCH, purpose="calls", platform="fake", address="#calls", language="ko"
            )

    def at(self, clock: time, ahead: int = 0) -> datetime:
        return self.branch.at(self.today + timedelta(ahead), clock)

    def asks(self, moment: datetime, name: str) -> int:
        with step(self.engine) as db:
            return asks(Clinic(db, self.policy, moment), self.people[0], name).id or 0

    def answers(self, moment: datetime, inquiry: int, who: int = 0) -> None:
        with step(self.engine) as db:
            actions.answer(db, self.policy, self.people[who], inquiry, moment)

    def lead(self) -> Person:
        with step(self.engine) as db:
            lead = Clinic(db, self.policy, self.at(time(9))).staff("설가온", Role.LEAD)
            assert lead.staff_id is not None
            staff_actions.bind_account(
                db, staff_id=lead.staff_id, platform="fake", account="@lead", now=self.at(time(9))
            )
            return lead

    def scheduler(self, moment: datetime) -> Scheduler:
        return Scheduler(self.engine, self.policy, FixedClock(moment), (UNANSWERED_INQUIRIES,))

    def tick(self, moment: datetime) -> None:
        asyncio.run(self.scheduler(moment).tick())

    def deliver(self, moment: datetime) -> None:
        postman = Postman(self.engine, self.policy, FixedClock(moment), {"fake": self.channel})
        asyncio.run(postman.drain())

    def told(self) -> list[tuple[str | None, int | None]]:
        """To whom the lead's card was posted, in order."""
        with step(self.engine) as db:
            rows = db.scalars(
                select(OutboxRow).where(col(OutboxRow.kind) == OutboxKind.SAY).order_by(col(OutboxRow.id))
            ).all()
        late = ShowInquiries(BRANCH, late=True)
        return [(row.address, row.staff_id) for row in rows if WIRE.decode(row.command)[1] == late]


@pytest.fixture
def desk(engine: Engine, policy: Policy, now: datetime) -> Desk:
    return Desk(engine, policy, now)


def test_after_fifteen_opening_minutes_the_lead_is_told_once(desk: Desk) -> None:
    lead = desk.lead()
    desk.asks(desk.at(time(11)), "홍길동")
    desk.tick(desk.at(time(11, 14)))
    assert desk.told() == []
    for minute in (15, 16, 40):
        desk.tick(desk.at(time(11, minute)))
    assert desk.told() == [(None, lead.staff_id)]
    desk.deliver(desk.at(time(11, 41)))
    said = dict(desk.channel.seen)["@lead"]
    assert "15분 넘게 답이 없는 문의 1건 · 강남점" in said
    assert "41분째 기다리고 있어요" in said
    assert "11/25(수) 11:00" in said
    assert "담당 국소이" in said


def test_without_a_lead_on_the_chat_the_channel_is_told_masked(desk: Desk) -> None:
    desk.asks(desk.at(time(11)), "홍길동")
    desk.tick(desk.at(time(11, 20)))
    assert desk.told() == [("#calls", None)]
    desk.deliver(desk.at(time(11, 20)))
    said = "\n".join(text for _, text in desk.channel.seen)
    assert "홍*동" in said
    assert "홍길동" not in said


def test_who_was_answered_in_time_is_not_told(desk: Desk) -> None:
    number = desk.asks(desk.at(time(11)), "홍길동")
    desk.answers(desk.at(time(11, 14)), number)
    desk.tick(desk.at(time(12)))
    assert desk.told() == []


def test_lunch_night_and_holidays_do_not_count(desk: Desk) -> None:
    desk.asks(desk.at(time(12, 50)), "홍길동")
    for clock in (time(13, 30), time(14, 4)):
        desk.tick(desk.at(clock))
    assert desk.told() == []
    desk.tick(desk.at(time(14, 5)))
    assert len(desk.told()) == 1
    desk.asks(desk.at(time(18, 50)), "김지영")
    for moment in (desk.at(time(23)), desk.at(time(9, 30), 1), desk.at(time(10, 4), 1)):
        desk.tick(moment)
    assert len(desk.told()) == 1
    desk.tick(desk.at(time(10, 5), 1))
    assert len(desk.told()) == 2


def test_what_was_found_late_waits_until_somebody_is_there(desk: Desk) -> None:
    """The process was away from 18:30 on: nobody's telephone rings at eleven in the evening."""
    desk.asks(desk.at(time(18, 30)), "홍길동")
    desk.tick(desk.at(time(23)))
    assert desk.told() == []
    desk.tick(desk.at(time(10), 1))
    assert len(desk.told()) == 1


def test_everybody_who_waits_is_one_card(desk: Desk) -> None:
    for n in range(12):
        desk.asks(desk.at(time(11, n)), f"손님{n}")
    desk.tick(desk.at(time(15)))
    assert len(desk.told()) == 1
    desk.deliver(desk.at(time(15)))
    assert any("문의 12건" in text for _, text in desk.channel.seen)


def test_two_processes_tell_once(desk: Desk) -> None:
    desk.asks(desk.at(time(11)), "홍길동")
    start = Barrier(2)

    def one() -> None:
        start.wait()
        desk.tick(desk.at(time(11, 30)))

    threads = [Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.told()) == 1


def test_a_jump_of_the_demo_clock_walks_through_the_moments(desk: Desk) -> None:
    desk.asks(desk.at(time(11)), "홍길동")
    desk.tick(desk.at(time(11, 15)))
    desk.asks(desk.at(time(11, 40)), "김지영")
    clock = DemoClock(desk.at(time(11, 41)))
    scheduler = Scheduler(desk.engine, desk.policy, clock, (UNANSWERED_INQUIRIES,))

    async def nothing() -> int:
        return 0

    moments = asyncio.run(scheduler.walk(clock, desk.at(time(10), 2), nothing))
    assert moments == [desk.at(time(11, 55)), desk.at(time(10), 2)]
    assert len(desk.told()) == 2


def test_old_history_from_a_file_tells_nobody(desk: Desk) -> None:
    """A file of today names an unanswered inquiry of last week: it stands in ②, no message follows."""
    with step(desk.engine) as db:
        clinic = Clinic(db, desk.policy, desk.at(time(11)))
        day = date(2026, 11, 20)
        row = Inquiry(
            book=BRANCH,
            number="Q-1",
            patient_id=clinic.patient(),
            branch=BRANCH,
            received_at=desk.branch.at(day, time(11)),
            received_on=day,
        )
        db.add(row)
    desk.tick(desk.at(time(12)))
    assert desk.told() == []


def test_a_card_that_is_answered_meanwhile_says_so(desk: Desk) -> None:
    number = desk.asks(desk.at(time(11)), "홍길동")
    desk.tick(desk.at(time(11, 15)))
    desk.deliver(desk.at(time(11, 15)))
    desk.answers(desk.at(time(11, 20)), number, who=1)
    desk.deliver(desk.at(time(11, 20)))
    assert any("답을 기다리는 분이 없어요" in text for _, text in desk.channel.amended)
