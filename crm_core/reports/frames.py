"""The rows behind an export as a frame: one row a case, columns by keys of ours, codes for words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.churn.queries import due_list
from crm_core.policy.policy import Policy
from crm_core.sql import chunks
from crm_core.staff.access import Scope
from crm_core.tables.calls import Call
from crm_core.tables.facts import Inquiry, Reservation
from crm_core.tables.journey import STAGES, Journey
from crm_core.tables.people import Contact, Patient, Staff

Frame = pd.DataFrame
Reader = Callable[[Session, Scope, Policy, datetime], Frame]

PERSON = ("chart_no", "name", "phone")
"""Columns that name a patient: `name` and `phone` are masked for whoever may not read them."""


def calls(db: Session, scope: Scope, policy: Policy, now: datetime) -> Frame:
    """Standing calls of the period, the oldest first."""
    statement = (
        select(
            col(Call.called_at),
            col(Call.branch),
            col(Patient.chart_no),
            col(Patient.name),
            col(Contact.address),
            col(Staff.name),
            col(Call.kind),
            col(Call.outcome),
            col(Call.response_group),
            col(Call.cause),
            col(Call.family),
            col(Call.promised_on),
        )
        .join(Patient, col(Patient.id) == col(Call.patient_id))
        .outerjoin(Contact, col(Contact.id) == col(Call.contact_id))
        .outerjoin(Staff, col(Staff.id) == col(Call.staff_id))
        .where(
            col(Call.branch).in_(scope.branches),
            col(Call.called_on).between(scope.period.first, scope.period.last),
            col(Call.called_at) <= now,
            col(Call.taken_back_at).is_(None) | (col(Call.taken_back_at) > now),
        )
        .order_by(col(Call.called_at), col(Call.id))
    )
    names = ("called_at", "branch", *PERSON, "staff", "kind", "outcome", "group", "cause", "family")
    return _frame(db, statement, (*names, "promised_on"), policy)


def reservations(db: Session, scope: Scope, policy: Policy, now: datetime) -> Frame:
    """Reservations whose day fell in the period and that were made by now, as they stand."""
    statement = (
        select(
            col(Reservation.starts_at),
            col(Reservation.branch),
            col(Patient.chart_no),
            col(Patient.name),
            col(Reservation.treatment),
            col(Reservation.doctor),
            col(Staff.name),
            col(Reservation.state),
            col(Reservation.answer),
            col(Reservation.made_at),
        )
        .join(Patient, col(Patient.id) == col(Reservation.patient_id))
        .outerjoin(Staff, col(Staff.id) == col(Reservation.staff_id))
        .where(
            col(Reservation.branch).in_(scope.branches),
            col(Reservation.starts_on).between(scope.period.first, scope.period.last),
            col(Reservation.made_at).is_(None) | (col(Reservation.made_at) <= now),
        )
        .order_by(col(Reservation.starts_at), col(Reservation.id))
    )
    names = ("starts_at", "branch", "chart_no", "name", "treatment", "doctor", "staff", "state", "answer")
    return _frame(db, statement, (*names, "made_at"), policy)


def inquiries(db: Session, scope: Scope, policy: Policy, now: datetime) -> Frame:
    """Inquiries of the period; a prospect has no chart number."""
    statement = (
        select(
            col(Inquiry.received_at),
            col(Inquiry.branch),
            col(Patient.chart_no),
            col(Patient.name),
            col(Inquiry.channel),
            col(Inquiry.kind),
            col(Inquiry.treatment),
            col(Staff.name),
            col(Inquiry.answered_at),
        )
        .outerjoin(Patient, col(Patient.id) == col(Inquiry.patient_id))
        .outerjoin(Staff, col(Staff.id) == col(Inquiry.staff_id))
        .where(
            col(Inquiry.branch).in_(scope.branches),
            col(Inquiry.received_on).between(scope.period.first, scope.period.last),
            col(Inquiry.received_at) <= now,
        )
        .order_by(col(Inquiry.received_at), col(Inquiry.id))
    )
    names = ("received_at", "branch", "chart_no", "name", "source", "inquiry_kind", "treatment", "staff")
    return _frame(db, statement, (*names, "answered_at"), policy)


def journeys(db: Session, scope: Scope, policy: Policy, now: datetime) -> Frame:
    """Journeys whose first contact lies in the period: a moment a stage, as far as it was reached."""
    moments = [getattr(Journey, f"{stage.value}_at") for stage in STAGES]
    statement = (
        select(
            col(Journey.branch),
            col(Patient.chart_no),
            col(Patient.name),
            col(Journey.is_new),
            col(Journey.source),
            col(Journey.families),
            col(Journey.entry),
            *(col(moment) for moment in moments),
            col(Journey.returned_at),
        )
        .outerjoin(Patient, col(Patient.id) == col(Journey.patient_id))
        .where(
            col(Journey.branch).in_(scope.branches),
            col(Journey.first_on).between(scope.period.first, scope.period.last),
            col(Journey.known_from) <= now,
        )
        .order_by(col(Journey.first_at), col(Journey.id))
    )
    names = ("branch", "chart_no", "name", "is_new", "source", "families", "entry")
    reached = tuple(f"{stage.value}_at" for stage in STAGES)
    frame = _frame(db, statement, (*names, *reached, "returned_at"), policy)
    for name in (*reached, "returned_at"):
        frame[name] = frame[name].where(frame[name] <= _wall(now, policy.branch(scope.branches[0]).zone))
    return frame


def churners(db: Session, scope: Scope, policy: Policy, now: datetime) -> Frame:
    """Everybody who may be called today from ⑦, in the order of the list; a row a family."""
    today = policy.branch(scope.branches[0]).today(now)
    rows: list[dict[str, Any]] = [
        {
            "branch": one.branch,
            "patient_id": one.patient_id,
            "contact_id": one.contact_id,
            "family": due.family,
            "band": due.band.value,
            "last_on": due.last_on,
            "due_on": due.due_on,
            "days_over": due.days_over,
            "owner_id": one.owner_id,
        }
        for one in due_list(db, scope, policy, today, now)
        for due in one.families
    ]
    names = ("branch", *PERSON, "family", "band", "last_on", "due_on", "days_over", "owner")
    if not rows:
        return pd.DataFrame(columns=list(names))
    frame = pd.DataFrame(rows)
    people = _people(db, {row["patient_id"] for row in rows})
    phones = _phones(db, {row["contact_id"] for row in rows if row["contact_id"] is not None})
    frame["chart_no"] = frame["patient_id"].map(lambda one: people[one][0])
    frame["name"] = frame["patient_id"].map(lambda one: people[one][1])
    frame["phone"] = frame["contact_id"].map(phones)
    frame["owner"] = frame["owner_id"].map(_staff(db))
    return frame[list(names)]


def _frame(db: Session, statement: Any, names: Sequence[str], policy: Policy) -> Frame:
    """The rows as a frame; moments on the clock of the row's branch, enums as their codes."""
    rows = [tuple(getattr(cell, "value", cell) for cell in row) for row in db.execute(statement)]
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    for name in names:
        if name.endswith("_at"):
            frame[name] = _local(frame[name], frame["branch"], policy)
    return frame


