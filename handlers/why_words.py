"""The rule trace in words: one sentence for each reason the deciding code can give."""

from collections.abc import Callable
from datetime import date, timedelta

from crm_core.churn.reasons import Band, Eligibility, FamilyDue, Reason, Why
from crm_core.tables.calls import ResponseGroup, Section
from handlers.call_words import GROUP_NAMES, SECTION_MARKS, SECTION_NAMES
from handlers.language import figures
from handlers.language.language import N_
from handlers.language.menu_item import Context

DAYS_PER_MONTH = 30.4

_STATES = {
    "paused": N_("Paused."),
    "abroad": N_("Lives abroad."),
    "moved_branch": N_("Moved to another branch."),
    "inactive": N_("Is not a patient here any more."),
    "deceased": N_("Has died."),
    "merged": N_("This chart was merged into another one."),
}

_PAST_DUE = {
    Band.NOT_YET: N_("{family}: not due yet (last on {last})."),
    Band.DUE: N_("{family}: {days} days past its time (last on {last})."),
    Band.LAPSED: N_("{family}: lapsed, {days} days past its time (last on {last})."),
    Band.LONG_GONE: N_("{family}: long gone (last on {last})."),
}


def why_sentence(reason: Reason, context: Context) -> str:
    """One reason against a call, or one thing the caller has to know, as a whole sentence."""
    return _SENTENCES[reason.why](reason, _Reader(context))


def has_sentence(why: Why) -> bool:
    """Whether a reason can be said; a test asks it of every one."""
    return why in _SENTENCES


def section_name(section: Section, context: Context) -> str:
    """① Promised."""
    return f"{SECTION_MARKS[section]} {context.say(SECTION_NAMES[section])}"


def list_reasons(one: Eligibility, context: Context) -> list[str]:
    """Why somebody is on today's list: the promise, or each family of the card."""
    reader = _Reader(context)
    if one.section is Section.PROMISED and one.promise is not None:
        return [context.say("We promised to call on {day}.", day=reader.day(one.promise.on))]
    say, policy, code = context.say, context.policy, context.language.code
    match one.section:
        case Section.INQUIRIES:
            return [say("Asked us something and waits for an answer.")]
        case Section.UNDECIDED if one.pending is not None:
            return [say("Undecided since the consult of {day}.", day=reader.day(one.pending.held_on))]
        case Section.MID_COURSE if one.gap is not None:
            name = policy.treatment_name(one.gap.treatment, code)
            return [
                say(
                    "{treatment}: {left} of {total} sessions left, the last one on {day}.",
                    treatment=name,
                    left=one.gap.left,
                    total=one.gap.sessions,
                    day=reader.day(one.gap.last_on),
                )
            ]
        case _:
            return [family_sentence(due, context) for due in one.families]


def next_consult_call(one: Eligibility, context: Context) -> str:
    """When an undecided patient is to be called about it; "" where nothing is undecided any more."""
    if one.pending is None or one.section is not None:
        return ""
    on = one.pending.next_day(one.day + timedelta(1))
    if on is None:
        return ""
    reader = _Reader(context)
    return context.say(
        "Undecided since the consult of {held}: to be called on {day}.",
        held=reader.day(one.pending.held_on),
        day=reader.day(on),
    )


def family_sentence(due: FamilyDue, context: Context) -> str:
    """How far the time of a family has passed, and by which date that is counted."""
    reader = _Reader(context)
    if due.recommended:
        wanted = due.due_on + timedelta(context.policy.calls.recommended_before)
        return context.say(
            "{family}: the doctor's recommended date is {day} (last on {last}).",
            family=reader.family(due.family),
            day=reader.day(wanted),
            last=reader.day(due.last_on),
        )
    sentence = _PAST_DUE[due.band]
    return context.say(
        sentence, family=reader.family(due.family), days=due.days_over, last=reader.day(due.last_on)
    )


class _Reader:
    def __init__(self, context: Context) -> None:
        self.say = context.say
        self.today = context.today()
        self._context = context

    def day(self, day: date | None) -> str:
        if day is None:
            return "–"
        return figures.staff_day_with_year(day, self.today, self._context.language)

    def family(self, slug: str | None) -> str:
        return self._context.policy.family_name(slug or "", self._context.language.code)

    def branch(self, slug: str | None) -> str:
        return self._context.policy.branch(slug or "").name(self._context.language.code)

    def group(self, word: str | None) -> str:
        return self.say(GROUP_NAMES[ResponseGroup(word)]) if word else ""

    def section(self, word: str | None) -> str:
        return section_name(Section(word or ""), self._context)

    @property
    def consent_months(self) -> int:
        return round(self._context.policy.calls.consent_days / DAYS_PER_MONTH)


