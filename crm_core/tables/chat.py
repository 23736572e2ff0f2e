"""Accounts and channels on the platforms, what was heard (inbox) and what is to be said (outbox)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm_core.tables.calls import LegalClass
from crm_core.tables.columns import enum_field, key, moment, sealed


class OutboxKind(StrEnum):
    SAY = "say"
    AMEND = "amend"
    WITHDRAW = "withdraw"


class OutboxState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Account(SQLModel, table=True):
    """A platform identity that belongs to a member of staff."""

    __table_args__ = (UniqueConstraint("platform", "address_blind"),)

    id: int | None = key()
    platform: str
    address: str = sealed()
    address_blind: bytes
    staff_id: int = Field(foreign_key="staff.id", index=True)
    linked_at: datetime = moment()
    revoked_at: datetime | None = moment(default=None)


class ChannelBinding(SQLModel, table=True):
    """What a channel of a platform is for: digest, calls or reservations of a branch."""

    __tablename__ = "channel_binding"
    __table_args__ = (UniqueConstraint("branch", "purpose", "platform", "address"),)

    id: int | None = key()
    branch: str
    purpose: str  # digest | calls | reservations | closing
    platform: str
    address: str  # the platform's id of a staff channel: no personal data
    language: str = "ko"


class InboxRow(SQLModel, table=True):
    """Something a person did, known by the platform's own key, worked exactly once."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("platform", "update_key"),
        Index("ix_inbox_waiting", "state", "received_at"),
    )

    id: int | None = key()
    platform: str
    update_key: str
    received_at: datetime = moment()
    body: str | None = sealed(default=None)
    state: InboxState = enum_field(InboxState, default=InboxState.WAITING)
    attempts: int = 0
    reference: str | None = None


class OutboxRow(SQLModel, table=True):
    """A message that is to be said: a command in wire form, composed when it is sent.

    `once` makes planning it twice harmless. `sending` never falls back by time alone.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "not_before", "priority"),
        Index("ix_outbox_about", "about", "state"),
        Index("ix_outbox_lease", "state", "lease_until"),
    )

    id: int | None = key()
    public_id: str = Field(unique=True)
    once: str = Field(unique=True)
    kind: OutboxKind = enum_field(OutboxKind, default=OutboxKind.SAY)
    command: str
    about: str | None = None  # patient:12, reservation:7: what a change takes back
    platform: str
    address: str | None = None  # a staff channel
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    posting_id: int | None = Field(default=None, foreign_key="posting.id")
    branch: str | None = None
    legal_class: LegalClass | None = enum_field(LegalClass, default=None)
    priority: int = 5  # 0 people, 5 lists, 9 digests
    not_before: datetime = moment()
    expires_at: datetime | None = moment(default=None)
    state: OutboxState = enum_field(OutboxState, default=OutboxState.PENDING)
    attempts: int = 0
    lease_owner: str | None = None
    lease_until: datetime | None = moment(default=None)
    sending_at: datetime | None = moment(default=None)
    finished_at: datetime | None = moment(default=None)
    message_id: str | None = None
    why: str | None = None  # a word of ours, never a platform's text
    created_at: datetime = moment()


class OutboxCover(SQLModel, table=True):
    """The reservations a message to a patient speaks of: each day and step of one is told once."""

    __tablename__ = "outbox_covers"
    __table_args__ = (UniqueConstraint("reservation_id", "on", "step"),)

    outbox_id: int = Field(primary_key=True, foreign_key="outbox.id")
    reservation_id: int = Field(primary_key=True, foreign_key="reservation.id")
    on: date
    step: str


class Posting(SQLModel, table=True):
    """Where a living card stands, so that it can be amended when its facts change."""

    __table_args__ = (
        UniqueConstraint("platform", "address", "message_id"),
        Index("ix_posting_about", "about"),
    )

    id: int | None = key()
    about: str
    command: str  # wire form of what shows it
    platform: str
    address: str
    message_id: str
    staff_id: int | None = Field(default=None, foreign_key="staff.id")
    branch: str | None = None
    language: str
    posted_at: datetime = moment()
    version: int = 0


class LocalMessage(SQLModel, table=True):
    """A message on the local chat page; its body is a sealed reply in JSON."""

    __tablename__ = "local_message"
    __table_args__ = (Index("ix_local_place", "place", "id"),)

    id: int | None = key()
    place: str  # "#calls-gangnam" or "@12" (the private chat of a member of staff)
    author: str  # "dasi" or staff:<id>
    body: str = sealed()
    at: datetime = moment()
    edited_at: datetime | None = moment(default=None)
    withdrawn_at: datetime | None = moment(default=None)
    outbox_key: str | None = Field(default=None, unique=True)
