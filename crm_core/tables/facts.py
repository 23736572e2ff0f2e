"""What happened: the events of the chart program and of the chat, from which everything is computed.

Each row keeps its moment (`…_at`), its branch's local date (`…_on`) and `number`, its key in the
chart program. `timed` is False where the chart gave a date alone. `source` is where it came from.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment, sealed


class InquiryKind(StrEnum):
    TREATMENT = "treatment"
    PRICE = "price"
    CHANGE = "change"
    AFTERCARE = "aftercare"
    COMPLAINT = "complaint"
    CHECK = "check"
    RETOUCH = "retouch"
    CERTIFICATE = "certificate"
    SPAM = "spam"


class InquiryEnd(StrEnum):
    """Why an inquiry was closed by hand."""

    NOT_INTERESTED = "not_interested"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    MISTAKE = "mistake"  # written by mistake: what was entered stays, and counts nowhere


NO_INQUIRY = (InquiryEnd.DUPLICATE, InquiryEnd.SPAM, InquiryEnd.MISTAKE)
"""Closed so, a row was no inquiry of its own: it is in no journey and in no number."""


class ReservationState(StrEnum):
    REQUESTED = "requested"
    BOOKED = "booked"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    MOVED = "moved"
    CANCELLED_EARLY = "cancelled_early"
    CANCELLED_LATE = "cancelled_late"
    NO_SHOW = "no_show"
    CANCELLED_BY_CLINIC = "cancelled_by_clinic"
    LEFT = "left"


LIVE = (ReservationState.REQUESTED, ReservationState.BOOKED)
CAME = (ReservationState.ARRIVED, ReservationState.COMPLETED, ReservationState.LEFT)


class Answer(StrEnum):
    NONE = "none"
    INFORMED = "informed"
    CONFIRMED = "confirmed"
    CHANGE_ASKED = "change_asked"
    CANCEL_ASKED = "cancel_asked"


class Decision(StrEnum):
    YES = "yes"
    PART = "part"
    NO = "no"
    PENDING = "pending"
    NOT_SUITABLE = "not_suitable"


class Inquiry(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_inquiry_number"),
        Index("ix_inquiry_day", "branch", "received_on"),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    prospect_id: int | None = Field(default=None, foreign_key="prospect.id", index=True)
    branch: str
    received_at: datetime = moment()
    received_on: date
    timed: bool = True
    channel: str | None = None  # the source of the inquiry: phone, kakao, …
    kind: InquiryKind = enum_field(InquiryKind, default=InquiryKind.TREATMENT)
    treatment: str | None = None
    staff_id: int | None = Field(default=None, foreign_key="staff.id")  # who has it
    answered_at: datetime | None = moment(default=None)
    source: str = "import"
    note: str | None = sealed(default=None)  # what was asked, in the words of whoever wrote it down
    assigned_at: datetime | None = moment(default=None)  # when it was last given to `staff_id`
    claimed_at: datetime | None = moment(default=None)  # "I will answer", held as long as a card is
    answered_by_id: int | None = Field(default=None, foreign_key="staff.id")
    closed_at: datetime | None = moment(default=None)
    closed_by_id: int | None = Field(default=None, foreign_key="staff.id")
    closed_why: InquiryEnd | None = enum_field(InquiryEnd, default=None)
    escalated_at: datetime | None = moment(default=None)  # a lead was told that nobody has answered


class Reservation(SQLModel, table=True):
    """One appointment; `moved_to` is the number of the reservation it was moved to (a chain)."""

    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_reservation_number"),
        Index("ix_reservation_day", "branch", "starts_on", "state"),
        Index("ix_reservation_patient", "patient_id", "starts_on"),
        Index(
            "ix_reservation_said",  # the few that somebody has marked in chat
            "starts_on",
            sqlite_where=text("state_why IS NOT NULL"),
            postgresql_where=text("state_why IS NOT NULL"),
        ),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id")
    branch: str
    starts_at: datetime = moment()
    starts_on: date
    timed: bool = True
    made_at: datetime | None = moment(default=None)
    treatment: str | None = None
    doctor: str | None = None
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    state: ReservationState = enum_field(ReservationState, default=ReservationState.BOOKED)
    state_at: datetime | None = moment(default=None)
    state_by_id: int | None = Field(default=None, foreign_key="staff.id")
    state_why: str | None = None
    answer: Answer = enum_field(Answer, default=Answer.NONE)
    answer_at: datetime | None = moment(default=None)
    moved_to: str | None = None
    deposit: int | None = None
    source: str = "import"


class Visit(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_visit_number"),
        Index("ix_visit_day", "branch", "arrived_on", "arrived_at"),
        Index("ix_visit_patient", "patient_id", "arrived_on"),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id")
    branch: str
    arrived_at: datetime = moment()
    arrived_on: date
    timed: bool = True
    doctor: str | None = None
    source: str = "import"


class Consult(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_consult_number"),
        Index("ix_consult_day", "branch", "held_on"),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id", index=True)
    branch: str
    held_at: datetime = moment()
    held_on: date
    timed: bool = True
    treatment: str | None = None
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    decision: Decision = enum_field(Decision, default=Decision.PENDING)
    decided_at: datetime | None = moment(default=None)
    proposed_amount: int | None = None
    agreed_amount: int | None = None
    source: str = "import"


class Course(SQLModel, table=True):
    """A course of sessions bought; left = sessions − the larger of `used` and the rows done."""

    __table_args__ = (UniqueConstraint("book", "number", name="uq_course_number"),)

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id", index=True)
    branch: str
    treatment: str
    bought_at: datetime = moment()
    bought_on: date
    sessions: int
    used: int = 0
    valid_until: date | None = None
    paid: int | None = None
    source: str = "import"


class TreatmentDone(SQLModel, table=True):
    __tablename__ = "treatment_done"
    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_treatment_number"),
        Index("ix_treatment_day", "branch", "done_on", "done_at"),
        Index("ix_treatment_patient", "patient_id", "done_on"),
        Index(
            "ix_treatment_recommended",
            "branch",
            "recommended_on",
            sqlite_where=text("recommended_on IS NOT NULL"),
            postgresql_where=text("recommended_on IS NOT NULL"),
        ),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id")
    branch: str
    done_at: datetime = moment()
    done_on: date
    timed: bool = True
    treatment: str
    doctor: str | None = None
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    course_no: str | None = Field(default=None, index=True)
    session_no: int | None = None
    amount: int | None = None
    covered: bool | None = None
    recommended_on: date | None = None
    note: str | None = sealed(default=None)
    source: str = "import"


class Payment(SQLModel, table=True):
    """`amount` and `refund` are both positive minor units; revenue is amount − refund by day."""

    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_payment_number"),
        Index("ix_payment_day", "branch", "paid_on"),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id", index=True)
    branch: str
    paid_at: datetime = moment()
    paid_on: date
    timed: bool = True
    amount: int
    refund: int = 0
    covered: bool | None = None
    course_no: str | None = None
    treatment_no: str | None = None
    source: str = "import"
