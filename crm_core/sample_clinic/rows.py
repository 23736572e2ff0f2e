"""The planned rows of the sample clinic: what a chart program would export, and a little more.

Moments are aware, on the wall clock of the branch. Staff are named by their staff number, patients by
(branch, chart number): chart numbers are unique over both branches.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class StaffRow:
    """`roles` are (role, branch), the branch "*" for roles that span the group."""

    number: str
    name: str
    roles: tuple[tuple[str, str], ...]
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class PatientRow:
    """`phone` is in E.164; `relation` says whose phone it is; a minor has none but the guardian's."""

    branch: str
    chart_no: str
    name: str
    phone: str | None
    birth_date: date
    sex: str
    residence: str
    source: str | None
    language: str = "ko"
    relation: str = "self"
    first_visit_on: date | None = None
    referred_by: str | None = None
    guardian_of: str | None = None
    status: str = "active"
    paused_until: date | None = None
    ad_consent_at: datetime | None = None
    owner: str | None = None
    vip: bool = False


@dataclass(frozen=True, slots=True)
class ProspectRow:
    branch: str
    name: str
    phone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """Of a patient (`chart_no`), else of the prospect with `phone`."""

    number: str
    branch: str
    at: datetime
    chart_no: str | None
    phone: str | None
    channel: str
    kind: str
    treatment: str | None
    staff: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReservationRow:
    number: str
    branch: str
    chart_no: str
    starts_at: datetime
    made_at: datetime
    treatment: str
    doctor: str
    staff: str
    state: str
    state_at: datetime | None
    answer: str
    answer_at: datetime | None
    moved_to: str | None
    deposit: int | None


@dataclass(frozen=True, slots=True)
class VisitRow:
    number: str
    branch: str
    chart_no: str
    at: datetime
    doctor: str


@dataclass(frozen=True, slots=True)
class ConsultRow:
    """`first_contact_on` and `is_new` say which journey it was planned for."""

    number: str
    branch: str
    chart_no: str
    at: datetime
    treatment: str
    staff: str
    decision: str
    decided_at: datetime | None
    proposed: int
    agreed: int | None
    first_contact_on: date
    is_new: bool


@dataclass(frozen=True, slots=True)
class CourseRow:
    number: str
    branch: str
    chart_no: str
    treatment: str
    bought_at: datetime
    sessions: int
    used: int
    valid_until: date
    paid: int


@dataclass(frozen=True, slots=True)
class TreatmentRow:
    number: str
    branch: str
    chart_no: str
    at: datetime
    treatment: str
    doctor: str
    staff: str
    course_no: str | None
    session_no: int | None
    amount: int
    covered: bool
    recommended_on: date | None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    number: str
    branch: str
    chart_no: str
    at: datetime
    amount: int
    refund: int
    covered: bool
    course_no: str | None
    treatment_no: str | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """`band` is that of the family when the call was made."""

    number: str
    branch: str
    chart_no: str
    at: datetime
    staff: str
    kind: str
    outcome: str
    group: str | None = None
    cause: str | None = None
    family: str | None = None
    band: str | None = None
    promised_on: date | None = None
    next_step: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Planted:
    """Which rows were planted by hand, for the facts."""

    family: tuple[str, ...]
    minors: tuple[str, ...]
    same_name: tuple[str, ...]
    paused: str
    leaver: str
    loses_branch: str
    loses_since: date
    unmarked_branch: str
    unmarked_on: date


@dataclass(frozen=True, slots=True)
class ClinicPlan:
    """A whole clinic. History runs from `start` to the last open day before `today`."""

    seed: int
    start: date
    today: date
    staff: tuple[StaffRow, ...]
    patients: tuple[PatientRow, ...]
    prospects: tuple[ProspectRow, ...]
    inquiries: tuple[InquiryRow, ...]
    reservations: tuple[ReservationRow, ...]
    visits: tuple[VisitRow, ...]
    consults: tuple[ConsultRow, ...]
    courses: tuple[CourseRow, ...]
    treatments: tuple[TreatmentRow, ...]
    payments: tuple[PaymentRow, ...]
    calls: tuple[CallRow, ...]
    planted: Planted