def _nothing_due(x: Reason, r: _Reader) -> str:
    if x.on is None:
        return r.say("No treatment with a date to come back.")
    return r.say("Nothing is due yet. Next date: {day}.", day=r.day(x.on))


def _course_running(x: Reason, r: _Reader) -> str:
    if x.until is None:
        return r.say("{family}: paid sessions are left.", family=r.family(x.family))
    return r.say(
        "{family}: paid sessions are left, valid until {day}.", family=r.family(x.family), day=r.day(x.until)
    )


def _status(x: Reason, r: _Reader) -> str:
    if x.word == "paused" and x.until is not None:
        return r.say("Paused until {day}.", day=r.day(x.until))
    word = x.word or ""
    return r.say(_STATES[word])


def _denied(x: Reason, r: _Reader) -> str:
    if not x.word:
        return r.say("Asked for no contact on {day}.", day=r.day(x.on))
    return r.say("Asked for no contact on {day} ({group}).", day=r.day(x.on), group=r.group(x.word))


def _resting(x: Reason, r: _Reader) -> str:
    if not x.n:
        return r.say("We spoke not long ago; can be called again from {day}.", day=r.day(x.until))
    return r.say("Not reached on {n} days; can be called again from {day}.", n=x.n, day=r.day(x.until))


def _no_consent(x: Reason, r: _Reader) -> str:
    if x.on is None:
        return r.say("No consent to advertising, and no treatment here.")
    return r.say(
        "No consent to advertising, and the last treatment ({day}) is over {months} months ago.",
        day=r.day(x.on),
        months=r.consent_months,
    )


_SENTENCES: dict[Why, Callable[[Reason, _Reader], str]] = {
    Why.NOT_STARTED: lambda x, r: r.say(
        "{branch}: calls have not started. A director presses start.", branch=r.branch(x.word)
    ),
    Why.NOTHING_DUE: _nothing_due,
    Why.LONG_GONE: lambda x, r: r.say(
        "{family}: long gone (last on {day}), kept off the daily lists.",
        family=r.family(x.family),
        day=r.day(x.on),
    ),
    Why.COURSE_RUNNING: _course_running,
    Why.TREATMENT_COMPLETE: lambda x, r: r.say(
        "{family}: treatment complete since {day}.", family=r.family(x.family), day=r.day(x.on)
    ),
    Why.NO_NEED: lambda x, r: r.say(
        "{family}: said on {day} that there is no need; not asked before a new treatment.",
        family=r.family(x.family),
        day=r.day(x.on),
    ),
    Why.STATUS: _status,
    Why.NO_PHONE: lambda _, r: r.say("No phone number is known."),
    Why.NO_GUARDIAN: lambda _, r: r.say("Under 14, and no guardian's phone is known."),
    Why.WRONG_NUMBER: lambda x, r: r.say("The number is somebody else's ({day}).", day=r.day(x.on)),
    Why.DENIED: _denied,
    Why.STOPPED: lambda x, r: r.say("Stopped our messages on {day}.", day=r.day(x.on)),
    Why.DECEASED_PHONE: lambda _, r: r.say("The phone belongs to somebody who has died."),
    Why.HAS_RESERVATION: lambda x, r: r.say("Has a reservation on {day}.", day=r.day(x.on)),
    Why.RECENT_VISIT: lambda x, r: r.say("Was here on {day}.", day=r.day(x.on)),
    Why.PROMISED: lambda x, r: r.say("We promised to call on {day}.", day=r.day(x.on)),
    Why.IN_HIGHER_SECTION: lambda x, r: r.say(
        "Stands higher on the list: {section}.", section=r.section(x.word)
    ),
    Why.RESTING: _resting,
    Why.TRIED_OUT: lambda x, r: r.say(
        "Not reached in {n} rounds (last on {day}); not tried any more.", n=x.n, day=r.day(x.on)
    ),
    Why.BUDGET: lambda x, r: r.say(
        "Already contacted {n} times in the last {days} days.", n=x.n, days=x.days
    ),
    Why.NO_CONSENT: _no_consent,
    Why.FACTS_MISSING: lambda x, r: r.say(
        "May have been here since {day}: the file that would say so is missing.", day=r.day(x.on)
    ),
}
