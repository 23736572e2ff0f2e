"""What the local page shows: who may be played, which channels there are, what was said."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.staff.access import Person, person_of
from crm_core.tables.chat import Account, ChannelBinding, LocalMessage
from crm_core.tables.people import Staff


@dataclass(frozen=True)
class Played:
    """An account of the page, and the member of staff it belongs to."""

    account: str
    person: Person


def people(db: Session, platform: str) -> list[Played]:
    """Every linked account of a platform with the roles of this moment, in the order they were made."""
    rows = db.execute(
        select(Account, Staff)
        .join(Staff, col(Staff.id) == col(Account.staff_id))
        .where(col(Account.platform) == platform, col(Account.revoked_at).is_(None), col(Staff.active))
        .order_by(col(Account.id))
    )
    return [Played(account.address, person_of(db, staff)) for account, staff in rows]


def channels(db: Session, platform: str) -> list[ChannelBinding]:
    """Every staff channel of a platform, once for each of its purposes."""
    return list(
        db.scalars(
            select(ChannelBinding)
            .where(col(ChannelBinding.platform) == platform)
            .order_by(col(ChannelBinding.id))
        )
    )


def messages(db: Session, place: str, *, before: int | None, limit: int) -> list[LocalMessage]:
    """The newest messages of a place, oldest of them first; `before` continues backwards."""
    query = select(LocalMessage).where(col(LocalMessage.place) == place)
    if before is not None:
        query = query.where(col(LocalMessage.id) < before)
    rows = db.scalars(query.order_by(col(LocalMessage.id).desc()).limit(limit))
    return list(rows)[::-1]


def message(db: Session, message_id: int) -> LocalMessage | None:
    return db.get(LocalMessage, message_id)


def newest_id(db: Session) -> int:
    """The id of the newest message anywhere; 0 when there is none."""
    return db.scalar(select(func.max(col(LocalMessage.id)))) or 0


def count_since(db: Session, places: Iterable[str], message_id: int) -> dict[str, int]:
    """How many of Dasi's messages stand in each place since a message; places without one are absent."""
    rows = db.execute(
        select(col(LocalMessage.place), func.count())
        .where(
            col(LocalMessage.place).in_(list(places)),
            col(LocalMessage.id) > message_id,
            col(LocalMessage.author) == "dasi",
            col(LocalMessage.withdrawn_at).is_(None),
        )
        .group_by(col(LocalMessage.place))
    )
    return {place: count for place, count in rows.all()}  # noqa: C416
