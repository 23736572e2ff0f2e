"""How often somebody was tried, what rest follows, which promise stands: pure folds over calls."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from crm_core.churn.facts import PastCall
from crm_core.churn.reasons import Promise, Reaction, Tries
from crm_core.policy.policy import CallRules
from crm_core.tables.calls import Outcome

MISSED = (Outcome.NO_ANSWER, Outcome.BUSY)


def tries(calls: Iterable[PastCall], since: date | None, rules: CallRules, day: date) -> Tries:
    """Distinct days of trying in this episode (after `since`, the last visit), as `day` sees them.

    Each `attempt_days` of them are a round, and a rest follows it; after `rounds` nobody tries again.
    A wrong number is no attempt: it stops the contact.
    """
    days = sorted({c.on for c in calls if c.outcome in MISSED and (since is None or c.on > since)})
    if not days:
        return Tries()
    full, begun = divmod(len(days), rules.attempt_days)
    if full >= rules.rounds:
        return Tries(rules.attempt_days, full, days[-1], tried_out=True)
    until = days[-1] + timedelta(rules.rest_days)
    if begun or day >= until:
        return Tries(begun, full, days[-1])
    return Tries(rules.attempt_days, full, days[-1], until)


def last_reaction(calls: Sequence[PastCall]) -> Reaction | None:
    """The last connected call."""
    for call in reversed(calls):
        if reached(call):
            return Reaction(call.call_id, call.on, call.group, call.staff_id)
    return None


def reached(call: PastCall) -> bool:
    return call.outcome not in MISSED and call.outcome is not Outcome.WRONG_NUMBER


def open_promise(
    calls: Sequence[PastCall],
    last_visit_on: date | None,
    booked_since: datetime | None,
) -> Promise | None:
    """The promise that still stands: no later conversation, visit or booking has settled it."""
    for call in reversed(calls):
        if not reached(call):
            continue
        if call.promised_on is None:
            return None
        came = last_visit_on is not None and last_visit_on > call.on
        if came or (booked_since is not None and booked_since > call.at):
            return None
        return Promise(call.promised_on, call.call_id, call.family, call.staff_id)
    return None


def tries_since(calls: Sequence[PastCall], promise: Promise, rules: CallRules, day: date) -> Tries:
    """Days of trying to keep a promise: those after the call in which it was given."""
    given = next(i for i, call in enumerate(calls) if call.call_id == promise.call_id)
    return tries(calls[given + 1 :], None, rules, day)
