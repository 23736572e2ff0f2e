"""A job: what is due on a branch's local day, and what doing it means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy


@dataclass(frozen=True)
class JobContext:
    """One branch and logical date, in one step."""

    db: Session
    policy: Policy
    branch: Branch
    day: date
    now: datetime


@dataclass(frozen=True)
class Job:
    """`due` is the moment at which the job is due on a local day, None where it is not that day. When
    it is found undone later than `late` after that, it is noted as skipped. `run` returns a line for the
    log of runs and talks to nobody: it posts.

    A job that waits for a fact, and not for a time of day, has `next_moment` instead: when the first thing
    that is not done yet is due. It runs as often as that comes, and doing it again changes nothing."""

    name: str
    purpose: str
    due: Callable[[Policy, Branch, date], datetime | None]
    run: Callable[[JobContext], str]
    late: timedelta
    module: str = ""  # of config.yaml's `modules`; "" always runs
    next_moment: Callable[[Session, Policy, Branch, datetime], datetime | None] | None = None


def never(policy: Policy, branch: Branch, day: date) -> datetime | None:  # noqa: ARG001
    """`due` of a job that waits for a fact: no day has a time for it."""
    return None
