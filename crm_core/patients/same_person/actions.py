"""The desk's answers: yes, who asked is this patient; no, these two are not one person."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.actions import staff_name
from crm_core.contacts.actions import also_reach
from crm_core.errors import AlreadySettled, CannotMerge, NoSuchPatient
from crm_core.inquiries.actions import become
from crm_core.outbox import actions as outbox
from crm_core.patients.merging.actions import locked, may_merge
from crm_core.policy.policy import Policy
from crm_core.sql import insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.people import NotTheSame, Patient, Prospect
from crm_core.tables.records import AuditRow
from crm_core.upkeep import keep_up


def join_prospect(
    db: Session, policy: Policy, person: Person, patient_id: int, prospect_id: int, now: datetime
) -> None:
    """The desk's "yes": who asked is this patient, reached at that phone too.

    AlreadySettled when somebody was first, NoSuchPatient, NotAllowed, OtherBranch, CannotMerge("books").
    """
    patient = db.get(Patient, patient_id, with_for_update=True)
    prospect = db.get(Prospect, prospect_id, with_for_update=True, populate_existing=True)
    if patient is None or prospect is None:
        raise NoSuchPatient
    may_merge(policy, person, patient)
    if prospect.patient_id is not None:
        raise AlreadySettled(_who_joined(db, prospect_id), now)
    if policy.branch(prospect.branch).book != patient.book:
        raise CannotMerge("books")
    become(db, {prospect_id: patient_id})
    if prospect.contact_id is not None:
        also_reach(db, patient_id, prospect.contact_id)
    audit.record(
        db, person, "join", now, patient_id=patient_id, branch=patient.branch, what=f"prospect:{prospect_id}"
    )
    keep_up(db, policy, patients=[patient_id], prospects=[prospect_id])
    outbox.changed(db, f"patient:{patient_id}", now)


def not_the_same(
    db: Session,
    policy: Policy,
    person: Person,
    patient_id: int,
    now: datetime,
    *,
    other_id: int | None = None,
    prospect_id: int | None = None,
) -> None:
    """The desk's "no", remembered: the two are not proposed again. NoSuchPatient, NotAllowed, OtherBranch."""
    patients = locked(db, [one for one in (patient_id, other_id) if one is not None])
    known = prospect_id is None or db.get(Prospect, prospect_id) is not None
    if not known or len(patients) < (2 if other_id is not None else 1):
        raise NoSuchPatient
    may_merge(policy, person, *patients)
    first = patient_id if other_id is None else min(patient_id, other_id)
    second = None if other_id is None else max(patient_id, other_id)
    values: dict[str, Any] = {"patient_id": first, "other_id": second, "prospect_id": prospect_id}
    values |= {"by_staff_id": person.staff_id, "at": now}
    insert_ignoring(db, NotTheSame, values)
    audit.record(db, person, "not_same", now, patient_id=patient_id, branch=patients[0].branch)


def _who_joined(db: Session, prospect_id: int) -> str:
    """Whoever said yes first, "–" where a file did."""
    row = db.execute(
        select(col(AuditRow.staff_id)).where(
            col(AuditRow.action) == "join", col(AuditRow.what) == f"prospect:{prospect_id}"
        )
    ).first()
    return (staff_name(db, row[0]) if row else None) or "–"
