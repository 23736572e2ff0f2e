"""Posts the digest of each branch before it opens, and fixes the day's list of calls with it."""

from datetime import date, datetime, timedelta

from crm_core.calls.actions import fix_list
from crm_core.digest.queries import digest_at
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from handlers.digest import ShowDigest
from jobs.job import Job, JobContext
from jobs.posting import post_to_channels


def due(policy: Policy, branch: Branch, day: date) -> datetime | None:
    return digest_at(policy, branch, day) if "digest" in policy.modules else None


def run(context: JobContext) -> str:
    fix_list(context.db, context.policy, context.branch.slug, context.day, context.now)
    posted = post_to_channels(
        context,
        purpose="digest",
        command=ShowDigest(context.branch.slug, context.day, posted=True),
        once="digest",
        expires_at=context.branch.closing(context.day),
        priority=9,
    )
    return f"{posted} posted"


MORNING_DIGEST = Job(
    name="morning-digest",
    purpose="Post the morning digest before the branch opens",
    due=due,
    run=run,
    late=timedelta(hours=8),
    module="digest",
)
