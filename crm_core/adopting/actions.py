"""The chart's own row takes the place of what was written in chat, so that nothing counts twice.

The row written in chat gets the chart's number, and the import then writes into it as into any known
row: what the chart says stands, what it does not say stays as it was written here. Called by the import
for every kind of fact before it writes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, literal_column, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.adopting.match import Key, Written, pairs, superseded
from crm_core.policy.policy import Policy
from crm_core.sql import chunks
from crm_core.tables.desk import WRITTEN_HERE
from crm_core.tables.facts import (
    LIVE,
    Consult,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
)

IMPORT = "import"
_STEMS: dict[type[SQLModel], str] = {
    Reservation: "starts",
    Payment: "paid",
    Consult: "held",
    TreatmentDone: "done",
}


def adopt(
    db: Session,
    policy: Policy,
    table: type[SQLModel],
    columns: Mapping[str, Sequence[Any]],
    places: Mapping[Key, int],
) -> set[int]:
    """Gives rows written in chat the numbers of the chart's rows that are the same; whose they are.

    `columns` are about to be written; `places` says where the row of each (book, number) stands in them.
    Where the two differ in what counts, `differences.keep_apart` decides, which is called after this.
    """
    if table not in WRITTEN_HERE or not places:
        return set()
    stem = _STEMS.get(table, "arrived")
    written = _written(db, table, stem, columns)
    rows = _of_patients({one.patient_id for one in written}, columns, places)
    known = _known(db, table, rows)
    if table is Reservation:
        written = _moved_in_place(db, rows, known, written)
    by_day: defaultdict[tuple[int, Any], dict[Key, dict[str, Any]]] = defaultdict(dict)
    for key, row in rows.items():
        if key not in known:
            by_day[row["patient_id"], row[f"{stem}_on"]][key] = row
    touched: set[int] = set()
    for day, of_day in _by_day(written).items():
        coming = by_day.get(day, {})
        matched = pairs(policy, stem, of_day, coming)
        _take_place(db, table, {one.row_id: one for one in of_day}, matched)
        if table is Payment:
            _forget(db, superseded(of_day, matched, coming))
        touched |= {day[0]} if matched else set()
    return touched


def _of_patients(
    patients: Collection[int], columns: Mapping[str, Sequence[Any]], places: Mapping[Key, int]
) -> dict[Key, dict[str, Any]]:
    """The coming rows of these patients, each as a row."""
    owners = columns["patient_id"]
    return {
        key: {name: column[place] for name, column in columns.items()}
        for key, place in places.items()
        if owners[place] in patients
    }


def _known(db: Session, table: Any, keys: Iterable[Key]) -> set[Key]:
    """Those of the keys that a row has already."""
    found: set[Key] = set()
    stored = table.__table__.c
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for book, number in keys:
        numbers[book].append(number)
    for book, wanted in numbers.items():
        for some in chunks(sorted(wanted)):
            rows = select(stored.number).where(stored.book == book, stored.number.in_(some))
            found |= {(book, number) for number in db.scalars(rows)}
    return found


def _written(db: Session, table: Any, stem: str, columns: Mapping[str, Sequence[Any]]) -> list[Written]:
    """The few rows written in chat of the days that are coming."""
    days = columns[f"{stem}_on"]
    stored = table.__table__.c
    on, at = stored[f"{stem}_on"], stored[f"{stem}_at"]
    optional = [stored[name] for name in ("treatment", "amount", "treatment_no", "state") if name in stored]
    statement = select(stored.id, stored.number, stored.patient_id, on, at, *optional).where(
        stored.source == literal_column("'chat'"), on >= min(days), on <= max(days)
    )
    return [
        Written(
            row["id"],
            row["number"],
            row["patient_id"],
            row[on.name],
            row[at.name],
            row.get("treatment"),
            row.get("amount"),
            row.get("treatment_no"),
            is_live=row.get("state") is None or row["state"] in LIVE,
        )
        for row in db.execute(statement).mappings()
    ]


def _by_day(written: Collection[Written]) -> dict[tuple[int, Any], list[Written]]:
    found: defaultdict[tuple[int, Any], list[Written]] = defaultdict(list)
    for one in written:
        found[one.patient_id, one.on].append(one)
    return found


def _take_place(db: Session, table: Any, written: Mapping[int, Written], matched: dict[int, Key]) -> None:
    """The chart's number goes on the row, and on whatever names it by its number."""
    stored = table.__table__
    for row_id, (book, number) in matched.items():
        db.execute(
            update(stored).where(stored.c.id == row_id).values(book=book, number=number, source=IMPORT)
        )
        if table is TreatmentDone:
            naming: Any = Payment.__table__  # type: ignore[attr-defined]
            column = naming.c.treatment_no
        elif table is Reservation:
            naming = stored
            column = stored.c.moved_to
        else:
            continue
        one = written[row_id]
        same = (naming.c.patient_id == one.patient_id, column == one.number)
        db.execute(update(naming).where(*same).values({column.name: number}))


def _forget(db: Session, payments: Collection[int]) -> None:
    for some in chunks(sorted(payments)):
        db.execute(delete(Payment).where(col(Payment.id).in_(some)))


def _moved_in_place(
    db: Session,
    rows: Mapping[Key, Mapping[str, Any]],
    known: Collection[Key],
    written: list[Written],
) -> list[Written]:
    """A chart that gives a moved reservation its new day under the old number has written the move: the
    row made for it here goes, and the old one stands again, at its new day. Those that are left."""
    numbers = {one.number: one for one in written}
    before = select(Reservation).where(
        col(Reservation.patient_id).in_(sorted({one.patient_id for one in written})),
        col(Reservation.moved_to).in_(sorted(numbers)),
        col(Reservation.state) == ReservationState.MOVED,
    )
    gone: set[int] = set()
    for row in db.scalars(before) if numbers else ():
        new = numbers[row.moved_to or ""]
        key = (row.book, row.number)
        if key not in known or key not in rows or rows[key]["starts_on"] != new.on:
            continue
        moved = db.get_one(Reservation, new.row_id)
        row.state, row.moved_to, row.made_at = moved.state, None, row.made_at or moved.made_at
        row.state_at, row.state_by_id, row.state_why = moved.state_at, moved.state_by_id, moved.state_why
        db.delete(moved)
        db.flush()
        gone.add(new.row_id)
    return [one for one in written if one.row_id not in gone]
