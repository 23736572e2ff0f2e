"""Refusals, wrong numbers and promises follow the standing calls, in the step that changes one."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from crm_core.churn.conditions import REACHED, RECALL_KINDS
from crm_core.errors import Missing, NoSuchPatient, NotAllowed, StaleButton
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.calls import DENIALS, Call, LegalClass, LiftRequest, Outcome, Refusal
from crm_core.tables.facts import Reservation
from crm_core.tables.people import (
    Contact,
    ContactKind,
    ContactLink,
    Patient,
    PatientMergeRow,
    PatientStatus,
    Relation,
    Role,
)

DENIAL = "denial"
WRONG_NUMBER = "wrong_number"
DECEASED = "deceased"


def keep_standing(db: Session, patients: Collection[int]) -> int:
    """Brings refusals and promises of the patients up to their standing calls; how many refusals.

    For whoever writes patients, calls or reservations in bulk (an import): a call gets the phone it
    was made to, denials, wrong numbers and deaths hold the phone, settled promises are marked so.
    """
    made = 0
    everybody = sorted(set(patients))
    calls = select(col(Call.patient_id)).where(among(db, col(Call.patient_id), everybody)).distinct()
    for ids in chunks(sorted(db.scalars(calls))):
        find_phones(db, ids)
        _forget_corrected(db, ids)
        made += _make_refusals(db, ids)
        _close_wrong_numbers(db, ids)
        keep_promises(db, ids)
    if _somebody_died(db, everybody):
        made += sum(_hold_phones_of_the_dead(db, ids) for ids in chunks(everybody))
    return made


def _somebody_died(db: Session, ids: Sequence[int]) -> bool:
    """Whether one of these died, or a phone is held for a death that may have been a mistake."""
    dead = select(col(Patient.id)).where(
        among(db, col(Patient.id), ids), col(Patient.status) == PatientStatus.DECEASED
    )
    held = select(col(Refusal.id)).where(col(Refusal.kind) == DECEASED)
    return any(db.execute(one.limit(1)).first() is not None for one in (held, dead))


def find_phones(db: Session, ids: Sequence[int]) -> None:
    """A call that was written before its patient's phone was known was made to that phone.

    Not one that came over with a merge: the kept patient's phone is not the one that was dialled.
    """
    came_over = select(col(PatientMergeRow.row_id)).where(
        col(PatientMergeRow.kind) == Call.__tablename__, col(PatientMergeRow.row_id) == col(Call.id)
    )
    own = case((col(ContactLink.relation) == Relation.SELF, 0), else_=1)
    first = (
        select(col(Contact.id))
        .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
        .where(
            col(ContactLink.patient_id) == col(Call.patient_id),
            col(Contact.kind) == ContactKind.PHONE,
        )
        .order_by(own, col(ContactLink.preferred).desc(), col(Contact.id))
        .limit(1)
        .scalar_subquery()
    )
    db.execute(
        update(Call)
        .where(col(Call.patient_id).in_(ids), col(Call.contact_id).is_(None), ~came_over.exists())
        .values(contact_id=first)
        .execution_options(synchronize_session=False)
    )


def _hold_phones_of_the_dead(db: Session, ids: Sequence[int]) -> int:
    """Nobody is called at the phone of somebody who died, in any branch (product.md §1)."""
    phones: dict[bytes, datetime | None] = {}
    statement = (
        select(col(Contact.address_blind), col(Patient.status), col(Patient.created_at))
        .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
        .join(Patient, col(Patient.id) == col(ContactLink.patient_id))
        .where(
            col(ContactLink.relation) == Relation.SELF,
            col(Contact.kind) == ContactKind.PHONE,
            col(Contact.id).in_(
                select(col(ContactLink.contact_id)).where(col(ContactLink.patient_id).in_(ids))
            ),
        )
    )
    for blind, status, since in db.execute(statement):
        dead = since if status is PatientStatus.DECEASED else None
        phones[blind] = phones.get(blind) or dead
    if not phones:
        return 0
    of_these = (col(Refusal.kind) == DECEASED, col(Refusal.address_blind).in_(list(phones)))
    held = set(db.scalars(select(col(Refusal.address_blind)).where(*of_these)))
    living = [blind for blind in held if phones[blind] is None]
    if living:
        db.execute(delete(Refusal).where(*of_these, col(Refusal.address_blind).in_(living)))
    new = [
        {"address_blind": blind, "kind": DECEASED, "at": since}
        for blind, since in phones.items()
        if since is not None and blind not in held
    ]
    if new:
        db.execute(insert(Refusal), new)
    return len(new)


def _forget_corrected(db: Session, ids: Sequence[int]) -> None:
    """A file that says something else about a call now takes its wrong number or denial with it."""
    other = select(col(Call.id)).where(
        col(Call.patient_id).in_(ids), col(Call.outcome) != Outcome.WRONG_NUMBER
    )
    db.execute(delete(Refusal).where(col(Refusal.kind) == WRONG_NUMBER, col(Refusal.call_id).in_(other)))
    group = select(col(Call.response_group)).where(col(Call.id) == col(Refusal.call_id)).scalar_subquery()
    db.execute(
        delete(Refusal)
        .where(
            col(Refusal.kind) == DENIAL,
            col(Refusal.call_id).in_(select(col(Call.id)).where(col(Call.patient_id).in_(ids))),
            group.is_distinct_from(col(Refusal.response_group)),
        )
        .execution_options(synchronize_session=False)
    )


def _make_refusals(db: Session, ids: Sequence[int]) -> int:
    without = ~select(col(Refusal.id)).where(col(Refusal.call_id) == col(Call.id)).exists()
    statement = (
        select(
            col(Contact.address_blind),
            col(Call.outcome),
            col(Call.response_group),
            col(Call.id),
            col(Call.called_at),
        )
        .join(Contact, col(Contact.id) == col(Call.contact_id))
        .where(
            col(Call.patient_id).in_(ids),
            col(Call.taken_back_at).is_(None),
            or_(
                col(Call.response_group).in_(DENIALS),
                col(Call.outcome) == Outcome.WRONG_NUMBER,
            ),
            without,
        )
    )
    rows = [
        {
            "address_blind": row[0],
            "kind": WRONG_NUMBER if row[1] is Outcome.WRONG_NUMBER else DENIAL,
            "response_group": row[2],
            "call_id": row[3],
            "at": row[4],
        }
        for row in db.execute(statement)
    ]
    if rows:
        db.execute(insert(Refusal), rows)
    return len(rows)


def _close_wrong_numbers(db: Session, ids: Sequence[int]) -> None:
    """A contact is wrong since the first standing call that says so, unless it was put right since."""
    put_right = (
        select(col(Refusal.id))
        .where(col(Refusal.call_id) == col(Call.id), col(Refusal.lifted_at).is_not(None))
        .exists()
    )
    since = (
        select(func.min(col(Call.called_at)))
        .where(
            col(Call.contact_id) == col(Contact.id),
            col(Call.outcome) == Outcome.WRONG_NUMBER,
            col(Call.taken_back_at).is_(None),
            ~put_right,
        )
        .scalar_subquery()
    )
    touched = select(col(Call.contact_id)).where(
        col(Call.patient_id).in_(ids), col(Call.outcome) == Outcome.WRONG_NUMBER
    )
    db.execute(
        update(Contact)
        .where(col(Contact.id).in_(touched))
        .values(wrong_number_at=since)
        .execution_options(synchronize_session=False)
    )


def keep_promises(db: Session, ids: Sequence[int]) -> None:
    """Marks promises as kept where a later conversation, visit or booking has settled them."""
    later = aliased(Call)
    spoke = (
        select(col(later.id))
        .where(
            col(later.patient_id) == col(Call.patient_id),
            col(later.called_at) > col(Call.called_at),
            col(later.kind).in_(RECALL_KINDS),
            col(later.outcome).in_(REACHED),
            col(later.taken_back_at).is_(None),
        )
        .exists()
    )
    came = (
        select(col(Patient.id))
        .where(
            col(Patient.id) == col(Call.patient_id),
            col(Patient.last_visit_on) > col(Call.called_on),
        )
        .exists()
    )
    booked = (
        select(col(Reservation.id))
        .where(
            col(Reservation.patient_id) == col(Call.patient_id),
            col(Reservation.made_at) > col(Call.called_at),
        )
        .exists()
    )
    settled = or_(spoke, came, booked)
    promises = and_(col(Call.patient_id).in_(ids), col(Call.promised_on).is_not(None))
    for kept, condition in ((True, settled), (False, ~settled)):
        db.execute(
            update(Call)
            .where(promises, condition, col(Call.promise_kept).is_(not kept))
            .values(promise_kept=kept)
            .execution_options(synchronize_session=False)
        )


def refuse(db: Session, call: Call, now: datetime) -> None:
    """What a denial or a wrong number does at once: the phone is held, waiting outreach taken back."""
    if call.id is None or call.contact_id is None:
        return
    contact = db.get_one(Contact, call.contact_id)
    wrong = call.outcome is Outcome.WRONG_NUMBER
    db.add(
        Refusal(
            address_blind=contact.address_blind,
            kind=WRONG_NUMBER if wrong else DENIAL,
            response_group=call.response_group,
            call_id=call.id,
            at=call.called_at,
        )
    )
    if wrong and contact.wrong_number_at is None:
        contact.wrong_number_at = now
    for patient_id in on_same_phone(db, call):
        outbox.withdraw(db, f"patient:{patient_id}", now, legal_class=LegalClass.OUTREACH)
        outbox.changed(db, f"patient:{patient_id}", now)


def on_same_phone(db: Session, call: Call) -> tuple[int, ...]:
    """The patients whom the phone of this call serves, with the call's own."""
    served = db.scalars(
        select(col(ContactLink.patient_id)).where(col(ContactLink.contact_id) == call.contact_id)
    )
    return tuple(sorted({call.patient_id, *served}))


