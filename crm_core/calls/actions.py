"""The list of a branch and day is fixed here; a card is claimed, released, taken over, put off."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import and_, false, func, or_, select, update
from sqlmodel import Session, col

from crm_core.churn import actions as churn
from crm_core.churn.eligibility import judge
from crm_core.churn.midway import mid_course_list, undecided_list
from crm_core.churn.queries import due_list, long_gone, promised_list
from crm_core.churn.reasons import Eligibility
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    NoSuchCard,
    NoSuchPatient,
    NotAllowed,
    NotStarted,
    OnlyForOwner,
    OtherBranch,
)
from crm_core.inquiries.queries import waiting
from crm_core.outbox import actions as outbox
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.sql import insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import CALLS, EVERYWHERE, Person, may_see, system_scope
from crm_core.tables.calls import CallCard, DayList, Episode, Section
from crm_core.tables.people import Patient, Role, Staff, StaffRole

OWNER_ONLY = "owner_only"


def start(db: Session, policy: Policy, person: Person, branch: str, now: datetime) -> bool:
    """The director's start of a branch's calling; False when it had started. NotAllowed for others."""
    if branch not in person.branches({Role.DIRECTOR}, policy):
        raise NotAllowed((Role.DIRECTOR.value,))
    insert_ignoring(db, Episode, {"branch": branch})
    began = db.execute(
        update(Episode)
        .where(col(Episode.branch) == branch, col(Episode.started_at).is_(None))
        .values(started_at=now, started_by_id=person.staff_id)
        .returning(col(Episode.branch))
    ).scalar_one_or_none()
    if began is None:
        return False
    audit.record(db, person, "start", now, branch=branch)
    return True


def has_started(db: Session, branch: str) -> bool:
    """Whether the director has pressed start at the branch."""
    row = db.get(Episode, branch)
    return row is not None and row.started_at is not None


def capacity(db: Session, policy: Policy, branch: str, day: date) -> int:
    """How many calls the branch can make a day: `per_coordinator` for each active coordinator.

    Never fewer than one coordinator's: where nobody has the role, somebody else calls.
    """
    here = (
        select(func.count(col(StaffRole.staff_id).distinct()))
        .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
        .where(
            col(StaffRole.role) == Role.COORDINATOR,
            col(StaffRole.branch).in_((branch, EVERYWHERE)),
            col(Staff.active).is_(True),
            or_(col(Staff.left_on).is_(None), col(Staff.left_on) > day),
        )
    )
    coordinators: int = db.execute(here).scalar_one()
    return policy.calls.per_coordinator * max(1, coordinators)


def fix_list(db: Session, policy: Policy, branch: str, day: date, now: datetime) -> DayList | None:
    """Fixes the list of a branch and day, or lets due promises join the one that is fixed.

    None before start. What the branch can call less ① and ② is filled with ④, then ⑤, then ⑦: the cut
    is from below, and ① and ② are never cut. Doing it again, or twice at once, changes nothing but for
    promises that have come due; inquiries join by themselves.
    """
    if not has_started(db, branch):
        return None
    scope = system_scope(policy, Period(day, day), branch)
    promised = promised_list(db, scope, policy, day, now)
    fixed = insert_ignoring(db, DayList, {"branch": branch, "day": day, "fixed_at": now})
    if fixed is not None:
        churn.keep_shares(db, policy, day, now)
        people = [
            (section, rank, one)
            for section, find in _CUT_FROM_BELOW
            for rank, one in enumerate(find(db, scope, policy, day, now))
        ]
        asked = {one.patient_id for one in promised}
        asking = sum(one.patient_id not in asked for one in waiting(db, policy, (branch,), now))
        room = max(0, capacity(db, policy, branch, day) - len(promised) - asking)
        for section, rank, one in people[:room]:
            _put(db, branch, one, section, rank)
        db.execute(
            update(DayList)
            .where(col(DayList.id) == fixed)
            .values(waiting=len(people[room:]), long_gone=long_gone(db, scope, day))
        )
    for rank, one in enumerate(promised):
        _join(db, branch, one, rank, now)
    return db.scalars(
        select(DayList)
        .where(col(DayList.branch) == branch, col(DayList.day) == day)
        .execution_options(populate_existing=True)
    ).one()


_CUT_FROM_BELOW = (
    (Section.UNDECIDED, undecided_list),
    (Section.MID_COURSE, mid_course_list),
    (Section.RECALL, due_list),
)


def _put(db: Session, branch: str, one: Eligibility, section: Section, rank: int) -> None:
    band = one.band.value if one.band else None
    insert_ignoring(
        db,
        CallCard,
        {
            "branch": branch,
            "day": one.day,
            "patient_id": one.patient_id,
            "section": section,
            "rank": rank,
            "on_list": True,
            "family": one.about,
            "reason": band if section is Section.RECALL else section.value,
        },
    )


def _join(db: Session, branch: str, one: Eligibility, rank: int, now: datetime) -> None:
    """A due promise stands in ①: a new card, one that moves up, or one that is open again."""
    card = card_of(db, branch, one.day, one.patient_id)
    if card is None:
        _put(db, branch, one, Section.PROMISED, rank)
        outbox.changed(db, f"day:{branch}:{one.day}", now)
        return
    card.section, card.on_list, card.reason = Section.PROMISED, True, "promised"
    if card.done_at is not None:
        card.done_at, card.skipped_at = None, None
        card.claimed_by_id = card.claimed_at = card.claimed_until = None


def card_of(db: Session, branch: str, day: date, patient_id: int) -> CallCard | None:
    """The card of a patient on a branch's day."""
    return db.scalars(
        select(CallCard).where(
            col(CallCard.branch) == branch,
            col(CallCard.day) == day,
            col(CallCard.patient_id) == patient_id,
        )
    ).one_or_none()


