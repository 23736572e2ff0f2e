"""Reads calls: who called a number, and what was said to a patient before."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.errors import NoSuchCard, NotUnderstood, OtherBranch
from crm_core.policy.policy import Policy
from crm_core.privacy import vault_of
from crm_core.staff.access import CALLS, Person, Scope
from crm_core.tables.calls import DENIALS, Call, CallCard, CallKind, Outcome, ResponseGroup
from crm_core.tables.people import Contact, ContactLink, Staff

DIGITS = 4
_NEWEST = 10


@dataclass(frozen=True)
class PastCallRow:
    """A call as it is shown; `standing` is False where it was taken back or corrected."""

    call_id: int
    patient_id: int
    branch: str
    called_at: datetime
    staff: str | None
    kind: CallKind
    outcome: Outcome
    group: ResponseGroup | None
    cause: str | None
    family: str | None
    note: str | None
    standing: bool


def who_called(db: Session, scope: Scope, last_four: str, now: datetime) -> list[PastCallRow]:
    """`/caller`: our calls to phones that end in these four digits, newest first, ten at most.

    Only calls of the scope's branches, the taken-back ones too: the phone did ring.
    NotUnderstood("argument") unless it is four digits.
    """
    digits = "".join(letter for letter in last_four if letter.isdigit())
    if len(digits) != DIGITS:
        raise NotUnderstood("argument", last_four)
    blind = vault_of(db).blind("four", digits)
    phones = select(col(Contact.id)).where(col(Contact.last_four_blind) == blind)
    served = select(col(ContactLink.patient_id)).where(col(ContactLink.contact_id).in_(phones))
    statement = (
        select(Call, col(Staff.name))
        .outerjoin(Staff, col(Staff.id) == col(Call.staff_id))
        .where(
            col(Call.patient_id).in_(served),
            col(Call.branch).in_(scope.branches),
            col(Call.called_at) <= now,
        )
        .order_by(col(Call.called_at).desc(), col(Call.id).desc())
        .limit(_NEWEST)
    )
    return [_row(call, staff) for call, staff in db.execute(statement)]


def calls_of(db: Session, patient_id: int, now: datetime, limit: int = 10) -> list[PastCallRow]:
    """A patient's calls, newest first; those taken back or corrected are marked."""
    statement = (
        select(Call, col(Staff.name))
        .outerjoin(Staff, col(Staff.id) == col(Call.staff_id))
        .where(col(Call.patient_id) == patient_id, col(Call.called_at) <= now)
        .order_by(col(Call.called_at).desc(), col(Call.id).desc())
        .limit(limit)
    )
    return [_row(call, staff) for call, staff in db.execute(statement)]


def _row(call: Call, staff: str | None) -> PastCallRow:
    return PastCallRow(
        call_id=call.id or 0,
        patient_id=call.patient_id,
        branch=call.branch,
        called_at=call.called_at,
        staff=staff,
        kind=call.kind,
        outcome=call.outcome,
        group=call.response_group,
        cause=call.cause,
        family=call.family,
        note=call.note,
        standing=call.taken_back_at is None,
    )


def card_seen(db: Session, policy: Policy, person: Person, card_id: int) -> CallCard:
    """A card that this person may look at; NoSuchCard, OtherBranch."""
    card = db.get(CallCard, card_id, populate_existing=True)
    if card is None:
        raise NoSuchCard
    if card.branch not in person.branches(CALLS, policy):
        raise OtherBranch
    return card


def call_of_card(db: Session, card: CallCard) -> Call | None:
    """What came of the card's call, None when nobody has called yet."""
    return db.get(Call, card.call_id) if card.call_id is not None else None


def card_id_of_call(db: Session, call_id: int) -> int:
    """The card on which a call was logged; NoSuchCard for one that came from a file."""
    call = db.get(Call, call_id)
    if call is None:
        raise NoSuchCard
    card = db.scalars(
        select(col(CallCard.id)).where(
            col(CallCard.branch) == call.branch,
            col(CallCard.day) == call.called_on,
            col(CallCard.patient_id) == call.patient_id,
        )
    ).one_or_none()
    if card is None:
        raise NoSuchCard
    return card


def denied_by(db: Session, person: Person, call_id: int | None) -> int | None:
    """The patient of a standing denial, of this call or of the person's last one; None for another call."""
    if call_id is None:
        last = (
            select(Call)
            .where(col(Call.staff_id) == person.staff_id, col(Call.taken_back_at).is_(None))
            .order_by(col(Call.called_at).desc(), col(Call.id).desc())
            .limit(1)
        )
        call = db.scalars(last).one_or_none()
    else:
        call = db.get(Call, call_id)
    if call is None or call.taken_back_at is not None or call.response_group not in DENIALS:
        return None
    return call.patient_id
