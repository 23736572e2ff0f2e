"""Makes and updates patients from the chart's own export."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.bulk import Merged, merge
from crm_core.contacts.actions import consent_to_ads, ensure_phones, preferred_contacts, serve
from crm_core.patients.identity import Chart, ids_of
from crm_core.patients.merging.actions import carry_links
from crm_core.policy.policy import Policy
from crm_core.privacy import folded_name, vault_of
from crm_core.sql import among, insert_ignoring
from crm_core.tables.people import Book, Patient, PatientStatus, Relation

_PLAIN = ("sex", "language", "residence", "source", "status", "first_visit_on")


@dataclass(frozen=True)
class ChartRow:
    """One row of a patients file: `cells` by our headers, without those that were empty."""

    chart: Chart
    branch: str
    cells: Mapping[str, Any]


@dataclass
class Written:
    """`changed` counts rows; `touched` are the patients whose journeys may read otherwise now."""

    changed: int = 0
    touched: set[int] = field(default_factory=set)
    contacts: set[int] = field(default_factory=set)


def ensure_patients(db: Session, charts: Mapping[Chart, str], now: datetime) -> dict[Chart, int]:
    """Ids by chart; an unknown chart (→ branch) makes a patient known by its number alone."""
    known = ids_of(db, charts)
    lacking = {chart: branch for chart, branch in charts.items() if chart not in known}
    if lacking:
        for book in dict.fromkeys(book for book, _ in lacking):
            insert_ignoring(db, Book, {"slug": book})
        _merge(db, [_blank(chart, branch, now) for chart, branch in lacking.items()], keeps=_BLANK)
        known |= ids_of(db, lacking)
    return known


def _merge(db: Session, rows: Sequence[Mapping[str, Any]], keeps: Collection[str]) -> Merged:
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {"book": []}
    return merge(
        db,
        Patient,
        columns,
        key=("book", "chart_no"),
        defaults={"status": PatientStatus.ACTIVE},
        first_only=keeps,
    )


_BLANK = ("branch", "status", "created_at", "vip")


def _blank(chart: Chart, branch: str, now: datetime) -> dict[str, Any]:
    return {
        "book": chart[0],
        "chart_no": chart[1],
        "branch": branch,
        "status": PatientStatus.ACTIVE,
        "created_at": now,
        "vip": False,
    }


def write_patients(db: Session, policy: Policy, rows: Sequence[ChartRow], now: datetime) -> Written:
    """Upserts patients with their phones, guardians and consents."""
    named = {
        (row.chart[0], row.cells[header]): row.branch
        for row in rows
        for header in ("referred_by", "guardian_of")
        if header in row.cells
    }
    others = ensure_patients(db, named, now)
    for book in dict.fromkeys(row.chart[0] for row in rows):
        insert_ignoring(db, Book, {"slug": book})
    before = _referrers(db, [row.chart for row in rows])
    changed = _upsert(db, rows, others, now)
    ids = ids_of(db, [row.chart for row in rows], own=True)
    written = Written(touched=set(changed))
    today = policy.branch(rows[0].branch).today(now) if rows else now.date()
    written.touched |= _reach(db, rows, ids, others, written, now, today)
    written.changed = sum(ids[row.chart] in written.touched for row in rows)
    for row in rows:
        patient = ids[row.chart]
        if patient in changed:
            after = others.get((row.chart[0], row.cells.get("referred_by", "")))
            written.touched |= {i for i in (before.get(patient), after) if i is not None}
    written.touched |= carry_links(db, written.touched, now)
    return written


def _referrers(db: Session, charts: Iterable[Chart]) -> dict[int, int]:
    ids = set(ids_of(db, charts).values())
    rows = select(col(Patient.id), col(Patient.referred_by_id)).where(
        among(db, col(Patient.id), ids), col(Patient.referred_by_id).is_not(None)
    )
    return {row[0]: row[1] for row in db.execute(rows)}


def _upsert(db: Session, rows: Sequence[ChartRow], others: Mapping[Chart, int], now: datetime) -> set[int]:
    """Ids of the patients whose own row is new or changed."""
    vault = vault_of(db)
    sealed = _sealed(db, [row.chart for row in rows])
    values: dict[Chart, dict[str, Any]] = {}
    for row in rows:
        cells = row.cells
        name, born = cells.get("name"), cells.get("birth_date")
        old_name, old_born = sealed.get(row.chart, (None, None))
        values[row.chart] = {
            **_blank(row.chart, row.branch, now),
            **{column: cells.get(column) for column in _PLAIN},
            "name": None if name == old_name else name,  # sealed anew only when it changed
            "name_blind": vault.blind("name", folded_name(name)) if name else None,
            "birth_date": None if born == old_born else born,
            "referred_by_id": _referrer(row, others),
        }
    charts = list(values)
    made = _merge(db, list(values.values()), keeps=("created_at", "vip"))
    ids = ids_of(db, charts)
    return {ids[charts[place]] for place in made.changed}


def _referrer(row: ChartRow, others: Mapping[Chart, int]) -> int | None:
    """Nobody came because of themselves: some charts fill the column so when there is no one to name."""
    named = row.cells.get("referred_by", "")
    return None if named == row.chart[1] else others.get((row.chart[0], named))


def _sealed(db: Session, charts: Sequence[Chart]) -> dict[Chart, tuple[str | None, str | None]]:
    found: dict[Chart, tuple[str | None, str | None]] = {}
    for book in {book for book, _ in charts}:
        numbers = [number for owner, number in charts if owner == book]
        rows = select(col(Patient.chart_no), col(Patient.name), col(Patient.birth_date)).where(
            col(Patient.book) == book, among(db, col(Patient.chart_no), numbers)
        )
        found.update(((book, row[0]), (row[1], row[2])) for row in db.execute(rows))
    return found


def _reach(
    db: Session,
    rows: Sequence[ChartRow],
    ids: Mapping[Chart, int],
    others: Mapping[Chart, int],
    written: Written,
    now: datetime,
    today: Any,
) -> set[int]:
    """Phones, guardians and consents of the rows; the patients for whom any of these changed."""
    contacts = ensure_phones(db, (r.cells["phone"] for r in rows if "phone" in r.cells), now)
    current = {ids[r.chart]: contacts[r.cells["phone"]] for r in rows if "phone" in r.cells}
    links = [(patient, contact, Relation.SELF) for patient, contact in current.items()]
    wards = {
        ids[row.chart]: others[row.chart[0], row.cells["guardian_of"]]
        for row in rows
        if row.cells.get("guardian_of", row.chart[1]) != row.chart[1]  # nobody is their own guardian
    }
    guardians = preferred_contacts(db, [w for w in wards if w not in current]) | current
    for guardian, ward in wards.items():
        if guardian in guardians:
            links.append((ward, guardians[guardian], Relation.GUARDIAN))
    born = {ids[row.chart] for row in rows if "birth_date" in row.cells}
    changed = serve(db, links, current, today, born)
    written.contacts |= set(contacts.values())
    reached = preferred_contacts(db, [ids[r.chart] for r in rows if "ad_consent_at" in r.cells])
    given: dict[int, tuple[int, datetime]] = {}
    for row in rows:
        patient = ids[row.chart]
        if "ad_consent_at" in row.cells and patient in reached:
            given[reached[patient]] = (patient, row.cells["ad_consent_at"])
    new = consent_to_ads(db, {contact: at for contact, (_, at) in given.items()})
    return changed | {given[contact][0] for contact in new}
