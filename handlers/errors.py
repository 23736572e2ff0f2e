"""Every CrmError in the reader's language: what happened, and what to do next."""

from collections.abc import Callable
from typing import Any

from crm_core import errors as e
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.people import Role
from handlers.language import figures
from handlers.language.language import N_, Language

ROLE_NAMES = {
    Role.DESK: N_("Desk"),
    Role.COORDINATOR: N_("Coordinator"),
    Role.LEAD: N_("Lead coordinator"),
    Role.DOCTOR: N_("Doctor"),
    Role.DIRECTOR: N_("Director"),
    Role.GROUP: N_("Group director"),
    Role.ADMINISTRATOR: N_("Administrator"),
}

_NOT_UNDERSTOOD = {
    "command": N_("There is no command “{word}”."),
    "period": N_("I could not read the period “{word}”. Try: this month, last week, 2026-10, last 90 days."),
    "date": N_("I could not read the date “{word}”. Try: 11/25 or 2026-11-25."),
    "phone": N_("“{word}” is not a phone number. Try: 010-1234-5678."),
    "time": N_("I could not read the time “{word}”. Try: 15:30."),
    "cut": N_("I cannot split by “{word}”."),
    "kpi": N_("I know no number called “{word}”."),
    "patient": N_("Which patient? Give a chart number, a name or the last digits of a phone."),
    "cause": N_("There is no cause “{word}”."),
    "group": N_("There is no response group “{word}”."),
    "family": N_("There is no treatment family “{word}”."),
    "outcome": N_("There is no call outcome “{word}”."),
    "branch": N_("There is no branch “{word}”."),
    "amount": N_("I could not read the amount “{word}”. Try: 300,000."),
    "language": N_("I do not speak “{word}”."),
    "export": N_("I cannot export “{word}”."),
    "code": N_("The code “{word}” is wrong, used or too old. Ask the administrator for a new one."),
    "source": N_("There is no source “{word}”."),
    "treatment": N_("There is no treatment “{word}”."),
    "argument": N_("I did not understand “{word}”."),
}

_MISSING = {
    "patient": N_("Which patient? Give a chart number, a name or the last digits of a phone."),
    "last_four": N_("Give the last four digits of the number that called, e.g. /caller 1234."),
    "cause": N_("Which cause? e.g. /manual cost"),
    "group": N_("How did they take being contacted? Choose one of the four groups."),
    "code": N_("Give the code you were given, e.g. /link 1234-5678."),
    "date": N_("Which day? e.g. 11/25"),
    "two_charts": N_("Which two? e.g. /patient merge 0432 0977"),
    "asker": N_("Who asked? Give a name, a phone or a chart number."),
}


def sentence(error: e.CrmError, language: Language, policy: Policy, person: Person | None) -> str:
    """One clear sentence, in the reader's language, with the next step."""
    for kind in type(error).__mro__:
        if kind in _SENTENCES:
            said: str = _SENTENCES[kind](error, _Reader(language, policy, person))
            return said
    raise KeyError(type(error).__name__)


class _Reader:
    def __init__(self, language: Language, policy: Policy, person: Person | None) -> None:
        self.language = language
        self.policy = policy
        own = person.branches(frozenset(Role), policy) if person else ()
        self.branch = policy.branch(own[0] if own else next(iter(policy.branches)))

    def say(self, text: str, **values: object) -> str:
        return self.language.say(text, **values)

    def moment(self, moment: Any) -> str:
        return figures.staff_moment(moment, self.branch, self.language)


def _not_understood(error: e.NotUnderstood, r: _Reader) -> str:
    said = r.say(_NOT_UNDERSTOOD.get(error.what, _NOT_UNDERSTOOD["argument"]), word=error.word)
    if error.nearest:
        said += " " + r.say("Did you mean {nearest}?", nearest=", ".join(error.nearest))
    elif error.what == "command":
        said += " " + r.say("What I can do: /help")
    return said


def _not_allowed(error: e.NotAllowed, r: _Reader) -> str:
    roles = ", ".join(r.say(ROLE_NAMES[Role(role)]) for role in error.roles)
    return r.say("This needs one of these roles: {roles}.", roles=roles)


def _missing(error: e.Missing, r: _Reader) -> str:
    return r.say(_MISSING[error.what])


def _date_not_possible(error: e.DateNotPossible, r: _Reader) -> str:
    day = figures.staff_day(error.day, r.language)
    if error.why == "past":
        return r.say("{day} is past. Choose a day from tomorrow on.", day=day)
    if error.why == "closed":
        return r.say("The branch is closed at that time ({day}). Choose another day or time.", day=day)
    return r.say("{day} is too far ahead. Choose a day within a year.", day=day)


