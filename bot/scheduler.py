"""Timetable → APScheduler, and the log of runs. The library only wakes us; what is due is ours."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine

from bot import log
from bot.clock import Clock, DemoClock
from bot.transaction import reading, step
from crm_core.errors import CrmError
from crm_core.outbox.queries import next_due
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.runs import actions as runs
from crm_core.runs.queries import done_on
from jobs.job import Job, JobContext
from jobs.timetable import TIMETABLE

SECONDS = 20


async def again_and_again(what: str, work: Callable[[], int], seconds: float) -> None:
    """Works until cancelled, with a pause when nothing was done; a failure is logged and stops nothing."""
    while True:
        done = 0
        try:
            done = await asyncio.to_thread(work)
        except Exception as problem:  # whatever one round met, the next one is tried
            log.trouble(f"{what} failed", problem)
        if not done:
            await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Due:
    """A run that is due and not yet done."""

    at: datetime
    job: Job
    branch: Branch
    day: date


class Scheduler:
    """Runs what is due and not yet done. Twice, late, or in two processes changes nothing."""

    def __init__(
        self, engine: Engine, policy: Policy, clock: Clock, jobs: tuple[Job, ...] = TIMETABLE
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._clock = clock
        self._jobs = jobs
        self._one_at_a_time = asyncio.Lock()

    async def run(self, wake: Callable[[], None]) -> None:
        """Ticks until cancelled; `wake` tells the postman that something may have been posted."""
        alarm = AsyncIOScheduler()

        async def tick() -> None:
            await self.tick()
            wake()

        alarm.add_job(
            tick,
            IntervalTrigger(seconds=SECONDS),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        alarm.start()
        try:
            await tick()
            await asyncio.Event().wait()
        finally:
            alarm.shutdown(wait=False)

    async def tick(self) -> int:
        """Runs everything that is due now, in order; how many runs were made."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._tick)

    def _tick(self) -> int:
        now = self._clock.now()
        made = 0
        for due in [*self.due_until(now), *self._waited_for(now)]:
            try:
                made += self._run(due, now)
            except CrmError as problem:
                log.trouble("job refused", problem, job=due.job.name, branch=due.branch.slug)
            except Exception as problem:  # one job's failure stops no other; it is due again next time
                log.trouble("job failed", problem, job=due.job.name, branch=due.branch.slug)
        return made

    def due_until(self, now: datetime) -> list[Due]:
        """What is due by `now` and not done, earliest first: today's and yesterday's of each branch."""
        found = [
            due
            for branch in self._policy.branches.values()
            for day in (branch.today(now) - timedelta(1), branch.today(now))
            for due in self._of(branch, day)
            if due.at <= now
        ]
        days = tuple({due.day for due in found})
        if not days:
            return []
        with reading(self._engine) as db:
            done = done_on(db, days)
        return sorted(
            (due for due in found if (due.job.name, due.branch.slug, due.day) not in done),
            key=lambda due: (due.at, due.job.name, due.branch.slug),
        )

    def _waited_for(self, now: datetime) -> list[Due]:
        """What waits for a fact instead of a time of day, and is due."""
        return [due for due in self._awaited(now) if due.at <= now]

    def _awaited(self, now: datetime) -> list[Due]:
        found = []
        for job in self._offered():
            if job.next_moment is None:
                continue
            with reading(self._engine) as db:
                for branch in self._policy.branches.values():
                    at = job.next_moment(db, self._policy, branch, now)
                    if at is not None:
                        found.append(Due(at, job, branch, branch.today(now)))
        return found

    def _offered(self) -> list[Job]:
        return [job for job in self._jobs if not job.module or job.module in self._policy.modules]

    def _of(self, branch: Branch, day: date) -> list[Due]:
        found = []
        for job in self._offered():
            at = job.due(self._policy, branch, day)
            if at is not None:
                found.append(Due(at, job, branch, day))
        return found

    def _run(self, due: Due, now: datetime) -> bool:
        with step(self._engine) as db:
            name, slug, day = due.job.name, due.branch.slug, due.day
            waits_for_a_fact = due.job.next_moment is not None
            if not runs.begin(db, job=name, branch=slug, day=day, now=now) and not waits_for_a_fact:
                return False
            late = now - due.at > due.job.late and not waits_for_a_fact
            said = (
                f"skipped: due at {due.at.isoformat()}"
                if late
                else due.job.run(JobContext(db, self._policy, due.branch, due.day, now))
            )
            runs.end(db, job=name, branch=slug, day=day, now=now, said=said)
        log.say("job", job=name, branch=slug, day=day.isoformat(), said=said)
        return True

    async def walk(
        self, clock: DemoClock, to: datetime, drain: Callable[[], Awaitable[int]]
    ) -> list[datetime]:
        """Moves the clock through every wake-up between now and `to`, in order, delivering after each."""
        moments: list[datetime] = []
        while True:
            moment = await asyncio.to_thread(self._next_wake, clock.now(), to)
            clock.move_to(moment)
            moments.append(moment)
            await self.tick()
            await drain()
            if moment >= to:
                return moments

    def _next_wake(self, after: datetime, until: datetime) -> datetime:
        moments = [
            due.at
            for branch in self._policy.branches.values()
            for n in range((until - after).days + 2)
            for due in self._of(branch, branch.today(after) + timedelta(n))
            if after < due.at < until
        ]
        moments += [due.at for due in self._awaited(after) if after < due.at < until]
        with reading(self._engine) as db:
            waiting = next_due(db, after, until)
        return min([*moments, *([waiting] if waiting else []), until])
