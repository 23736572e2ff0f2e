"""One slice of one kind of fact, written column by column."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from crm_core.adopting.actions import adopt
from crm_core.bulk import Merged, merge
from crm_core.differences.actions import keep_apart
from crm_core.imports.kinds import FactTable
from crm_core.imports.staff.actions import StaffNames
from crm_core.imports.stage import Row, Staged, identifying
from crm_core.inquiries.actions import Asker, become, who_asked
from crm_core.patients.actions import ensure_patients
from crm_core.patients.identity import derived_number
from crm_core.patients.merging.actions import merges_by_chart, note_arrivals
from crm_core.policy.policy import Policy
from crm_core.sql import among, columns_of
from crm_core.tables.calls import Call
from crm_core.tables.facts import Inquiry

IMPORT = "import"
Key = tuple[str, str]
"""A chart-number book and the number of a fact in it."""


@dataclass
class Applied:
    """What a slice changed. `new_staff` are names that no member of staff had."""

    changed: int = 0
    patients: set[int] = field(default_factory=set)
    prospects: set[int] = field(default_factory=set)
    new_staff: set[str] = field(default_factory=set)


class Facts:
    """The rows of one slice; `columns` are those of the table."""

    def __init__(
        self, db: Session, policy: Policy, staged: Staged, rows: Sequence[Row], now: datetime
    ) -> None:
        assert staged.kind.fact is not None
        self.db, self.policy, self.now = db, policy, now
        self.kind: FactTable = staged.kind.fact
        self.rows = rows
        self.cells = dict(zip(staged.keys, zip(*(row.values for row in rows), strict=True), strict=True))
        self.none: tuple[None, ...] = (None,) * len(rows)
        self.books = [policy.branch(row.branch).book for row in rows]
        self.staff = StaffNames(db) if "staff_id" in columns_of(self.kind.table) else None
        self.has_prospects = self.kind.table is Inquiry
        self.is_call = self.kind.table is Call

    def write(self) -> Applied:
        """Upserts the rows; whose journeys may read otherwise now."""
        self.columns = self._columns()
        self.places = self._one_row_a_number()
        before = self._before()
        if self.has_prospects:
            self._askers(before)
        if self.is_call:
            self._notes(before)
        adopted = adopt(self.db, self.policy, self.kind.table, self.columns, self.places)
        apart = keep_apart(self.db, self.policy, self.kind.table, self.columns, self.places, self.now)
        written = merge(
            self.db,
            self.kind.table,
            self.columns,
            key=("book", "number"),
            defaults=self.kind.defaults,
            first_only=("source",),
            about="patient_id",
        )
        applied = Applied(changed=len(written.changed))
        if self.staff is not None:
            applied.new_staff = self.staff.made
        owners = self.columns["patient_id"]
        touched = {owners[place] for place in written.changed} | set(written.was.values()) | apart | adopted
        applied.patients = {owner for owner in touched if owner is not None}
        if self.has_prospects:
            applied.prospects = self._leave_prospects(written, before)
        self._note_merged()
        return applied

    def _note_merged(self) -> None:
        """Rows of a chart that was merged into another: they go back with it."""
        merged = merges_by_chart(self.db, self.now)
        if merged:
            charts = ((key, (key[0], row.person)) for key, row in zip(self.places, self.rows, strict=True))
            facts = {key: chart for key, chart in charts if chart in merged}
            note_arrivals(self.db, self.kind.table, facts, merged)

    def _cell(self, header: str) -> Sequence[Any]:
        return self.cells.get(header, self.none)

    def _columns(self) -> dict[str, Sequence[Any]]:
        rows, books = self.rows, self.books
        moments = self._cell(self.kind.clock)
        columns: dict[str, Sequence[Any]] = {
            "book": books,
            "number": self._numbers(),
            "branch": [row.branch for row in rows],
            f"{self.kind.stem}_at": [moment.at for moment in moments],
            f"{self.kind.stem}_on": [moment.on for moment in moments],
            "source": [IMPORT] * len(rows),
            "patient_id": self._patients(),
        }
        if self.kind.timed:
            columns["timed"] = [moment.timed for moment in moments]
        if self.staff is not None:
            named = self._cell("staff")
            self.staff.ensure(name for name in named if name is not None)
            columns["staff_id"] = [self.staff.ids.get(name) if name else None for name in named]
        for header, column in self.kind.columns.items():
            columns[column] = self._cell(header)
        if self.has_prospects:
            columns["prospect_id"] = self.none
        return columns

    def _numbers(self) -> list[str]:
        """The chart program's own number of a fact, else the one it is known by here."""
        if all(row.number for row in self.rows):
            return [row.number or "" for row in self.rows]
        moments = self._cell(self.kind.clock)
        names = [(name, self._cell(name)) for name in ("treatment", "course_no", "treatment_no")]
        return [
            row.number
            or derived_number(
                row.person, moments[n].at, identifying({name: cells[n] for name, cells in names})
            )
            for n, row in enumerate(self.rows)
        ]

    def _patients(self) -> list[int | None]:
        charts = [
            (book, row.person) if number is not None else None
            for book, row, number in zip(self.books, self.rows, self._cell("chart_no"), strict=True)
        ]
        wanted = {chart: row.branch for chart, row in zip(charts, self.rows, strict=True) if chart}
        ids = ensure_patients(self.db, wanted, self.now)
        return [ids[chart] if chart else None for chart in charts]

    def _one_row_a_number(self) -> dict[Key, int]:
        """Where each number stands, once each: a later row of the same number fills the earlier one."""
        keys = list(zip(self.columns["book"], self.columns["number"], strict=True))
        places: dict[Key, int] = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        if len(places) == len(keys):
            return places
        merged: list[list[Any] | None] = [None] * len(places)
        for key, row in zip(keys, zip(*self.columns.values(), strict=True), strict=True):
            earlier = merged[places[key]]
            merged[places[key]] = (
                list(row)
                if earlier is None
                else [old if new is None else new for old, new in zip(earlier, row, strict=True)]
            )
        self.columns = dict(zip(self.columns, zip(*filter(None, merged), strict=True), strict=True))
        by_key = {key: place for place, key in enumerate(keys)}
        self.rows = [self.rows[by_key[key]] for key in places]
        self.cells = {h: tuple(cells[by_key[key]] for key in places) for h, cells in self.cells.items()}
        self.none = (None,) * len(places)
        return places

    def _before(self) -> dict[int, Any]:
        """Of inquiries whom they were about, of calls the sealed note, by place."""
        if not (self.has_prospects or self.is_call):
            return {}
        stored = columns_of(self.kind.table)
        wanted = [stored.book, stored.number]
        wanted += [stored.patient_id, stored.prospect_id] if self.has_prospects else [stored.note]
        numbers: dict[str, list[str]] = defaultdict(list)
        for book, number in self.places:
            numbers[book].append(number)
        found: dict[int, Any] = {}
        for book, known in numbers.items():
            rows = select(*wanted).where(stored.book == book, among(self.db, stored.number, known))
            found.update((self.places[row.book, row.number], row) for row in self.db.execute(rows))
        return found

    def _askers(self, before: dict[int, Any]) -> None:
        """Rows without a chart number: a patient by phone and name, else a prospect."""
        askers: dict[int, Asker] = {}
        names, phones = self._cell("name"), self._cell("phone")
        owners = list(self.columns["patient_id"])
        for place, row in enumerate(self.rows):
            known = before.get(place)
            if owners[place] is None and not (known and known.patient_id):
                askers[place] = Asker(row.branch, names[place], phones[place])
        patients, prospects = who_asked(self.db, self.policy, askers.values(), self.now)
        asked: list[int | None] = [None] * len(owners)
        for place, asker in askers.items():
            owners[place], asked[place] = patients.get(asker), prospects.get(asker)
        self.columns |= {"patient_id": owners, "prospect_id": asked}

    def _leave_prospects(self, written: Merged, before: dict[int, Any]) -> set[int]:
        """An inquiry that has a patient is no prospect's any more; the prospects that were touched. Who
        asked has a chart number now: everything else they asked joins the patient too."""
        touched: set[int] = set()
        became: dict[int, int] = {}
        numbers: dict[str, list[str]] = defaultdict(list)
        for place in written.changed:
            old = before.get(place)
            prospects = {self.columns["prospect_id"][place], old and old.prospect_id} - {None}
            touched |= prospects
            patient = self.columns["patient_id"][place]
            if old and old.prospect_id and patient:
                became[old.prospect_id] = patient
            if prospects and (patient or (old and old.patient_id)):
                numbers[self.columns["book"][place]].append(self.columns["number"][place])
        for book, known in numbers.items():
            mine = (col(Inquiry.book) == book, among(self.db, col(Inquiry.number), known))
            self.db.execute(
                update(Inquiry)
                .where(*mine)
                .values(prospect_id=None)
                .execution_options(synchronize_session=False)
            )
        become(self.db, became)
        return touched

    def _notes(self, before: dict[int, Any]) -> None:
        """A note is sealed anew only when it changed."""
        self.columns["note"] = [
            None if place in before and before[place].note == note else note
            for place, note in enumerate(self.columns["note"])
        ]
