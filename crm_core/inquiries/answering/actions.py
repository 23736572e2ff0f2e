"""An inquiry is taken down, given to somebody, answered once, closed; and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from crm_core.calls.actions import staff_name
from crm_core.contacts.actions import ensure_phones
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    Missing,
    NotAllowed,
    NothingToUndo,
    NotUnderstood,
    OtherBranch,
    StaleButton,
)
from crm_core.inquiries.actions import Asker, who_asked
from crm_core.inquiries.answering.turns import INQUIRERS, next_in_turn, who_answers
from crm_core.inquiries.queries import (
    CHAT,
    WaitingInquiry,
    about,
    given_about,
    held_by_other,
    list_about,
    waiting,
)
from crm_core.outbox import actions as outbox
from crm_core.patients.identity import derived_number
from crm_core.policy.policy import Policy
from crm_core.privacy import folded_name, vault_of
from crm_core.sql import insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import Person, may_see
from crm_core.staff.own import still_own
from crm_core.tables.facts import Inquiry, InquiryEnd, InquiryKind
from crm_core.tables.people import Patient, Prospect, Role
from crm_core.upkeep import keep_up

HANDS_OVER = frozenset({Role.LEAD, Role.DIRECTOR})
FOR_THE_PERSON = (InquiryEnd.NOT_INTERESTED, InquiryEnd.SPAM)
"""Ends that are about the person: whatever else of theirs waits ends with it."""


@dataclass(frozen=True)
class Asked:
    """What somebody wanted to know: a patient, or a name, a phone (E.164) or both.

    `source` and `treatment` are slugs where the policy knows them. `to` is who shall answer; None is
    in turn, where the policy gives them out.
    """

    branch: str
    patient_id: int | None = None
    name: str = ""
    phone: str | None = None
    source: str | None = None
    kind: InquiryKind = InquiryKind.TREATMENT
    treatment: str | None = None
    note: str | None = None
    to: int | None = None


def take_down(db: Session, policy: Policy, person: Person, asked: Asked, now: datetime) -> Inquiry:
    """Writes an inquiry and gives it to somebody in the same step.

    A patient whose phone and name agree, or who is named by chart number, is joined; everybody else is
    a prospect. Missing("asker") without a name, a phone or a patient; OtherBranch.
    """
    if asked.branch not in person.branches(INQUIRERS, policy):
        raise OtherBranch
    branch = policy.branch(asked.branch)
    patient, prospect = _asker(db, policy, person, asked, now)
    whose = f"patient {patient}" if patient else f"prospect {prospect}"
    number = derived_number(whose, now, f"{asked.kind}\0{asked.source}\0{asked.treatment}")
    values = {
        "book": branch.book,
        "number": f"{CHAT}{number}",
        "patient_id": patient,
        "prospect_id": prospect,
        "branch": asked.branch,
        "received_at": now,
        "received_on": branch.today(now),
        "timed": True,
        "channel": asked.source,
        "kind": asked.kind,
        "treatment": asked.treatment,
        "note": asked.note,
        "source": CHAT,
    }
    made = insert_ignoring(db, Inquiry, values)
    if made is None:  # the same words again in the same second
        same = select(Inquiry).where(
            col(Inquiry.book) == branch.book, col(Inquiry.number) == values["number"]
        )
        return db.scalars(same).one()
    row = db.get_one(Inquiry, made)
    _give(db, policy, row, asked.to, now)
    audit.record(db, person, "inquiry", now, patient_id=patient, branch=row.branch, what=row.kind.value)
    _follow_up(db, policy, [row], now)
    return row


def claim(db: Session, policy: Policy, person: Person, inquiry_id: int, now: datetime) -> Inquiry:
    """ "I will answer": held as long as a card of today's list is. Two at once: exactly one wins.

    ClaimedByOther, AlreadyLogged (answered or closed meanwhile), OtherBranch, NotAllowed, StaleButton.
    """
    row = _row(db, policy, person, inquiry_id)
    if person.staff_id is None:
        raise NotAllowed(tuple(sorted(role.value for role in INQUIRERS)))
    _open(db, row)
    _not_anothers(db, policy, row, person, now)
    rows = _with_siblings(db, policy, row, now)
    for one in rows:
        if one.staff_id != person.staff_id:
            one.staff_id, one.assigned_at = person.staff_id, now
        one.claimed_at = now
    audit.record(db, person, "claim", now, patient_id=row.patient_id, branch=row.branch, what="inquiry")
    _follow_up(db, policy, rows, now)
    return row


def hand_over(
    db: Session, policy: Policy, person: Person, inquiry_id: int, staff_id: int, now: datetime
) -> Inquiry:
    """Gives an inquiry to somebody of the branch. From whoever is answering only they themselves or a
    lead may; ClaimedByOther, AlreadyLogged, OtherBranch, StaleButton."""
    row = _row(db, policy, person, inquiry_id)
    _open(db, row)
    if row.branch not in person.branches(HANDS_OVER, policy):
        _not_anothers(db, policy, row, person, now)
    day = policy.branch(row.branch).today(now)
    if staff_id not in {staff.id for staff in who_answers(db, row.branch, day)}:
        raise StaleButton
    rows = _with_siblings(db, policy, row, now)
    for one in rows:
        one.staff_id, one.assigned_at, one.claimed_at = staff_id, now, None
    audit.record(db, person, "hand_over", now, patient_id=row.patient_id, branch=row.branch, what="inquiry")
    _follow_up(db, policy, rows, now)
    return row


def answer(db: Session, policy: Policy, person: Person, inquiry_id: int, now: datetime) -> Inquiry:
    """The person has an answer: the first one counts, also for what they asked on another channel.

    AlreadyLogged, ClaimedByOther, OtherBranch, StaleButton.
    """
    row = _row(db, policy, person, inquiry_id)
    _open(db, row)
    _not_anothers(db, policy, row, person, now)
    rows = _with_siblings(db, policy, row, now)
    for one in rows:
        one.answered_at, one.answered_by_id = now, person.staff_id
        one.staff_id = person.staff_id or one.staff_id
    audit.record(db, person, "answer", now, patient_id=row.patient_id, branch=row.branch, what="inquiry")
    _follow_up(db, policy, rows, now)
    return row


def close(
    db: Session, policy: Policy, person: Person, inquiry_id: int, why: InquiryEnd, now: datetime
) -> Inquiry:
    """Ends an inquiry with a reason; spam, a duplicate and a mistake leave the journeys.

    AlreadyLogged when it was closed before, ClaimedByOther, OtherBranch, StaleButton.
    """
    row = _row(db, policy, person, inquiry_id)
    if row.closed_at is not None:
        raise AlreadyLogged(staff_name(db, row.closed_by_id) or "", row.closed_at)
    rows = [row]
    if row.answered_at is None:
        _not_anothers(db, policy, row, person, now)
        rows = _with_siblings(db, policy, row, now) if why in FOR_THE_PERSON else rows
    for one in rows:
        one.closed_at, one.closed_by_id, one.closed_why = now, person.staff_id, why
    audit.record(db, person, "close", now, patient_id=row.patient_id, branch=row.branch, what=why.value)
    _follow_up(db, policy, rows, now)
    return row


def undo(db: Session, policy: Policy, person: Person, inquiry_id: int, now: datetime) -> Inquiry:
    """Takes back one's own closing, else one's own answer, within the policy's minutes.

    NothingToUndo, TooLateToUndo, OtherBranch, StaleButton; the audit rows of both stay.
    """
    row = _row(db, policy, person, inquiry_id)
    by, at = (row.closed_by_id, row.closed_at) if row.closed_at else (row.answered_by_id, row.answered_at)
    if at is None or by is None:
        raise NothingToUndo
    still_own(policy, person, by, at, now)
    was_closed = row.closed_at is not None
    rows = _done_together(db, row, at, was_closed=was_closed)
    for one in rows:
        if was_closed:
            one.closed_at = one.closed_by_id = one.closed_why = None
        else:
            one.answered_at = one.answered_by_id = None
    audit.record(db, person, "undo", now, patient_id=row.patient_id, branch=row.branch, what="inquiry")
    _follow_up(db, policy, rows, now)
    return row


def join(
    db: Session, policy: Policy, person: Person, inquiry_id: int, patient_id: int, now: datetime
) -> Inquiry:
    """The desk knows who a prospect is: everything the prospect asked is the patient's from now on.

    StaleButton when it is a patient's already; OtherBranch, NotUnderstood("patient").
    """
    row = _row(db, policy, person, inquiry_id)
    prospect = db.get(Prospect, row.prospect_id, with_for_update=True) if row.prospect_id else None
    if prospect is None or row.patient_id is not None:
        raise StaleButton
    patient = db.get(Patient, patient_id)
    if patient is None or patient.book != policy.branch(row.branch).book:
        raise NotUnderstood("patient", str(patient_id))
    may_see(person, policy, patient)
    kept = patient.merged_into_id or patient_id
    prospect.patient_id = kept
    rows = list(db.scalars(select(Inquiry).where(col(Inquiry.prospect_id) == prospect.id)))
    for one in rows:
        one.patient_id, one.prospect_id = kept, None
    audit.record(db, person, "join", now, patient_id=kept, branch=row.branch, what="inquiry")
    assert prospect.id is not None
    _follow_up(db, policy, rows, now, left=(prospect.id,))
    return row


def escalate(db: Session, policy: Policy, branch: str, now: datetime) -> list[WaitingInquiry]:
    """Notes of each inquiry that has waited for the branch's minutes that a lead is told; those of which
    nobody was told before. Doing it again, or twice at once, tells nobody twice."""
    overdue = [
        one
        for one in waiting(db, policy, (branch,), now)
        if one.escalated_at is None and one.escalates_at is not None and one.escalates_at <= now
    ]
    ids = [one for found in overdue for one in found.ids]
    told = set(
        db.scalars(
            update(Inquiry)
            .where(col(Inquiry.id).in_(ids), col(Inquiry.escalated_at).is_(None))
            .values(escalated_at=now)
            .returning(col(Inquiry.id))
            .execution_options(synchronize_session=False)
        )
    )
    return [one for one in overdue if one.inquiry_id in told]


def _asker(
    db: Session, policy: Policy, person: Person, asked: Asked, now: datetime
) -> tuple[int | None, int | None]:
    """(patient, prospect) of an inquiry: one of the two."""
    if asked.patient_id is not None:
        patient = db.get_one(Patient, asked.patient_id)
        may_see(person, policy, patient)
        return patient.merged_into_id or patient.id, None
    if asked.name and asked.phone:
        one = Asker(asked.branch, asked.name, asked.phone)
        patients, prospects = who_asked(db, policy, [one], now)
        return patients.get(one), prospects.get(one)
    if not asked.name and not asked.phone:
        raise Missing("asker")
    return None, _nameless_or_phoneless(db, asked, now)


def _nameless_or_phoneless(db: Session, asked: Asked, now: datetime) -> int:
    """A prospect of whom only one of the two is known. The same phone again is the same prospect; a name
    alone is nobody's: two people may be called so."""
    contact = None
    if asked.phone:
        contact = ensure_phones(db, [asked.phone], now)[asked.phone]
        known = db.scalars(
            select(col(Prospect.id))
            .where(
                col(Prospect.contact_id) == contact,
                col(Prospect.branch) == asked.branch,
                col(Prospect.name_blind).is_(None),
                col(Prospect.patient_id).is_(None),
            )
            .order_by(col(Prospect.id))
        ).first()
        if known is not None:
            return known
    blind = vault_of(db).blind("name", folded_name(asked.name)) if asked.name else None
    prospect = Prospect(
        branch=asked.branch,
        name=asked.name or None,
        name_blind=blind,
        contact_id=contact,
        created_at=now,
    )
    db.add(prospect)
    db.flush()
    assert prospect.id is not None
    return prospect.id


