"""Fixes the day's list of calls of each branch and posts it with the digest."""

from datetime import date, datetime, timedelta

from crm_core.calls.actions import fix_list
from crm_core.digest.queries import digest_at
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from handlers.call_commands import ShowCalls
from jobs.job import Job, JobContext
from jobs.posting import post_to_channels


def due(policy: Policy, branch: Branch, day: date) -> datetime | None:
    """With the digest."""
    return digest_at(policy, branch, day) if "calls" in policy.modules else None


def run(context: JobContext) -> str:
    """Nobody is called before a director has pressed start: then nothing is posted."""
    branch, day = context.branch, context.day
    fixed = fix_list(context.db, context.policy, branch.slug, day, context.now)
    if fixed is None:
        return "not started"
    posted = post_to_channels(
        context,
        purpose="calls",
        command=ShowCalls(branch.slug, day),
        once="calls",
        expires_at=branch.closing(day),
    )
    return f"{posted} posted"


CHURNER_LIST = Job(
    name="churner-list",
    purpose="Fix and post the day's list of calls",
    due=due,
    run=run,
    late=timedelta(hours=8),
    module="calls",
)