def withdraw_refusals(db: Session, call: Call, person: Person, now: datetime) -> None:
    """Takes back what a call had caused, with the call itself."""
    found = list(
        db.scalars(select(Refusal).where(col(Refusal.call_id) == call.id, col(Refusal.lifted_at).is_(None)))
    )
    for refusal in found:
        refusal.lifted_at, refusal.lifted_by_id = now, person.staff_id
    if call.outcome is Outcome.WRONG_NUMBER and call.contact_id is not None:
        db.flush()
        _close_wrong_numbers(db, [call.patient_id])
        db.expire(db.get_one(Contact, call.contact_id))


def lift(db: Session, policy: Policy, person: Person, patient_id: int, reason: str, now: datetime) -> int:
    """A director takes back the denials that stand against a patient's phones; how many.

    NotAllowed for anybody else, Missing("reason") without a reason. The calls themselves stay.
    """
    patient = db.get(Patient, patient_id)
    if patient is None:
        raise NoSuchPatient
    if patient.branch not in person.branches({Role.DIRECTOR}, policy):
        raise NotAllowed((Role.DIRECTOR.value,))
    if not reason.strip():
        raise Missing("reason")
    phones = (
        select(col(Contact.address_blind))
        .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
        .where(col(ContactLink.patient_id) == patient_id)
    )
    own = select(col(Call.id)).where(col(Call.patient_id) == patient_id)
    found = list(
        db.scalars(
            select(Refusal).where(
                col(Refusal.kind) == DENIAL,
                col(Refusal.lifted_at).is_(None),
                or_(col(Refusal.address_blind).in_(phones), col(Refusal.call_id).in_(own)),
            )
        )
    )
    for refusal in found:
        refusal.lifted_at, refusal.lifted_by_id = now, person.staff_id
        refusal.lift_reason = reason.strip()
    audit.record(db, person, "lift", now, patient_id=patient_id, branch=patient.branch, count=len(found))
    outbox.changed(db, f"patient:{patient_id}", now)
    return len(found)


