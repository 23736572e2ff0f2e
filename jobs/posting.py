"""Posts into the channels that a branch has bound to a purpose."""

from datetime import datetime, timedelta

from crm_core.outbox import actions as outbox
from crm_core.staff.accounts import bindings_for
from handlers.language.reply import Command
from handlers.menu import WIRE
from jobs.job import JobContext


def post_to_channels(
    context: JobContext,
    *,
    purpose: str,
    command: Command,
    once: str,
    expires_at: datetime | None = None,
    after: timedelta = timedelta(0),
    priority: int = 5,
) -> int:
    """One message per bound channel, once for each (job, branch, day); how many are new."""
    posted = 0
    for binding in bindings_for(context.db, context.branch.slug, purpose):
        posted += outbox.post(
            context.db,
            once=f"{once}:{context.branch.slug}:{context.day.isoformat()}:{binding.id}",
            command=WIRE.encode(command),
            to=outbox.Destination(binding.platform, binding.address),
            now=context.now,
            not_before=context.now + after,
            branch=context.branch.slug,
            expires_at=expires_at,
            priority=priority,
        )
    return posted
