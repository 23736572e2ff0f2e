"""Looks and changes, written in the step that looks or changes."""

from datetime import UTC, datetime

from sqlmodel import Session

from crm_core.staff.access import Person
from crm_core.tables.records import AuditRow


def record(
    db: Session,
    person: Person,
    action: str,
    now: datetime,
    *,
    patient_id: int | None = None,
    branch: str | None = None,
    what: str | None = None,
    count: int | None = None,
) -> None:
    """Adds one audit row: who did or saw what, about whom; never a name or a number of a patient."""
    actor = f"staff:{person.staff_id}" if person.staff_id is not None else person.actor
    db.add(
        AuditRow(
            at=now,
            on=now.astimezone(UTC).date(),
            actor=actor,
            staff_id=person.staff_id,
            action=action,
            patient_id=patient_id,
            branch=branch,
            what=what,
            count=count,
        )
    )
