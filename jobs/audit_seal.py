"""Seals yesterday's audit rows."""

from datetime import UTC, date, datetime, time, timedelta

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.staff.audit import seal_days_before
from jobs.job import Job, JobContext

AT = time(3, 10)


def due(policy: Policy, branch: Branch, day: date) -> datetime | None:
    """Once a night for the whole group: with its first branch."""
    first = next(iter(policy.branches))
    return branch.at(day, AT) if branch.slug == first else None


def run(context: JobContext) -> str:
    sealed = seal_days_before(context.db, context.now.astimezone(UTC).date(), context.now)
    return f"{sealed} days sealed"


AUDIT_SEAL = Job(
    name="audit-seal",
    purpose="Seal each day's audit rows with a digest",
    due=due,
    run=run,
    late=timedelta(days=2),
)
