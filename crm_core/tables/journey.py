"""What is computed from the facts: a row per journey with a moment per stage, and the ledger of due dates."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from crm_core.tables.columns import enum_field, key, moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware moment kept as microseconds since 1970: a third of the text's size, compared as a number.

    Only journeys use it: a question reads tens of thousands of them through one index.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def instant(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


class Stage(StrEnum):
    INQUIRY = "inquiry"
    RESERVATION = "reservation"
    VISIT = "visit"
    CONSULT = "consult"
    AGREEMENT = "agreement"
    TREATMENT = "treatment"


STAGES = tuple(Stage)

_SEEN_BY_THE_FUNNEL = (
    "branch",
    "is_new",
    "entry",
    "first_on",
    "known_from",
    "reservation_passed_at",
    "visit_passed_at",
    "consult_at",
    "agreement_at",
    "treatment_at",
    "reserved_until",
    "by_clinic_at",
    "unsuitable_at",
    "declined_at",
    "stopped_at",
    "closed_by_hand_at",
    "agreed_same_day",
    "first_at",
    "source",
    "families",
)


_SEEN_BY_THE_ACTIVITY = (
    "branch",
    "last_at",
    "first_on",
    "is_new",
    "entry",
    "known_from",
    "first_at",
    "reservation_passed_at",
    "visit_passed_at",
    "consult_at",
    "agreement_at",
    "treatment_at",
)


class JourneyColumns(SQLModel):
    """What the fold says of a journey.

    `first_at`/`first_on` is the first contact: the cohort. `<stage>_at` is the moment of the first
    event of that stage itself, empty when there was none; `…_passed_at` also counts what a later
    stage implies. Everything is read at a moment T as `… <= T`, so a row tells the past as well;
    what cannot be told so (a cancellation that was followed by a new date …) is in `JourneyPast`.
    """

    patient_id: int | None = Field(default=None, foreign_key="patient.id")
    prospect_id: int | None = Field(default=None, foreign_key="prospect.id")
    number: int  # 1, 2, 3 … of this person
    branch: str
    source: str | None = None
    families: str | None = None  # decided for, else came for; sorted, joined by "|": the treatment cut
    entry: Stage = enum_field(Stage)
    is_new: bool
    known_from: datetime = instant()  # since when this row is true
    first_at: datetime = instant()
    first_on: date
    last_at: datetime = instant()  # the last moment, for patience; a date reserved counts by its start
    inquiry_at: datetime | None = instant(default=None)
    reservation_at: datetime | None = instant(default=None)
    reservation_passed_at: datetime | None = instant(default=None)
    reserved_until: datetime | None = instant(default=None)  # last date reserved before the first visit
    visit_at: datetime | None = instant(default=None)
    visit_passed_at: datetime | None = instant(default=None)
    consult_at: datetime | None = instant(default=None)
    agreement_at: datetime | None = instant(default=None)
    treatment_at: datetime | None = instant(default=None)
    agreed_same_day: bool = False
    by_clinic_at: datetime | None = instant(default=None)  # the clinic cancelled and nothing followed
    unsuitable_at: datetime | None = instant(default=None)  # not suitable, and none agreed
    declined_at: datetime | None = instant(default=None)  # every consult answered no or not suitable
    stopped_at: datetime | None = instant(default=None)  # stopped by the doctor
    last_treatment_on: date | None = None
    return_due_on: date | None = None  # the churn date of the last treatment day: ripe for return
    returned_at: datetime | None = instant(default=None)  # only if by `return_due_on`
    referral_due_on: date | None = None  # ripe for referral
    referred_at: datetime | None = instant(default=None)  # only if within the policy's days
    came_for: str | None = None  # families, joined by "|"
    decided_for: str | None = None
    inquiry_staff_id: int | None = None
    reservation_staff_id: int | None = None
    visit_staff_id: int | None = None
    consult_staff_id: int | None = None
    agreement_staff_id: int | None = None
    treatment_staff_id: int | None = None
    outcome: str | None = None  # the last consult's decision
    closed_by_hand_at: datetime | None = instant(default=None)
    closed_why: str | None = None
    proposed_amount: int | None = None  # of each plan the last version, the plans added
    agreed_amount: int | None = None
    payer: str | None = None  # covered, non_covered, both; None where no treatment or payment says


class Journey(JourneyColumns, table=True):
    """One journey, rewritten whole whenever an event of its patient is touched."""

    __table_args__ = (
        Index("ix_journey_funnel", *_SEEN_BY_THE_FUNNEL),
        Index("ix_journey_return", "branch", "return_due_on", "is_new", "returned_at", "known_from"),
        Index(
            "ix_journey_referral",
            "branch",
            "referral_due_on",
            "is_new",
            "referred_at",
            "known_from",
            "treatment_at",
        ),
        Index("ix_journey_last", *_SEEN_BY_THE_ACTIVITY),
        Index("ix_journey_patient", "patient_id"),
        Index("ix_journey_prospect", "prospect_id"),
    )

    id: int | None = key()


class JourneyPast(JourneyColumns, table=True):
    """What was true of a journey before `known_until`, where its row of today cannot tell it."""

    __tablename__ = "journey_past"
    __table_args__ = (
        Index("ix_journey_past_funnel", "branch", "first_on", "known_until"),
        Index("ix_journey_past_return", "branch", "return_due_on", "known_until"),
        Index("ix_journey_past_referral", "branch", "referral_due_on", "known_until"),
        Index("ix_journey_past_last", "branch", "last_at", "first_on"),
        Index("ix_journey_past_patient", "patient_id"),
        Index("ix_journey_past_prospect", "prospect_id"),
    )

    id: int | None = key()
    known_until: datetime = instant()


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
        Index("ix_recall_gone", "branch", "patient_id", "lapsed_until"),
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
