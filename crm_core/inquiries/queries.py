"""Section ② of today's list: who asked and has no answer yet, as of a moment.

An inquiry waits until it is answered, closed by hand, settled by a fact of the chart (a reservation
made, a visit, a call that connected after it), or until the journey's patience is over. Somebody who
asked on several channels waits once, since the first of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from crm_core.policy.policy import Policy
from crm_core.tables.calls import NOT_CONNECTED, Call
from crm_core.tables.facts import Inquiry, InquiryKind, Reservation, Visit

CHAT = "chat"
HISTORY = timedelta(days=2)
"""A fact of a file that is older causes no message (product.md §2)."""

SETTLED_BY_FACTS = (InquiryKind.TREATMENT, InquiryKind.PRICE, InquiryKind.CHANGE)
"""What a reservation, a visit or a call answers; aftercare and complaints are answered by a person."""


@dataclass(frozen=True)
class WaitingInquiry:
    """Somebody who asked and waits. `patient_id` is None for a prospect, and the other way round.

    `waiting_minutes` are opening minutes since `received_at`; `source` and `treatment` are slugs where
    the policy knows them. `staff_id` has it, `claimed_at` is since when by "I will answer". `others`:
    further inquiries of the same person that wait too.
    """

    inquiry_id: int
    patient_id: int | None
    prospect_id: int | None
    branch: str
    received_at: datetime
    waiting_minutes: int
    source: str | None
    treatment: str | None
    staff_id: int | None
    kind: InquiryKind = InquiryKind.TREATMENT
    claimed_at: datetime | None = None
    escalated_at: datetime | None = None
    escalates_at: datetime | None = None  # None where it may cause no message
    others: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return self.inquiry_id, *self.others


def waiting(db: Session, policy: Policy, branches: Sequence[str], now: datetime) -> list[WaitingInquiry]:
    """The waiting inquiries of these branches, the longest waiting first."""
    found: dict[tuple[str, int | None, int | None], WaitingInquiry] = {}
    for row in db.scalars(_unanswered(policy, branches, now)):
        key = row.branch, row.patient_id, row.prospect_id
        first = found.get(key)
        if first is None:
            found[key] = _seen(policy, row, now)
        else:
            found[key] = _together(first, row)
    return list(found.values())


def patients_waiting(db: Session, policy: Policy, branches: Sequence[str], now: datetime) -> set[int]:
    """The patients who stand in ② of one of these branches."""
    return {one.patient_id for one in waiting(db, policy, branches, now) if one.patient_id is not None}


def late(db: Session, policy: Policy, branch: str, now: datetime) -> list[WaitingInquiry]:
    """Those of a branch that wait longer than its minutes."""
    return [
        one
        for one in waiting(db, policy, (branch,), now)
        if one.waiting_minutes >= policy.inquiries.minutes_at(branch)
    ]


def next_escalation(db: Session, policy: Policy, branch: str, now: datetime) -> datetime | None:
    """When a lead has to be told of somebody of whom none was told, never while the branch is closed."""
    waits = waiting(db, policy, (branch,), now)
    moments = (one.escalates_at for one in waits if one.escalated_at is None)
    first = min((at for at in moments if at is not None), default=None)
    return policy.branch(branch).after_open_minutes(max(first, now), 0) if first else None


def about(inquiry_id: int) -> str:
    """What an inquiry's living card is about."""
    return f"inquiry:{inquiry_id}"


def given_about(inquiry_id: int) -> str:
    """What the word to whoever was given an inquiry is about: it is taken back when that changes."""
    return f"inquiry-given:{inquiry_id}"


def list_about(branch: str, day: date) -> str:
    """What a list of a branch's waiting inquiries is about: those of an earlier day are not kept up."""
    return f"inquiries:{branch}:{day.isoformat()}"


def held_by_other(policy: Policy, row: Inquiry, staff_id: int | None, now: datetime) -> bool:
    """Whether somebody else is answering at this moment."""
    if row.claimed_at is None or row.staff_id is None or row.staff_id == staff_id:
        return False
    return row.claimed_at + timedelta(minutes=policy.calls.claim_minutes) > now


