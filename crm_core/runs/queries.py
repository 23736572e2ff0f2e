"""What ran when."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.tables.imports import JobRun


def done_on(db: Session, days: tuple[date, ...]) -> set[tuple[str, str, date]]:
    """(job, branch, logical date) of the runs of these days."""
    rows = db.execute(
        select(col(JobRun.job), col(JobRun.branch), col(JobRun.logical_date)).where(
            col(JobRun.logical_date).in_(days)
        )
    )
    return {(job, branch, day) for job, branch, day in rows}


def last_finished(db: Session) -> datetime | None:
    """When a run last ended, None when none ever did."""
    return db.scalars(select(func.max(col(JobRun.finished_at)))).one()
