"""How far the facts reach, and which file is missing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from crm_core.policy.policy import Policy
from crm_core.tables.imports import FactsUntil

ARRIVALS = ("reservations", "visits")
"""The kinds without which a list may call somebody who has been here since."""


@dataclass(frozen=True)
class MissingFile:
    """A kind whose facts end too early; `until` is None where none was ever read."""

    kind: str
    until: datetime | None


def oldest(db: Session, branches: Collection[str], kinds: Collection[str]) -> datetime | None:
    """The oldest moment up to which one of these kinds is known at one of these branches; kinds that a
    branch never gave do not count. None when nothing was ever read."""
    statement = select(func.min(col(FactsUntil.until))).where(
        col(FactsUntil.branch).in_(branches), col(FactsUntil.kind).in_(kinds)
    )
    found: datetime | None = db.execute(statement).scalar_one()
    return found


def missing_files(db: Session, policy: Policy, branch: str, now: datetime) -> tuple[MissingFile, ...]:
    """Those of reservations and visits that are older than the end of the branch's last open day
    (product.md §2), the oldest first; empty when both reach that far."""
    place = policy.branch(branch)
    end = place.closing(place.last_open_day(place.today(now)))
    if end is None:
        return ()
    rows = db.execute(
        select(col(FactsUntil.kind), col(FactsUntil.until)).where(
            col(FactsUntil.branch) == branch, col(FactsUntil.kind).in_(ARRIVALS)
        )
    )
    known: dict[str, datetime] = {row[0]: row[1] for row in rows}
    missing = [
        MissingFile(kind, known.get(kind)) for kind in ARRIVALS if kind not in known or known[kind] < end
    ]
    return tuple(sorted(missing, key=lambda one: (one.until is not None, one.until or now)))