def _seen(policy: Policy, row: Inquiry, now: datetime) -> WaitingInquiry:
    branch = policy.branch(row.branch)
    assert row.id is not None
    is_history = row.source != CHAT and now - row.received_at > HISTORY
    escalates_at = branch.after_open_minutes(row.received_at, policy.inquiries.minutes_at(row.branch))
    return WaitingInquiry(
        inquiry_id=row.id,
        patient_id=row.patient_id,
        prospect_id=row.prospect_id,
        branch=row.branch,
        received_at=row.received_at,
        waiting_minutes=branch.open_minutes_between(row.received_at, now),
        source=row.channel,
        treatment=row.treatment,
        staff_id=row.staff_id,
        kind=row.kind,
        claimed_at=row.claimed_at,
        escalated_at=row.escalated_at,
        escalates_at=None if is_history else escalates_at,
    )


def _together(first: WaitingInquiry, row: Inquiry) -> WaitingInquiry:
    """One person on several channels: the first inquiry, with what a later one knows besides."""
    assert row.id is not None
    return replace(
        first,
        treatment=first.treatment or row.treatment,
        staff_id=first.staff_id if first.staff_id is not None else row.staff_id,
        claimed_at=first.claimed_at or row.claimed_at,
        escalated_at=first.escalated_at or row.escalated_at,
        others=(*first.others, row.id),
    )


def _unanswered(policy: Policy, branches: Sequence[str], now: datetime) -> Select[Inquiry]:
    return (
        select(Inquiry)
        .where(
            col(Inquiry.branch).in_(branches),
            col(Inquiry.received_on) >= _since(policy, branches, now),
            col(Inquiry.received_at) <= now,
            col(Inquiry.kind) != InquiryKind.SPAM,
            or_(col(Inquiry.answered_at).is_(None), col(Inquiry.answered_at) > now),
            or_(col(Inquiry.closed_at).is_(None), col(Inquiry.closed_at) > now),
            ~_answered_elsewhere(now),
            or_(col(Inquiry.kind).not_in(SETTLED_BY_FACTS), ~_settled(now)),
        )
        .order_by(col(Inquiry.received_at), col(Inquiry.id))
        .execution_options(populate_existing=True)
    )


def _since(policy: Policy, branches: Sequence[str], now: datetime) -> date:
    days = [policy.branch(slug).today(now) for slug in branches] or [now.date()]
    return min(days) - timedelta(policy.patience.inquiry)


def _answered_elsewhere(now: datetime) -> ColumnElement[bool]:
    """The same person got an answer to a later inquiry, or to one on another channel."""
    other = aliased(Inquiry)
    same = or_(
        and_(col(other.patient_id).is_not(None), col(other.patient_id) == col(Inquiry.patient_id)),
        and_(col(other.prospect_id).is_not(None), col(other.prospect_id) == col(Inquiry.prospect_id)),
    )
    return exists().where(
        same,
        col(other.branch) == col(Inquiry.branch),
        col(other.answered_at) >= col(Inquiry.received_at),
        col(other.answered_at) <= now,
    )


def _settled(now: datetime) -> ColumnElement[bool]:
    """A reservation made, a visit, or a call that connected, after the person had asked."""
    made, arrived, called = col(Reservation.made_at), col(Visit.arrived_at), col(Call.called_at)
    asked: Any = col(Inquiry.received_at)
    mine = col(Inquiry.patient_id)
    return or_(
        exists().where(col(Reservation.patient_id) == mine, made >= asked, made <= now),
        exists().where(col(Visit.patient_id) == mine, arrived >= asked, arrived <= now),
        exists().where(
            col(Call.patient_id) == mine,
            called >= asked,
            called <= now,
            col(Call.outcome).not_in(NOT_CONNECTED),
            or_(col(Call.taken_back_at).is_(None), col(Call.taken_back_at) > now),
        ),
    )
