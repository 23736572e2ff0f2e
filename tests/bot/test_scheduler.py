"""The timetable: once for each job, branch and logical date, whoever asks, however late."""

import asyncio
from datetime import date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select

from bot.clock import DemoClock, FixedClock
from bot.scheduler import Scheduler, again_and_again
from bot.transaction import step
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.tables import JobRun
from jobs.job import Job, JobContext


def at_half_past_nine(_policy: Policy, branch: Branch, day: date) -> datetime | None:
    return branch.at(day, time(9, 30)) if branch.slug == "gangnam" else None


class Notes:
    """A job that notes its runs."""

    def __init__(self, name: str = "note") -> None:
        self.days: list[date] = []
        self.job = Job(name, "Notes", at_half_past_nine, self.run, timedelta(hours=4))

    def run(self, context: JobContext) -> str:
        self.days.append(context.day)
        return "noted"


def scheduler(engine: Engine, policy: Policy, moment: datetime, *jobs: Job) -> Scheduler:
    return Scheduler(engine, policy, FixedClock(moment), jobs)


def runs(engine: Engine) -> list[JobRun]:
    with step(engine) as db:
        return list(db.scalars(select(JobRun).order_by(JobRun.logical_date)))  # type: ignore[arg-type]


def test_a_job_runs_once_a_day_however_often_it_is_asked(
    engine: Engine, policy: Policy, now: datetime
) -> None:
    notes = Notes()
    early = scheduler(engine, policy, now.replace(hour=9, minute=29), notes.job)
    asyncio.run(early.tick())
    assert now.date() not in notes.days
    for minute in (30, 31, 59):
        asyncio.run(scheduler(engine, policy, now.replace(hour=9, minute=minute), notes.job).tick())
    assert notes.days == [now.date()]


def test_a_job_found_too_late_is_noted_as_skipped(engine: Engine, policy: Policy, now: datetime) -> None:
    notes = Notes()
    asyncio.run(scheduler(engine, policy, now.replace(hour=14), notes.job).tick())
    assert notes.days == []
    assert all(run.said and run.said.startswith("skipped") for run in runs(engine))


def test_down_at_its_time_and_back_within_the_hour_it_runs_late(
    engine: Engine, policy: Policy, now: datetime
) -> None:
    notes = Notes()
    asyncio.run(scheduler(engine, policy, now.replace(hour=10, minute=41), notes.job).tick())
    assert notes.days == [now.date()]


def test_one_jobs_failure_stops_no_other_and_is_tried_again(
    engine: Engine, policy: Policy, now: datetime
) -> None:
    def broken(_context: JobContext) -> str:
        raise RuntimeError("disk on fire")

    failing = Job("failing", "Fails", at_half_past_nine, broken, timedelta(hours=4))
    notes = Notes()
    one = scheduler(engine, policy, now.replace(hour=10), failing, notes.job)
    asyncio.run(one.tick())
    assert notes.days == [now.date()]
    assert {run.job for run in runs(engine) if run.logical_date == now.date()} == {"note"}


def test_three_processes_race_and_one_runs_it(engine: Engine, policy: Policy, now: datetime) -> None:
    notes = Notes()
    gate = Barrier(3)

    def race() -> None:
        one = scheduler(engine, policy, now.replace(hour=10), notes.job)
        gate.wait()
        asyncio.run(one.tick())

    threads = [Thread(target=race) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes.days == [now.date()]


@pytest.mark.parametrize("days", [1, 3])
def test_moving_the_clock_walks_through_every_wake_up_in_order(
    engine: Engine, policy: Policy, now: datetime, days: int
) -> None:
    notes = Notes()
    clock = DemoClock(now)
    one = Scheduler(engine, policy, clock, (notes.job,))
    drained: list[datetime] = []

    async def drain() -> int:
        drained.append(clock.now())
        return 0

    moments = asyncio.run(one.walk(clock, now + timedelta(days=days), drain))
    assert notes.days == [now.date() + timedelta(n) for n in range(days)]
    assert moments == sorted(moments)
    assert len(drained) == len(moments)
    assert clock.now() - (now + timedelta(days=days)) < timedelta(seconds=20)


def test_a_failure_stops_no_loop_and_work_done_is_followed_by_more_at_once() -> None:
    rounds: list[int] = []

    def work() -> int:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise RuntimeError
        return len(rounds) < 4

    async def main() -> None:
        enough = asyncio.Event()
        loop = asyncio.get_running_loop()

        def counted() -> int:
            if len(rounds) == 5:
                loop.call_soon_threadsafe(enough.set)
            return work()

        task = asyncio.ensure_future(again_and_again("work", counted, 0.01))
        await asyncio.wait_for(enough.wait(), 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert len(rounds) >= 5
