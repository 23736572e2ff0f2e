"""Looks and changes, written in the step that looks or changes, and sealed day by day with a digest, so that
a later change would show."""

import hashlib
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.staff.access import Person
from crm_core.tables.records import AuditRow, AuditSeal


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


def seal_days_before(db: Session, day: date, now: datetime) -> int:
    """Seals every whole day (UTC) before `day` that has rows and no seal yet; how many."""
    sealed = select(col(AuditSeal.on))
    days = db.scalars(
        select(col(AuditRow.on)).where(col(AuditRow.on) < day, col(AuditRow.on).not_in(sealed)).distinct()
    )
    made = 0
    for on in sorted(days):
        digest, rows = digest_of(db, on)
        db.add(AuditSeal(on=on, rows=rows, digest=digest, sealed_at=now))
        made += 1
    return made


def digest_of(db: Session, on: date) -> tuple[str, int]:
    """SHA-256 over a day's rows in their order, and how many there are."""
    digest = hashlib.sha256()
    rows = 0
    for row in db.scalars(select(AuditRow).where(col(AuditRow.on) == on).order_by(col(AuditRow.id))):
        fields = (row.id, row.at.astimezone(UTC).isoformat(), row.actor, row.action, row.patient_id)
        digest.update(repr((*fields, row.branch, row.what, row.count)).encode())
        rows += 1
    return digest.hexdigest(), rows


def broken_seals(db: Session) -> list[date]:
    """The sealed days whose rows are no longer what was sealed."""
    seals = db.scalars(select(AuditSeal).order_by(col(AuditSeal.on)))
    return [seal.on for seal in seals if digest_of(db, seal.on) != (seal.digest, seal.rows)]
