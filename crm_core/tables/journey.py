"""What is computed from the facts: a row per journey with a moment per stage, and the ledger of due dates."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment


class Stage(StrEnum):
    INQUIRY = "inquiry"
    RESERVATION = "reservation"
    VISIT = "visit"
    CONSULT = "consult"
    AGREEMENT = "agreement"
    TREATMENT = "treatment"


STAGES = tuple(Stage)


class Journey(SQLModel, table=True):
    """One journey, rewritten whole whenever an event of its patient is touched.

    `…_at` is the moment a stage was first passed by an event of its own, empty when it was not.
    `first_at`/`first_on` is the first contact: the cohort. `last_at` the last moment, for patience.
    """

    __table_args__ = (
        Index("ix_journey_cohort", "branch", "first_on"),
        Index("ix_journey_patient", "patient_id"),
        Index("ix_journey_prospect", "prospect_id"),
    )

    id: int | None = key()
    patient_id: int | None = Field(default=None, foreign_key="patient.id")
    prospect_id: int | None = Field(default=None, foreign_key="prospect.id")
    number: int  # 1, 2, 3 … of this person
    branch: str | None = None
    source: str | None = None
    entry: Stage = enum_field(Stage)
    is_new: bool
    first_at: datetime = moment()
    first_on: date
    last_at: datetime = moment()
    inquiry_at: datetime | None = moment(default=None)
    reservation_at: datetime | None = moment(default=None)
    reserved_until: datetime | None = moment(default=None)  # last reserved day's start, or the cancellation
    visit_at: datetime | None = moment(default=None)
    consult_at: datetime | None = moment(default=None)
    agreement_at: datetime | None = moment(default=None)
    treatment_at: datetime | None = moment(default=None)
    last_treatment_on: date | None = None
    return_due_on: date | None = None  # the churn date of the last treatment day: ripe for return
    returned_at: datetime | None = moment(default=None)
    referred_at: datetime | None = moment(default=None)
    came_for: str | None = None  # family
    decided_for: str | None = None  # family
    inquiry_staff_id: int | None = None
    reservation_staff_id: int | None = None
    visit_staff_id: int | None = None
    consult_staff_id: int | None = None
    agreement_staff_id: int | None = None
    treatment_staff_id: int | None = None
    outcome: str | None = None  # no | not_suitable | pending | by_clinic | … as the fold decides
    closed_by_hand_at: datetime | None = moment(default=None)
    closed_why: str | None = None
    proposed_amount: int | None = None
    agreed_amount: int | None = None


class JourneyFamily(SQLModel, table=True):
    """The families of a journey, when it came or decided for several (cuts count it under each)."""

    __tablename__ = "journey_family"

    journey_id: int = Field(primary_key=True, foreign_key="journey.id", ondelete="CASCADE")
    family: str = Field(primary_key=True)
    decided: bool = False


class JourneyCorrection(SQLModel, table=True):
    """A correction by hand is an event too: it is folded in like the others."""

    __tablename__ = "journey_correction"

    id: int | None = key()
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    prospect_id: int | None = Field(default=None, foreign_key="prospect.id", index=True)
    kind: str  # close
    why: str
    at: datetime = moment()
    by_staff_id: int = Field(foreign_key="staff.id")


class RecallDue(SQLModel, table=True):
    """The ledger of due dates: one row per (patient, family) with a rule, kept at write time."""

    __tablename__ = "recall_due"
    __table_args__ = (
        Index("ix_recall_due", "branch", "due_on", "lapsed_until"),
        Index("ix_recall_churned", "branch", "churned_on"),
        Index("ix_recall_gone", "branch", "lapsed_until", "patient_id"),
    )

    patient_id: int = Field(primary_key=True, foreign_key="patient.id")
    family: str = Field(primary_key=True)
    branch: str  # the branch of the family's last treatment owns the card
    treatment: str  # the last treatment, whose rule counts
    last_on: date
    due_on: date  # first day of the band due
    churned_on: date  # last day of due; lapsed from the day after
    lapsed_until: date  # last day of lapsed; long gone from the day after
    recommended: bool = False  # the dates come from a recommended date
    own_rhythm_days: int | None = None  # mean of the last intervals, shown on the card
    own_rhythm_n: int = 0
    course_until: date | None = None  # last day on which sessions are left: neither due nor lapsed
    worth: int = 0  # amounts of the family in the value window before last_on: the order on the card
    times: int = 1  # treatments of the family, by distinct days
