"""What becomes of a file that takes longer than a press may: read, confirmed, written, done."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.errors import StaleButton
from crm_core.imports.actions import KEPT
from crm_core.imports.told import Told
from crm_core.outbox import actions as outbox
from crm_core.sql import insert_ignoring
from crm_core.staff.access import Person
from crm_core.tables.imports import FileState, StagedFile


def about(file_id: int) -> str:
    """What the living card of a file is about."""
    return f"file:{file_id}"


def take_found(db: Session, origin: str, name: str, branch: str, now: datetime) -> StagedFile:
    """The record of a file of the watched folder, made when this very file was never seen there."""
    values = {
        "name": name,
        "kind": "",
        "branch": branch,
        "content": "",
        "at": now,
        "state": FileState.CONFIRMED,
        "origin": origin,
        "refused": 0,
    }
    insert_ignoring(db, StagedFile, values)
    return db.scalars(select(StagedFile).where(col(StagedFile.origin) == origin)).one()


def read_later(db: Session, file_id: int) -> None:
    """A file too large to be read while somebody waits."""
    db.get_one(StagedFile, file_id).state = FileState.WAITING


def note_read(
    db: Session,
    file_id: int,
    *,
    kind: str,
    mapping: str | None,
    branch: str,
    rows: int,
    refused: int,
    told: Told,
    now: datetime,
) -> None:
    """What a file holds, and that its preview can be shown now."""
    file = db.get_one(StagedFile, file_id, with_for_update=True, populate_existing=True)
    file.kind, file.mapping, file.branch = kind, mapping, branch or file.branch
    file.rows, file.refused, file.told = rows, refused, told.as_json()
    if file.state is FileState.WAITING:
        file.state = FileState.SHOWN if rows else FileState.DONE
    outbox.changed(db, about(file_id), now)


def confirm(db: Session, person: Person, file_id: int, now: datetime) -> None:
    """The button was pressed: it is written from now on. StaleButton when it is not theirs."""
    file = db.get(StagedFile, file_id, with_for_update=True, populate_existing=True)
    if file is None or file.by_staff_id != person.staff_id or file.state is not FileState.SHOWN:
        raise StaleButton
    if file.at < now - KEPT:
        raise StaleButton
    file.state, file.applied_at = FileState.CONFIRMED, now
    outbox.changed(db, about(file_id), now)


def note_batch(db: Session, file_id: int, batch_id: int) -> None:
    """Where to look how far the file is written."""
    db.get_one(StagedFile, file_id).batch_id = batch_id


def show_progress(db: Session, file_id: int, now: datetime) -> None:
    """Its card is rendered anew wherever it stands."""
    outbox.changed(db, about(file_id), now)


def done(db: Session, file_id: int, told: Told, now: datetime, *, branch: str = "") -> bool:
    """Written, or refused: what it held is forgotten. False when it was done before."""
    file = db.get_one(StagedFile, file_id, with_for_update=True, populate_existing=True)
    if file.state is FileState.DONE:
        return False
    file.state, file.finished_at, file.content = FileState.DONE, now, ""
    file.told, file.branch = told.as_json(), branch or file.branch
    outbox.changed(db, about(file_id), now)
    return True
