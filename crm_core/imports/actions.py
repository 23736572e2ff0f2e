"""Rows of a file → rows of ours, one slice at a time; whoever was touched is folded again."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlmodel import Session, col

from crm_core.errors import StaleButton
from crm_core.imports.complete.actions import bring_back
from crm_core.imports.facts.actions import IMPORT, Applied, Facts
from crm_core.imports.staff.actions import write_staff
from crm_core.imports.stage import Row, Staged
from crm_core.inquiries.actions import join_prospects
from crm_core.patients.actions import ChartRow, write_patients
from crm_core.patients.identity import Chart
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import show_anew
from crm_core.staff.access import Person
from crm_core.tables.imports import FactsUntil, FileState, ImportBatch, StagedFile
from crm_core.upkeep import keep_up

__all__ = ["Applied", "advance", "apply", "apply_whole", "finish", "keep_file", "open_batch", "take_file"]

KEPT = timedelta(days=1)  # how long a file dropped into chat waits to be confirmed


def apply(db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime) -> Applied:
    """Writes some rows of a staged file and folds whoever they touch; nothing is posted."""
    applied = write_rows(db, policy, staged, rows, now)
    keep_up(db, policy, patients=applied.patients, prospects=applied.prospects)
    return applied


def write_rows(db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime) -> Applied:
    """Writes some rows of a staged file; what is computed from them is for the caller to keep up."""
    if not rows:
        return Applied()
    if staged.kind.name == "staff":
        return Applied(changed=write_staff(db, staged, rows))
    if staged.kind.name == "patients":
        return _write_patients(db, policy, staged, rows, now)
    applied = Facts(db, policy, staged, rows, now).write()
    if staged.kind.name == "reservations":
        applied.patients |= bring_back(db, policy, staged, rows)
    return applied


def _write_patients(
    db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime
) -> Applied:
    merged: dict[Chart, ChartRow] = {}
    for row in rows:
        cells = staged.values(row)
        chart = (policy.branch(row.branch).book, row.person)
        before = merged.get(chart)
        merged[chart] = ChartRow(chart, row.branch, {**before.cells, **cells} if before else cells)
    written = write_patients(db, policy, list(merged.values()), now)
    patients, prospects = join_prospects(db, policy, written.contacts)
    return Applied(written.changed, written.touched | patients, prospects)


def open_batch(
    db: Session, staged: Staged, file_name: str, branch: str | None, mapping: str | None, now: datetime
) -> ImportBatch:
    """The record of this very file, made when it was never seen; its `position` says where to go on."""
    known = db.scalars(
        select(ImportBatch).where(
            col(ImportBatch.kind) == staged.kind.name,
            col(ImportBatch.fingerprint) == staged.fingerprint,
        )
    ).first()
    if known is not None:
        return known
    batch = ImportBatch(
        kind=staged.kind.name,
        file_name=file_name,
        fingerprint=staged.fingerprint,
        branch=branch,
        mapping=mapping,
        rows=len(staged.rows) + len(staged.refused),
        refused=len(staged.refused),
        started_at=now,
    )
    db.add(batch)
    db.flush()
    return batch


def position_of(db: Session, batch_id: int) -> int:
    """How many rows of the file are written; locked, so that two who write it take turns."""
    return db.get_one(ImportBatch, batch_id, with_for_update=True, populate_existing=True).position


def advance(db: Session, batch_id: int, position: int, changed: int) -> None:
    """Notes how many rows of the file are written, and how many of them changed something."""
    batch = db.get_one(ImportBatch, batch_id)
    batch.position = position
    batch.changed += changed


def finish(
    db: Session,
    policy: Policy,
    staged: Staged,
    batch_id: int,
    now: datetime,
    until: date | None = None,
) -> None:
    """Closes the record and says up to when the branch's facts of this kind are known.

    The end of the file's last day, or of `until`; never later than now, never earlier than known.
    """
    batch = db.get_one(ImportBatch, batch_id)
    batch.finished_at = now
    days = {slug: until or day for slug, day in staged.last_days.items()}
    if until is not None and not days:
        days = dict.fromkeys({row.branch for row in staged.rows if row.branch}, until)
    for slug, day in days.items():
        moment = min(policy.branch(slug).at(day + timedelta(1), time()), now)
        known = db.get(FactsUntil, (slug, staged.kind.name))
        if known is None:
            db.add(FactsUntil(branch=slug, kind=staged.kind.name, until=moment, source=IMPORT))
        elif known.until < moment:
            known.until = moment
    for slug in {*days, *(row.branch for row in staged.rows if row.branch)}:
        show_anew(db, policy, slug, now)


def keep_file(
    db: Session,
    person: Person,
    *,
    name: str,
    kind: str,
    branch: str | None,
    mapping: str | None,
    data: bytes,
    now: datetime,
) -> int:
    """Keeps a file dropped into chat, sealed, until it is confirmed; its id. Older ones are forgotten."""
    forgotten = col(StagedFile.at) < now - KEPT, col(StagedFile.state) != FileState.CONFIRMED
    db.execute(delete(StagedFile).where(*forgotten))
    row = StagedFile(
        name=name,
        kind=kind,
        branch=branch or "",
        mapping=mapping,
        content=b64encode(data).decode(),
        at=now,
        by_staff_id=person.staff_id,
    )
    db.add(row)
    db.flush()
    assert row.id is not None
    return row.id


def take_file(db: Session, person: Person, file_id: int, now: datetime) -> tuple[StagedFile, bytes]:
    """A file that this person dropped and nobody has confirmed yet, once; StaleButton for any other."""
    row = db.get(StagedFile, file_id, with_for_update=True)
    if row is None or row.by_staff_id != person.staff_id or row.applied_at is not None:
        raise StaleButton
    if row.at < now - KEPT:
        raise StaleButton
    data = b64decode(row.content)
    row.applied_at, row.content = now, ""
    row.finished_at, row.state = now, FileState.DONE
    return row, data


def apply_whole(
    db: Session, policy: Policy, staged: Staged, row: StagedFile, now: datetime
) -> Applied | None:
    """A small file in one step; None when this very file was imported before."""
    batch = open_batch(db, staged, row.name, row.branch or None, row.mapping, now)
    if batch.finished_at is not None or batch.id is None:
        return None
    applied = apply(db, policy, staged, staged.rows[batch.position :], now)
    advance(db, batch.id, len(staged.rows), applied.changed)
    finish(db, policy, staged, batch.id, now)
    return applied
