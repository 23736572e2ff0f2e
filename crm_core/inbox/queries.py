"""What was heard and not worked yet."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.tables.chat import InboxRow, InboxState


def waiting_count(db: Session) -> int:
    """How many rows wait to be worked."""
    waiting = select(func.count()).select_from(InboxRow).where(col(InboxRow.state) == InboxState.WAITING)
    return db.scalars(waiting).one()
