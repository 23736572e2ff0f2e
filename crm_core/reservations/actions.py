"""What became of a reservation is written here: came, did not come, cancelled, moved; and taken back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.actions import staff_name
from crm_core.errors import (
    AlreadyLogged,
    DateNotPossible,
    NotFree,
    NothingToUndo,
    OtherBranch,
    StaleButton,
)
from crm_core.outbox import actions as outbox
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.reservations.free import WhyNot
from crm_core.reservations.openings import cannot_book, near
from crm_core.reservations.queries import CLOSERS, reservations_on
from crm_core.sql import insert_ignoring
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.staff.own import still_own
from crm_core.tables.desk import BookingDay
from crm_core.tables.facts import LIVE, Reservation, ReservationState, Visit
from crm_core.upkeep import keep_up

CHAT = "chat"
LONGEST_AHEAD = timedelta(days=365)
CARDS_AHEAD = 15  # days whose cards may stand in a channel: three, and a holiday in between


class Mark(StrEnum):
    """What a person says of a reservation on the closing card; a move is `move`."""

    CAME = "came"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"  # early or late by the policy's hours


class Why(StrEnum):
    """How a state came about, beside the state: a word of ours."""

    MARKED = "marked"
    MARKED_REQUEST = "marked_request"  # it was requested, not booked: what an undo goes back to
    OTHERS = "others"  # with "all others came"
    CLINIC = "clinic"  # cancelled for a reason of the clinic's
    CLINIC_REQUEST = "clinic_request"


_OF_A_REQUEST = {Why.MARKED: Why.MARKED_REQUEST, Why.CLINIC: Why.CLINIC_REQUEST}


def mark(
    db: Session, policy: Policy, person: Person, reservation_id: int, said: Mark, now: datetime
) -> Reservation:
    """Writes what became of a reservation; a visit is made of whoever came.

    AlreadyLogged when somebody was first, OtherBranch, StaleButton when it cannot be: it is not there,
    its day is ahead, or its time has not come and it is called missed.
    """
    row = _open_row(db, policy, person, reservation_id)
    branch = policy.branch(row.branch)
    if said is not Mark.CANCELLED and row.starts_on > branch.today(now):
        raise StaleButton
    if said is Mark.NO_SHOW and (row.starts_at > now or _has_come(db, row)):
        raise StaleButton
    state = _state_of(policy, row, said, now)
    _set(row, person, state, now)
    if said is Mark.CAME:
        _arrive(db, branch, row, now if row.starts_on == branch.today(now) else row.starts_at)
    audit.record(db, person, "mark", now, patient_id=row.patient_id, branch=row.branch, what=state.value)
    follow_up(db, policy, [row], now)
    return row


def cancel_by_clinic(
    db: Session, policy: Policy, person: Person, reservation_id: int, now: datetime
) -> Reservation:
    """The clinic cannot keep a reservation; what the patient cancels is a `mark`. Errors as there."""
    row = _open_row(db, policy, person, reservation_id)
    state = ReservationState.CANCELLED_BY_CLINIC
    _set(row, person, state, now, Why.CLINIC)
    audit.record(db, person, "mark", now, patient_id=row.patient_id, branch=row.branch, what=state.value)
    follow_up(db, policy, [row], now)
    return row


def mark_others(db: Session, policy: Policy, person: Person, branch: str, day: date, now: datetime) -> int:
    """All the others came: every reservation of the day whose time has come and that is still open.

    How many; what somebody marks at the same moment stays theirs. OtherBranch.
    """
    _may_close(policy, person, branch)
    place = policy.branch(branch)
    still_open = [line.reservation_id for line in reservations_on(db, place, day, now) if line.is_open]
    rows = list(
        db.scalars(
            select(Reservation)
            .where(
                col(Reservation.id).in_(still_open),
                col(Reservation.state).in_(LIVE),
                col(Reservation.starts_at) <= now,
            )
            .order_by(col(Reservation.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    for row in rows:
        _set(row, person, ReservationState.ARRIVED, now, Why.OTHERS)
        _arrive(db, place, row, row.starts_at)
        audit.record(db, person, "mark", now, patient_id=row.patient_id, branch=branch, what="arrived")
    follow_up(db, policy, rows, now)
    return len(rows)


def move(
    db: Session, policy: Policy, person: Person, reservation_id: int, starts_at: datetime, now: datetime
) -> Reservation:
    """Moves a reservation: the old one names the new one, which is returned. DateNotPossible, NotFree."""
    row = _open_row(db, policy, person, reservation_id)
    branch = policy.branch(row.branch)
    refuse_unless_free(db, policy, branch, starts_at, row.treatment, now, without=row.id)
    new = Reservation(
        book=row.book,
        number=f"{CHAT}-moved-{row.id}",
        patient_id=row.patient_id,
        branch=row.branch,
        starts_at=starts_at,
        starts_on=branch.local(starts_at).date(),
        made_at=now,
        treatment=row.treatment,
        doctor=row.doctor,
        staff_id=person.staff_id or row.staff_id,
        deposit=row.deposit,
        source=CHAT,
    )
    db.add(new)
    _set(row, person, ReservationState.MOVED, now)
    row.moved_to = new.number
    audit.record(db, person, "mark", now, patient_id=row.patient_id, branch=row.branch, what="moved")
    follow_up(db, policy, [row, new], now)
    return new


def undo(db: Session, policy: Policy, person: Person, reservation_id: int, now: datetime) -> Reservation:
    """Takes back one's own mark within the policy's minutes; the audit rows of both stay.

    NothingToUndo when it is not this person's mark, TooLateToUndo.
    """
    row = _row(db, policy, person, reservation_id)
    _take_back(db, policy, person, [row], now)
    return row


def undo_others(db: Session, policy: Policy, person: Person, branch: str, day: date, now: datetime) -> int:
    """Takes back one's own newest "all others came" of a day; how many are open again."""
    _may_close(policy, person, branch)
    own = list(
        db.scalars(
            select(Reservation)
            .where(
                col(Reservation.branch) == branch,
                col(Reservation.starts_on) == day,
                col(Reservation.state) == ReservationState.ARRIVED,
                col(Reservation.state_why) == Why.OTHERS.value,
                col(Reservation.state_by_id).is_(person.staff_id)
                if person.staff_id is None
                else col(Reservation.state_by_id) == person.staff_id,
            )
            .order_by(col(Reservation.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    newest = max((row.state_at for row in own if row.state_at), default=None)
    rows = [row for row in own if row.state_at == newest]
    if not rows:
        raise NothingToUndo
    _take_back(db, policy, person, rows, now)
    return len(rows)


def show_anew(db: Session, policy: Policy, branch: str, now: datetime) -> int:
    """After a file was read: every card of the branch that shows its days near now, and today's calls, is
    rendered anew where it stands. How many places."""
    place = policy.branch(branch)
    today = place.today(now)
    closing = (place.last_open_day(today), today)
    ahead = (today + timedelta(days) for days in range(CARDS_AHEAD))
    about = [f"day:{branch}:{today.isoformat()}"]
    about += [f"closing:{branch}:{day.isoformat()}" for day in closing]
    about += [f"reservations:{branch}:{day.isoformat()}" for day in ahead]
    return sum(outbox.changed(db, what, now) for what in about)


def cancelled(policy: Policy, starts_at: datetime, now: datetime) -> ReservationState:
    """Late within the policy's hours before the start, and ever after it."""
    late = starts_at - now < timedelta(hours=policy.late_cancel_hours)
    return ReservationState.CANCELLED_LATE if late else ReservationState.CANCELLED_EARLY


def _may_close(policy: Policy, person: Person, branch: str) -> None:
    if branch not in person.branches(CLOSERS, policy):
        raise OtherBranch


def _row(db: Session, policy: Policy, person: Person, reservation_id: int) -> Reservation:
    """The row, locked and as it is now."""
    row = db.get(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if row is None or row.branch not in policy.branches:
        raise StaleButton
    _may_close(policy, person, row.branch)
    return row


def _open_row(db: Session, policy: Policy, person: Person, reservation_id: int) -> Reservation:
    row = _row(db, policy, person, reservation_id)
    if row.state in LIVE:
        return row
    by = staff_name(db, row.state_by_id)
    if by is None or row.state_at is None:  # the chart said so meanwhile: the card is out of date
        raise StaleButton
    raise AlreadyLogged(by, row.state_at)


def _state_of(policy: Policy, row: Reservation, said: Mark, now: datetime) -> ReservationState:
    match said:
        case Mark.CAME:
            return ReservationState.ARRIVED
        case Mark.NO_SHOW:
            return ReservationState.NO_SHOW
        case Mark.CANCELLED:
            return cancelled(policy, row.starts_at, now)


def _set(
    row: Reservation, person: Person, state: ReservationState, now: datetime, why: Why = Why.MARKED
) -> None:
    requested = row.state is ReservationState.REQUESTED
    row.state_why = (_OF_A_REQUEST.get(why, why) if requested else why).value
    row.state, row.state_at, row.state_by_id = state, now, person.staff_id


def _arrive(db: Session, branch: Branch, row: Reservation, at: datetime) -> None:
    # Whoever presses "came" at closing does not know the minute: a start that has passed is the best guess
    # of "all others", the press itself that of a single one.
    values = {
        "book": row.book,
        "number": _visit_number(row),
        "patient_id": row.patient_id,
        "branch": row.branch,
        "arrived_at": at,
        "arrived_on": branch.local(at).date(),
        "timed": row.timed,
        "doctor": row.doctor,
        "source": CHAT,
    }
    insert_ignoring(db, Visit, values)


def _has_come(db: Session, row: Reservation) -> bool:
    same_day = (col(Visit.patient_id) == row.patient_id, col(Visit.arrived_on) == row.starts_on)
    return db.scalars(select(col(Visit.id)).where(*same_day).limit(1)).first() is not None


def _visit_number(row: Reservation) -> str:
    return f"{CHAT}-{row.id}"


def refuse_unless_free(
    db: Session,
    policy: Policy,
    branch: Branch,
    starts_at: datetime,
    treatment: str | None,
    now: datetime,
    without: int | None = None,
) -> None:
    """Holds the branch's day until the step ends, so that two never get the last slot.

    DateNotPossible (past, beyond a year), NotFree (closed, lunch, full) with the nearest free times.
    """
    day = branch.local(starts_at).date()
    if starts_at <= now:
        raise DateNotPossible(day, "past")
    if starts_at > now + LONGEST_AHEAD:
        raise DateNotPossible(day, "too_far")
    insert_ignoring(db, BookingDay, {"branch": branch.slug, "day": day})
    db.get(BookingDay, (branch.slug, day), with_for_update=True, populate_existing=True)
    why = cannot_book(db, policy, branch, starts_at, treatment, without)
    if why is WhyNot.CLOSED and not branch.is_open(day):
        raise DateNotPossible(day, "closed")
    if why is not None:
        others = near(db, policy, branch, starts_at, treatment, now, without)
        raise NotFree(branch.slug, starts_at, why.value, others)


def _take_back(
    db: Session, policy: Policy, person: Person, rows: Sequence[Reservation], now: datetime
) -> None:
    moved: list[Reservation] = []
    for row in rows:
        if row.state_why not in set(Why):
            raise NothingToUndo
        still_own(policy, person, row.state_by_id, row.state_at, now)
        moved += _undone_rows(db, row)
        audit.record(
            db, person, "undo", now, patient_id=row.patient_id, branch=row.branch, what=row.state.value
        )
        requested = row.state_why in _OF_A_REQUEST.values()
        row.state = ReservationState.REQUESTED if requested else ReservationState.BOOKED
        row.state_at = row.state_by_id = row.state_why = row.moved_to = None
    follow_up(db, policy, [*rows, *moved], now)


def _undone_rows(db: Session, row: Reservation) -> list[Reservation]:
    """Removes what the mark had made: the visit, or the new reservation if nobody has touched it since."""
    visit = db.scalars(
        select(Visit).where(
            col(Visit.book) == row.book,
            col(Visit.number) == _visit_number(row),
            col(Visit.source) == CHAT,
        )
    ).first()
    if visit is not None:
        db.delete(visit)
    if row.moved_to is None:
        return []
    new = db.scalars(
        select(Reservation)
        .where(col(Reservation.book) == row.book, col(Reservation.number) == row.moved_to)
        .with_for_update()
    ).first()
    if new is None:
        return []
    if new.state not in LIVE or new.source != CHAT:
        raise NothingToUndo
    db.delete(new)
    return [new]


def follow_up(db: Session, policy: Policy, rows: Sequence[Reservation], now: datetime) -> None:
    """What was computed from them, what waits about them, and every card that shows them."""
    patients = {row.patient_id for row in rows}
    keep_up(db, policy, patients=patients)
    for row in rows:
        outbox.withdraw(db, f"reservation:{row.id}", now)
    about = {f"patient:{patient_id}" for patient_id in patients}
    for row in rows:
        today = policy.branch(row.branch).today(now)
        about |= {
            f"closing:{row.branch}:{row.starts_on.isoformat()}",
            f"reservations:{row.branch}:{row.starts_on.isoformat()}",
            f"day:{row.branch}:{today.isoformat()}",
        }
    for what in sorted(about):
        outbox.changed(db, what, now)
