"""What must be provable later: who looked at what, and each attempt at a delivery."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import key, moment


class AuditRow(SQLModel, table=True):
    """One look or one change. Append-only. No personal data: ids, words of ours and counts."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_day", "on", "id"), Index("ix_audit_patient", "patient_id"))

    id: int | None = key()
    at: datetime = moment()
    on: date  # in UTC: the day the nightly seal covers
    actor: str  # staff:12, shell:<os user>, job:<name>
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    action: str  # look | list | claim | log | undo | start | link | import | …
    patient_id: int | None = Field(default=None, foreign_key="patient.id")
    branch: str | None = None
    what: str | None = None
    count: int | None = None


class AuditSeal(SQLModel, table=True):
    """The digest of a day's audit rows, made by the nightly job."""

    __tablename__ = "audit_seal"

    on: date = Field(primary_key=True)
    rows: int
    digest: str
    sealed_at: datetime = moment()


class DeliveryAttempt(SQLModel, table=True):
    __tablename__ = "delivery_attempt"

    outbox_id: int = Field(primary_key=True, foreign_key="outbox.id")
    attempt: int = Field(primary_key=True)
    started_at: datetime = moment()
    ended_at: datetime | None = moment(default=None)
    result: str | None = None
    why: str | None = None
    process: str


class Sample(SQLModel, table=True):
    """Marks a database as a sample clinic: the demo opens no other."""

    id: int | None = key()
    seed: int
    today: date
    made_at: datetime = moment()
    clock_at: datetime = moment()  # where the demo clock stands
    key: str  # the sample's own data key; it protects invented people only
