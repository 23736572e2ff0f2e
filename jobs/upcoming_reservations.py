"""Posts the reservations of the next open day and of the third day, on every open day with the digest."""

from datetime import date, datetime, timedelta

from crm_core.digest.queries import digest_at
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations.queries import reservations_on
from handlers.reservations import ShowReservations
from jobs.job import Job, JobContext
from jobs.posting import post_to_channels

THIRD = timedelta(3)


def days_to_show(branch: Branch, day: date) -> tuple[date, ...]:
    """The next open day, and the days whose third day before is this one, or closed since this one."""
    third = [day + THIRD]
    while not branch.is_open(third[-1] - THIRD + timedelta(1)) and len(third) < 31:
        third.append(third[-1] + timedelta(1))
    days = {branch.next_open_day(day), *third}
    return tuple(sorted(one for one in days if branch.is_open(one)))


def due(policy: Policy, branch: Branch, day: date) -> datetime | None:
    """With the digest."""
    return digest_at(policy, branch, day) if "reservations" in policy.modules else None


def run(context: JobContext) -> str:
    branch = context.branch
    posted = 0
    for shown in days_to_show(branch, context.day):
        if not reservations_on(context.db, branch, shown, context.now):
            continue
        posted += post_to_channels(
            context,
            purpose="reservations",
            command=ShowReservations(branch.slug, shown, shown),
            once=f"reservations-of-{shown.isoformat()}",
            expires_at=branch.closing(context.day),
        )
    return f"{posted} posted"


UPCOMING_RESERVATIONS = Job(
    name="upcoming-reservations",
    purpose="Post the reservations of the next open day and in three days",
    due=due,
    run=run,
    late=timedelta(hours=8),
    module="reservations",
)
