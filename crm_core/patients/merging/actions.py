"""Merges two charts and takes it back: facts name the kept patient, and a log says which came over.

Every reader then finds them without knowing of merges (docs/decisions/0008).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Table, delete, exists, insert, select, update
from sqlmodel import Session, SQLModel, col

from crm_core.calls.actions import staff_name
from crm_core.contacts.actions import KEEPERS
from crm_core.errors import (
    AlreadyMerged,
    CannotMerge,
    NoSuchPatient,
    NotAllowed,
    OtherBranch,
)
from crm_core.outbox import actions as outbox
from crm_core.patients.identity import Chart
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks, insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.calls import CallCard
from crm_core.tables.people import (
    ContactLink,
    Patient,
    PatientMerge,
    PatientMergeRow,
    PatientStatus,
    Prospect,
    Relation,
)
from crm_core.upkeep import keep_up

MERGERS = KEEPERS
REVERSIBLE = timedelta(days=1)
_STAY = {"audit", "journey", "journey_past", "not_the_same"}  # history of looks, computed rows, answers
_FILLED = (
    *("name", "name_blind", "birth_date", "sex", "language", "residence", "source", "owner_id"),
    *("preference", "preferred_time"),
)
_LINK = "contactlink"
_REFERRED = "patient.referred_by_id"
_INTO = "patient.merged_into_id"


def merge(
    db: Session, policy: Policy, person: Person, kept_id: int, merged_id: int, now: datetime
) -> PatientMerge:
    """Makes everything of one chart count for the other; the row of the merge, reversible for a day.

    By the desk, a lead or a director of both patients' branches. CannotMerge ("same", "books"),
    AlreadyMerged when somebody was first, NoSuchPatient, NotAllowed, OtherBranch.
    """
    if kept_id == merged_id:
        raise CannotMerge("same")
    rows = {one.id: one for one in locked(db, (kept_id, merged_id))}
    if len(rows) < 2:
        raise NoSuchPatient
    kept, merged = rows[kept_id], rows[merged_id]
    may_merge(policy, person, kept, merged)
    _still_two(db, kept, merged)
    made = PatientMerge(kept_id=kept_id, merged_id=merged_id, by_staff_id=person.staff_id, at=now)
    made.kept_was = json.dumps(_fill(kept, merged))
    db.add(made)
    merged.merged_into_id = kept_id
    db.flush()
    assert made.id is not None
    prospects = _prospects_of(db, merged_id)
    _move_over(db, made.id, kept_id, merged_id)
    _copy_links(db, made.id, kept_id, merged_id)
    audit.record(db, person, "merge", now, patient_id=kept_id, branch=kept.branch, what=f"merge:{made.id}")
    _follow_up(db, policy, kept, merged, prospects, now)
    return made


def reverse(db: Session, policy: Policy, person: Person, merge_id: int, now: datetime) -> PatientMerge:
    """Makes two of them again, with all that each chart's file brought meanwhile.

    CannotMerge ("late", "reversed", "later_merge"), NotAllowed, OtherBranch.
    """
    made = db.get(PatientMerge, merge_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise NoSuchPatient
    rows = {one.id: one for one in locked(db, (made.kept_id, made.merged_id))}
    kept, merged = rows[made.kept_id], rows[made.merged_id]
    may_merge(policy, person, kept, merged)
    if made.reversed_at is not None:
        raise CannotMerge("reversed")
    if now - made.at > REVERSIBLE:
        raise CannotMerge("late")
    if kept.merged_into_id is not None or _newer(db, made):
        raise CannotMerge("later_merge")
    made.reversed_at, made.reversed_by_id = now, person.staff_id
    merged.merged_into_id = None
    _give_back(kept, merged, json.loads(made.kept_was))
    db.flush()
    _move_back(db, made)
    audit.record(db, person, "unmerge", now, patient_id=kept.id, branch=kept.branch, what=f"merge:{made.id}")
    _follow_up(db, policy, kept, merged, _prospects_of(db, made.merged_id), now)
    return made


def note_arrivals(
    db: Session,
    table: type[SQLModel],
    facts: Mapping[tuple[str, str], Chart],
    merges: Mapping[Chart, tuple[int, ...]],
) -> None:
    """For the import: rows just written, by (book, number), whose file named a chart of `merges`.

    They count for the kept patient like the others; noted here, they go back when the merge does.
    """
    by_book: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    for (book, number), chart in facts.items():
        by_book[book, merges[chart]].append(number)
    stored = table.__table__.c  # type: ignore[attr-defined]
    for (book, through), numbers in by_book.items():
        for chunk in chunks(numbers):
            ids = db.scalars(select(stored.id).where(stored.book == book, stored.number.in_(chunk)))
            for row_id in list(ids):
                for merge_id in through:
                    _note(db, merge_id, stored.id.table.name, row_id)


def carry_links(db: Session, patients: Collection[int], now: datetime) -> set[int]:
    """For the import: new phones of merged charts serve the kept patients too; the latter's ids."""
    statement: Select[*tuple[Any, ...]] = (
        select(col(Patient.id), col(Patient.merged_into_id), col(PatientMerge.id))
        .outerjoin(
            PatientMerge,
            (col(PatientMerge.merged_id) == col(Patient.id))
            & col(PatientMerge.reversed_at).is_(None)
            & (col(PatientMerge.at) >= now - REVERSIBLE),
        )
        .where(among(db, col(Patient.id), patients), col(Patient.merged_into_id).is_not(None))
    )
    merged = db.execute(statement).all()
    for patient, kept, merge_id in merged:
        _copy_links(db, merge_id, kept, patient)
    return {kept for _, kept, _ in merged}


