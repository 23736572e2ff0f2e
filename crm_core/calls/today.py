"""Reads today's list: its cards as they stand now, who has which, and the headline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlmodel import Session, col

from crm_core.calls.actions import has_started, is_taken, may_call
from crm_core.calls.worklists.actions import stops_by_hand
from crm_core.churn.eligibility import judge
from crm_core.churn.queries import BandCounts, count_bands
from crm_core.churn.reasons import Eligibility
from crm_core.errors import OtherBranch
from crm_core.facts_until import missing
from crm_core.inquiries.queries import WaitingInquiry, waiting
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import CALLS, Person, system_scope
from crm_core.tables.calls import SECTIONS, CallCard, DayList, Section
from crm_core.tables.people import Patient, Staff


class CardState(StrEnum):
    """Where a card stands for the person who looks."""

    FREE = "free"
    MINE = "mine"
    TAKEN = "taken"  # by somebody else, at this moment
    TRIED = "tried"  # not connected today: again at another time
    LATER = "later"  # put off by hand
    DONE = "done"


@dataclass(frozen=True)
class TodayCard:
    """A card with the decision about its patient as of now. `mine_to_call`: VIP and owner rules."""

    card_id: int
    patient_id: int
    section: Section
    rank: int
    family: str | None
    reason: str | None
    state: CardState
    claimed_by: str | None
    claimed_at: datetime | None
    call_id: int | None
    mine_to_call: bool
    eligibility: Eligibility
    assigned_to: str | None = None  # whom a list was given to
    is_mine: bool = False  # claimed by this person or given to them


@dataclass(frozen=True)
class TodayList:
    """The list of a branch and day. `counts`: what is still to do by section; `waiting` beyond the cut.

    `inquiries` is section ②, the longest waiting first: no cards, and nobody of it has a card below.

    Before start there are no cards and `would_be` says what would stand on it. `fixed_at` is None
    until the list of the day was fixed (`actions.fix_list`).
    """

    branch: str
    day: date
    started: bool
    fixed_at: datetime | None
    counts: Mapping[Section, int]
    done: int
    waiting: int
    long_gone: int
    cards: tuple[TodayCard, ...]
    would_be: BandCounts | None = None
    inquiries: tuple[WaitingInquiry, ...] = ()
    held_back: int = 0  # cards that wait for a missing file (product.md §2)

    @property
    def total(self) -> int:
        """The headline: calls still to make today."""
        return sum(self.counts.values())


def today(db: Session, person: Person, policy: Policy, branch: str, day: date, now: datetime) -> TodayList:
    """The list as it stands now: who became ineligible has dropped out. OtherBranch.

    Call `actions.fix_list` before it in the same step: it fixes the list, and lets promises join.
    """
    if branch not in person.branches(CALLS, policy):
        raise OtherBranch
    if not has_started(db, branch):
        scope = system_scope(policy, Period(day, day), branch)
        counts = count_bands(db, scope, policy, day, now)
        nothing = dict.fromkeys(SECTIONS, 0)
        return TodayList(branch, day, False, None, nothing, 0, counts.eligible, counts.long_gone, (), counts)
    row = db.scalars(
        select(DayList).where(col(DayList.branch) == branch, col(DayList.day) == day)
    ).one_or_none()
    cards = cards_of_day(db, person, policy, branch, day, now)
    open_cards = [card for card in cards if card.state is not CardState.DONE]
    asking = asking_today(db, policy, branch, cards, now)
    left = {s: sum(card.section is s for card in open_cards) for s in SECTIONS}
    return TodayList(
        branch=branch,
        day=day,
        started=True,
        fixed_at=row.fixed_at if row else None,
        counts={**left, Section.INQUIRIES: len(asking)},
        done=len(cards) - len(open_cards),
        waiting=row.waiting if row else 0,
        long_gone=row.long_gone if row else 0,
        cards=cards,
        inquiries=asking,
        held_back=held_back(db, policy, branch, day, now),
    )


def fixed_at(db: Session, branch: str, day: date) -> datetime | None:
    """When the list of a branch and day was fixed; None before that."""
    statement = select(col(DayList.fixed_at)).where(col(DayList.branch) == branch, col(DayList.day) == day)
    return db.execute(statement).scalar_one_or_none()


def cards_of_day(
    db: Session, person: Person, policy: Policy, branch: str, day: date, now: datetime
) -> tuple[TodayCard, ...]:
    """The day's cards worked top down: sections in their order, tried and put-off ones last in each."""
    rows = list(
        db.execute(
            select(CallCard, Patient)
            .join(Patient, col(Patient.id) == col(CallCard.patient_id))
            .where(
                col(CallCard.branch) == branch,
                col(CallCard.day) == day,
                or_(
                    col(CallCard.on_list).is_(True),
                    col(CallCard.claimed_by_id) == person.staff_id,
                    col(CallCard.assigned_to_id) == person.staff_id,
                ),
            )
            .execution_options(populate_existing=True)
        )
    )
    known = judge(db, policy, [card.patient_id for card, _ in rows], day, now)
    names = _names(db, [card for card, _ in rows])
    cards = [
        _seen(card, patient, known[card.patient_id], names, person, policy, now)
        for card, patient in rows
        if _stays(card, known[card.patient_id])
    ]
    return tuple(sorted(cards, key=_work_order))


