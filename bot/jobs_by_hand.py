"""`job NAME`: a job of the timetable run from the shell, for real or only to look."""

import sys

from sqlmodel import Session

from bot.opened import Opened
from bot.terminal import printed
from bot.transaction import rehearsal, step
from crm_core.outbox.queries import newest_id, planned_since
from crm_core.policy.branch import Branch
from crm_core.runs import actions as runs
from crm_core.staff.access import channel_person
from crm_core.staff.accounts import binding_at
from crm_core.tables.chat import OutboxRow
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.menu import MENU, WIRE
from jobs.job import Job, JobContext
from jobs.timetable import TIMETABLE, job_named


def run(opened: Opened, name: str, *, really: bool) -> int:
    """Prints what the job posts, per branch; 1 when there is no such job. Without `really` nothing stays."""
    job = job_named(name)
    if job is None:
        print(f'There is no job "{name}". There are:', file=sys.stderr)
        for each in TIMETABLE:
            print(f"  {each.name}: {each.purpose}", file=sys.stderr)
        return 1
    if not really:
        print("Only printed, nothing is posted. Add --really to post it.")
    for branch in opened.policy.branches.values():
        door = step if really else rehearsal
        with door(opened.engine) as db:
            _run_for(opened, db, job, branch)
    return 0


def _run_for(opened: Opened, db: Session, job: Job, branch: Branch) -> None:
    now = opened.clock.now()
    day = branch.today(now)
    if job.next_moment is not None:
        at = job.next_moment(db, opened.policy, branch, now)
        if at is None or at > now:
            print(f"{branch.slug}: nothing is due")
            return
    elif job.due(opened.policy, branch, day) is None:
        print(f"{branch.slug}: not on {day.isoformat()}")
        return
    begun = runs.begin(db, job=job.name, branch=branch.slug, day=day, now=now)
    if not begun and job.next_moment is None:
        print(f"{branch.slug}: done already for {day.isoformat()}")
        return
    newest = newest_id(db)
    said = job.run(JobContext(db, opened.policy, branch, day, now))
    runs.end(db, job=job.name, branch=branch.slug, day=day, now=now, said=said)
    print(f"{branch.slug} {day.isoformat()}: {said}")
    for row in planned_since(db, newest):
        print(f"\n→ {row.platform} {row.address or ''}\n{_composed(opened, db, row, branch)}\n")


def _composed(opened: Opened, db: Session, row: OutboxRow, branch: Branch) -> str:
    item, command = WIRE.decode(row.command)
    bound = binding_at(db, row.platform, row.address or "")
    context = Context(
        db=db,
        person=channel_person(opened.policy, branch.slug),
        policy=opened.policy,
        now=opened.clock.now(),
        language=language(bound.language if bound else opened.policy.language),
        private=False,
        channel_branch=branch.slug,
        menu=MENU,
    )
    return printed(item.give(command, context))
