"""What waits, and for how long."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.tables.chat import OutboxRow, OutboxState, Posting


@dataclass(frozen=True)
class Waiting:
    """Rows by state, and since when the oldest due one waits."""

    by_state: dict[OutboxState, int]
    oldest_due: datetime | None


def waiting(db: Session, now: datetime) -> Waiting:
    """How the outbox stands at a moment."""
    rows = db.execute(select(col(OutboxRow.state), func.count()).group_by(col(OutboxRow.state)))
    due = (col(OutboxRow.state) == OutboxState.PENDING) & (col(OutboxRow.not_before) <= now)
    oldest = db.scalars(select(func.min(col(OutboxRow.not_before))).where(due)).one()
    return Waiting({row[0]: row[1] for row in rows}, oldest)


def next_due(db: Session, after: datetime, until: datetime) -> datetime | None:
    """The first moment between the two, both excluded, at which something planned becomes due."""
    return db.scalars(
        select(col(OutboxRow.not_before))
        .where(
            col(OutboxRow.state) == OutboxState.PENDING,
            col(OutboxRow.not_before) > after,
            col(OutboxRow.not_before) < until,
        )
        .order_by(col(OutboxRow.not_before))
        .limit(1)
    ).first()


def posting_of(db: Session, posting_id: int | None) -> Posting | None:
    """Where a living card stands."""
    return db.get(Posting, posting_id) if posting_id is not None else None


def newest_id(db: Session) -> int:
    """The id of the newest row, 0 when there is none."""
    return db.scalars(select(func.max(col(OutboxRow.id)))).one() or 0


def planned_since(db: Session, newest: int) -> list[OutboxRow]:
    """The rows planned after that id, in order."""
    found = select(OutboxRow).where(col(OutboxRow.id) > newest).order_by(col(OutboxRow.id))
    return list(db.scalars(found))
