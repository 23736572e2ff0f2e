"""Rows of a file → rows of ours, one slice at a time; whoever was touched is folded again."""

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.errors import StaleButton
from crm_core.imports.kinds import FactTable
from crm_core.imports.stage import Row, Staged, identifying
from crm_core.inquiries.actions import Asker, join_prospects, who_asked
from crm_core.patients.actions import ChartRow, ensure_patients, write_patients
from crm_core.patients.identity import Chart, derived_number
from crm_core.policy.policy import Policy
from crm_core.privacy import folded_name
from crm_core.reservations.actions import show_anew
from crm_core.sql import chunks, upsert
from crm_core.staff.access import Person
from crm_core.tables.calls import Call
from crm_core.tables.facts import Inquiry
from crm_core.tables.imports import FactsUntil, ImportBatch, StagedFile
from crm_core.tables.people import Staff, StaffRole
from crm_core.upkeep import keep_up

IMPORT = "import"
KEPT = timedelta(days=1)  # how long a file dropped into chat waits to be confirmed


@dataclass
class Applied:
    """What a slice changed. `new_staff` are names that no member of staff had."""

    changed: int = 0
    patients: set[int] = field(default_factory=set)
    prospects: set[int] = field(default_factory=set)
    new_staff: set[str] = field(default_factory=set)


def apply(db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime) -> Applied:
    """Writes some rows of a staged file and folds whoever they touch; nothing is posted."""
    if not rows:
        return Applied()
    if staged.kind.name == "staff":
        return Applied(changed=_write_staff(db, staged, rows))
    if staged.kind.name == "patients":
        applied = _write_patients(db, policy, staged, rows, now)
    else:
        applied = _Facts(db, policy, staged, rows, now).write()
    keep_up(db, policy, patients=applied.patients, prospects=applied.prospects, now=now)
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