def next_up(
    db: Session, person: Person, policy: Policy, branch: str, day: date, now: datetime
) -> TodayCard | WaitingInquiry | None:
    """What to do next: first what this person has claimed, then the list from the top.

    The longest waiting inquiry that nobody else has stands before ④. Cards that were tried or put off
    come after all others. None when all is done.
    """
    return next(iter(_to_do(db, person, policy, branch, day, now)), None)


def _to_do(
    db: Session, person: Person, policy: Policy, branch: str, day: date, now: datetime
) -> list[TodayCard | WaitingInquiry]:
    cards = cards_of_day(db, person, policy, branch, day, now)
    mine = [card for card in cards if card.mine_to_call and (card.is_mine or card.assigned_to is None)]
    claimed = [card for card in mine if card.state is CardState.MINE]
    free = [card for card in mine if card.state is CardState.FREE]
    later = [card for card in mine if card.state in (CardState.TRIED, CardState.LATER)]
    asking = [
        one for one in asking_today(db, policy, branch, cards, now) if one.staff_id in (None, person.staff_id)
    ]
    top = [card for card in free if card.section is Section.PROMISED]
    rest = [card for card in free if card.section is not Section.PROMISED]
    return [*claimed, *top, *asking, *rest, *later]


def card_for(db: Session, person: Person, policy: Policy, card: CallCard, now: datetime) -> TodayCard:
    """One card as it stands now, on the list or off it: what a living card shows."""
    patient = db.get_one(Patient, card.patient_id)
    standing = judge(db, policy, [card.patient_id], card.day, now)[card.patient_id]
    return _seen(card, patient, standing, _names(db, [card]), person, policy, now)


def _stays(card: CallCard, standing: Eligibility) -> bool:
    """Work done stays visible; else the patient must stand in a section of cards now.

    Off the list stand a card one has opened by hand, and one that was given to somebody: it drops out
    when something speaks against the call.
    """
    if card.done_at is not None:
        return True
    if card.on_list:
        has_cards = standing.section is not None and standing.section is not Section.INQUIRIES
        return has_cards and not standing.held_back
    given = card.assigned_to_id is not None and card.claimed_by_id is None
    return not (given and (stops_by_hand(standing) or standing.section is Section.INQUIRIES))


def held_back(db: Session, policy: Policy, branch: str, day: date, now: datetime) -> int:
    """How many cards of the day wait for the missing file that may say that they have been here."""
    if missing(db, policy, branch, now) is None:
        return 0
    statement = select(col(CallCard.patient_id)).where(
        col(CallCard.branch) == branch,
        col(CallCard.day) == day,
        col(CallCard.on_list).is_(True),
        col(CallCard.done_at).is_(None),
    )
    known = judge(db, policy, list(db.scalars(statement)), day, now)
    return sum(one.section is not None and one.held_back for one in known.values())


def asking_today(
    db: Session, policy: Policy, branch: str, cards: Sequence[TodayCard], now: datetime
) -> tuple[WaitingInquiry, ...]:
    """Section ② beside these cards: whoever stands in ① is called there."""
    promised = {
        card.patient_id
        for card in cards
        if card.section is Section.PROMISED and card.state is not CardState.DONE
    }
    return tuple(one for one in waiting(db, policy, (branch,), now) if one.patient_id not in promised)


def section_now(card: CallCard, standing: Eligibility) -> Section:
    """Where an open card is worked: where its patient stands now; else what it was made for."""
    if card.done_at is not None or standing.section in (None, Section.INQUIRIES):
        return card.section
    return standing.section or card.section


def _names(db: Session, cards: list[CallCard]) -> dict[int, str]:
    staff = {one for card in cards for one in (card.claimed_by_id, card.assigned_to_id) if one is not None}
    found = db.execute(select(col(Staff.id), col(Staff.name)).where(col(Staff.id).in_(staff)))
    return {row[0]: row[1] for row in found}


def _seen(
    card: CallCard,
    patient: Patient,
    standing: Eligibility,
    names: Mapping[int, str],
    person: Person,
    policy: Policy,
    now: datetime,
) -> TodayCard:
    return TodayCard(
        card_id=card.id or 0,
        patient_id=card.patient_id,
        section=section_now(card, standing),
        rank=card.rank,
        family=standing.about or card.family,
        reason=card.reason,
        state=_state(card, person, now),
        claimed_by=names.get(card.claimed_by_id) if card.claimed_by_id is not None else None,
        claimed_at=card.claimed_at,
        call_id=card.call_id,
        mine_to_call=may_call(person, patient, policy),
        eligibility=standing,
        assigned_to=names.get(card.assigned_to_id) if card.assigned_to_id is not None else None,
        is_mine=person.staff_id is not None and person.staff_id in (card.claimed_by_id, card.assigned_to_id),
    )


def _state(card: CallCard, person: Person, now: datetime) -> CardState:
    if card.done_at is not None:
        return CardState.DONE
    if is_taken(card, person, now):
        return CardState.TAKEN
    if card.claimed_by_id is not None and card.claimed_by_id == person.staff_id:
        return CardState.MINE
    if card.skipped_at is not None:
        return CardState.TRIED if card.call_id is not None else CardState.LATER
    return CardState.FREE


def _work_order(card: TodayCard) -> tuple[int, int, int]:
    put_off = card.state in (CardState.TRIED, CardState.LATER)
    return SECTIONS.index(card.section), put_off, card.rank
