"""Plan, take back, mark a card as changed; and the three steps of a delivery."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlmodel import Session, col

from crm_core.sql import insert_ignoring
from crm_core.tables.calls import LegalClass
from crm_core.tables.chat import OutboxKind, OutboxRow, OutboxState, Posting
from crm_core.tables.records import DeliveryAttempt

LEASE = timedelta(seconds=90)
WAITING = (OutboxState.PENDING, OutboxState.LEASED)


@dataclass(frozen=True)
class Destination:
    """A staff channel (platform and address), or a member of staff's private chat."""

    platform: str
    address: str | None = None
    staff_id: int | None = None


def post(
    db: Session,
    *,
    once: str,
    command: str,
    to: Destination,
    now: datetime,
    about: str | None = None,
    branch: str | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    legal_class: LegalClass | None = None,
    priority: int = 5,
) -> bool:
    """Plans a message; False when it was planned before (`once` is unique, whoever asks again)."""
    values = {
        "public_id": uuid.uuid4().hex,
        "once": once,
        "kind": OutboxKind.SAY,
        "command": command,
        "about": about,
        "platform": to.platform,
        "address": to.address,
        "staff_id": to.staff_id,
        "branch": branch,
        "legal_class": legal_class,
        "priority": priority,
        "not_before": not_before or now,
        "expires_at": expires_at,
        "state": OutboxState.PENDING,
        "attempts": 0,
        "created_at": now,
    }
    return insert_ignoring(db, OutboxRow, values) is not None


def withdraw(db: Session, about: str, now: datetime, *, legal_class: LegalClass | None = None) -> int:
    """Takes back what waits about something; what is being sent cannot be taken back. How many."""
    statement = (
        update(OutboxRow)
        .where(
            col(OutboxRow.about) == about,
            col(OutboxRow.kind) == OutboxKind.SAY,
            col(OutboxRow.state).in_(WAITING),
        )
        .values(state=OutboxState.CANCELLED, finished_at=now, why="changed")
        .returning(col(OutboxRow.id))
    )
    if legal_class is not None:
        statement = statement.where(col(OutboxRow.legal_class) == legal_class)
    return len(db.execute(statement).all())


def changed(db: Session, about: str, now: datetime) -> int:
    """Every place where a card about this stands will be rendered anew. How many places."""
    return _render_anew(db, select(Posting).where(col(Posting.about) == about), now)


def changed_at(db: Session, platform: str, addresses: Collection[str], now: datetime) -> int:
    """Every card at these places will be rendered anew, e.g. in another language. How many."""
    there = col(Posting.platform) == platform, col(Posting.address).in_(addresses)
    return _render_anew(db, select(Posting).where(*there), now)


def _render_anew(db: Session, which: Select[Posting], now: datetime) -> int:
    postings = list(db.scalars(which.with_for_update()))
    for posting in postings:
        posting.version += 1
        values = {
            "public_id": uuid.uuid4().hex,
            "once": f"amend:{posting.id}:{posting.version}",
            "kind": OutboxKind.AMEND,
            "command": posting.command,
            "about": posting.about,
            "platform": posting.platform,
            "address": posting.address,
            "staff_id": posting.staff_id,
            "posting_id": posting.id,
            "branch": posting.branch,
            "priority": 0,
            "not_before": now,
            "state": OutboxState.PENDING,
            "attempts": 0,
            "created_at": now,
        }
        # The newest wins: an older edit of the same message that still waits says nothing new.
        db.execute(
            update(OutboxRow)
            .where(
                col(OutboxRow.posting_id) == posting.id,
                col(OutboxRow.kind) == OutboxKind.AMEND,
                col(OutboxRow.state).in_(WAITING),
            )
            .values(state=OutboxState.CANCELLED, finished_at=now, why="newer edit")
        )
        insert_ignoring(db, OutboxRow, values)
    return len(postings)


