"""Which member of staff an account of a platform belongs to."""

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.privacy import vault_of
from crm_core.staff.access import EVERYWHERE, Person, person_of
from crm_core.tables.chat import Account, ChannelBinding
from crm_core.tables.people import Role, Staff, StaffRole


def person_behind(db: Session, platform: str, account: str) -> Person | None:
    """The person an account is linked to, with the roles of this moment; None when it is not linked."""
    staff = db.scalars(
        select(Staff)
        .join(Account, col(Account.staff_id) == col(Staff.id))
        .where(
            col(Account.platform) == platform,
            col(Account.address_blind) == vault_of(db).blind("account", account),
            col(Account.revoked_at).is_(None),
            col(Staff.active),
        )
    ).first()
    return person_of(db, staff) if staff else None


def address_of(db: Session, staff_id: int, platform: str) -> str | None:
    """The private address of a member of staff on a platform."""
    account = db.scalars(
        select(Account).where(
            col(Account.platform) == platform,
            col(Account.staff_id) == staff_id,
            col(Account.revoked_at).is_(None),
        )
    ).first()
    return account.address if account else None


def platforms_of(db: Session, staff_id: int) -> list[str]:
    """The platforms on which a member of staff can be told something privately."""
    return list(
        db.scalars(
            select(col(Account.platform))
            .where(col(Account.staff_id) == staff_id, col(Account.revoked_at).is_(None))
            .order_by(col(Account.platform))
            .distinct()
        )
    )


def binding_at(db: Session, platform: str, address: str) -> ChannelBinding | None:
    """What a staff channel is for; None when it is not bound."""
    return db.scalars(
        select(ChannelBinding)
        .where(col(ChannelBinding.platform) == platform, col(ChannelBinding.address) == address)
        .order_by(col(ChannelBinding.id))
    ).first()


def bindings_for(db: Session, branch: str, *purposes: str) -> list[ChannelBinding]:
    """The channels of a branch that get a kind of post: those of the first purpose that one is bound to."""
    for purpose in purposes:
        statement = select(ChannelBinding).where(
            col(ChannelBinding.branch) == branch, col(ChannelBinding.purpose) == purpose
        )
        if found := list(db.scalars(statement.order_by(col(ChannelBinding.id)))):
            return found
    return []


def accounts_with(db: Session, role: Role, branch: str) -> list[tuple[str, int]]:
    """(platform, staff id) of the linked accounts of active staff who hold the role at the branch."""
    rows = db.execute(
        select(col(Account.platform), col(Staff.id))
        .join(Staff, col(Account.staff_id) == col(Staff.id))
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(
            col(StaffRole.role) == role,
            col(StaffRole.branch).in_([branch, EVERYWHERE]),
            col(Staff.active),
            col(Account.revoked_at).is_(None),
        )
        .order_by(col(Staff.id), col(Account.platform))
        .distinct()
    )
    return [(row[0], row[1]) for row in rows]
