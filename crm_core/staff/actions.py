"""Staff, their roles, accounts and channels, changed from the shell and from chat."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.errors import NotUnderstood
from crm_core.privacy import vault_of
from crm_core.tables.chat import Account, ChannelBinding
from crm_core.tables.people import Role, Staff, StaffRole

CODE_MINUTES = 10


def add_staff(
    db: Session, *, name: str, roles: dict[Role, tuple[str, ...]], language: str | None = None
) -> Staff:
    """A member of staff with roles at branches ("*" for everywhere)."""
    staff = Staff(name=name, language=language)
    db.add(staff)
    db.flush()
    give_roles(db, staff, roles)
    return staff


def give_roles(db: Session, staff: Staff, roles: dict[Role, tuple[str, ...]]) -> None:
    """Adds roles; those already held stay."""
    assert staff.id is not None
    for role, branches in roles.items():
        for branch in branches:
            if db.get(StaffRole, (staff.id, role, branch)) is None:
                db.add(StaffRole(staff_id=staff.id, role=role, branch=branch))


def make_link_code(db: Session, staff: Staff, now: datetime) -> str:
    """A one-use code that binds an account of a chat platform to this person, good for ten minutes."""
    code = "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(2))
    staff.link_code_blind = vault_of(db).blind("link", code)
    staff.link_code_until = now + timedelta(minutes=CODE_MINUTES)
    db.add(staff)
    return code


def link_account(db: Session, *, platform: str, account: str, code: str, now: datetime) -> Staff:
    """Binds an account by a code; NotUnderstood("code") when it is wrong, used or too old."""
    vault = vault_of(db)
    staff = db.scalars(
        select(Staff)
        .where(
            col(Staff.link_code_blind) == vault.blind("link", code.strip()),
            col(Staff.link_code_until) > now,
            col(Staff.active),
        )
        .with_for_update()
    ).first()
    if staff is None or staff.id is None:
        raise NotUnderstood("code", code.strip()[:20])
    staff.link_code_blind = None
    staff.link_code_until = None
    bind_account(db, staff_id=staff.id, platform=platform, account=account, now=now)
    return staff


def bind_account(db: Session, *, staff_id: int, platform: str, account: str, now: datetime) -> None:
    """An account now belongs to this member of staff and to nobody else."""
    blind = vault_of(db).blind("account", account)
    row = db.scalars(
        select(Account).where(col(Account.platform) == platform, col(Account.address_blind) == blind)
    ).first()
    if row is None:
        row = Account(
            platform=platform, address=account, address_blind=blind, staff_id=staff_id, linked_at=now
        )
    row.staff_id, row.linked_at, row.revoked_at = staff_id, now, None
    db.add(row)


def bind_channel(
    db: Session, *, branch: str, purpose: str, platform: str, address: str, language: str
) -> None:
    """A staff channel gets the posts of a purpose from now on."""
    row = db.scalars(
        select(ChannelBinding).where(
            col(ChannelBinding.branch) == branch,
            col(ChannelBinding.purpose) == purpose,
            col(ChannelBinding.platform) == platform,
            col(ChannelBinding.address) == address,
        )
    ).first()
    if row is None:
        row = ChannelBinding(branch=branch, purpose=purpose, platform=platform, address=address)
    row.language = language
    db.add(row)


def speak(db: Session, staff_id: int, language: str) -> None:
    """The language this member of staff reads from now on."""
    staff = db.get(Staff, staff_id)
    if staff is not None:
        staff.language = language


def speak_in_channels(db: Session, platform: str, language: str) -> list[str]:
    """Every staff channel of a platform is written to in this language from now on; their addresses."""
    addresses = []
    for row in db.scalars(select(ChannelBinding).where(col(ChannelBinding.platform) == platform)):
        row.language = language
        addresses.append(row.address)
    return addresses
