"""Who works here, and how far a clinic is set up."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.sql import chunks
from crm_core.tables.calls import Episode
from crm_core.tables.chat import ChannelBinding
from crm_core.tables.imports import FactsUntil
from crm_core.tables.people import Role, Staff, StaffRole


def active_staff(db: Session) -> list[Staff]:
    """Everybody who works here now, in the order they came."""
    return list(db.scalars(select(Staff).where(col(Staff.active)).order_by(col(Staff.id))))


def staff_of(db: Session, staff_id: int | None) -> Staff | None:
    """A member of staff by id, also one who has left."""
    return db.get(Staff, staff_id) if staff_id is not None else None


def roles_held(db: Session) -> dict[int, list[tuple[Role, str]]]:
    """Role and branch of every member of staff, by id."""
    held: dict[int, list[tuple[Role, str]]] = {}
    for row in db.scalars(select(StaffRole).order_by(col(StaffRole.role), col(StaffRole.branch))):
        held.setdefault(row.staff_id, []).append((row.role, row.branch))
    return held


@dataclass(frozen=True)
class SetUp:
    """Bound channels by (branch, purpose), the branches that call, the branches with facts."""

    bound: frozenset[tuple[str, str]]
    started: frozenset[str]
    with_facts: frozenset[str]


def set_up(db: Session) -> SetUp:
    return SetUp(
        bound=frozenset((b.branch, b.purpose) for b in db.scalars(select(ChannelBinding))),
        started=frozenset(e.branch for e in db.scalars(select(Episode)) if e.started_at),
        with_facts=frozenset(db.scalars(select(col(FactsUntil.branch)).distinct())),
    )


@dataclass(frozen=True)
class StaffName:
    """`number` is the chart program's key, None for whoever it does not know."""

    number: str | None
    name: str


def staff_names(db: Session, ids: Iterable[int]) -> dict[int, StaffName]:
    """Number and name of these members of staff."""
    found: dict[int, StaffName] = {}
    for some in chunks(ids):
        rows = select(col(Staff.id), col(Staff.number), col(Staff.name)).where(col(Staff.id).in_(some))
        for key, number, name in db.execute(rows):
            if key is not None:
                found[key] = StaffName(number, name)
    return found


def names_by_number(db: Session, numbers: Iterable[str]) -> dict[str, str]:
    """The names of those whom the chart program knows by these numbers."""
    rows = db.execute(select(col(Staff.number), col(Staff.name)).where(col(Staff.number).in_(set(numbers))))
    return {row[0]: row[1] for row in rows}
