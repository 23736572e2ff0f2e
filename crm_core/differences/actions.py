"""What was said in chat and what a file says of the same fact: kept apart, shown, settled with one tap.

The policy says, by branch and kind, which of the two counts until somebody has looked.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, SQLModel, col

from crm_core.calls.actions import staff_name
from crm_core.contacts.actions import KEEPERS
from crm_core.differences.values import JUDGED, KINDS, TABLES, alike, is_silent, packed, unpacked
from crm_core.errors import AlreadySettled, NotAllowed, OtherBranch, StaleButton
from crm_core.outbox import actions as outbox
from crm_core.policy.branch import CHAT, IMPORT
from crm_core.policy.policy import Policy
from crm_core.sql import chunks, insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.stages.entry import read
from crm_core.tables.desk import DeskEntry
from crm_core.tables.facts import CAME, Reservation, Visit
from crm_core.tables.imports import SourceDifference
from crm_core.upkeep import keep_up

Key = tuple[str, str]
_WITH_STATE = ("state", "state_at", "moved_to")  # they are one word of the chart
_ENTRY_NAMES = {"consults": "consult", "treatments": "treatment", "payments": "payment"}


def keep_apart(
    db: Session,
    policy: Policy,
    table: type[SQLModel],
    columns: MutableMapping[str, Sequence[Any]],
    places: Mapping[Key, int],
    now: datetime,
) -> set[int]:
    """Notes where the rows about to be written differ from what was said in chat; whose rows changed.

    `columns` are about to be written, `places` says where each (book, number) stands in them; a cell is
    emptied where ours stays. Silence is no difference: a chart that still says "booked", or "undecided",
    has not heard yet. Called by the import after it has found the chart's numbers of our rows.
    """
    if table not in KINDS or not places:
        return set()
    kind = KINDS[table]
    touched: set[int] = set()
    for row in _said_here(db, table, kind, columns, places):
        place = places[row.book, row.number]
        for column in JUDGED[table]:
            theirs = columns[column][place]
            if theirs is None or getattr(row, column) is None:
                continue
            if _ours_stays(db, policy, kind, row, column, theirs, _at(columns, place), now):
                _empty(columns, place, _WITH_STATE if column == "state" else (column,))
            elif column == "state" and theirs not in CAME and _forget_visit(db, row):
                touched.add(row.patient_id)
    return touched


def settle(
    db: Session, policy: Policy, person: Person, difference_id: int, choice: str, now: datetime
) -> SourceDifference:
    """Ours ("chat") or theirs ("import") from now on, also when the same file comes again.

    By the desk, a lead or a director. AlreadySettled when somebody was first, StaleButton when the fact
    is gone, NotAllowed, OtherBranch.
    """
    row = db.get(SourceDifference, difference_id, with_for_update=True, populate_existing=True)
    if row is None or choice not in (CHAT, IMPORT):
        raise StaleButton
    held = person.branches(KEEPERS, policy)
    if not held:
        raise NotAllowed(tuple(sorted(role.value for role in KEEPERS)))
    if row.branch not in held:
        raise OtherBranch
    if row.settled_at is not None:
        raise AlreadySettled(staff_name(db, row.settled_by_id) or "–", row.settled_at)
    fact = _fact_of(db, row)
    _write(db, policy, row, fact, row.ours if choice == CHAT else row.theirs, choice)
    row.settled_at, row.settled_by_id, row.choice = now, person.staff_id, choice
    audit.record(
        db, person, "settle", now, patient_id=fact.patient_id, branch=row.branch, what=f"{row.kind}:{choice}"
    )
    keep_up(db, policy, patients=[fact.patient_id])
    _show(db, policy, row, fact, now)
    return row


def _said_here(
    db: Session,
    table: Any,
    kind: str,
    columns: Mapping[str, Sequence[Any]],
    places: Mapping[Key, int],
) -> list[Any]:
    """The stored rows among the coming ones of which somebody has said something in chat."""
    stored = table.__table__.c
    if table is Reservation:
        days = columns["starts_on"]
        marked = stored.state_why.is_not(None) & stored.starts_on.between(min(days), max(days))
        ids: Iterable[int] = db.scalars(select(stored.id).where(marked)).all()
    else:
        ids = _written_by_the_desk(db, kind, columns[f"{_stem(table)}_at"])
    rows = (
        row
        for some in chunks(sorted(ids))
        for row in db.scalars(
            select(table).where(stored.id.in_(some)).execution_options(populate_existing=True)
        )
    )
    return [row for row in rows if (row.book, row.number) in places]


def _written_by_the_desk(db: Session, kind: str, moments: Sequence[datetime]) -> set[int]:
    """The rows of a kind that steps of the desk have made or changed around these moments."""
    day = timedelta(1)
    said = select(col(DeskEntry.changes)).where(
        col(DeskEntry.taken_back_at).is_(None),
        col(DeskEntry.at) >= min(moments) - day,
        col(DeskEntry.at) <= max(moments) + 60 * day,
    )
    name = _ENTRY_NAMES[kind]
    return {one.row_id for text in db.scalars(said) for one in read(text) if one.table == name}


def _stem(table: Any) -> str:
    return next(name[:-3] for name in ("held_at", "done_at", "paid_at") if name in table.__table__.c)


def _at(columns: Mapping[str, Sequence[Any]], place: int) -> datetime | None:
    return columns["state_at"][place] if "state_at" in columns else None


def _ours_stays(
    db: Session,
    policy: Policy,
    kind: str,
    row: Any,
    column: str,
    theirs: Any,
    theirs_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether what was said in chat is left as it is; a difference is noted on the way."""
    newest, at = _newest(db, kind, row, column), getattr(row, "state_at", None)
    is_open = newest is not None and newest.settled_at is None
    ours = getattr(row, column)
    if newest is not None and is_open and newest.ours is not None:
        ours, at = unpacked(column, newest.ours)
    elif newest is not None and newest.choice == IMPORT:
        return False
    if is_silent(theirs):
        return True
    if alike(ours, theirs):
        if newest is not None and is_open:
            newest.settled_at, newest.choice = now, IMPORT  # the chart says now what we said
        return False
    said = packed(column, theirs, theirs_at)
    if newest is not None and newest.choice == CHAT and alike(theirs, unpacked(column, newest.theirs)[0]):
        return True
    counts = policy.branch(row.branch).counts(kind)
    if newest is not None and is_open:
        newest.theirs, newest.counts = said, counts
    else:
        db.add(
            SourceDifference(
                branch=row.branch,
                book=row.book,
                kind=kind,
                row_key=row.number,
                patient_id=row.patient_id,
                column=column,
                ours=packed(column, ours, at),
                theirs=said,
                counts=counts,
                seen_at=now,
            )
        )
    db.flush()
    return counts == CHAT


