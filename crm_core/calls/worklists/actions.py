"""A list of people, as a drop-off of the funnel opens it, is given to one member of staff to call today."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.actions import cards_today, has_started, is_taken, may_call, place
from crm_core.churn.eligibility import judge
from crm_core.churn.reasons import Eligibility, Why
from crm_core.errors import NotAllowed, NotStarted, NotUnderstood, OtherBranch
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.sql import among, chunks
from crm_core.staff import audit
from crm_core.staff.access import CALLS, Person, person_of
from crm_core.tables.calls import CallCard, Section
from crm_core.tables.people import Patient, Role, Staff

GIVERS = frozenset({Role.LEAD, Role.DIRECTOR})
"""Who gives calls to somebody else; whoever calls may take a list for themselves."""

_STOPS = frozenset(
    {
        Why.STATUS,
        Why.NO_PHONE,
        Why.NO_GUARDIAN,
        Why.WRONG_NUMBER,
        Why.DENIED,
        Why.STOPPED,
        Why.DECEASED_PHONE,
        Why.HAS_RESERVATION,
        Why.PROMISED,
        Why.RESTING,
        Why.TRIED_OUT,
        Why.BUDGET,
        Why.NO_CONSENT,
    }
)


class Kept(StrEnum):
    """Why a patient is not handed out though nothing speaks against a call."""

    OTHER_BRANCH = "other_branch"  # of a branch at which the giver or the taker does not call
    ONLY_FOR_OWNER = "only_for_owner"  # a VIP: called by the owner or a director
    INQUIRIES = "inquiries"  # asked something and waits for the answer: section ②
    CALLED_TODAY = "called_today"
    TAKEN = "taken"  # somebody is calling at this moment


@dataclass(frozen=True)
class HandedOut:
    """How many got a card of today for the taker; the others by a value of `Why` or `Kept`."""

    given: int
    not_callable: Mapping[str, int]


def hand_out(
    db: Session,
    policy: Policy,
    person: Person,
    patient_ids: Collection[int],
    to_staff_id: int,
    now: datetime,
) -> HandedOut:
    """Each patient who may be called gets a card of today that is assigned to the member of staff.

    Nobody's owner changes, and no list of a branch grows: the cards stand under "only mine" of the
    taker. Doing it again changes nothing. NotAllowed, NotUnderstood ("staff"), OtherBranch, NotStarted.
    """
    taker, branches = _taker(db, policy, person, to_staff_id)
    given: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for ids in chunks(sorted(set(patient_ids))):
        for patient, one in _standings(db, policy, ids, now):
            card, why = _card_for(db, policy, taker, branches, patient, one, now)
            if card is None:
                kept[why] += 1
                continue
            card.assigned_to_id = to_staff_id
            given[card.branch] += 1
            outbox.changed(db, f"patient:{patient.id}", now)
    db.flush()
    for branch, count in given.items():
        audit.record(db, person, "hand_out", now, branch=branch, what=f"to staff:{to_staff_id}", count=count)
        outbox.changed(db, f"day:{branch}:{policy.branch(branch).today(now)}", now)
    return HandedOut(given.total(), dict(kept))


def stops_by_hand(one: Eligibility) -> Why | None:
    """What speaks against a call by hand: being due is not needed, being callable is."""
    if one.section is not None:
        return None
    return next((reason.why for reason in one.reasons if reason.why in _STOPS), None)


def _taker(db: Session, policy: Policy, person: Person, staff_id: int) -> tuple[Person, tuple[str, ...]]:
    """Who is to call, and the branches at which the giver may give to them."""
    staff = db.get(Staff, staff_id)
    if staff is None or not staff.active:
        raise NotUnderstood("staff", str(staff_id))
    taker = person_of(db, staff)
    roles = CALLS if person.staff_id == staff_id else GIVERS
    giving = person.branches(roles, policy)
    if not giving:
        raise NotAllowed(tuple(sorted(role.value for role in roles)))
    calling = taker.branches(CALLS, policy)
    branches = tuple(slug for slug in giving if slug in calling)
    if not branches:
        raise OtherBranch
    started = tuple(slug for slug in branches if has_started(db, slug))
    if not started:
        raise NotStarted(branches[0])
    return taker, started


def _standings(
    db: Session, policy: Policy, ids: Sequence[int], now: datetime
) -> list[tuple[Patient, Eligibility]]:
    """The patients with the decision about each on the local day of their branch."""
    patients = list(
        db.scalars(select(Patient).where(among(db, col(Patient.id), ids)).order_by(col(Patient.id)))
    )
    days = {patient.id: policy.branch(patient.branch).today(now) for patient in patients}
    found: dict[int, Eligibility] = {}
    for day in set(days.values()):
        found.update(
            judge(db, policy, [i for i, on in days.items() if i is not None and on == day], day, now)
        )
    return [(patient, found[patient.id]) for patient in patients if patient.id is not None]


def _card_for(
    db: Session,
    policy: Policy,
    taker: Person,
    branches: Sequence[str],
    patient: Patient,
    one: Eligibility,
    now: datetime,
) -> tuple[CallCard | None, str]:
    """The card to assign, or the reason why there is none."""
    known = cards_today(db, policy, one.patient_id, branches, now)
    branch = next((slug for slug in (one.branch, patient.branch) if slug in branches), None)
    if branch is None and not known:
        return None, Kept.OTHER_BRANCH
    stop = stops_by_hand(one)
    if stop is not None:
        return None, stop.value
    if one.section is Section.INQUIRIES:
        return None, Kept.INQUIRIES
    if not may_call(taker, patient, policy):
        return None, Kept.ONLY_FOR_OWNER
    if any(card.done_at is not None for card in known):
        return None, Kept.CALLED_TODAY
    if known:
        return (None, Kept.TAKEN) if is_taken(known[0], taker, now) else (known[0], "")
    assert branch is not None
    return place(db, policy, branch, one, now), ""
