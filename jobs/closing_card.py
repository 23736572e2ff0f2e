"""Posts the closing card of each branch when it closes; the next morning it would be pointless."""

from datetime import date, datetime, timedelta

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations.queries import reservations_on
from handlers.closing import ShowClosing
from jobs.job import Job, JobContext
from jobs.posting import post_to_channels

# Until the digest of the next morning asks for what is still unmarked.
POINTLESS_AFTER = timedelta(hours=10)


def due(policy: Policy, branch: Branch, day: date) -> datetime | None:
    return branch.closing(day) if "closing" in policy.modules else None


def run(context: JobContext) -> str:
    branch, day = context.branch, context.day
    if not reservations_on(context.db, branch, day, context.now):
        return "no reservations"
    closing = branch.closing(day) or context.now
    posted = post_to_channels(
        context,
        purpose="closing",
        command=ShowClosing(branch.slug, day),
        once="closing",
        expires_at=closing + POINTLESS_AFTER,
    )
    return f"{posted} posted"


CLOSING_CARD = Job(
    name="closing-card",
    purpose="Post the closing card when the branch closes",
    due=due,
    run=run,
    late=POINTLESS_AFTER,
    module="closing",
)
