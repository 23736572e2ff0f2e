"""Patients, the contacts through which they are reached, prospects, and the staff."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment, sealed


class PatientStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ABROAD = "abroad"
    MOVED_BRANCH = "moved_branch"
    INACTIVE = "inactive"
    DECEASED = "deceased"


class Relation(StrEnum):
    SELF = "self"
    GUARDIAN = "guardian"
    FAMILY = "family"
    AGENCY = "agency"


class ContactKind(StrEnum):
    PHONE = "phone"
    CHAT = "chat"


class Role(StrEnum):
    DESK = "desk"
    COORDINATOR = "coordinator"
    LEAD = "lead"
    DOCTOR = "doctor"
    DIRECTOR = "director"
    GROUP = "group"
    ADMINISTRATOR = "administrator"


class Book(SQLModel, table=True):
    """A chart-number book: a branch's own, or the group's when `one_book`."""

    slug: str = Field(primary_key=True)


class Patient(SQLModel, table=True):
    """Known by (book, chart number). `branch` is the branch that looks after the patient."""

    __table_args__ = (UniqueConstraint("book", "chart_no"), Index("ix_patient_name", "name_blind"))

    id: int | None = key()
    book: str = Field(foreign_key="book.slug")
    chart_no: str
    branch: str = Field(index=True)
    name: str | None = sealed(default=None)
    name_blind: bytes | None = None
    birth_date: str | None = sealed(default=None)  # ISO
    sex: str | None = None
    language: str | None = None
    residence: str | None = None
    source: str | None = None
    status: PatientStatus = enum_field(PatientStatus, default=PatientStatus.ACTIVE)
    paused_until: date | None = None
    first_visit_on: date | None = None  # the chart's registration, when it gives one
    referred_by_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    owner_id: int | None = Field(default=None, foreign_key="staff.id")
    vip: bool = False
    preference: str | None = None  # text | kakao | owner_only
    preferred_time: str | None = None
    last_visit_on: date | None = None  # kept with the visits, for "was here in the last 14 days"
    merged_into_id: int | None = Field(default=None, foreign_key="patient.id")
    created_at: datetime = moment()


class Contact(SQLModel, table=True):
    """A phone or a chat; consents, refusals and preferences belong to it, not to the patient."""

    __table_args__ = (
        UniqueConstraint("kind", "address_blind"),
        Index("ix_contact_last_four", "last_four_blind"),
    )

    id: int | None = key()
    kind: ContactKind = enum_field(ContactKind)
    address: str = sealed()  # E.164, or the platform's chat id
    address_blind: bytes
    last_four_blind: bytes | None = None  # of the last four digits, group-wide
    wrong_number_at: datetime | None = moment(default=None)
    language: str | None = None
    preference: str | None = None
    stopped_at: datetime | None = moment(default=None)  # the person said /stop
    created_at: datetime = moment()


class ContactLink(SQLModel, table=True):
    """Which patients a contact serves, and as what; nothing is shown before it is confirmed."""

    contact_id: int = Field(primary_key=True, foreign_key="contact.id")
    patient_id: int = Field(primary_key=True, foreign_key="patient.id", index=True)
    relation: Relation = enum_field(Relation, default=Relation.SELF)
    preferred: bool = True
    confirmed_at: datetime | None = moment(default=None)
    wrong_at: datetime | None = moment(default=None)


class Consent(SQLModel, table=True):
    """History of consents: one row a change, the newest counts."""

    id: int | None = key()
    contact_id: int = Field(foreign_key="contact.id", index=True)
    kind: str  # ads | ads_night | privacy | share
    given: bool
    at: datetime = moment()
    source: str  # import | staff | person
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")


class Prospect(SQLModel, table=True):
    """A person without a chart number; becomes a patient when chart number, or phone and name, agree."""

    id: int | None = key()
    branch: str = Field(index=True)
    name: str | None = sealed(default=None)
    name_blind: bytes | None = None
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    created_at: datetime = moment()


class PatientMerge(SQLModel, table=True):
    """A merge of two charts, reversible for a day. `kept_was`: JSON of what the kept row's own columns
    held before, by column; none of them is personal (an empty name was filled, never replaced)."""

    id: int | None = key()
    kept_id: int = Field(foreign_key="patient.id", index=True)
    merged_id: int = Field(foreign_key="patient.id", index=True)
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")
    at: datetime = moment()
    reversed_at: datetime | None = moment(default=None)
    reversed_by_id: int | None = Field(default=None, foreign_key="staff.id")
    kept_was: str = "{}"


class PatientMergeRow(SQLModel, table=True):
    """A row that names the kept patient because of a merge: what goes back when it is reversed."""

    __tablename__ = "patient_merge_row"

    merge_id: int = Field(primary_key=True, foreign_key="patientmerge.id")
    kind: str = Field(primary_key=True)  # the table, and the column where it is not patient_id
    row_id: int = Field(primary_key=True)


class NotTheSame(SQLModel, table=True):
    """The desk's "no": two charts, or a prospect and a chart, are not one person; never asked again."""

    __tablename__ = "not_the_same"
    __table_args__ = (
        UniqueConstraint("patient_id", "other_id"),
        UniqueConstraint("patient_id", "prospect_id"),
    )

    id: int | None = key()
    patient_id: int = Field(foreign_key="patient.id")
    other_id: int | None = Field(default=None, foreign_key="patient.id")  # the larger id of the two
    prospect_id: int | None = Field(default=None, foreign_key="prospect.id")
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")
    at: datetime = moment()


class Staff(SQLModel, table=True):
    """A member of staff; `number` is the chart program's own key for them."""

    id: int | None = key()
    number: str | None = Field(default=None, unique=True)
    name: str
    language: str | None = None
    active: bool = True
    left_on: date | None = None
    link_code_blind: bytes | None = None
    link_code_until: datetime | None = moment(default=None)


class StaffRole(SQLModel, table=True):
    """One role at one branch; `branch` is "*" for the roles that span the group."""

    staff_id: int = Field(primary_key=True, foreign_key="staff.id")
    role: Role = enum_field(Role, primary_key=True)
    branch: str = Field(primary_key=True)
