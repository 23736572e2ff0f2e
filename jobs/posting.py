"""Posts into the channels that a branch has bound to a purpose, or to its leads in private."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from crm_core.outbox import actions as outbox
from crm_core.outbox.actions import Destination
from crm_core.staff.accounts import accounts_with, bindings_for
from crm_core.tables.people import Role
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
            to=Destination(binding.platform, binding.address),
            now=context.now,
            not_before=context.now + after,
            branch=context.branch.slug,
            expires_at=expires_at,
            priority=priority,
        )
    return posted


def channels(context: JobContext, *purposes: str) -> list[Destination]:
    """The branch's channels of the first of the purposes that one is bound to."""
    bound = bindings_for(context.db, context.branch.slug, *purposes)
    return [Destination(one.platform, one.address) for one in bound]


def leads(context: JobContext) -> list[Destination]:
    """The private chats of the branch's lead coordinators."""
    found = accounts_with(context.db, Role.LEAD, context.branch.slug)
    return [Destination(platform, staff_id=staff_id) for platform, staff_id in found]


def post_to(
    context: JobContext,
    places: Sequence[Destination],
    *,
    command: Command,
    once: str,
    expires_at: datetime | None = None,
    priority: int = 5,
) -> int:
    """One message for each place, whoever asks again; how many are new."""
    posted = 0
    for place in places:
        where = place.address or f"staff-{place.staff_id}"
        posted += outbox.post(
            context.db,
            once=f"{once}:{place.platform}:{where}",
            command=WIRE.encode(command),
            to=place,
            now=context.now,
            branch=context.branch.slug,
            expires_at=expires_at,
            priority=priority,
        )
    return posted