def claim(db: Session, *, owner: str, now: datetime, lease_now: datetime, limit: int = 16) -> list[OutboxRow]:
    """Leases due rows to this process. `now` is business time, `lease_now` the database's clock."""
    db.execute(
        update(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.LEASED, col(OutboxRow.lease_until) < lease_now)
        .values(state=OutboxState.PENDING, lease_owner=None, lease_until=None)
    )
    db.execute(
        update(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.SENDING, col(OutboxRow.lease_until) < lease_now)
        .values(state=OutboxState.UNKNOWN, finished_at=now, why="no answer before the process ended")
    )
    db.execute(
        update(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.PENDING, col(OutboxRow.expires_at) <= now)
        .values(state=OutboxState.EXPIRED, finished_at=now, why="too late to be of use")
    )
    rows = list(
        db.scalars(
            select(OutboxRow)
            .where(col(OutboxRow.state) == OutboxState.PENDING, col(OutboxRow.not_before) <= now)
            .order_by(col(OutboxRow.priority), col(OutboxRow.not_before), col(OutboxRow.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for row in rows:
        row.state = OutboxState.LEASED
        row.lease_owner = owner
        row.lease_until = lease_now + LEASE
    return rows


def start(db: Session, outbox_id: int, *, owner: str, now: datetime, lease_now: datetime) -> bool:
    """Leased → sending when it is still ours, still wanted and still in time; else False."""
    found = db.execute(
        update(OutboxRow)
        .where(
            col(OutboxRow.id) == outbox_id,
            col(OutboxRow.state) == OutboxState.LEASED,
            col(OutboxRow.lease_owner) == owner,
            col(OutboxRow.lease_until) > lease_now,
            or_(col(OutboxRow.expires_at).is_(None), col(OutboxRow.expires_at) > now),
        )
        .values(
            state=OutboxState.SENDING,
            sending_at=now,
            lease_until=lease_now + LEASE,
            attempts=col(OutboxRow.attempts) + 1,
        )
        .returning(col(OutboxRow.attempts))
    ).scalar_one_or_none()
    if found is None:
        return False
    db.add(DeliveryAttempt(outbox_id=outbox_id, attempt=found, started_at=now, process=owner))
    return True


def finish(
    db: Session,
    outbox_id: int,
    *,
    owner: str,
    now: datetime,
    state: OutboxState,
    why: str | None = None,
    message_id: str | None = None,
    not_before: datetime | None = None,
) -> OutboxRow | None:
    """Sending → what came of it; None when somebody else has moved the row meanwhile."""
    row = db.get(OutboxRow, outbox_id, with_for_update=True)
    if row is None or row.state is not OutboxState.SENDING or row.lease_owner != owner:
        return None
    row.state = state
    row.why = why
    row.message_id = message_id
    row.lease_owner = None
    row.lease_until = None
    if state is OutboxState.PENDING:
        row.not_before = not_before or now
    else:
        row.finished_at = now
    attempt = db.get(DeliveryAttempt, (outbox_id, row.attempts))
    if attempt is not None:
        attempt.ended_at = now
        attempt.result = state.value
        attempt.why = why
    return row


def drop(db: Session, outbox_id: int, *, owner: str, now: datetime, why: str) -> None:
    """A leased row that has nothing to say any more."""
    row = db.get(OutboxRow, outbox_id, with_for_update=True)
    if row is not None and row.state is OutboxState.LEASED and row.lease_owner == owner:
        row.state = OutboxState.CANCELLED
        row.finished_at = now
        row.why = why
        row.lease_owner = None


def remember_place(
    db: Session,
    *,
    about: str,
    command: str,
    platform: str,
    address: str,
    message_id: str,
    staff_id: int | None,
    branch: str | None,
    language: str,
    now: datetime,
) -> None:
    """A living card stands here now; a message shows one thing, so the newest replaces the older."""
    row = db.scalars(
        select(Posting).where(
            col(Posting.platform) == platform,
            col(Posting.address) == address,
            col(Posting.message_id) == message_id,
        )
    ).first()
    if row is None:
        row = Posting(
            about=about,
            command=command,
            platform=platform,
            address=address,
            message_id=message_id,
            staff_id=staff_id,
            branch=branch,
            language=language,
            posted_at=now,
        )
        db.add(row)
    row.about, row.command, row.language = about, command, language