def _give(db: Session, policy: Policy, row: Inquiry, to: int | None, now: datetime) -> None:
    """To whom it was given by hand, else who has what the same person asked before, else in turn."""
    before = next((one for one in _with_siblings(db, policy, row, now) if one.id != row.id), None)
    if to is None and before is not None and before.staff_id is not None:
        row.staff_id, row.assigned_at, row.claimed_at = before.staff_id, now, before.claimed_at
        return
    if to is None and policy.inquiries.in_turn:
        to = next_in_turn(db, policy, row.branch, now)
    if to is not None:
        row.staff_id, row.assigned_at = to, now


def _row(db: Session, policy: Policy, person: Person, inquiry_id: int) -> Inquiry:
    """The row, locked and as it is now; OtherBranch, StaleButton."""
    row = db.get(Inquiry, inquiry_id, with_for_update=True, populate_existing=True)
    if row is None or row.branch not in policy.branches:
        raise StaleButton
    if row.branch not in person.branches(INQUIRERS, policy):
        raise OtherBranch
    return row


def _open(db: Session, row: Inquiry) -> None:
    """AlreadyLogged when somebody has answered or closed it; StaleButton when a file says so."""
    done = row.closed_at or row.answered_at
    if done is None:
        return
    by = row.closed_by_id if row.closed_at else row.answered_by_id or row.staff_id
    raise AlreadyLogged(staff_name(db, by) or "", done)


