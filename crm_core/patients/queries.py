"""Finds a patient by what was typed, and reads what the one screen shows.

Nothing here writes the audit row of a look: whoever shows a name or a list writes it in the same
step (`staff/audit.py`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from crm_core.calls.queries import PastCallRow, calls_of
from crm_core.churn.eligibility import eligibility
from crm_core.churn.reasons import Eligibility
from crm_core.contacts.queries import PhoneSeen, phones_with_others
from crm_core.errors import NoSuchPatient, NotAllowed, OtherBranch
from crm_core.policy.policy import Policy, Records
from crm_core.privacy import folded_name, vault_of
from crm_core.sql import chunks
from crm_core.staff.access import NAMES, Person, may_see
from crm_core.tables.facts import Consult, Course, Reservation, TreatmentDone, Visit
from crm_core.tables.people import (
    Contact,
    ContactLink,
    Patient,
    PatientStatus,
    Role,
    Staff,
)

MOST = 8  # more than a person picks from by button
_LAST_FOUR = 4
_SUBSCRIBER = 8  # with more digits than these a number begins with its prefix: 010, 02
_SHOWN = 10


@dataclass(frozen=True)
class FoundPatient:
    """Who a patient is, as far as choosing between several needs. `name` is not masked."""

    id: int
    branch: str
    book: str
    chart_no: str
    name: str | None
    birth_date: date | None
    sex: str | None
    status: PatientStatus
    vip: bool
    owner_id: int | None


@dataclass(frozen=True)
class CourseSeen:
    """A course with the sessions left (reading 7), also when no longer valid."""

    treatment: str
    sessions: int
    left: int
    valid_until: date | None


@dataclass(frozen=True)
class PatientScreen:
    """What `/patient` shows: the decision about calls with all that led to it, and the facts."""

    who: FoundPatient
    owner: str | None
    language: str | None
    residence: str | None
    source: str | None
    preference: str | None
    preferred_time: str | None
    paused_until: date | None
    first_visit_on: date | None
    last_visit_on: date | None
    visits: int
    arrived_on: frozenset[date]
    phones: tuple[PhoneSeen, ...]
    eligibility: Eligibility
    reservations: tuple[Reservation, ...]
    treatments: tuple[TreatmentDone, ...]
    courses: tuple[CourseSeen, ...]
    consults: tuple[Consult, ...]
    calls: tuple[PastCallRow, ...]


def find(db: Session, person: Person, policy: Policy, text: str, *, limit: int = MOST) -> list[FoundPatient]:
    """Patients of the asker's branches by chart number, name, a part of it, or the end of a phone.

    The surest first: chart number, whole name, phone; a part of a name only where these find nobody.
    At most `limit` and one more, which says that there are others. NotAllowed without a role that
    sees names.
    """
    branches = seen_branches(person, policy)
    if not branches:
        raise NotAllowed(tuple(sorted(role.value for role in NAMES)))
    wanted = text.strip()
    if not wanted:
        return []
    ids = [
        *_by_chart(db, branches, wanted),
        *_by_name(db, branches, wanted),
        *_by_phone(db, branches, wanted),
    ]
    if not ids and not wanted.isdigit():
        ids = _by_part(db, branches, wanted, limit + 1)
    seen = found(db, list(dict.fromkeys(ids))[: limit + 1])
    return [one for one in seen if one.branch in branches]


def nobody_here(db: Session, policy: Policy, text: str) -> NoSuchPatient | OtherBranch:
    """What to say when `find` finds nobody: that another branch has exactly this chart number, name or
    phone (never whose it is), or that nobody has it."""
    branches, wanted = tuple(policy.branches), text.strip()
    known = (
        _by_chart(db, branches, wanted) or _by_name(db, branches, wanted) or _by_phone(db, branches, wanted)
    )
    return OtherBranch() if known else NoSuchPatient()


def with_last_four(db: Session, person: Person, policy: Policy, digits: str) -> list[FoundPatient]:
    """Every patient of the asker's branches one of whose numbers ends in these four digits."""
    branches = seen_branches(person, policy)
    return found(db, list(dict.fromkeys(_by_phone(db, branches, digits))))


