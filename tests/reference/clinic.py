"""A random clinic as rows of the ten import files, with the variety that real exports have."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path

Moment = date | datetime  # wall clock of the branch; a date alone is a day without a time


@dataclass(frozen=True)
class Patient:
    chart_no: str
    branch: str
    name: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    source: str | None = None
    first_visit_on: date | None = None
    referred_by: str | None = None
    guardian_of: str | None = None
    status: str | None = None
    ad_consent_at: Moment | None = None


@dataclass(frozen=True)
class Inquiry:
    inquiry_no: str | None
    received_at: Moment
    branch: str
    chart_no: str | None = None
    name: str | None = None
    phone: str | None = None
    source: str | None = None
    kind: str | None = None
    treatment: str | None = None
    staff: str | None = None
    answered_at: Moment | None = None


@dataclass(frozen=True)
class Reservation:
    reservation_no: str
    chart_no: str
    branch: str
    starts_at: Moment
    made_at: Moment | None = None
    treatment: str | None = None
    staff: str | None = None
    status: str | None = None
    status_at: Moment | None = None
    moved_to: str | None = None
    doctor: str | None = None


@dataclass(frozen=True)
class Visit:
    visit_no: str | None
    chart_no: str
    branch: str
    arrived_at: Moment
    doctor: str | None = None


@dataclass(frozen=True)
class Consult:
    consult_no: str | None
    chart_no: str
    branch: str
    held_at: Moment
    treatment: str | None = None
    staff: str | None = None
    decision: str | None = None
    decided_at: Moment | None = None
    proposed_amount: int | None = None
    agreed_amount: int | None = None


@dataclass(frozen=True)
class Treatment:
    treatment_no: str | None
    chart_no: str
    branch: str
    done_at: Moment
    treatment: str
    staff: str | None = None
    course_no: str | None = None
    session_no: int | None = None
    amount: int | None = None
    recommended_on: date | None = None
    doctor: str | None = None
    covered: bool | None = None


@dataclass(frozen=True)
class Course:
    course_no: str
    chart_no: str
    branch: str
    treatment: str
    bought_on: date
    sessions: int
    used: int | None = None
    valid_until: date | None = None
    paid: int | None = None


@dataclass(frozen=True)
class Payment:
    payment_no: str | None
    chart_no: str
    branch: str
    paid_at: Moment
    amount: int
    refund: int | None = None
    course_no: str | None = None
    treatment_no: str | None = None
    covered: bool | None = None


@dataclass(frozen=True)
class Call:
    call_no: str
    chart_no: str
    branch: str
    called_at: Moment
    outcome: str
    staff: str | None = None
    kind: str | None = None
    group: str | None = None
    cause: str | None = None
    family: str | None = None
    promised_on: date | None = None


@dataclass(frozen=True)
class Staff:
    staff_no: str
    name: str
    role: str
    branches: str


@dataclass
class Clinic:
    """Every row of the ten files; a list per kind, named like the kind."""

    staff: list[Staff] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    inquiries: list[Inquiry] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    consults: list[Consult] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


KINDS = tuple(kind.name for kind in fields(Clinic))
ROWS: dict[str, type] = {
    "staff": Staff,
    "patients": Patient,
    "inquiries": Inquiry,
    "reservations": Reservation,
    "visits": Visit,
    "consults": Consult,
    "courses": Course,
    "treatments": Treatment,
    "payments": Payment,
    "calls": Call,
}


def cell(value: object) -> str:
    """A value as the import files write it; nothing is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def write_csv(clinic: Clinic, folder: Path, kinds: Sequence[str] = KINDS) -> list[Path]:
    """Writes `KIND.csv` for each kind, rows as they stand; returns the paths."""
    written = []
    for kind in kinds:
        path = folder / f"{kind}.csv"
        headers = [column.name for column in fields(ROWS[kind])]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(headers)
            for row in getattr(clinic, kind):
                writer.writerow([cell(getattr(row, name)) for name in headers])
        written.append(path)
    return written