class _Facts:
    """One slice of one kind of fact."""

    def __init__(
        self, db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime
    ) -> None:
        assert staged.kind.fact is not None
        self.db, self.policy, self.now = db, policy, now
        self.kind: FactTable = staged.kind.fact
        self.rows = [(row, staged.values(row)) for row in rows]
        self.staff = StaffNames(db)
        self.has_staff = "staff_id" in _columns(self.kind.table)
        self.has_prospects = self.kind.table is Inquiry
        self.is_call = self.kind.table is Call

    def write(self) -> Applied:
        charts = {
            (self._book(row), row.person): row.branch for row, cells in self.rows if "chart_no" in cells
        }
        self.patients = ensure_patients(self.db, charts, self.now)
        if self.has_staff:
            self.staff.ensure(cells["staff"] for _, cells in self.rows if "staff" in cells)
        values = self._values()
        before = self._before(values)
        self._askers(values, before)
        if self.is_call:
            self._notes(values, before)
        returning: tuple[str, ...] = ("book", "number", "patient_id")
        returning += ("prospect_id",) if self.has_prospects else ()
        written = upsert(
            self.db,
            self.kind.table,
            values.values(),
            key=("book", "number"),
            returning=returning,
            defaults=self.kind.defaults,
            first_only=("source",),
        )
        applied = Applied(changed=len(written), new_staff=self.staff.made)
        for row in written:
            old = before.get((row.book, row.number))
            applied.patients |= {i for i in (row.patient_id, old and old.patient_id) if i}
            if self.has_prospects:
                applied.prospects |= {i for i in (row.prospect_id, old and old.prospect_id) if i}
        if self.has_prospects:
            self._leave_prospects(written)
        return applied

    def _book(self, row: Row) -> str:
        return self.policy.branch(row.branch).book

    def _values(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The columns of each row by its key; a later row of the same number fills the earlier one."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row, cells in self.rows:
            moment = cells[self.kind.clock]
            number = row.number or derived_number(row.person, moment.at, identifying(cells))
            values = {
                "book": self._book(row),
                "number": number,
                "branch": row.branch,
                f"{self.kind.stem}_at": moment.at,
                f"{self.kind.stem}_on": moment.on,
                "source": IMPORT,
                "patient_id": self.patients.get((self._book(row), row.person))
                if "chart_no" in cells
                else None,
            }
            if self.kind.timed:
                values["timed"] = moment.timed
            if self.has_staff:
                values["staff_id"] = self.staff.ids.get(cells.get("staff", ""))
            for header, column in self.kind.columns.items():
                values[column] = cells.get(header)
            if self.has_prospects:
                values["prospect_id"] = None
            key = (values["book"], number)
            earlier = found.get(key)
            if earlier is not None:
                values = {c: earlier[c] if v is None else v for c, v in values.items()}
            found[key] = values
        return found

    def _before(self, values: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """What is known of these numbers: whom they were about, and the sealed note of a call."""
        table = self.kind.table
        stored = table.__table__.c  # type: ignore[attr-defined]
        wanted = [stored.book, stored.number, stored.patient_id]
        wanted += [stored.prospect_id] if self.has_prospects else []
        wanted += [stored.note] if self.is_call else []
        by_book: dict[str, list[str]] = defaultdict(list)
        for book, number in values:
            by_book[book].append(number)
        found: dict[tuple[str, str], Any] = {}
        for book, numbers in by_book.items():
            for chunk in chunks(numbers):
                rows = select(*wanted).where(stored.book == book, stored.number.in_(chunk))
                found.update(((row.book, row.number), row) for row in self.db.execute(rows))
        return found

    def _askers(self, values: Mapping[tuple[str, str], dict[str, Any]], before: Mapping[Any, Any]) -> None:
        """Rows without a chart number: a patient by phone and name, else a prospect."""
        if not self.has_prospects:
            return
        askers: dict[tuple[str, str], Asker] = {}
        for row, cells in self.rows:
            number = row.number or derived_number(row.person, cells[self.kind.clock].at, identifying(cells))
            key = (self._book(row), number)
            known = before.get(key)
            if values[key]["patient_id"] is None and not (known and known.patient_id):
                askers[key] = Asker(row.branch, cells["name"], cells["phone"])
        patients, prospects = who_asked(self.db, self.policy, askers.values(), self.now)
        for key, asker in askers.items():
            values[key]["patient_id"] = patients.get(asker)
            values[key]["prospect_id"] = prospects.get(asker)

    def _leave_prospects(self, written: Iterable[Any]) -> None:
        """An inquiry that has a patient is no prospect's any more."""
        numbers = defaultdict(list)
        for row in written:
            if row.patient_id and row.prospect_id:
                numbers[row.book].append(row.number)
        for book, known in numbers.items():
            for chunk in chunks(known):
                self.db.execute(
                    update(Inquiry)
                    .where(col(Inquiry.book) == book, col(Inquiry.number).in_(chunk))
                    .values(prospect_id=None)
                )

    def _notes(self, values: Mapping[tuple[str, str], dict[str, Any]], before: Mapping[Any, Any]) -> None:
        for key, row in values.items():
            known = before.get(key)
            if known is not None and known.note == row["note"]:
                row["note"] = None  # sealed anew only when it changed


def _columns(table: type[SQLModel]) -> Any:
    return table.__table__.c  # type: ignore[attr-defined]


class StaffNames:
    """Members of staff by their number or name; a name nobody has makes an inactive one without roles."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.ids: dict[str, int] = {}
        self.made: set[str] = set()
        self._by_name: dict[str, int] = {}
        self._by_number: dict[str, int] = {}
        rows = select(Staff).order_by(col(Staff.active), col(Staff.id).desc())
        for staff in db.scalars(rows):
            assert staff.id is not None
            self._by_name[folded_name(staff.name)] = staff.id
            if staff.number:
                self._by_number[staff.number] = staff.id

    def ensure(self, texts: Iterable[str]) -> None:
        for text in dict.fromkeys(texts):
            found = self._by_number.get(text) or self._by_name.get(folded_name(text))
            if found is None:
                made = Staff(name=text, active=False)
                self.db.add(made)
                self.db.flush()
                assert made.id is not None
                found = self._by_name[folded_name(text)] = made.id
                self.made.add(text)
            self.ids[text] = found


def _write_staff(db: Session, staged: Staged, rows: Sequence[Row]) -> int:
    """Upserts staff; the rows of one number together are all the roles that person has."""
    changed = 0
    people: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells = staged.values(row)
        known = people.setdefault(row.person, {"roles": set()})
        known["name"] = cells["name"]
        known["roles"] |= set(cells["roles"])
    for number, cells in people.items():
        staff = _staff_of(db, number, cells["name"])
        before = (staff.number, staff.name, staff.active)
        staff.number, staff.name, staff.active = number, cells["name"], True
        db.add(staff)
        db.flush()
        held = {
            (row.role, row.branch)
            for row in db.scalars(select(StaffRole).where(col(StaffRole.staff_id) == staff.id))
        }
        if held != cells["roles"]:
            db.execute(delete(StaffRole).where(col(StaffRole.staff_id) == staff.id))
            db.execute(
                insert(StaffRole),
                [{"staff_id": staff.id, "role": r, "branch": b} for r, b in sorted(cells["roles"])],
            )
        changed += before != (number, cells["name"], True) or held != cells["roles"]
    return changed


def _staff_of(db: Session, number: str, name: str) -> Staff:
    """Who has the number; else who was only known by the name or the number as a name."""
    found = db.scalars(select(Staff).where(col(Staff.number) == number)).first()
    if found is not None:
        return found
    nameless = select(Staff).where(col(Staff.number).is_(None)).order_by(col(Staff.id))
    wanted = {folded_name(name), folded_name(number)}
    for staff in db.scalars(nameless):
        if folded_name(staff.name) in wanted:
            return staff
    return Staff(name=name, active=False)


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
    db.execute(delete(StagedFile).where(col(StagedFile.at) < now - KEPT))
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
