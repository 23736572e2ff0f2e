"""Hear once."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from crm_core.sql import insert_ignoring
from crm_core.tables.chat import InboxRow, InboxState


def hear(db: Session, *, platform: str, update_key: str, body: str | None, now: datetime) -> int | None:
    """The new row's id; None when this very thing was heard before."""
    return insert_ignoring(
        db,
        InboxRow,
        {
            "platform": platform,
            "update_key": update_key,
            "received_at": now,
            "body": body,
            "state": InboxState.WAITING,
            "attempts": 0,
        },
    )


def done(db: Session, inbox_id: int) -> None:
    """The effect is written; the words are not kept longer than they are needed."""
    db.execute(update(InboxRow).where(col(InboxRow.id) == inbox_id).values(state=InboxState.DONE, body=None))


def failed(db: Session, inbox_id: int, reference: str) -> None:
    row = db.get(InboxRow, inbox_id)
    if row is not None:
        row.state = InboxState.FAILED
        row.attempts += 1
        row.reference = reference
