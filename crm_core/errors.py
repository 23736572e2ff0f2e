"""Facts that stop a command. An error knows no words: `handlers/errors.py` says it."""

from dataclasses import dataclass
from datetime import date, datetime


class CrmError(Exception):
    """Something a person can be told in one sentence; every subclass is a frozen set of facts."""


@dataclass(frozen=True)
class NotAllowed(CrmError):
    roles: tuple[str, ...]


@dataclass(frozen=True)
class NotLinked(CrmError):
    """The account belongs to no member of staff."""


@dataclass(frozen=True)
class OtherBranch(CrmError):
    """The patient, card or number belongs to a branch the asker has no role in."""


@dataclass(frozen=True)
class NoSuchPatient(CrmError):
    """Nobody in the asker's branches is known by what was typed."""


@dataclass(frozen=True)
class NoSuchCard(CrmError):
    """The card is gone, e.g. the patient left the list."""


@dataclass(frozen=True)
class AlreadyLogged(CrmError):
    by: str
    at: datetime


@dataclass(frozen=True)
class ClaimedByOther(CrmError):
    by: str
    since: datetime


@dataclass(frozen=True)
class DenialNeedsConfirmation(CrmError):
    """A denial ends all outreach to a phone: it is asked once more before it is written."""

    group: str


@dataclass(frozen=True)
class OnlyForOwner(CrmError):
    """A VIP, or somebody who wants one person only, is called by the owner or a director."""

    owner: str | None


@dataclass(frozen=True)
class NotStarted(CrmError):
    """The director has not pressed start at this branch: nobody is called yet."""

    branch: str


@dataclass(frozen=True)
class StaleButton(CrmError):
    """A button of an older version, of a card that has moved on, or not one of ours."""


@dataclass(frozen=True)
class NothingToUndo(CrmError):
    """Nothing of this person's is young enough to take back."""


@dataclass(frozen=True)
class TooLateToUndo(CrmError):
    minutes: int


@dataclass(frozen=True)
class NotUnderstood(CrmError):
    """A word or argument that cannot be read; `nearest` are those it may have meant."""

    what: str  # command | period | date | cut | patient | cause | group | family | outcome | …
    word: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing(CrmError):
    """A required argument was not given."""

    what: str


@dataclass(frozen=True)
class DateNotPossible(CrmError):
    day: date
    why: str  # past | too_far


@dataclass(frozen=True)
class TooManyCommands(CrmError):
    seconds: int


@dataclass(frozen=True)
class NotSaved(CrmError):
    """The database did not answer in time; nothing was written."""


@dataclass(frozen=True)
class TooSlow(CrmError):
    """A question took longer than it may."""

    seconds: int


@dataclass(frozen=True)
class Failed(CrmError):
    """Something of ours broke; the reference also stands in the log."""

    reference: str
