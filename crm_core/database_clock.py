"""Lease time is the database's: processes on several machines agree on it."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session


def lease_clock(db: Session) -> datetime:
    """The database's clock, aware."""
    if db.get_bind().dialect.name == "postgresql":
        moment: datetime = db.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment
    stamp: str = db.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
