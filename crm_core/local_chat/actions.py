"""Messages of the local page, said, edited and withdrawn."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.sql import insert_ignoring
from crm_core.tables.chat import LocalMessage


def say(
    db: Session, *, place: str, author: str, body: str, now: datetime, outbox_key: str | None = None
) -> tuple[int, bool]:
    """The message's id and whether it is new: said twice under one `outbox_key`, it stands once."""
    values = {"place": place, "author": author, "body": body, "at": now, "outbox_key": outbox_key}
    made = insert_ignoring(db, LocalMessage, values)
    if made is not None:
        return made, True
    standing = db.scalars(
        select(col(LocalMessage.id)).where(col(LocalMessage.outbox_key) == outbox_key)
    ).one()
    assert standing is not None
    return standing, False


def amend(db: Session, message_id: int, *, place: str, body: str, now: datetime) -> bool:
    """The message says something else from now on; False when it is not there (any more)."""
    row = db.get(LocalMessage, message_id, with_for_update=True)
    if row is None or row.place != place or row.withdrawn_at is not None:
        return False
    row.body, row.edited_at = body, now
    return True


def withdraw(db: Session, message_id: int, *, place: str, now: datetime) -> bool:
    """The message is taken back, its words with it; False when it was never there."""
    row = db.get(LocalMessage, message_id, with_for_update=True)
    if row is None or row.place != place:
        return False
    row.withdrawn_at = row.withdrawn_at or now
    row.body = "{}"
    return True
