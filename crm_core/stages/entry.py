"""What a step made and changed, written down so that it can be taken back."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlmodel import SQLModel

from crm_core.tables.facts import (
    Consult,
    Decision,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.journey import JourneyCorrection

TABLES: dict[str, type[SQLModel]] = {
    "visit": Visit,
    "consult": Consult,
    "treatment": TreatmentDone,
    "payment": Payment,
    "reservation": Reservation,
    "correction": JourneyCorrection,
}
_NAMES = {table: name for name, table in TABLES.items()}
_READERS: dict[str, Callable[[Any], Any]] = {
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "decision": Decision,
    "state": ReservationState,
}


@dataclass(frozen=True)
class Change:
    """A row that a step made (`before` is None), or columns that it changed, each as it was and as the
    step left it."""

    table: str
    row_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None = None

    def stands(self, row: SQLModel) -> bool:
        """Whether what the step wrote is still there: the chart's file may have said otherwise since."""
        return self.after is None or all(getattr(row, name) == value for name, value in self.after.items())


@dataclass
class Changes:
    """The rows of one step, in the order in which they were written."""

    done: list[Change] = field(default_factory=list)

    def made(self, row: SQLModel) -> None:
        """A row that was added and has its id."""
        self.done.append(Change(_NAMES[type(row)], row.id, None))  # type: ignore[attr-defined]

    def change(self, row: SQLModel, **values: Any) -> None:
        """Sets columns, remembering what was there; what is already so is no change."""
        before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
        if not before:
            return
        for name in before:
            setattr(row, name, values[name])
        after = {name: values[name] for name in before}
        self.done.append(Change(_NAMES[type(row)], row.id, before, after))  # type: ignore[attr-defined]

    def fill(self, row: SQLModel, **values: Any) -> None:
        """Sets only what is not known yet: the chart's own word stands."""
        lacking = {name: value for name, value in values.items() if getattr(row, name) is None}
        self.change(row, **lacking)

    def written(self) -> str:
        rows = [
            {
                "table": one.table,
                "id": one.row_id,
                "before": _all(_plain, one.before),
                "after": _all(_plain, one.after),
            }
            for one in self.done
        ]
        return json.dumps(rows)


def read(text: str) -> list[Change]:
    """The rows of a step as they were written down."""
    return [
        Change(row["table"], row["id"], _all(_value, row["before"]), _all(_value, row.get("after")))
        for row in json.loads(text)
    ]


def _all(turn: Callable[[Any], Any], values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {name: turn(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case Decision():
            return {"decision": value.value}
        case ReservationState():
            return {"state": value.value}
        case _:
            return value


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    return _READERS[kind](text)
