"""What the clock posts of a branch's day: once, in order, in time, whoever asks."""

import asyncio
from datetime import date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.clock import FixedClock
from bot.postman import Postman
from bot.scheduler import Scheduler
from bot.transaction import step
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations import actions
from crm_core.reservations.actions import Mark
from crm_core.staff import actions as staff_actions
from crm_core.tables.calls import DayList
from crm_core.tables.chat import OutboxKind, OutboxRow
from crm_core.tables.facts import Reservation
from handlers.call_commands import ShowCalls
from handlers.closing import ShowClosing
from handlers.digest import ShowDigest
from handlers.language.reply import Command
from handlers.menu import WIRE
from handlers.reservations import ShowReservations
from jobs.closing_card import CLOSING_CARD
from jobs.timetable import TIMETABLE
from jobs.upcoming_reservations import days_to_show
from tests.bot.fake_channel import FakeChannel
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked, desk

PURPOSES = ("digest", "calls", "reservations", "closing")


class Day:
    """A branch with a channel for each purpose, a day before its digest."""

    def __init__(self, engine: Engine, policy: Policy, now: datetime) -> None:
        self.engine, self.policy, self.now = engine, policy, now
        self.branch = policy.branch("gangnam")
        self.today = self.branch.today(now)
        self.channel = FakeChannel()
        with step(engine) as db:
            for purpose in PURPOSES:
                staff_actions.bind_channel(
                    db,
                    branch="gangnam",
                    purpose=purpose,
                    platform="fake",
                    address=f"#{purpose}",
                    language="ko",
                )

    def clinic(self, db: object) -> Clinic:
        return Clinic(db, self.policy, self.now)  # type: ignore[arg-type]

    def at(self, clock: time, day: date | None = None) -> datetime:
        return self.branch.at(day or self.today, clock)

    def tick(self, moment: datetime) -> None:
        asyncio.run(Scheduler(self.engine, self.policy, FixedClock(moment), TIMETABLE).tick())

    def deliver(self, moment: datetime) -> None:
        postman = Postman(self.engine, self.policy, FixedClock(moment), {"fake": self.channel})
        asyncio.run(postman.drain())

    def posted(self) -> list[tuple[str | None, Command]]:
        """Where and what, in the order in which it was planned."""
        with step(self.engine) as db:
            rows = db.scalars(
                select(OutboxRow)
                .where(col(OutboxRow.kind) == OutboxKind.SAY, col(OutboxRow.branch) == "gangnam")
                .order_by(col(OutboxRow.id))
            ).all()
        return [(row.address, WIRE.decode(row.command)[1]) for row in rows]


@pytest.fixture
def day(engine: Engine, policy: Policy, now: datetime) -> Day:
    """A Wednesday with one to call and reservations today, tomorrow and in three days."""
    made = Day(engine, policy, now)
    with step(engine) as db:
        clinic = made.clinic(db).started()
        clinic.treated(clinic.patient(name="김지영"), 170)
        for ahead in (0, 1, 3):
            booked(clinic, clinic.patient(name="홍길동"), time(14, 30), clinic.ago(-ahead))
    return made


def test_half_an_hour_before_opening_the_day_is_laid_out_once(day: Day) -> None:
    day.tick(day.at(time(9, 29)))
    assert day.posted() == []
    for minute in (30, 31, 50):
        day.tick(day.at(time(9, minute)))
    tomorrow, third = day.today + timedelta(1), day.today + timedelta(3)
    assert day.posted() == [
        ("#calls", ShowCalls("gangnam", day.today)),
        ("#digest", ShowDigest("gangnam", day.today, posted=True)),
        ("#reservations", ShowReservations("gangnam", tomorrow, tomorrow)),
        ("#reservations", ShowReservations("gangnam", third, third)),
    ]
    with step(day.engine) as db:
        (fixed,) = db.scalars(select(DayList).where(col(DayList.branch) == "gangnam"))
        assert (fixed.day, fixed.fixed_at) == (day.today, day.at(time(9, 30)))


