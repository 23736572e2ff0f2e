"""How far the facts reach, and which file is missing, in one sentence each."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta

from crm_core.calls.today import held_back
from crm_core.facts_until import MissingFile, missing_files, oldest
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context

_LAST_MINUTE = time(23, 59)
FILE_NAMES = {"reservations": N_("reservation"), "visits": N_("visit")}


def until_sentence(context: Context, branches: Sequence[str], kinds: Collection[str]) -> str:
    """“Facts until Sat 21 Nov 19:10”: the oldest of the kinds; or that nothing was ever read."""
    until = oldest(context.db, branches, kinds)
    if until is None:
        return context.say("No data has been uploaded yet")
    return context.say("Facts until {when}", when=_moment(min(until, context.now), branches[0], context))


def missing_sentence(missing: Sequence[MissingFile], branch: str, context: Context) -> str:
    """One sentence that names the files whose facts end too early, and what to do."""
    what = " · ".join(context.say(FILE_NAMES[one.kind]) for one in missing)
    known = [one.until for one in missing if one.until is not None]
    if not known:
        return context.say("No {what} data yet. Upload it and the list is rebuilt.", what=what)
    when = _moment(min(known), branch, context)
    return context.say(
        "No {what} data since {when}. Upload it and the list is rebuilt.", what=what, when=when
    )


def missing_at(context: Context, branch: str) -> str | None:
    """That sentence for a branch, and how many of today's calls wait for it; None when its facts reach to
    the end of its last open day."""
    db, policy, now = context.db, context.policy, context.now
    missing = missing_files(db, policy, branch, now)
    if not missing:
        return None
    said = missing_sentence(missing, branch, context)
    held = held_back(db, policy, branch, policy.branch(branch).today(now), now)
    if not held:
        return said
    waiting = context.say("Held back, as they may have been here since: {n}.", n=held)
    return f"{said}\n{waiting}"


def _moment(moment: datetime, branch: str, context: Context) -> str:
    """The moment; a whole day, which ends at midnight, by its date alone."""
    place = context.policy.branch(branch)
    local = place.local(moment)
    if local.time() == time():
        return figures.staff_day(local.date() - timedelta(1), context.language)
    if local.time() >= _LAST_MINUTE:
        return figures.staff_day(local.date(), context.language)
    return figures.staff_moment(moment, place, context.language)
