"""What follows from a step: everything computed from the facts, and every card that shows them."""

from datetime import datetime

from sqlmodel import Session

from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.desk import DeskEntry
from crm_core.upkeep import keep_up

_CARDS = ("closing", "day", "reservations")


def follow(db: Session, policy: Policy, person: Person, entry: DeskEntry, now: datetime, action: str) -> None:
    """In the step that wrote or took back the entry; `action` is the audit's word."""
    audit.record(
        db,
        person,
        action,
        now,
        patient_id=entry.patient_id,
        branch=entry.branch,
        what=entry.kind.value,
    )
    keep_up(db, policy, patients={entry.patient_id})
    day = policy.branch(entry.branch).today(entry.at).isoformat()
    for what in (f"patient:{entry.patient_id}", *(f"{card}:{entry.branch}:{day}" for card in _CARDS)):
        outbox.changed(db, what, now)
