"""How often somebody was tried, what rest follows, which promise stands: pure folds over calls."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from crm_core.churn.facts import PastCall
from crm_core.churn.reasons import Promise, Reaction, Tries
from crm_core.policy.policy import CallRules
from crm_core.tables.calls import Outcome

MISSED = (Outcome.NO_ANSWER, Outcome.BUSY)
SILENT_AFTER_DAYS = 2  # history is silent: an imported fact older than this makes no card


def tries(calls: Iterable[PastCall], since: date | None, rules: CallRules, day: date) -> Tries:
    """Distinct days of trying in this episode (after `since`, the last visit), as `day` sees them.

    Full after `attempt_days`: the rest begins the day after, so that a second try on the same day
    stays possible. A wrong number is no attempt: it stops the contact.
    """
    days = sorted({c.on for c in calls if c.outcome in MISSED and (since is None or c.on > since)})
    if not days:
        return Tries()
    full, begun = divmod(len(days), rules.attempt_days)
    last = days[-1]
    if begun or day <= last:
        in_round = begun or rules.attempt_days
        return Tries(in_round, full if begun else full - 1, last)
    if full >= rules.rounds:
        return Tries(rules.attempt_days, full, last, tried_out=True)
    until = last + timedelta(rules.rest_days)
    resting = until if day < until else None
    return Tries(rules.attempt_days if resting else 0, full, last, resting)


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
    rules: CallRules,
    day: date,
) -> Promise | None:
    """The promise that still stands: no later conversation, visit or booking has settled it.

    Trying on `attempt_days` different days without an answer lays it to rest. One that was only
    imported is silent when its day is more than two days past.
    """
    for index in range(len(calls) - 1, -1, -1):
        call = calls[index]
        if not reached(call):
            continue
        if call.promised_on is None or call.promise_kept:
            return None
        settled = (last_visit_on is not None and last_visit_on > call.on) or (
            booked_since is not None and booked_since > call.at
        )
        silent = call.source == "import" and (day - call.promised_on).days > SILENT_AFTER_DAYS
        tried = {c.on for c in calls[index + 1 :] if c.outcome in MISSED and c.on < day}
        if settled or silent or len(tried) >= rules.attempt_days:
            return None
        return Promise(call.promised_on, call.call_id, call.family, call.staff_id)
    return None
