"""Who may be one person: two charts, or a prospect and a chart, as questions that wait for the desk."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from crm_core.patients.merging.actions import MERGERS
from crm_core.patients.queries import FoundPatient, found
from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables.facts import Inquiry
from crm_core.tables.people import Contact, ContactLink, NotTheSame, Patient, Prospect

MOST = 50
NAMESAKES = 1  # a name that more patients of a book bear says nothing about who asked


class Likeness(StrEnum):
    """Why two may be one person."""

    PHONE_AND_NAME = "phone_and_name"
    NAME_AND_BIRTH = "name_and_birth"
    PHONE = "phone"  # of a prospect, whose name is another
    NAME = "name"  # of a prospect, whose phone is another


@dataclass(frozen=True)
class ProspectSeen:
    """Somebody who asked and has no chart. Name and phone are not masked."""

    id: int
    branch: str
    name: str | None
    phone: str | None
    inquiries: int


@dataclass(frozen=True)
class Proposal:
    """A question for the desk: is this patient that other chart, or that prospect?"""

    patient: FoundPatient
    other: FoundPatient | None
    prospect: ProspectSeen | None
    why: Likeness


def proposals(
    db: Session, person: Person, policy: Policy, now: datetime, patient_id: int | None = None
) -> tuple[Proposal, ...]:
    """The open questions of the branches whose charts this person may merge, at most fifty.

    Two charts of one book with the same name and birth date, or the same phone and name unless their
    birth dates differ; a prospect of whom phone or name agrees with a patient, but not both. A name
    alone is asked about while the inquiry is young, and only if one patient bears it. A pair that
    somebody said no to is not asked again. With `patient_id` only those about that patient.
    """
    branches = person.branches(MERGERS, policy)
    if not branches:
        return ()
    charts = _with_phone_and_name(db, branches, patient_id)
    charts |= _with_name_and_birth(db, branches, patient_id)
    asked = _prospects(db, policy, branches, now, patient_id)
    charts = _unanswered(db, charts)
    asked = _unanswered(db, asked, prospects=True)
    people = {
        one.id: one for one in found(db, sorted({i for pair in charts for i in pair} | {p for p, _ in asked}))
    }
    who_asked = _seen_prospects(db, [prospect for _, prospect in asked])
    made = [Proposal(people[one], people[other], None, why) for (one, other), why in sorted(charts.items())]
    made += [
        Proposal(people[patient], None, who_asked[prospect], why)
        for (patient, prospect), why in sorted(asked.items(), key=_surest)
    ]
    return tuple(made[:MOST])


def _surest(asked: tuple[tuple[int, int], Likeness]) -> tuple[bool, int]:
    """Phones before names, the newest first."""
    return asked[1] is not Likeness.PHONE, -asked[0][1]


Pairs = dict[tuple[int, int], Likeness]


def _about(column: Any, branches: Sequence[str], patient: Any) -> tuple[Any, ...]:
    return column.in_(branches), patient.merged_into_id.is_(None)


def _with_phone_and_name(db: Session, branches: Sequence[str], only: int | None) -> Pairs:
    one, other = aliased(Patient), aliased(Patient)
    mine, theirs = aliased(ContactLink), aliased(ContactLink)
    statement: Select[*tuple[Any, ...]] = (
        select(col(one.id), col(other.id), col(one.birth_date), col(other.birth_date))
        .join(mine, col(mine.patient_id) == col(one.id))
        .join(theirs, col(theirs.contact_id) == col(mine.contact_id))
        .join(other, col(other.id) == col(theirs.patient_id))
        .where(
            col(one.id) < col(other.id) if only is None else col(one.id) != col(other.id),
            col(one.book) == col(other.book),
            col(one.name_blind) == col(other.name_blind),
            *_about(col(one.branch), branches, one),
            *_about(col(other.branch), branches, other),
        )
    )
    if only is not None:
        statement = statement.where(col(one.id) == only)
    return {
        (min(row[0], row[1]), max(row[0], row[1])): Likeness.PHONE_AND_NAME
        for row in db.execute(statement)
        if row[2] is None or row[3] is None or row[2] == row[3]
    }


def _with_name_and_birth(db: Session, branches: Sequence[str], only: int | None) -> Pairs:
    """Birth dates are sealed: those of namesakes are opened, in one stream."""
    several = (
        select(col(Patient.book), col(Patient.name_blind))
        .where(*_about(col(Patient.branch), branches, Patient), col(Patient.name_blind).is_not(None))
        .group_by(col(Patient.book), col(Patient.name_blind))
        .having(func.count() > 1)
    )
    mine = () if only is None else (col(Patient.name_blind) == _name_of(only),)
    shared = several.where(*mine).subquery()
    statement = (
        select(col(Patient.id), col(Patient.book), col(Patient.name_blind), col(Patient.birth_date))
        .join(shared, and_(shared.c.book == Patient.book, shared.c.name_blind == Patient.name_blind))
        .where(*_about(col(Patient.branch), branches, Patient), col(Patient.birth_date).is_not(None), *mine)
        .order_by(col(Patient.id))
        .execution_options(yield_per=2000)
    )
    alike: dict[tuple[str, bytes, str], list[int]] = defaultdict(list)
    for patient_id, book, name_blind, born in db.execute(statement):
        alike[book, bytes(name_blind), born].append(patient_id)
    pairs = (pair for ids in alike.values() for pair in combinations(ids, 2))
    return {pair: Likeness.NAME_AND_BIRTH for pair in pairs if only is None or only in pair}


def _prospects(
    db: Session, policy: Policy, branches: Sequence[str], now: datetime, only: int | None
) -> Pairs:
    """(patient, prospect) where phone or name agrees and the other does not."""
    since = now - timedelta(policy.patience.inquiry)
    young = select(col(Inquiry.prospect_id)).where(
        col(Inquiry.prospect_id).is_not(None), col(Inquiry.received_at) >= since
    )
    waiting = (
        col(Prospect.patient_id).is_(None),
        col(Prospect.branch).in_(branches),
        *_about(col(Patient.branch), branches, Patient),
    )
    by_phone = (
        select(col(Patient.id), col(Prospect.id), col(Patient.book), col(Prospect.branch))
        .join(ContactLink, col(ContactLink.patient_id) == col(Patient.id))
        .join(Prospect, col(Prospect.contact_id) == col(ContactLink.contact_id))
        .where(*waiting)
    )
    by_name = (
        select(col(Patient.id), col(Prospect.id), col(Patient.book), col(Prospect.branch))
        .join(Prospect, col(Prospect.name_blind) == col(Patient.name_blind))
        .where(*waiting, col(Prospect.id).in_(young))
    )
    if only is not None:
        by_phone = by_phone.where(col(Patient.id) == only)
        by_name = by_name.where(col(Patient.name_blind) == _name_of(only))
    pairs: Pairs = {
        (patient, prospect): Likeness.PHONE
        for patient, prospect, book, branch in db.execute(by_phone)
        if policy.branch(branch).book == book
    }
    namesakes: dict[int, list[int]] = defaultdict(list)
    for patient, prospect, book, branch in db.execute(by_name):
        if policy.branch(branch).book == book:
            namesakes[prospect].append(patient)
    for prospect, patients in namesakes.items():
        if len(patients) <= NAMESAKES:
            pairs.update({(one, prospect): Likeness.NAME for one in patients if (one, prospect) not in pairs})
    return pairs if only is None else {pair: why for pair, why in pairs.items() if pair[0] == only}


def _name_of(patient_id: int) -> Any:
    return select(col(Patient.name_blind)).where(col(Patient.id) == patient_id).scalar_subquery()


def _unanswered(db: Session, pairs: Pairs, *, prospects: bool = False) -> Pairs:
    if not pairs:
        return pairs
    second = col(NotTheSame.prospect_id) if prospects else col(NotTheSame.other_id)
    rows = select(col(NotTheSame.patient_id), second).where(second.is_not(None))
    said = {(row[0], row[1]) for row in db.execute(rows)}
    return {pair: why for pair, why in pairs.items() if pair not in said}


def _seen_prospects(db: Session, ids: Iterable[int]) -> dict[int, ProspectSeen]:
    wanted = sorted(set(ids))
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(Prospect.id),
            col(Prospect.branch),
            col(Prospect.name),
            col(Contact.address),
            func.count(col(Inquiry.id)),
        )
        .outerjoin(Contact, col(Contact.id) == col(Prospect.contact_id))
        .outerjoin(Inquiry, col(Inquiry.prospect_id) == col(Prospect.id))
        .where(col(Prospect.id).in_(wanted))
        .group_by(col(Prospect.id), col(Contact.address))
    )
    return {row[0]: ProspectSeen(*row) for row in db.execute(statement)}
