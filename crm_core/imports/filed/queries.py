"""Which files wait to be worked, and how far one is."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col

from crm_core.errors import StaleButton
from crm_core.imports.actions import KEPT
from crm_core.imports.told import Told, read_told
from crm_core.staff.access import Person, person_of
from crm_core.tables.imports import FactsUntil, FileState, ImportBatch, StagedFile
from crm_core.tables.people import Staff

_CONTENT = cast("QueryableAttribute[str]", StagedFile.content)


@dataclass(frozen=True)
class Card:
    """Everything that the card of a file says. `position` of `rows` are written."""

    file: StagedFile
    told: Told
    position: int
    facts_until: datetime | None


def card_of(db: Session, file_id: int) -> Card | None:
    """The card of a file; None when it was forgotten."""
    # Without its content, which may be many megabytes that would be unsealed for nothing.
    one = select(StagedFile).where(col(StagedFile.id) == file_id).options(defer(_CONTENT))
    file = db.scalars(one).first()
    if file is None:
        return None
    batch = db.get(ImportBatch, file.batch_id) if file.batch_id else None
    facts = db.get(FactsUntil, (file.branch, file.kind))
    return Card(file, read_told(file.told), batch.position if batch else 0, facts.until if facts else None)


def waiting(db: Session) -> list[int]:
    """The dropped files that wait to be read or written, oldest first."""
    return list(
        db.scalars(
            select(col(StagedFile.id))
            .where(
                col(StagedFile.state).in_([FileState.WAITING, FileState.CONFIRMED]),
                col(StagedFile.origin).is_(None),
            )
            .order_by(col(StagedFile.id))
        )
    )


def own_file(db: Session, person: Person, file_id: int, now: datetime) -> tuple[StagedFile, bytes]:
    """A file that this person dropped and that waits for the button; StaleButton for any other."""
    file = db.get(StagedFile, file_id)
    if file is None or file.by_staff_id != person.staff_id or file.state is not FileState.SHOWN:
        raise StaleButton
    if file.at < now - KEPT:
        raise StaleButton
    return file, b64decode(file.content)


def dropped(db: Session, file_id: int) -> tuple[StagedFile, bytes, Person | None]:
    """A dropped file with its bytes and whoever dropped it."""
    file = db.get_one(StagedFile, file_id)
    staff = db.get(Staff, file.by_staff_id) if file.by_staff_id else None
    return file, b64decode(file.content), person_of(db, staff) if staff else None