def ask_to_lift(db: Session, person: Person, patient_id: int, branch: str, reason: str, now: datetime) -> int:
    """Writes down who wants a denial lifted and why, for a director to decide; the request's id.
    Missing("reason") without one. `branch` is the patient's."""
    if not reason.strip():
        raise Missing("reason")
    row = LiftRequest(patient_id=patient_id, by_staff_id=person.staff_id, reason=reason.strip(), at=now)
    db.add(row)
    db.flush()
    audit.record(db, person, "lift_request", now, patient_id=patient_id, branch=branch)
    assert row.id is not None
    return row.id


def lift_request(db: Session, request_id: int) -> LiftRequest:
    """A request as it was written; StaleButton when there is none of this id."""
    row = db.get(LiftRequest, request_id)
    if row is None:
        raise StaleButton
    return row


def possible_day(day: date, today: date) -> str | None:
    """Why a date cannot be promised: "past", "too_far" (beyond a year), or None."""
    if day < today:
        return "past"
    return "too_far" if (day - today).days > 366 else None


def standing_denials(db: Session, patient_id: int) -> Sequence[Any]:
    """(moment, group) of each standing denial on a phone of the patient, oldest first."""
    statement = (
        select(col(Refusal.at), col(Refusal.response_group))
        .join(Contact, col(Contact.address_blind) == col(Refusal.address_blind))
        .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
        .where(
            col(ContactLink.patient_id) == patient_id,
            col(Refusal.kind) == DENIAL,
            col(Refusal.lifted_at).is_(None),
        )
        .order_by(col(Refusal.at))
    )
    return db.execute(statement).all()
