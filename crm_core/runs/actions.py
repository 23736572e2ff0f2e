"""Begin a run, which only one may, and end it."""

from datetime import date, datetime

from sqlmodel import Session, col

from crm_core.sql import insert_of
from crm_core.tables.imports import JobRun


def begin(db: Session, *, job: str, branch: str, day: date, now: datetime) -> bool:
    """True for the one who may run it; the row is the lock."""
    statement = (
        insert_of(db, JobRun)
        .values(job=job, branch=branch, logical_date=day, started_at=now)
        .on_conflict_do_nothing()
        .returning(col(JobRun.job))
    )
    return db.execute(statement).scalar_one_or_none() is not None


def end(db: Session, *, job: str, branch: str, day: date, now: datetime, said: str) -> None:
    row = db.get(JobRun, (job, branch, day))
    if row is not None:
        row.finished_at = now
        row.said = said
