"""Facts that stop a command. An error knows no words: `handlers/errors.py` says it.

Not frozen: `contextlib` writes the traceback back onto an exception that passes through it.
"""

from dataclasses import dataclass
from datetime import date, datetime


class CrmError(Exception):
    """Something a person can be told in one sentence; every subclass is a frozen set of facts."""


@dataclass(unsafe_hash=True)
class NotAllowed(CrmError):
    roles: tuple[str, ...]


@dataclass(unsafe_hash=True)
class NotLinked(CrmError):
    """The account belongs to no member of staff."""


@dataclass(unsafe_hash=True)
class OtherBranch(CrmError):
    """The patient, card or number belongs to a branch the asker has no role in."""


@dataclass(unsafe_hash=True)
class NoSuchPatient(CrmError):
    """Nobody in the asker's branches is known by what was typed."""


@dataclass(unsafe_hash=True)
class NoSuchCard(CrmError):
    """The card is gone, e.g. the patient left the list."""


@dataclass(unsafe_hash=True)
class AlreadyLogged(CrmError):
    by: str
    at: datetime


@dataclass(unsafe_hash=True)
class ClaimedByOther(CrmError):
    by: str
    since: datetime


@dataclass(unsafe_hash=True)
class DenialNeedsConfirmation(CrmError):
    """A denial ends all outreach to a phone: it is asked once more before it is written."""

    group: str


@dataclass(unsafe_hash=True)
class OnlyForOwner(CrmError):
    """A VIP, or somebody who wants one person only, is called by the owner or a director."""

    owner: str | None


@dataclass(unsafe_hash=True)
class NotStarted(CrmError):
    """The director has not pressed start at this branch: nobody is called yet."""

    branch: str


@dataclass(unsafe_hash=True)
class StaleButton(CrmError):
    """A button of an older version, of a card that has moved on, or not one of ours."""


@dataclass(unsafe_hash=True)
class NothingToUndo(CrmError):
    """Nothing of this person's is young enough to take back."""


@dataclass(unsafe_hash=True)
class TooLateToUndo(CrmError):
    minutes: int


@dataclass(unsafe_hash=True)
class NotUnderstood(CrmError):
    """A word or argument that cannot be read; `nearest` are those it may have meant."""

    what: str  # command | period | date | cut | patient | cause | group | family | outcome | …
    word: str
    nearest: tuple[str, ...] = ()


@dataclass(unsafe_hash=True)
class Missing(CrmError):
    """A required argument was not given."""

    what: str


@dataclass(unsafe_hash=True)
class DateNotPossible(CrmError):
    day: date
    why: str  # past | too_far | closed


@dataclass(unsafe_hash=True)
class NotFree(CrmError):
    """A time that cannot be booked: closed, in the lunch break, or full; and the free ones near it."""

    branch: str
    at: datetime
    why: str  # closed | lunch | full
    near: tuple[datetime, ...]


@dataclass(unsafe_hash=True)
class BookedAlready(CrmError):
    """The patient has a reservation ahead: it may have to be moved instead."""

    reservation_id: int
    branch: str
    at: datetime


@dataclass(unsafe_hash=True)
class TooManyCommands(CrmError):
    seconds: int


@dataclass(unsafe_hash=True)
class NotSaved(CrmError):
    """The database did not answer in time; nothing was written."""


@dataclass(unsafe_hash=True)
class TooSlow(CrmError):
    """A question took longer than it may."""

    seconds: int


@dataclass(unsafe_hash=True)
class Failed(CrmError):
    """Something of ours broke; the reference also stands in the log."""

    reference: str


@dataclass(unsafe_hash=True)
class AlreadyMerged(CrmError):
    """Somebody was first: the two charts are one by now."""

    by: str
    at: datetime


@dataclass(unsafe_hash=True)
class CannotMerge(CrmError):
    """Two charts cannot become one, or not two again; `why` says which rule stands against it."""

    why: str  # same | books | late | reversed | later_merge


@dataclass(unsafe_hash=True)
class AlreadySettled(CrmError):
    """Somebody has already answered this question."""

    by: str
    at: datetime
