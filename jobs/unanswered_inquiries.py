"""Tells the lead of each branch of inquiries that nobody has answered within the branch's minutes.

One card for everybody who has come to wait too long since the last one; each inquiry is told once.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from crm_core.inquiries.answering.actions import escalate
from crm_core.inquiries.queries import next_escalation
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from handlers.inquiry_card import PURPOSES
from handlers.inquiry_commands import ShowInquiries
from jobs.job import Job, JobContext, never
from jobs.posting import channels, leads, post_to


def next_moment(db: Session, policy: Policy, branch: Branch, now: datetime) -> datetime | None:
    return next_escalation(db, policy, branch.slug, now)


def run(context: JobContext) -> str:
    branch = context.branch.slug
    told = escalate(context.db, context.policy, branch, context.now)
    if not told:
        return "nobody waits too long"
    first = min(one.inquiry_id for one in told)
    posted = post_to(
        context,
        leads(context) or channels(context, *PURPOSES),  # where no lead has an account all may read it
        command=ShowInquiries(branch, late=True),
        once=f"unanswered:{branch}:{first}",
        expires_at=context.branch.closing(context.day),
        priority=0,
    )
    return f"{len(told)} waiting, {posted} posted"


UNANSWERED_INQUIRIES = Job(
    name="unanswered-inquiries",
    purpose="Tell the lead of inquiries that nobody has answered",
    due=never,
    run=run,
    late=timedelta(0),
    module="inquiries",
    next_moment=next_moment,
)
