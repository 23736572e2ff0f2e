"""Tells the lead of each branch of inquiries that nobody has answered within the branch's minutes.

One card for everybody who has come to wait too long since the last one; each inquiry is told once.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from crm_core.inquiries.answering.actions import escalate
from crm_core.inquiries.queries import next_escalation
from crm_core.outbox import actions as outbox
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.staff.accounts import accounts_with, bindings_for
from crm_core.tables.people import Role
from handlers.inquiry_card import PURPOSES
from handlers.inquiry_commands import ShowInquiries
from handlers.menu import WIRE
from jobs.job import Job, JobContext, never


def next_moment(db: Session, policy: Policy, branch: Branch, now: datetime) -> datetime | None:
    return next_escalation(db, policy, branch.slug, now)


def run(context: JobContext) -> str:
    branch = context.branch.slug
    told = escalate(context.db, context.policy, branch, context.now)
    if not told:
        return "nobody waits too long"
    first = min(one.inquiry_id for one in told)
    posted = 0
    for place in _places(context):
        where = place.address or f"staff-{place.staff_id}"
        posted += outbox.post(
            context.db,
            once=f"unanswered:{branch}:{first}:{place.platform}:{where}",
            command=WIRE.encode(ShowInquiries(branch, late=True)),
            to=place,
            now=context.now,
            branch=branch,
            expires_at=context.branch.closing(context.day),
            priority=0,
        )
    return f"{len(told)} waiting, {posted} posted"


def _places(context: JobContext) -> list[outbox.Destination]:
    """The leads in private; where none has an account, the branch's channel."""
    db, branch = context.db, context.branch.slug
    leads = accounts_with(db, Role.LEAD, branch)
    if leads:
        return [outbox.Destination(platform, staff_id=staff_id) for platform, staff_id in leads]
    bound = next((found for purpose in PURPOSES if (found := bindings_for(db, branch, purpose))), [])
    return [outbox.Destination(one.platform, one.address) for one in bound]


UNANSWERED_INQUIRIES = Job(
    name="unanswered-inquiries",
    purpose="Tell the lead of inquiries that nobody has answered",
    due=never,
    run=run,
    late=timedelta(0),
    module="inquiries",
    next_moment=next_moment,
)