_NOT_FREE = {
    "closed": N_("The branch does not take patients at {when}."),
    "lunch": N_("{when} runs into the lunch break."),
    "full": N_("{when} is full."),
}


def _not_free(error: e.NotFree, r: _Reader) -> str:
    branch = r.policy.branch(error.branch)
    said = r.say(_NOT_FREE[error.why], when=figures.staff_moment(error.at, branch, r.language))
    if not error.near:
        return said + " " + r.say("Choose another day.")
    first, *rest = error.near
    same = all(branch.local(at).date() == branch.local(first).date() for at in rest)
    others = [
        figures.clock(at, branch) if same else figures.staff_moment(at, branch, r.language) for at in rest
    ]
    times = ", ".join([figures.staff_moment(first, branch, r.language), *others])
    return said + " " + r.say("Free near it: {times}", times=times)


def _booked_already(error: e.BookedAlready, r: _Reader) -> str:
    when = figures.staff_moment(error.at, r.policy.branch(error.branch), r.language)
    return r.say("There is a reservation already: {when}. Write /reserve to move it.", when=when)


_CANNOT_MERGE = {
    "same": N_("That is one and the same chart. Give two different ones."),
    "books": N_("These charts stand in two chart-number books. Only charts of one book are merged."),
    "late": N_("More than a day has passed, so this merge stays."),
    "reversed": N_("This merge has already been taken back."),
    "later_merge": N_("Another chart was merged after this one. Take that merge back first."),
}

_SENTENCES: dict[type[e.CrmError], Callable[[Any, _Reader], str]] = {
    e.NotAllowed: _not_allowed,
    e.NotLinked: lambda _, r: r.say(
        "I do not know this account yet. Ask your administrator for a code and write /link CODE."
    ),
    e.OtherBranch: lambda _, r: r.say("That belongs to another branch, so I cannot open it."),
    e.NoSuchPatient: lambda _, r: r.say(
        "I found nobody like that. Try the chart number or the last digits of the phone."
    ),
    e.NoSuchCard: lambda _, r: r.say("That card is not on the list any more. Write /calls for today's list."),
    e.AlreadyLogged: lambda x, r: r.say(
        "{staff} already saved this at {when}.", staff=x.by, when=r.moment(x.at)
    ),
    e.ClaimedByOther: lambda x, r: r.say(
        "{staff} was first (since {when}).", staff=x.by, when=figures.clock(x.since, r.branch)
    ),
    e.DenialNeedsConfirmation: lambda _, r: r.say(
        "A denial stops all outreach. Open the card and press it there once more."
    ),
    e.OnlyForOwner: lambda x, r: (
        r.say("Only {owner} or a director calls this patient.", owner=x.owner)
        if x.owner
        else r.say("Only a director calls this patient.")
    ),
    e.NotStarted: lambda _, r: r.say(
        "Calls have not started here yet. A director starts them with /calls start."
    ),
    e.StaleButton: lambda _, r: r.say("That button is out of date. Write the command again."),
    e.NothingToUndo: lambda _, r: r.say("There is nothing of yours to take back."),
    e.TooLateToUndo: lambda x, r: r.say(
        "More than {minutes} minutes have passed. Ask a director to take it back.", minutes=x.minutes
    ),
    e.NotUnderstood: _not_understood,
    e.Missing: _missing,
    e.DateNotPossible: _date_not_possible,
    e.NotFree: _not_free,
    e.BookedAlready: _booked_already,
    e.AlreadyMerged: lambda x, r: r.say(
        "{staff} already merged these charts at {when}.", staff=x.by, when=r.moment(x.at)
    ),
    e.CannotMerge: lambda x, r: r.say(_CANNOT_MERGE[x.why]),
    e.AlreadySettled: lambda x, r: r.say(
        "{staff} already answered this at {when}.", staff=x.by, when=r.moment(x.at)
    ),
    e.TooManyCommands: lambda x, r: r.say(
        "That was a lot at once. Please wait {seconds} seconds.", seconds=x.seconds
    ),
    e.NotSaved: lambda _, r: r.say("Not saved. Please press again."),
    e.TooSlow: lambda x, r: r.say(
        "This takes longer than {seconds} seconds. Try a shorter period.", seconds=x.seconds
    ),
    e.Failed: lambda x, r: r.say(
        "I could not do that. Tell the administrator the number {reference}.", reference=x.reference
    ),
}


def sayable() -> frozenset[type[e.CrmError]]:
    """The errors that have a sentence; a test compares them with those there are."""
    return frozenset(_SENTENCES)
