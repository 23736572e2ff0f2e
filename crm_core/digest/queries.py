"""The counts of the morning digest of a branch: today, and its last open day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from crm_core.calls.today import today as todays_calls
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations.queries import (
    DayCounts,
    Line,
    count_day,
    missed_before,
    reservations_on,
)
from crm_core.staff.access import channel_person
from crm_core.tables.calls import Section
from crm_core.tables.facts import (
    LIVE,
    Answer,
    Consult,
    Decision,
    Inquiry,
    InquiryKind,
    Reservation,
    Visit,
)
from crm_core.tables.journey import RecallDue

SILENT_AFTER = timedelta(days=2)
"""History is silent: an imported fact older than this makes no work (product.md §2)."""

UNMARKED_DAYS = 14
AGREED = (Decision.YES, Decision.PART)
_ASKED = (Answer.CHANGE_ASKED, Answer.CANCEL_ASKED)
_SETTLED = (Answer.CONFIRMED, Answer.INFORMED)


class Point(StrEnum):
    """Something worth a look, in the order in which it matters."""

    ASKED = "asked"  # patients of today who asked to change or cancel
    PROMISED = "promised"  # call-backs promised for today
    MISSED_BEFORE = "missed_before"  # patients of today who did not come more than once within a year
    MENTION = "mention"  # patients of today with another treatment due or lapsed
    UNMARKED_BEFORE = "unmarked_before"  # unmarked ones of the two weeks before the last open day


@dataclass(frozen=True)
class Yesterday:
    """The last open day. Consults and agreed count patients; not suitable ones are out of both."""

    day: date
    visits: int
    reservations: DayCounts
    consults: int
    agreed: int


@dataclass(frozen=True)
class Morning:
    """What the digest says. `calls` is None where calling has not started or the list is not fixed yet;
    `inquiries` None where the branch's files never say when an inquiry was answered."""

    branch: str
    day: date
    due_at: datetime | None
    today: DayCounts
    to_confirm: int
    calls: int | None
    inquiries: int | None
    oldest_inquiry: datetime | None
    yesterday: Yesterday
    points: tuple[tuple[Point, int], ...]


def digest_at(policy: Policy, branch: Branch, day: date) -> datetime | None:
    """The moment the digest of a day is due by the policy; None on a closed day."""
    opening = branch.opening(day)
    return opening - timedelta(minutes=policy.digest_minutes_before_opening) if opening else None


def morning(db: Session, policy: Policy, branch: str, day: date, now: datetime) -> Morning:
    """The digest of a branch's day as of `now`. Fix the day's list before it, in the same step."""
    place = policy.branch(branch)
    lines = reservations_on(db, place, day, now)
    live = [line for line in lines if line.is_open]
    missed = missed_before(db, [line.patient_id for line in live], day, now)
    calls = todays_calls(db, channel_person(policy, branch), policy, branch, day, now)
    fixed = calls.fixed_at is not None and calls.fixed_at <= now
    waiting, oldest = _waiting_inquiries(db, place, day, now)
    last_day = place.last_open_day(day)
    points = {
        Point.ASKED: sum(line.answer in _ASKED for line in live),
        Point.PROMISED: calls.counts[Section.PROMISED] if fixed else 0,
        Point.MISSED_BEFORE: sum(times > 1 for times in missed.values()),
        Point.MENTION: _to_mention(db, policy, live, day),
        Point.UNMARKED_BEFORE: _unmarked_before(db, place, last_day, now),
    }
    return Morning(
        branch=branch,
        day=day,
        due_at=digest_at(policy, place, day),
        today=count_day(lines),
        to_confirm=sum(_is_to_confirm(line, missed) for line in live),
        calls=calls.total if fixed else None,
        inquiries=waiting,
        oldest_inquiry=oldest,
        yesterday=_yesterday(db, place, last_day, now),
        points=tuple((point, n) for point, n in points.items() if n),
    )


