"""Small files of a chart program, staged and written as the shell does it."""

from datetime import datetime

from sqlalchemy import Engine

from bot.transaction import step
from bot.writing import whole_people
from crm_core.imports.actions import Applied, apply
from crm_core.imports.stage import Staged, stage
from handlers.complaints import KOREAN
from tests.clinic import policy


def staged(
    kind: str, text: str | bytes, *, branch: str | None = "gangnam", mapping: str | None = None
) -> Staged:
    data = text.encode() if isinstance(text, str) else text
    return stage(data, kind, policy(), KOREAN, branch=branch, mapping=mapping)


def imported(
    engine: Engine, kind: str, text: str | bytes, now: datetime, *, branch: str | None = "gangnam"
) -> Applied:
    """What a file changed, written in slices; a row that does not fit is a mistake of the test."""
    read = staged(kind, text, branch=branch)
    assert not read.refused, read.refused
    total = Applied()
    position = 0
    while rows := whole_people(read.rows, position, 3):
        position += len(rows)
        with step(engine) as db:
            part = apply(db, policy(), read, rows, now)
        total.changed += part.changed
        total.patients |= part.patients
        total.new_staff |= part.new_staff
    return total


def cells(read: Staged, line: int = 0) -> dict[str, object]:
    """The values of one row."""
    return read.values(read.rows[line])
