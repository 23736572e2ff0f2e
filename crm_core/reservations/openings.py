"""Which times of a branch are free, and what a patient has booked ahead."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations.free import UNKNOWN_MINUTES, Span, WhyNot, free_starts, span, why_not
from crm_core.tables.facts import LIVE, Consult, Decision, Reservation, ReservationState, TreatmentDone

HOLDING = (*LIVE, ReservationState.ARRIVED, ReservationState.COMPLETED)
"""States in which a reservation takes its time: a moved or cancelled one gives it back."""

DAYS_AHEAD = 60  # how far a free time is looked for
NEAREST = 3
AFTERNOON = 13  # the hour from which a time is one after lunch


def minutes_of(policy: Policy, treatment: str | None) -> int:
    """How long a treatment takes."""
    known = policy.treatments.get(treatment or "")
    return known.minutes if known else UNKNOWN_MINUTES


def taken_on(
    db: Session, policy: Policy, branch: Branch, first: date, last: date, without: int | None = None
) -> Mapping[date, Sequence[Span]]:
    """What is taken on each local day; a reservation of a date alone takes no time. `without` leaves
    one out: the reservation that is to be moved."""
    rows = db.execute(
        select(
            col(Reservation.id),
            col(Reservation.starts_on),
            col(Reservation.starts_at),
            col(Reservation.treatment),
        ).where(
            col(Reservation.branch) == branch.slug,
            col(Reservation.starts_on) >= first,
            col(Reservation.starts_on) <= last,
            col(Reservation.state).in_(HOLDING),
            col(Reservation.timed),
        )
    )
    found: defaultdict[date, list[Span]] = defaultdict(list)
    for number, on, starts_at, treatment in rows:
        if number != without:
            found[on].append(span(starts_at, minutes_of(policy, treatment)))
    return found


def cannot_book(
    db: Session,
    policy: Policy,
    branch: Branch,
    starts_at: datetime,
    treatment: str | None,
    without: int | None = None,
) -> WhyNot | None:
    """Why a time of the branch cannot be had; None when it can."""
    day = branch.local(starts_at).date()
    taken = taken_on(db, policy, branch, day, day, without)
    return why_not(branch, span(starts_at, minutes_of(policy, treatment)), taken.get(day, ()))


def free_on(
    db: Session, policy: Policy, branch: Branch, day: date, treatment: str | None, now: datetime
) -> list[datetime]:
    """Every free start of a local day."""
    taken = taken_on(db, policy, branch, day, day)
    return free_starts(branch, day, minutes_of(policy, treatment), taken.get(day, ()), now)


def next_free(
    db: Session, policy: Policy, branch: Branch, treatment: str | None, now: datetime, days: int = 3
) -> list[datetime]:
    """The first free start before and after lunch of each of the next days that have one."""
    found: list[datetime] = []
    seen = 0
    today = branch.today(now)
    taken = taken_on(db, policy, branch, today, today + timedelta(DAYS_AHEAD))
    minutes = minutes_of(policy, treatment)
    for day in (today + timedelta(n) for n in range(DAYS_AHEAD)):
        starts = free_starts(branch, day, minutes, taken.get(day, ()), now)
        halves = {branch.local(start).hour >= AFTERNOON: start for start in reversed(starts)}
        found += sorted(halves.values())
        seen += bool(starts)
        if seen == days:
            break
    return found


def near(
    db: Session,
    policy: Policy,
    branch: Branch,
    starts_at: datetime,
    treatment: str | None,
    now: datetime,
    without: int | None = None,
) -> tuple[datetime, ...]:
    """The free starts nearest to a time that cannot be had: of its day, else of the next open days."""
    wanted = branch.local(starts_at).date()
    last = wanted + timedelta(14)
    taken = taken_on(db, policy, branch, wanted, last, without)
    minutes = minutes_of(policy, treatment)
    for day in (wanted + timedelta(n) for n in range(15)):
        starts = free_starts(branch, day, minutes, taken.get(day, ()), now)
        if starts:
            nearest = sorted(starts, key=lambda start: (abs(start - starts_at), start))[:NEAREST]
            return tuple(sorted(nearest))
    return ()


def ahead_of(db: Session, patient_id: int, today: date) -> list[Reservation]:
    """The live reservations of a patient from today on, the next one first."""
    return list(
        db.scalars(
            select(Reservation)
            .where(
                col(Reservation.patient_id) == patient_id,
                col(Reservation.starts_on) >= today,
                col(Reservation.state).in_(LIVE),
            )
            .order_by(col(Reservation.starts_at), col(Reservation.id))
        )
    )


def likely_treatment(db: Session, policy: Policy, patient_id: int) -> str | None:
    """What the next reservation is probably for: what was agreed or is undecided since the last
    treatment, else the last treatment."""
    done = db.execute(
        select(col(TreatmentDone.treatment), col(TreatmentDone.done_at))
        .where(col(TreatmentDone.patient_id) == patient_id)
        .order_by(col(TreatmentDone.done_at).desc())
        .limit(1)
    ).first()
    talked = (
        select(col(Consult.treatment))
        .where(
            col(Consult.patient_id) == patient_id,
            col(Consult.treatment).is_not(None),
            col(Consult.decision).in_((Decision.YES, Decision.PART, Decision.PENDING)),
        )
        .order_by(col(Consult.held_at).desc())
        .limit(1)
    )
    if done is not None:
        talked = talked.where(col(Consult.held_at) > done[1])
    wanted = db.scalars(talked).first() or (done[0] if done is not None else None)
    return wanted if wanted in policy.treatments else None
