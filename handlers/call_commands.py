"""What can be asked for about calls: every command of the list, the card and its outcomes."""

from dataclasses import dataclass
from datetime import date

from crm_core.tables.calls import Outcome, ResponseGroup


@dataclass(frozen=True)
class ShowCalls:
    """Today's list of a branch, or of every branch the asker calls for."""

    branch: str = ""
    day: date | None = None
    page: int = 0
    mine: bool = False
    turn: bool = False  # a page turned in place


@dataclass(frozen=True)
class StartCalls:
    branch: str = ""


@dataclass(frozen=True)
class NextCall:
    branch: str = ""


@dataclass(frozen=True)
class ShowCard:
    card_id: int


@dataclass(frozen=True)
class ClaimCard:
    card_id: int


@dataclass(frozen=True)
class ReleaseCard:
    card_id: int


@dataclass(frozen=True)
class SkipCard:
    card_id: int


@dataclass(frozen=True)
class TakeOver:
    """Asked once more: somebody else is calling."""

    card_id: int
    sure: bool = False


@dataclass(frozen=True)
class LogOutcome:
    """`promised_on` goes with `call_later`; `confirmed` is the second tap of a denial."""

    card_id: int
    outcome: Outcome
    group: ResponseGroup | None = None
    confirmed: bool = False
    promised_on: date | None = None


@dataclass(frozen=True)
class LogByHand:
    """`/log`: a patient and what came of the call, both typed."""

    patient: str
    outcome: Outcome | None = None
    group: ResponseGroup | None = None
    patient_id: int | None = None  # one of several that fit, picked by button


@dataclass(frozen=True)
class AskWhenLater:
    card_id: int


@dataclass(frozen=True)
class AskCallBack:
    call_id: int
    form: bool = False


@dataclass(frozen=True)
class SetCallBack:
    call_id: int
    day: date | None = None


@dataclass(frozen=True)
class CallDone:
    call_id: int


@dataclass(frozen=True)
class AskCause:
    call_id: int


@dataclass(frozen=True)
class SetCause:
    call_id: int
    cause: str = ""


@dataclass(frozen=True)
class AskNote:
    call_id: int


@dataclass(frozen=True)
class SetNote:
    call_id: int
    note: str = ""


@dataclass(frozen=True)
class UndoCall:
    """Takes back one's own call; without a number, the last one."""

    call_id: int = 0


@dataclass(frozen=True)
class AskCorrection:
    call_id: int


@dataclass(frozen=True)
class CorrectCall:
    call_id: int
    outcome: Outcome
    group: ResponseGroup | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class AskLift:
    """Somebody who asked for no contact is to be contacted again: a director decides."""

    patient_id: int


@dataclass(frozen=True)
class RequestLift:
    patient_id: int
    reason: str = ""


@dataclass(frozen=True)
class ShowLiftRequest:
    """What a director gets: who asks, and why."""

    request_id: int


@dataclass(frozen=True)
class ApproveLift:
    patient_id: int
    reason: str = ""