def open_card(db: Session, policy: Policy, person: Person, patient_id: int, now: datetime) -> CallCard:
    """The patient's card of today, made outside of the list where there is none (`/log`, `/patient`).

    A card that stands at one of the person's branches is the one; else it is made at the branch that
    owns the patient's card, so that nobody has two.
    """
    patient = db.get(Patient, patient_id)
    if patient is None:
        raise NoSuchPatient
    may_see(person, policy, patient)
    mine = person.branches(CALLS, policy)
    known = cards_today(db, policy, patient_id, mine, now)
    if known:
        return known[0]
    one = judge(db, policy, [patient_id], policy.branch(patient.branch).today(now), now)[patient_id]
    branch = one.branch if one.branch in mine else patient.branch
    return place(db, policy, branch, one, now)


def place(db: Session, policy: Policy, branch: str, one: Eligibility, now: datetime) -> CallCard:
    """A card of today outside of the list, in the section the patient belongs to by what is known."""
    day = policy.branch(branch).today(now)
    insert_ignoring(
        db,
        CallCard,
        {
            "branch": branch,
            "day": day,
            "patient_id": one.patient_id,
            "section": section_by_hand(one),
            "rank": 0,
            "on_list": False,
        },
    )
    card = card_of(db, branch, day, one.patient_id)
    if card is None:
        raise NoSuchCard
    return card


def section_by_hand(one: Eligibility) -> Section:
    """What a call by hand is about: the section of the day, else the undecided consult, else ⑦."""
    if one.section is not None and one.section is not Section.INQUIRIES:
        return one.section
    return Section.UNDECIDED if one.pending is not None else Section.RECALL


def cards_today(
    db: Session, policy: Policy, patient_id: int, branches: Collection[str], now: datetime
) -> list[CallCard]:
    """The patient's cards of today at these branches: those on a list first, open ones first."""
    cards = db.scalars(
        select(CallCard).where(
            col(CallCard.patient_id) == patient_id,
            or_(
                *(
                    and_(
                        col(CallCard.branch) == slug,
                        col(CallCard.day) == policy.branch(slug).today(now),
                    )
                    for slug in branches
                ),
                false(),
            ),
        )
    )
    return sorted(cards, key=lambda card: (not card.on_list, card.done_at is not None, card.id or 0))


def claim(db: Session, policy: Policy, person: Person, card_id: int, now: datetime) -> CallCard:
    """Takes a card for `claim_minutes`; pressing again renews it. Two at once: exactly one wins.

    ClaimedByOther, AlreadyLogged, OnlyForOwner (VIP), OtherBranch, NotStarted, NoSuchCard.
    """
    card_id = card_now(db, policy, person, card_id, now)
    card = workable(db, policy, person, card_id)
    won = _take(db, policy, person, card_id, now, from_others=False)
    if won is None:
        raise _lost(db, card_id)
    audit.record(db, person, "claim", now, patient_id=card.patient_id, branch=card.branch)
    _show(db, card, now)
    return won


def take_over(db: Session, policy: Policy, person: Person, card_id: int, now: datetime) -> CallCard:
    """Takes a card from whoever has it (asked once more by the caller of this); audited."""
    card = workable(db, policy, person, card_id)
    won = _take(db, policy, person, card_id, now, from_others=True)
    if won is None:
        raise _lost(db, card_id)
    audit.record(db, person, "take_over", now, patient_id=card.patient_id, branch=card.branch)
    _show(db, card, now)
    return won


def release(db: Session, policy: Policy, person: Person, card_id: int, now: datetime) -> CallCard:
    """Puts a card of one's own back; a card that is not one's own stays as it is."""
    return _put_back(db, policy, person, card_id, now, {})