def seen_branches(person: Person, policy: Policy) -> tuple[str, ...]:
    """The branches whose patients' names this person may see (`access.may_see`)."""
    if policy.records is Records.SHARED and person.has({Role.GROUP}):
        return tuple(policy.branches)
    return person.branches(NAMES, policy)


def found(db: Session, ids: Sequence[int]) -> list[FoundPatient]:
    """The patients, in the order of their ids as given."""
    rows = {
        row.id: row
        for chunk in chunks(ids)
        for row in db.scalars(select(Patient).where(col(Patient.id).in_(chunk)))
    }
    return [_found(rows[patient_id]) for patient_id in ids if patient_id in rows]


def names_of(db: Session, ids: Collection[int]) -> dict[int, FoundPatient]:
    """Who the patients are, by id; masked or not is for whoever shows them."""
    return {one.id: one for one in found(db, sorted(set(ids)))}


def of_id(db: Session, person: Person, policy: Policy, patient_id: int) -> FoundPatient:
    """One patient by id; NoSuchPatient, OtherBranch. Of a merged one the patient that was kept."""
    row = db.get(Patient, patient_id)
    if row is not None and row.merged_into_id is not None:
        row = db.get(Patient, row.merged_into_id)
    if row is None:
        raise NoSuchPatient
    may_see(person, policy, row)
    return _found(row)


def screen(db: Session, person: Person, policy: Policy, patient_id: int, now: datetime) -> PatientScreen:
    """Everything of the one screen; NoSuchPatient, OtherBranch."""
    who = of_id(db, person, policy, patient_id)
    row = db.get_one(Patient, who.id)
    owner = db.get(Staff, row.owner_id) if row.owner_id is not None else None
    visits = _visit_days(db, who.id, now)
    return PatientScreen(
        who=who,
        owner=owner.name if owner else None,
        language=row.language,
        residence=row.residence,
        source=row.source,
        preference=row.preference,
        preferred_time=row.preferred_time,
        paused_until=row.paused_until,
        first_visit_on=min([*visits, *filter(None, [row.first_visit_on])], default=None),
        last_visit_on=max(visits, default=None),
        visits=len(visits),
        arrived_on=_arrival_days(db, who.id, now),
        phones=phones_with_others(db, who.id, seen_branches(person, policy)),
        eligibility=eligibility(db, policy, who.id, now),
        reservations=_newest(db, Reservation, Reservation.starts_at, who.id, None),
        treatments=_newest(db, TreatmentDone, TreatmentDone.done_at, who.id, now),
        courses=_courses(db, who.id, now),
        consults=_newest(db, Consult, Consult.held_at, who.id, now),
        calls=tuple(calls_of(db, who.id, now, _SHOWN)),
    )


def _found(row: Patient) -> FoundPatient:
    return FoundPatient(
        id=row.id or 0,
        branch=row.branch,
        book=row.book,
        chart_no=row.chart_no,
        name=row.name,
        birth_date=date.fromisoformat(row.birth_date) if row.birth_date else None,
        sex=row.sex,
        status=row.status,
        vip=row.vip,
        owner_id=row.owner_id,
    )