def may_merge(policy: Policy, person: Person, *patients: Patient) -> None:
    """NotAllowed without the role, OtherBranch where one of them belongs to another branch."""
    held = person.branches(MERGERS, policy)
    if not held:
        raise NotAllowed(tuple(sorted(role.value for role in MERGERS)))
    if any(one.branch not in held for one in patients):
        raise OtherBranch


def locked(db: Session, ids: Iterable[int]) -> list[Patient]:
    """In the order of their ids, so that two who press at once wait for each other and never both."""
    statement = (
        select(Patient)
        .where(col(Patient.id).in_(sorted(ids)))
        .order_by(col(Patient.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(db.scalars(statement))


def _still_two(db: Session, kept: Patient, merged: Patient) -> None:
    for one in (merged, kept):
        if one.merged_into_id is None:
            continue
        made = db.scalars(
            select(PatientMerge)
            .where(col(PatientMerge.merged_id) == one.id, col(PatientMerge.reversed_at).is_(None))
            .order_by(col(PatientMerge.id).desc())
        ).first()
        if made is None:
            raise CannotMerge("same")
        raise AlreadyMerged(staff_name(db, made.by_staff_id) or "–", made.at)
    if kept.book != merged.book:
        raise CannotMerge("books")


def _newer(db: Session, made: PatientMerge) -> bool:
    """Whether another chart came to the same patient after this one."""
    later = select(col(PatientMerge.id)).where(
        col(PatientMerge.kept_id) == made.kept_id,
        col(PatientMerge.id) > made.id,
        col(PatientMerge.reversed_at).is_(None),
    )
    return db.scalars(later.limit(1)).first() is not None


def _fill(kept: Patient, merged: Patient) -> dict[str, Any]:
    """Takes over what only the other row knows; what was there before, by column."""
    was: dict[str, Any] = {}
    for column in _FILLED:
        if getattr(kept, column) is None and getattr(merged, column) is not None:
            was[column] = None
            setattr(kept, column, getattr(merged, column))
    first = min((day for day in (kept.first_visit_on, merged.first_visit_on) if day), default=None)
    if first != kept.first_visit_on:
        was["first_visit_on"] = kept.first_visit_on.isoformat() if kept.first_visit_on else None
        kept.first_visit_on = first
    if merged.vip and not kept.vip:
        was["vip"], kept.vip = False, True
    if merged.status is PatientStatus.DECEASED and kept.status is not PatientStatus.DECEASED:
        was["status"], kept.status = kept.status.value, PatientStatus.DECEASED
    if kept.referred_by_id is None and merged.referred_by_id not in (None, kept.id):
        was["referred_by_id"], kept.referred_by_id = None, merged.referred_by_id
    return was


def _give_back(kept: Patient, merged: Patient, was: Mapping[str, Any]) -> None:
    """What the merge filled in, where nobody has written something else since."""
    for column, value in was.items():
        if getattr(kept, column) != getattr(merged, column):
            continue
        if column == "first_visit_on" and value is not None:
            value = date.fromisoformat(value)
        if column == "status":
            value = PatientStatus(value)
        setattr(kept, column, value)


def _tables() -> dict[str, Table]:
    """Every table whose rows are about a patient and that a reader finds by the patient."""
    return {
        name: table
        for name, table in SQLModel.metadata.tables.items()
        if name not in _STAY and "patient_id" in table.c and "id" in table.c
    }


def _move_over(db: Session, merge_id: int, kept: int, merged: int) -> None:
    for name, table in _tables().items():
        mine = table.c.patient_id == merged
        if name == CallCard.__tablename__:
            twin = table.alias()
            same_day = (twin.c.branch == table.c.branch) & (twin.c.day == table.c.day)
            mine &= ~exists(select(twin.c.id).where(twin.c.patient_id == kept, same_day))
        _take(db, merge_id, name, table, table.c.patient_id, mine, kept)
    people = SQLModel.metadata.tables[Patient.__tablename__]  # type: ignore[index]
    named = (people.c.referred_by_id == merged) & (people.c.id != kept)
    _take(db, merge_id, _REFERRED, people, people.c.referred_by_id, named, kept)
    earlier = people.c.merged_into_id == merged
    _take(db, merge_id, _INTO, people, people.c.merged_into_id, earlier, kept)


def _take(db: Session, merge_id: int, kind: str, table: Table, column: Any, which: Any, kept: int) -> None:
    ids = list(db.scalars(select(table.c.id).where(which)))
    for chunk in chunks(ids):
        db.execute(
            insert(PatientMergeRow),
            [{"merge_id": merge_id, "kind": kind, "row_id": row_id} for row_id in chunk],
        )
        db.execute(update(table).where(table.c.id.in_(chunk)).values({column.name: kept}))


def _move_back(db: Session, made: PatientMerge) -> None:
    """Each noted row that still names the kept patient names the other again; the log has done its work."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    log = select(col(PatientMergeRow.kind), col(PatientMergeRow.row_id))
    for kind, row_id in db.execute(log.where(col(PatientMergeRow.merge_id) == made.id)):
        by_kind[kind].append(row_id)
    copied = by_kind.pop(_LINK, [])
    for kind, ids in by_kind.items():
        name, _, column = kind.partition(".")
        table = SQLModel.metadata.tables[name]
        owner = table.c[column or "patient_id"]
        for chunk in chunks(ids):
            still = table.c.id.in_(chunk) & (owner == made.kept_id)
            db.execute(update(table).where(still).values({owner.name: made.merged_id}))
    for chunk in chunks(copied):
        db.execute(
            delete(ContactLink).where(
                col(ContactLink.patient_id) == made.kept_id, col(ContactLink.contact_id).in_(chunk)
            )
        )
    db.execute(delete(PatientMergeRow).where(col(PatientMergeRow.merge_id) == made.id))
    db.expire_all()


def _copy_links(db: Session, merge_id: int | None, kept: int, merged: int) -> None:
    """The other chart's phones serve the kept patient too; its own number stays the preferred one. Noted
    with the merge while it can be taken back."""
    links = {one.contact_id: one for one in _links(db, merged)}
    own = {one.contact_id: one for one in _links(db, kept)}
    has_own = any(one.relation is Relation.SELF and one.wrong_at is None for one in own.values())
    for contact, link in links.items():
        if contact in own:
            continue
        preferred = link.preferred and not (has_own and link.relation is Relation.SELF)
        db.add(
            ContactLink(
                contact_id=contact,
                patient_id=kept,
                relation=link.relation,
                preferred=preferred,
                confirmed_at=link.confirmed_at,
                wrong_at=link.wrong_at,
            )
        )
        if merge_id is not None:
            _note(db, merge_id, _LINK, contact)
    db.flush()


def _links(db: Session, patient: int) -> list[ContactLink]:
    return list(db.scalars(select(ContactLink).where(col(ContactLink.patient_id) == patient)))


def _note(db: Session, merge_id: int, kind: str, row_id: int) -> None:
    insert_ignoring(db, PatientMergeRow, {"merge_id": merge_id, "kind": kind, "row_id": row_id})


def _prospects_of(db: Session, patient: int) -> list[int]:
    rows = db.scalars(select(col(Prospect.id)).where(col(Prospect.patient_id) == patient))
    return [one for one in rows if one is not None]


def merges_by_chart(db: Session, now: datetime) -> dict[Chart, tuple[int, ...]]:
    """The merges, still reversible, through which each merged chart has become what it counts for: empty,
    after one small question, where nothing was merged in the last day."""
    made = {
        one.merged_id: one
        for one in db.scalars(
            select(PatientMerge).where(
                col(PatientMerge.reversed_at).is_(None), col(PatientMerge.at) >= now - REVERSIBLE
            )
        )
    }
    if not made:
        return {}
    charts = select(col(Patient.id), col(Patient.book), col(Patient.chart_no))
    found: dict[Chart, tuple[int, ...]] = {}
    for patient, book, chart_no in db.execute(charts.where(col(Patient.id).in_(list(made)))):
        through: list[int] = []
        while patient in made:
            through.append(made[patient].id or 0)
            patient = made[patient].kept_id
        found[book, chart_no] = tuple(through)
    return found


def _follow_up(
    db: Session,
    policy: Policy,
    kept: Patient,
    merged: Patient,
    prospects: Collection[int],
    now: datetime,
) -> None:
    patients = [one.id for one in (kept, merged) if one.id is not None]
    keep_up(db, policy, patients=patients, prospects=prospects)
    about = {f"patient:{patient}" for patient in patients}
    about |= {f"day:{one.branch}:{policy.branch(one.branch).today(now)}" for one in (kept, merged)}
    for what in sorted(about):
        outbox.changed(db, what, now)
