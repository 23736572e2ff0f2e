"""The mark of a sample clinic, and where its clock stands."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from crm_core.tables.records import Sample


def the_sample(db: Session) -> Sample | None:
    """The mark of this database, None when it is a real clinic's."""
    return db.scalars(select(Sample)).first()


def stand_at(db: Session, moment: datetime) -> None:
    """The sample's clock stands here when it is opened again."""
    sample = the_sample(db)
    if sample is not None:
        sample.clock_at = moment
        db.add(sample)