def _not_anothers(db: Session, policy: Policy, row: Inquiry, person: Person, now: datetime) -> None:
    if held_by_other(policy, row, person.staff_id, now):
        assert row.claimed_at is not None
        raise ClaimedByOther(staff_name(db, row.staff_id) or "", row.claimed_at)


def _with_siblings(db: Session, policy: Policy, row: Inquiry, now: datetime) -> list[Inquiry]:
    """The row, and what else of the same person waits at the branch."""
    for one in waiting(db, policy, (row.branch,), now):
        if row.id in one.ids:
            ids = [other for other in one.ids if other != row.id]
            others = select(Inquiry).where(col(Inquiry.id).in_(ids)).order_by(col(Inquiry.id))
            return [row, *db.scalars(others.with_for_update())]
    return [row]


def _done_together(db: Session, row: Inquiry, at: datetime, *, was_closed: bool) -> list[Inquiry]:
    """The rows of the same person that the same press has ended."""
    when: Any = col(Inquiry.closed_at) if was_closed else col(Inquiry.answered_at)
    by: Any = col(Inquiry.closed_by_id) if was_closed else col(Inquiry.answered_by_id)
    same = [col(Inquiry.id) == row.id]
    if row.patient_id is not None:
        same.append(col(Inquiry.patient_id) == row.patient_id)
    if row.prospect_id is not None:
        same.append(col(Inquiry.prospect_id) == row.prospect_id)
    statement = select(Inquiry).where(
        or_(*same),
        col(Inquiry.branch) == row.branch,
        when == at,
        by == (row.closed_by_id if was_closed else row.answered_by_id),
    )
    return list(db.scalars(statement.order_by(col(Inquiry.id)).with_for_update()))


def _follow_up(
    db: Session, policy: Policy, rows: Sequence[Inquiry], now: datetime, left: Sequence[int] = ()
) -> None:
    """What was computed from them, what waits about them, and every card that shows them."""
    patients = {row.patient_id for row in rows if row.patient_id is not None}
    prospects = {row.prospect_id for row in rows if row.prospect_id is not None}
    keep_up(db, policy, patients=patients, prospects=[*prospects, *left])
    what = {f"patient:{patient}" for patient in patients}
    for row in rows:
        assert row.id is not None
        outbox.withdraw(db, given_about(row.id), now)
        today = policy.branch(row.branch).today(now)
        what |= {about(row.id), list_about(row.branch, today), f"day:{row.branch}:{today.isoformat()}"}
    for one in sorted(what):
        outbox.changed(db, one, now)
