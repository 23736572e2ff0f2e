"""What the desk writes in chat: the day that is held while it is booked, and what can be taken back.

A fact written in chat keeps `source` "chat" and a number of ours until the chart's own row takes its
place. The indexes find those few rows among all others.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment
from crm_core.tables.facts import Consult, Payment, Reservation, TreatmentDone, Visit

WRITTEN_HERE = (Reservation, Visit, Consult, TreatmentDone, Payment)
"""The facts that may be written in chat before the chart knows them."""


class DeskStep(StrEnum):
    """A step of the desk's day with one patient."""

    ARRIVED = "arrived"
    CONSULTED = "consulted"
    DECIDED = "decided"
    TREATED = "treated"
    CLOSED = "closed"


class BookingDay(SQLModel, table=True):
    """One row a branch and day on which somebody books: locked, so that the last slot has one winner."""

    __tablename__ = "booking_day"

    branch: str = Field(primary_key=True)
    day: date = Field(primary_key=True)


class DeskEntry(SQLModel, table=True):
    """Who wrote a step and when; `changes` says which rows it made or changed, and what was there before.

    JSON: `[{"table", "id", "before": null | {column: value}, "after": {column: value}}]`. No names.
    """

    __tablename__ = "desk_entry"
    __table_args__ = (Index("ix_desk_entry_patient", "patient_id", "at"),)

    id: int | None = key()
    patient_id: int = Field(foreign_key="patient.id")
    branch: str
    kind: DeskStep = enum_field(DeskStep)
    at: datetime = moment()
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")
    changes: str
    taken_back_at: datetime | None = moment(default=None)


for _table in WRITTEN_HERE:
    _stored = inspect(_table).local_table
    Index(
        f"ix_{_table.__tablename__}_chat",
        _stored.c.patient_id,
        sqlite_where=text("source = 'chat'"),
        postgresql_where=text("source = 'chat'"),
    )
