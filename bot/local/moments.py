"""Where the demo clock may be moved to."""

from datetime import datetime, timedelta

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy

LONGEST_DAYS = 92
_AFTER_DIGEST = timedelta(minutes=1)


class NotAMoment(ValueError):
    """The key of the page's text that says why the clock cannot go there."""


def target(wanted: str, branch: Branch, policy: Policy, now: datetime) -> datetime:
    """The aware moment meant by "morning", "hour", "closing" or the branch's local time in ISO.

    "morning" is a minute after the morning digest of the next open day. NotAMoment when it cannot be read,
    is not ahead or is further than LONGEST_DAYS.
    """
    moment = _named(wanted, branch, policy, now) or _read(wanted, branch)
    if moment <= now:
        raise NotAMoment("only_forward")
    if moment - now > timedelta(days=LONGEST_DAYS):
        raise NotAMoment("too_far")
    return moment


def _named(wanted: str, branch: Branch, policy: Policy, now: datetime) -> datetime | None:
    match wanted:
        case "hour":
            return now + timedelta(hours=1)
        case "morning":
            opening = branch.opening(branch.next_open_day(branch.today(now)))
            if opening is None:
                raise NotAMoment("no_moment")
            return opening - timedelta(minutes=policy.digest_minutes_before_opening) + _AFTER_DIGEST
        case "closing":
            return _next_closing(branch, now)
        case _:
            return None


def _next_closing(branch: Branch, now: datetime) -> datetime:
    today = branch.closing(branch.today(now))
    if today is not None and today > now:
        return today
    later = branch.closing(branch.next_open_day(branch.today(now)))
    if later is None:
        raise NotAMoment("no_moment")
    return later


def _read(wanted: str, branch: Branch) -> datetime:
    try:
        moment = datetime.fromisoformat(wanted.strip())
    except ValueError:
        raise NotAMoment("no_moment") from None
    return moment.replace(tzinfo=branch.tz) if moment.tzinfo is None else moment
