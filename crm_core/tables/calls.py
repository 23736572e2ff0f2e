"""Calls, the day's list, cards that somebody has, and the standing denials."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment, sealed


class CallKind(StrEnum):
    RECALL = "recall"
    PROMISED = "promised"
    CONFIRMATION = "confirmation"
    NO_SHOW = "no_show"
    UNDECIDED = "undecided"
    MID_COURSE = "mid_course"
    HAPPY = "happy"
    INQUIRY = "inquiry"


class LegalClass(StrEnum):
    OWN = "own"
    CARE = "care"
    OUTREACH = "outreach"


class Outcome(StrEnum):
    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"
    CALL_LATER = "call_later"
    TREATMENT_COMPLETE = "treatment_complete"


NOT_CONNECTED = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER)


class ResponseGroup(StrEnum):
    POSITIVE_AFFIRMATION = "positive_affirmation"
    NEGATIVE_AFFIRMATION = "negative_affirmation"
    NEGATIVE_DENIAL = "negative_denial"
    POSITIVE_DENIAL = "positive_denial"


AFFIRMATIONS = (ResponseGroup.POSITIVE_AFFIRMATION, ResponseGroup.NEGATIVE_AFFIRMATION)
DENIALS = (ResponseGroup.NEGATIVE_DENIAL, ResponseGroup.POSITIVE_DENIAL)


class Section(StrEnum):
    """The sections of today's list in their order; the shape is whole, issues fill it."""

    PROMISED = "promised"
    INQUIRIES = "inquiries"
    FOLLOW_UP = "follow_up"
    UNDECIDED = "undecided"
    MID_COURSE = "mid_course"
    CONFIRMATION = "confirmation"
    RECALL = "recall"
    HAPPY = "happy"


SECTIONS = tuple(Section)


class Call(SQLModel, table=True):
    """A call and its outcome, append-only: a correction is a new row that names the one it replaces.

    A row stands while `taken_back_at` is empty. The standing denial of a contact is the standing
    outcome itself; there is no exclusion row.
    """

    __table_args__ = (
        UniqueConstraint("book", "number", name="uq_call_number"),
        UniqueConstraint("press_key", name="uq_call_press"),
        Index("ix_call_patient", "patient_id", "called_at"),
        Index("ix_call_day", "branch", "called_on", "called_at"),
        Index("ix_call_promise", "branch", "promised_on"),
        Index("ix_call_contact", "contact_id", "response_group"),
    )

    id: int | None = key()
    book: str
    number: str
    patient_id: int = Field(foreign_key="patient.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    branch: str
    called_at: datetime = moment()
    called_on: date
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    kind: CallKind = enum_field(CallKind, default=CallKind.RECALL)
    legal_class: LegalClass = enum_field(LegalClass, default=LegalClass.OUTREACH)
    outcome: Outcome = enum_field(Outcome)
    response_group: ResponseGroup | None = enum_field(ResponseGroup, default=None)
    cause: str | None = None
    family: str | None = None  # the most valuable family of the card, or that the call was about
    band: str | None = None  # due | lapsed when the call was made, for recall and recapture
    promised_on: date | None = None
    promise_kept: bool = False  # a later connected call, booking or visit settled it
    next_step: str | None = None  # done | call_back | book
    note: str | None = sealed(default=None)
    press_key: str | None = None
    replaces_id: int | None = Field(default=None, foreign_key="call.id")
    taken_back_at: datetime | None = moment(default=None)
    taken_back_by_id: int | None = Field(default=None, foreign_key="staff.id")
    source: str = "import"


class Refusal(SQLModel, table=True):
    """Group-wide memory of a phone by its keyed hash, whoever's patient it is: denied, wrong, deceased.

    Follows the standing denial (`call_id`) and is lifted with it, in the same step.
    """

    __table_args__ = (Index("ix_refusal_phone", "address_blind"),)

    id: int | None = key()
    address_blind: bytes
    kind: str  # denial | wrong_number | deceased
    response_group: ResponseGroup | None = enum_field(ResponseGroup, default=None)
    call_id: int | None = Field(default=None, foreign_key="call.id", index=True)
    at: datetime = moment()
    lifted_at: datetime | None = moment(default=None)
    lifted_by_id: int | None = Field(default=None, foreign_key="staff.id")
    lift_reason: str | None = sealed(default=None)


class LiftRequest(SQLModel, table=True):
    """Somebody asks a director to let a patient be contacted again; the answer stands in the refusals."""

    __tablename__ = "lift_request"

    id: int | None = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    reason: str = sealed()
    at: datetime = moment()
    by_staff_id: int | None = Field(default=None, foreign_key="staff.id")


class Episode(SQLModel, table=True):
    """Switches a branch keeps about its calling: `started_at` is the director's "start"."""

    branch: str = Field(primary_key=True)
    started_at: datetime | None = moment(default=None)
    started_by_id: int | None = Field(default=None, foreign_key="staff.id")


class ReturnShare(SQLModel, table=True):
    """The clinic's own share of returns after a connected recall call, counted once a day.

    `band` and `reaction` (the response group of the connected call before) are "" where the row
    counts them all; `family` "" is the whole clinic.
    """

    __tablename__ = "return_share"

    family: str = Field(primary_key=True)
    band: str = Field(primary_key=True)
    reaction: str = Field(primary_key=True)
    cases: int
    returned: int
    counted_on: date


class DayList(SQLModel, table=True):
    """The list of a branch and day, fixed at digest time."""

    __tablename__ = "day_list"
    __table_args__ = (UniqueConstraint("branch", "day"),)

    id: int | None = key()
    branch: str
    day: date
    fixed_at: datetime = moment()
    waiting: int = 0  # eligible, but beyond what the branch can call today
    long_gone: int = 0


class CallCard(SQLModel, table=True):
    """A patient on a day's list: who has it (a lease), and what came of it."""

    __tablename__ = "call_card"
    __table_args__ = (
        UniqueConstraint("branch", "day", "patient_id"),
        Index("ix_card_claimed", "claimed_by_id", "claimed_until"),
        Index("ix_card_patient", "patient_id", "day"),
    )

    id: int | None = key()
    branch: str
    day: date
    patient_id: int = Field(foreign_key="patient.id")
    section: Section = enum_field(Section)
    rank: int
    on_list: bool = True  # False: a card opened by hand (/patient, /log) outside of the day's list
    family: str | None = None
    reason: str | None = None  # due | lapsed | promised …: why today
    assigned_to_id: int | None = Field(default=None, foreign_key="staff.id")  # a list handed to somebody
    claimed_by_id: int | None = Field(default=None, foreign_key="staff.id")
    claimed_at: datetime | None = moment(default=None)
    claimed_until: datetime | None = moment(default=None)
    skipped_at: datetime | None = moment(default=None)
    call_id: int | None = Field(default=None, foreign_key="call.id")
    done_at: datetime | None = moment(default=None)
