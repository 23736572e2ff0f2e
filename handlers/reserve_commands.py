"""What can be asked about booking: commands that cards of other families carry on their buttons too."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class OpenReserve:
    """A patient's reservations ahead, or free times to book or to move to.

    By id from a button, else by what was typed. `move_id`: times to move this reservation to.
    `another`: times although there is a reservation ahead. `turn`: in the message that was pressed.
    """

    patient_id: int = 0
    branch: str = ""
    move_id: int = 0
    day: date | None = None
    treatment: str = ""
    another: bool = False
    turn: bool = False
    clock: str = ""
    patient: str = ""


@dataclass(frozen=True)
class BookAt:
    """`minute`: the start, in minutes since 1970. A booking, or with `move_id` a move."""

    patient_id: int
    minute: int
    branch: str = ""
    treatment: str = ""
    move_id: int = 0
    another: bool = False


@dataclass(frozen=True)
class AskReserve:
    """The form that asks for any day, time and treatment."""

    patient_id: int
    branch: str = ""
    move_id: int = 0
    treatment: str = ""
    another: bool = False


@dataclass(frozen=True)
class ReserveOn:
    """The form's answer. An empty time shows the day's free ones."""

    patient_id: int
    branch: str = ""
    move_id: int = 0
    another: bool = False
    day: date | None = None
    clock: str = ""
    treatment: str = ""


@dataclass(frozen=True)
class AskCancel:
    reservation_id: int


@dataclass(frozen=True)
class CancelReservation:
    """`by_clinic`: for a reason of the clinic's; else the patient asked."""

    reservation_id: int
    by_clinic: bool = False


@dataclass(frozen=True)
class UndoBooking:
    reservation_id: int


@dataclass(frozen=True)
class UndoChange:
    """Takes back one's own move or cancellation."""

    reservation_id: int