def test_two_processes_post_once(day: Day) -> None:
    start = Barrier(2)

    def one() -> None:
        start.wait()
        day.tick(day.at(time(9, 30)))

    threads = [Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(day.posted()) == 4


def test_nobody_is_called_before_start_but_the_digest_comes(
    engine: Engine, policy: Policy, now: datetime
) -> None:
    day = Day(engine, policy, now)
    day.tick(day.at(time(9, 30)))
    assert [address for address, _ in day.posted()] == ["#digest"]


def test_the_posts_are_masked_and_in_the_language_of_the_channel(day: Day) -> None:
    day.tick(day.at(time(9, 30)))
    day.deliver(day.at(time(9, 31)))
    said = dict(day.channel.seen)
    assert set(said) == {"#calls", "#digest", "#reservations"}
    assert said["#digest"].startswith("☀ 아침 브리핑 · 강남점 11/25(수)")
    assert "오늘 예약 1건(신환 1)" in said["#digest"]
    assert "늦었어요" not in said["#digest"]
    everything = "\n".join(text for _, text in day.channel.seen)
    assert "홍길동" not in everything
    assert "김지영" not in everything


def test_a_late_digest_comes_and_says_that_it_is_late(day: Day) -> None:
    day.tick(day.at(time(12)))
    day.deliver(day.at(time(12)))
    assert "브리핑이 늦었어요(원래 09:30 예정)" in dict(day.channel.seen)["#digest"]


def test_what_was_not_delivered_before_closing_is_not_said_at_night(day: Day) -> None:
    day.tick(day.at(time(9, 30)))
    day.deliver(day.at(time(23)))
    assert "#digest" not in dict(day.channel.seen)
    assert "#calls" not in dict(day.channel.seen)


def test_the_closing_card_comes_at_closing_and_not_the_next_morning(day: Day) -> None:
    closing = day.branch.closing(day.today)
    assert closing is not None
    day.tick(closing - timedelta(minutes=1))
    assert "#closing" not in dict(day.posted())
    day.tick(closing)
    day.tick(closing + timedelta(minutes=5))
    cards = [command for address, command in day.posted() if address == "#closing"]
    assert cards == [ShowClosing("gangnam", day.today)]
    day.deliver(day.branch.at(day.today + timedelta(1), time(9)))
    assert "#closing" not in dict(day.channel.seen)


def test_a_mark_renders_the_closing_card_anew_where_it_stands(day: Day) -> None:
    closing = day.branch.closing(day.today)
    assert closing is not None
    day.tick(closing)
    day.deliver(closing)
    assert (
        "미처리" in dict(day.channel.seen)["#closing"] or "표시가 없는" in dict(day.channel.seen)["#closing"]
    )
    later = closing + timedelta(minutes=1)
    with step(day.engine) as db:
        statement = select(col(Reservation.id)).where(col(Reservation.starts_on) == day.today)
        number = db.scalars(statement).one()
        who = desk(day.clinic(db))
        actions.mark(db, day.policy, who, number or 0, Mark.NO_SHOW, later)
    day.deliver(later)
    assert any("마감했어요" in text and "노쇼 1" in text for _, text in day.channel.amended)


def test_a_branch_without_reservations_gets_no_closing_card(
    engine: Engine, policy: Policy, now: datetime
) -> None:
    day = Day(engine, policy, now)
    closing = day.branch.closing(day.today)
    assert closing is not None
    day.tick(closing)
    assert "#closing" not in dict(day.posted())


def test_nothing_is_due_on_a_closed_day(policy: Policy, now: datetime) -> None:
    branch = policy.branch("gangnam")
    closed = next(
        now.date() - timedelta(n) for n in range(10) if not branch.is_open(now.date() - timedelta(n))
    )
    names = {job.name for job in TIMETABLE if job.name != "audit-seal"}
    assert {"morning-digest", "churner-list", "upcoming-reservations", "closing-card"} <= names
    for job in TIMETABLE:
        if job.name in {"morning-digest", "churner-list", "upcoming-reservations", "closing-card"}:
            assert job.due(policy, branch, closed) is None


def test_a_closing_card_is_pointless_before_the_next_digest(policy: Policy, now: datetime) -> None:
    for branch in policy.branches.values():
        for n in range(14):
            day = now.date() + timedelta(n)
            closing, opening = branch.closing(day), branch.opening(branch.next_open_day(day))
            if closing and opening:
                digest = opening - timedelta(minutes=policy.digest_minutes_before_opening)
                assert closing + CLOSING_CARD.late <= digest


class TestDaysToShow:
    """Every open day is shown on the open day before it, and three days ahead or earlier."""

    @pytest.fixture
    def branch(self, policy: Policy) -> Branch:
        return policy.branch("gangnam")

    def test_an_ordinary_wednesday_shows_thursday_and_saturday(self, branch: Branch) -> None:
        assert days_to_show(branch, date(2026, 11, 25)) == (date(2026, 11, 26), date(2026, 11, 28))

    def test_before_a_closed_sunday_the_third_day_of_that_sunday_is_shown_too(self, branch: Branch) -> None:
        saturday = date(2026, 11, 28)
        assert not branch.is_open(saturday + timedelta(1))
        shown = days_to_show(branch, saturday)
        assert shown == (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2))

    def test_no_open_day_is_left_out(self, branch: Branch) -> None:
        first = date(2026, 9, 1)
        days = [first + timedelta(n) for n in range(120)]
        shown = [(day, one) for day in days if branch.is_open(day) for one in days_to_show(branch, day)]
        for day in days[10:]:
            if branch.is_open(day):
                ahead = [(day - when).days for when, one in shown if one == day]
                assert branch.last_open_day(day) in [when for when, one in shown if one == day]
                assert max(ahead) >= 3 or (day - branch.last_open_day(day)).days >= 3