def _of_branches(branches: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Of a chart that was merged the patient that was kept: its number and name still lead there."""
    return select(func.coalesce(col(Patient.merged_into_id), col(Patient.id))).where(
        col(Patient.branch).in_(branches)
    )


def _by_chart(db: Session, branches: Sequence[str], text: str) -> list[int]:
    number = text.removeprefix("#")
    statement = _of_branches(branches).where(col(Patient.chart_no) == number)
    return list(db.scalars(statement.order_by(col(Patient.id))))


def _by_name(db: Session, branches: Sequence[str], text: str) -> list[int]:
    blind = vault_of(db).blind("name", folded_name(text))
    statement = _of_branches(branches).where(col(Patient.name_blind) == blind)
    return list(db.scalars(statement.order_by(col(Patient.id))))


def _by_phone(db: Session, branches: Sequence[str], text: str) -> list[int]:
    """By the last digits of a number, four or more of them, or a whole one as it is written here."""
    digits = "".join(letter for letter in text if letter.isdigit())
    if len(digits) < _LAST_FOUR or any(letter.isalpha() for letter in text):
        return []
    end = digits.removeprefix("0") if len(digits) > _SUBSCRIBER else digits
    blind = vault_of(db).blind("four", digits[-_LAST_FOUR:])
    same_four = select(col(Contact.id), col(Contact.address)).where(col(Contact.last_four_blind) == blind)
    contacts = [contact for contact, phone in db.execute(same_four) if phone.endswith(end)]
    ids: list[int] = []
    for chunk in chunks(contacts):
        statement = (
            _of_branches(branches)
            .join(ContactLink, col(ContactLink.patient_id) == col(Patient.id))
            .where(col(ContactLink.contact_id).in_(chunk))
        )
        ids += db.scalars(statement.order_by(col(Patient.id)))
    return ids


def _by_part(db: Session, branches: Sequence[str], text: str, most: int) -> list[int]:
    """Opens the sealed names of the branches, streamed: nothing sealed is searched in SQL."""
    wanted = folded_name(text)
    statement = (
        select(col(Patient.id), col(Patient.name))
        .where(
            col(Patient.branch).in_(branches),
            col(Patient.merged_into_id).is_(None),
            col(Patient.name).is_not(None),
        )
        .order_by(col(Patient.id))
        .execution_options(yield_per=2000)
    )
    ids: list[int] = []
    for patient_id, name in db.execute(statement):
        if wanted in folded_name(name or ""):
            ids.append(patient_id)
            if len(ids) == most:
                break
    return ids


def _arrival_days(db: Session, patient_id: int, now: datetime) -> frozenset[date]:
    statement = select(col(Visit.arrived_on)).where(
        col(Visit.patient_id) == patient_id, col(Visit.arrived_at) <= now
    )
    return frozenset(db.scalars(statement))


def _visit_days(db: Session, patient_id: int, now: datetime) -> set[date]:
    days: set[date] = set()
    for owner, on, at in (
        (col(Visit.patient_id), col(Visit.arrived_on), col(Visit.arrived_at)),
        (col(TreatmentDone.patient_id), col(TreatmentDone.done_on), col(TreatmentDone.done_at)),
        (col(Consult.patient_id), col(Consult.held_on), col(Consult.held_at)),
    ):
        days.update(db.scalars(select(on).where(owner == patient_id, at <= now)))
    return days


def _newest(db: Session, table: type[Any], at: Any, patient_id: int, now: datetime | None) -> tuple[Any, ...]:
    """The newest rows; without `now` also those still to come."""
    statement = select(table).where(table.patient_id == patient_id)
    if now is not None:
        statement = statement.where(at <= now)
    return tuple(db.scalars(statement.order_by(at.desc()).limit(_SHOWN)))


def _courses(db: Session, patient_id: int, now: datetime) -> tuple[CourseSeen, ...]:
    rows: dict[tuple[str, str], int] = {}
    sessions: Iterable[Any] = db.execute(
        select(col(TreatmentDone.book), col(TreatmentDone.course_no)).where(
            col(TreatmentDone.patient_id) == patient_id,
            col(TreatmentDone.course_no).is_not(None),
            col(TreatmentDone.done_at) <= now,
        )
    )
    for book, number in sessions:
        rows[book, number] = rows.get((book, number), 0) + 1
    courses = db.scalars(
        select(Course)
        .where(col(Course.patient_id) == patient_id, col(Course.bought_at) <= now)
        .order_by(col(Course.bought_on).desc())
    )
    return tuple(
        CourseSeen(
            treatment=one.treatment,
            sessions=one.sessions,
            left=max(0, one.sessions - max(one.used, rows.get((one.book, one.number), 0))),
            valid_until=one.valid_until,
        )
        for one in courses
    )
