"""Files read, how far each kind of fact reaches, runs of the timetable, changes of policy from chat."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment, sealed


class ImportBatch(SQLModel, table=True):
    """One file: its fingerprint, what came of it, and how far it has been written."""

    __tablename__ = "import_batch"
    __table_args__ = (UniqueConstraint("kind", "fingerprint"),)

    id: int | None = key()
    kind: str
    file_name: str
    fingerprint: str
    branch: str | None = None
    mapping: str | None = None
    rows: int = 0
    changed: int = 0
    refused: int = 0
    position: int = 0
    started_at: datetime = moment()
    finished_at: datetime | None = moment(default=None)
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")


class FactsUntil(SQLModel, table=True):
    """Up to which moment a branch's facts of a kind are known."""

    __tablename__ = "facts_until"

    branch: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    until: datetime = moment()
    source: str = "import"


class SourceDifference(SQLModel, table=True):
    """A difference between what was said in chat (ours) and a file (theirs), shown and never silently
    overwritten. `counts` is the source that stands meanwhile, `choice` the one somebody chose."""

    __tablename__ = "source_difference"
    __table_args__ = (
        Index("ix_difference_open", "branch", "settled_at"),
        Index("ix_difference_row", "book", "kind", "row_key"),
        Index("ix_difference_patient", "patient_id"),
    )

    id: int | None = key()
    branch: str
    book: str = ""
    kind: str
    row_key: str  # the row's number in its book
    patient_id: int | None = Field(default=None, foreign_key="patient.id")
    column: str
    ours: str | None = sealed(default=None)
    theirs: str | None = sealed(default=None)
    counts: str = "import"
    seen_at: datetime = moment()
    settled_at: datetime | None = moment(default=None)
    settled_by_id: int | None = Field(default=None, foreign_key="staff.id")
    choice: str | None = None  # chat | import


class JobRun(SQLModel, table=True):
    """One run of one job for one branch and logical date; the key is the lock."""

    __tablename__ = "job_run"

    job: str = Field(primary_key=True)
    branch: str = Field(primary_key=True)
    logical_date: date = Field(primary_key=True)
    started_at: datetime = moment()
    finished_at: datetime | None = moment(default=None)
    said: str | None = None


class PolicyChange(SQLModel, table=True):
    """A value of the policy changed from chat: append-only, laid over the file when a step begins."""

    __tablename__ = "policy_change"

    id: int | None = key()
    path: str
    value: str
    why: str
    valid_from: date
    at: datetime = moment()
    by_staff_id: int = Field(foreign_key="staff.id")


class FileState(StrEnum):
    """Where a file handed to us stands. Whoever works the slow ones looks for `waiting` and `confirmed`."""

    WAITING = "waiting"  # too large to be read while somebody waits
    SHOWN = "shown"  # its preview stands there with a button
    CONFIRMED = "confirmed"  # the button was pressed: it is being written
    DONE = "done"  # written, or refused


class StagedFile(SQLModel, table=True):
    """A file dropped into chat or found in the watched folder, and what became of it.

    A dropped one is kept until its preview is confirmed or a day has passed (`applied_at`: confirmed). One
    of the folder is known by its `origin` (place, size, moment of its last change) and stays where it is.
    """

    __tablename__ = "staged_file"
    __table_args__ = (UniqueConstraint("origin", name="uq_staged_file_origin"),)

    id: int | None = key()
    name: str
    kind: str
    branch: str
    mapping: str | None = None
    content: str = sealed()  # base64 of the bytes as they came
    at: datetime = moment()
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")
    applied_at: datetime | None = moment(default=None)
    state: FileState = enum_field(FileState, default=FileState.SHOWN)
    origin: str | None = None
    rows: int | None = None  # that fit; None until the file was read
    refused: int = 0
    told: str | None = sealed(default=None)  # crm_core/imports/told.py
    batch_id: int | None = Field(default=None, foreign_key="import_batch.id")
    finished_at: datetime | None = moment(default=None)


class FhirPerson(SQLModel, table=True):
    """Whom a FHIR server means by an id, where the chart number is another one."""

    __tablename__ = "fhir_person"

    book: str = Field(primary_key=True)
    resource_id: str = Field(primary_key=True)
    chart_no: str