def _is_to_confirm(line: Line, missed: Collection[int]) -> bool:
    """A call pays where nobody has confirmed and the patient is new or did not come within a year
    (product.md §4), and where a change or cancellation was asked."""
    if line.answer in _ASKED:
        return True
    return line.answer not in _SETTLED and (line.is_new or line.patient_id in missed)


def _yesterday(db: Session, branch: Branch, day: date, now: datetime) -> Yesterday:
    visits: int = db.execute(
        select(func.count(col(Visit.patient_id).distinct())).where(
            col(Visit.branch) == branch.slug,
            col(Visit.arrived_on) == day,
            col(Visit.arrived_at) <= now,
        )
    ).scalar_one()
    consulted, agreed = _consults(db, branch, day, now)
    counts = count_day(reservations_on(db, branch, day, now))
    return Yesterday(day, visits, counts, consulted, agreed)


def _consults(db: Session, branch: Branch, day: date, now: datetime) -> tuple[int, int]:
    rows = db.execute(
        select(col(Consult.patient_id), col(Consult.decision), col(Consult.decided_at)).where(
            col(Consult.branch) == branch.slug,
            col(Consult.held_on) == day,
            col(Consult.held_at) <= now,
        )
    )
    decisions: dict[int, set[Decision]] = {}
    for patient_id, decision, decided_at in rows:
        known = decided_at is None or decided_at <= now
        decisions.setdefault(patient_id, set()).add(decision if known else Decision.PENDING)
    suitable = [said for said in decisions.values() if said != {Decision.NOT_SUITABLE}]
    return len(suitable), sum(not said.isdisjoint(AGREED) for said in suitable)


def _waiting_inquiries(
    db: Session, branch: Branch, day: date, now: datetime
) -> tuple[int | None, datetime | None]:
    """How many inquiries nobody has answered, and since when the oldest waits."""
    here = col(Inquiry.branch) == branch.slug
    told = select(col(Inquiry.id)).where(here, col(Inquiry.answered_at).is_not(None)).limit(1)
    if db.execute(told).first() is None:
        return None, None
    last_opening = branch.opening(branch.last_open_day(day)) or now
    row = db.execute(
        select(func.count(), func.min(col(Inquiry.received_at))).where(
            here,
            col(Inquiry.kind) != InquiryKind.SPAM,
            col(Inquiry.received_at) <= now,
            col(Inquiry.received_at) >= min(now - SILENT_AFTER, last_opening),
            or_(col(Inquiry.answered_at).is_(None), col(Inquiry.answered_at) > now),
        )
    ).one()
    return row[0], row[1]


def _to_mention(db: Session, policy: Policy, live: Sequence[Line], day: date) -> int:
    """How many of today's patients have another family due or lapsed: mention it at the visit."""
    coming: dict[int, set[str | None]] = {}
    for line in live:
        coming.setdefault(line.patient_id, set()).add(policy.family_of(line.treatment))
    rows = db.execute(
        select(col(RecallDue.patient_id), col(RecallDue.family)).where(
            col(RecallDue.patient_id).in_(coming),
            col(RecallDue.due_on) <= day,
            col(RecallDue.lapsed_until) >= day,
        )
    )
    return len({patient for patient, family in rows if family not in coming[patient]})


def _unmarked_before(db: Session, branch: Branch, last_day: date, now: datetime) -> int:
    """Unmarked ones older than the last open day, which has a line of its own."""
    first = last_day - timedelta(UNMARKED_DAYS)
    days = db.scalars(
        select(col(Reservation.starts_on))
        .where(
            col(Reservation.branch) == branch.slug,
            col(Reservation.starts_on) >= first,
            col(Reservation.starts_on) < last_day,
            col(Reservation.state).in_(LIVE),
        )
        .distinct()
    )
    return sum(count_day(reservations_on(db, branch, day, now)).unmarked for day in days)