def _local(moments: Any, branches: Any, policy: Policy) -> Any:
    found = pd.Series(pd.NaT, index=moments.index, dtype="datetime64[us]")
    aware = pd.to_datetime(moments, utc=True)
    for branch, rows in aware.groupby(branches):
        zone = policy.branch(str(branch)).zone
        found.loc[rows.index] = rows.dt.tz_convert(zone).dt.tz_localize(None)
    return found


def _wall(now: datetime, zone: str) -> Any:
    return pd.Timestamp(now).tz_convert(zone).tz_localize(None)


def _people(db: Session, ids: Iterable[int]) -> dict[int, tuple[str, str | None]]:
    found: dict[int, tuple[str, str | None]] = {}
    for chunk in chunks(sorted(ids)):
        rows = select(col(Patient.id), col(Patient.chart_no), col(Patient.name))
        found |= {row[0]: (row[1], row[2]) for row in db.execute(rows.where(col(Patient.id).in_(chunk)))}
    return found


def _phones(db: Session, ids: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for chunk in chunks(sorted(ids)):
        rows = select(col(Contact.id), col(Contact.address)).where(col(Contact.id).in_(chunk))
        found |= {row[0]: row[1] for row in db.execute(rows)}
    return found


def _staff(db: Session) -> dict[int, str]:
    return {row[0]: row[1] for row in db.execute(select(col(Staff.id), col(Staff.name)))}


READERS: Mapping[str, Reader] = {
    "churners": churners,
    "calls": calls,
    "reservations": reservations,
    "inquiries": inquiries,
    "journeys": journeys,
}
"""What can be exported row by row."""