def _newest(db: Session, kind: str, row: Any, column: str) -> SourceDifference | None:
    return db.scalars(
        select(SourceDifference)
        .where(
            col(SourceDifference.book) == row.book,
            col(SourceDifference.kind) == kind,
            col(SourceDifference.row_key) == row.number,
            col(SourceDifference.column) == column,
        )
        .order_by(col(SourceDifference.id).desc())
    ).first()


def _empty(columns: MutableMapping[str, Sequence[Any]], place: int, names: Iterable[str]) -> None:
    for name in names:
        cells = list(columns[name])
        cells[place] = None
        columns[name] = cells


def _fact_of(db: Session, row: SourceDifference) -> Any:
    table: Any = TABLES[row.kind]
    statement = select(table).where(table.book == row.book, table.number == row.row_key).with_for_update()
    fact = db.scalars(statement.execution_options(populate_existing=True)).first()
    if fact is None:
        raise StaleButton
    return fact


def _write(
    db: Session, policy: Policy, row: SourceDifference, fact: Any, text: str | None, choice: str
) -> None:
    value, at = unpacked(row.column, text)
    setattr(fact, row.column, value)
    if not isinstance(fact, Reservation):
        return
    fact.state_at = at or fact.state_at
    fact.state_why = fact.state_why if choice == CHAT else None  # the chart's word: no mark to take back
    if value not in CAME:
        _forget_visit(db, fact)
    elif choice == CHAT:
        _note_visit(db, policy, fact)
    db.flush()


def _forget_visit(db: Session, row: Any) -> bool:
    """The visit that "came" had made goes with it; one of the chart's own stays."""
    ours = (col(Visit.book) == row.book, col(Visit.number) == f"{CHAT}-{row.id}", col(Visit.source) == CHAT)
    gone = db.execute(delete(Visit).where(*ours).returning(col(Visit.id))).first()
    return gone is not None


def _note_visit(db: Session, policy: Policy, row: Reservation) -> None:
    branch = policy.branch(row.branch)
    day: date = row.starts_on
    at = row.state_at if row.state_at and branch.today(row.state_at) == day else row.starts_at
    values = {"book": row.book, "number": f"{CHAT}-{row.id}", "patient_id": row.patient_id}
    values |= {"branch": row.branch, "arrived_at": at, "arrived_on": day, "timed": row.timed}
    insert_ignoring(db, Visit, values | {"doctor": row.doctor, "source": CHAT})


def _show(db: Session, policy: Policy, row: SourceDifference, fact: Any, now: datetime) -> None:
    about = {f"patient:{fact.patient_id}", f"day:{row.branch}:{policy.branch(row.branch).today(now)}"}
    if isinstance(fact, Reservation):
        about |= {f"{what}:{row.branch}:{fact.starts_on}" for what in ("closing", "reservations")}
    for what in sorted(about):
        outbox.changed(db, what, now)