def skip(db: Session, policy: Policy, person: Person, card_id: int, now: datetime) -> CallCard:
    """Later today: the card goes to the end and is free again. ClaimedByOther when it is taken."""
    card = workable(db, policy, person, card_id)
    if is_taken(card, person, now):
        raise _lost(db, card_id)
    return _put_back(db, policy, person, card_id, now, {"skipped_at": now}, also_free=True)


def card_now(db: Session, policy: Policy, person: Person, card_id: int, now: datetime) -> int:
    """The card, or where its patient's chart has been merged since, today's card of the chart that was
    kept: a card of its own stands on a list there, and what is said on the other must not be lost."""
    card = db.get(CallCard, card_id)
    patient = db.get(Patient, card.patient_id) if card is not None else None
    if patient is None or patient.merged_into_id is None:
        return card_id
    return open_card(db, policy, person, patient.merged_into_id, now).id or card_id


def workable(db: Session, policy: Policy, person: Person, card_id: int) -> CallCard:
    """The card, if this person may work it: branch, role, VIP and owner are checked on every path."""
    card = db.get(CallCard, card_id, populate_existing=True)
    if card is None:
        raise NoSuchCard
    if not person.has(CALLS):
        raise NotAllowed(tuple(sorted(role.value for role in CALLS)))
    if card.branch not in person.branches(CALLS, policy):
        raise OtherBranch
    if card.on_list and not has_started(db, card.branch):
        raise NotStarted(card.branch)
    patient = db.get_one(Patient, card.patient_id)
    if not may_call(person, patient, policy):
        raise OnlyForOwner(staff_name(db, patient.owner_id))
    return card


def may_call(person: Person, patient: Patient, policy: Policy) -> bool:
    """VIPs, and those who asked for one person only, are called by the owner or a director."""
    if not patient.vip and patient.preference != OWNER_ONLY:
        return True
    if person.staff_id is not None and person.staff_id == patient.owner_id:
        return True
    return patient.branch in person.branches({Role.DIRECTOR}, policy)


def is_taken(card: CallCard, person: Person, now: datetime) -> bool:
    """Whether somebody else has the card at this moment."""
    if card.claimed_by_id is None or card.claimed_by_id == person.staff_id:
        return False
    return card.claimed_until is not None and card.claimed_until > now


def _take(
    db: Session, policy: Policy, person: Person, card_id: int, now: datetime, *, from_others: bool
) -> CallCard | None:
    if person.staff_id is None:
        raise NotAllowed(tuple(sorted(role.value for role in CALLS)))
    statement = update(CallCard).where(col(CallCard.id) == card_id, col(CallCard.done_at).is_(None))
    if not from_others:
        statement = statement.where(
            or_(
                col(CallCard.claimed_by_id).is_(None),
                col(CallCard.claimed_by_id) == person.staff_id,
                col(CallCard.claimed_until) <= now,
            )
        )
    found = db.execute(
        statement.values(
            claimed_by_id=person.staff_id,
            claimed_at=now,
            claimed_until=now + timedelta(minutes=policy.calls.claim_minutes),
            skipped_at=None,
        )
        .returning(col(CallCard.id))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if found is None else db.get(CallCard, found, populate_existing=True)


def _put_back(
    db: Session,
    policy: Policy,
    person: Person,
    card_id: int,
    now: datetime,
    values: dict[str, datetime],
    *,
    also_free: bool = False,
) -> CallCard:
    card = workable(db, policy, person, card_id)
    mine = col(CallCard.claimed_by_id) == person.staff_id
    free = or_(col(CallCard.claimed_by_id).is_(None), col(CallCard.claimed_until) <= now)
    db.execute(
        update(CallCard)
        .where(
            col(CallCard.id) == card_id,
            col(CallCard.done_at).is_(None),
            or_(mine, free) if also_free else mine,
        )
        .values(claimed_by_id=None, claimed_at=None, claimed_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    db.refresh(card)
    _show(db, card, now)
    return card


def _lost(db: Session, card_id: int) -> AlreadyLogged | ClaimedByOther:
    card = db.get_one(CallCard, card_id, populate_existing=True)
    by = staff_name(db, card.claimed_by_id) or ""
    if card.done_at is not None:
        return AlreadyLogged(by, card.done_at)
    return ClaimedByOther(by, card.claimed_at or card.claimed_until or datetime.min)  # noqa: DTZ901


def staff_name(db: Session, staff_id: int | None) -> str | None:
    """The name of a member of staff."""
    staff = db.get(Staff, staff_id) if staff_id is not None else None
    return staff.name if staff else None


def _show(db: Session, card: CallCard, now: datetime) -> None:
    """Every place where the card or the list of its day stands is rendered anew."""
    outbox.changed(db, f"patient:{card.patient_id}", now)
    outbox.changed(db, f"day:{card.branch}:{card.day}", now)
