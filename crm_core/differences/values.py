"""Which columns two sources can differ in, when they do, and how a value is kept and read again. Pure."""

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from crm_core.tables.facts import (
    CAME,
    LIVE,
    Consult,
    Decision,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
)

KINDS: dict[type[SQLModel], str] = {
    Reservation: "reservations",
    Consult: "consults",
    TreatmentDone: "treatments",
    Payment: "payments",
}
TABLES = {name: table for table, name in KINDS.items()}
JUDGED: dict[type[SQLModel], tuple[str, ...]] = {
    Reservation: ("state",),
    Consult: ("decision", "proposed_amount", "agreed_amount"),
    TreatmentDone: ("amount",),
    Payment: ("amount", "refund"),
}
_CANCELLED = (ReservationState.CANCELLED_EARLY, ReservationState.CANCELLED_LATE)


def is_silent(value: Any) -> bool:
    """Whether a chart that says this has not heard yet what became of it."""
    return value in LIVE or value == Decision.PENDING


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two sources say the same: arrived and completed do, and the two kinds of cancellation."""
    return ours == theirs or any(ours in group and theirs in group for group in (CAME, _CANCELLED))


def packed(column: str, value: Any, at: datetime | None) -> str:
    """A value as it is kept; a state with its moment."""
    text = str(getattr(value, "value", value))
    return f"{text}|{at.isoformat() if at else ''}" if column == "state" else text


def unpacked(column: str, text: str | None) -> tuple[Any, datetime | None]:
    """The value and its moment."""
    if text is None:
        return None, None
    if column == "state":
        word, _, at = text.partition("|")
        return ReservationState(word), datetime.fromisoformat(at) if at else None
    return (Decision(text) if column == "decision" else int(text)), None
