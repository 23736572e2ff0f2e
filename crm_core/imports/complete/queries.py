"""Which of our reservations a complete file does not hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlmodel import Session, col

from crm_core.errors import CrmError
from crm_core.imports.stage import Row, Staged, identifying
from crm_core.patients.identity import derived_number
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.tables.facts import LIVE, Reservation, Visit
from crm_core.tables.people import Patient

IMPORT = "import"


@dataclass(unsafe_hash=True)
class NotComplete(CrmError):
    """A file that cannot stand for all reservations of its days: `refused` rows cannot be read, or (with
    none refused) it has no row of these days. A broken export would cancel what is booked."""

    refused: int


@dataclass(frozen=True)
class Missing:
    """A reservation of ours, live on one of the days, that the file does not hold."""

    reservation_id: int
    branch: str
    chart_no: str | None
    starts_at: datetime


def days_of(staged: Staged) -> tuple[date, date] | None:
    """The first and the last day that a file of reservations has a row for."""
    days = [staged.values(row)["starts_at"].on for row in staged.rows]
    return (min(days), max(days)) if days else None


def missing(
    db: Session, policy: Policy, staged: Staged, days: Period, branch: str | None = None
) -> list[Missing]:
    """Imported live reservations of the days that are not in the file, by branch and start.

    Of `branch`, else of every branch with a row in the file. Whoever came on the day is not missing, and
    neither is what the file holds on another day. Raises NotComplete.
    """
    if staged.refused:
        raise NotComplete(len(staged.refused))
    held = _held(policy, staged)
    covered = _branches_on(staged, days)
    branches = covered & {branch} if branch is not None else covered
    if not branches:
        raise NotComplete(0)
    came = exists().where(
        col(Visit.patient_id) == col(Reservation.patient_id),
        col(Visit.arrived_on) == col(Reservation.starts_on),
    )
    rows = db.execute(
        select(
            col(Reservation.id),
            col(Reservation.branch),
            col(Patient.chart_no),
            col(Reservation.starts_at),
            col(Reservation.book),
            col(Reservation.number),
        )
        .join(Patient, col(Patient.id) == col(Reservation.patient_id))
        .where(
            col(Reservation.branch).in_(sorted(branches)),
            col(Reservation.starts_on).between(days.first, days.last),
            col(Reservation.state).in_(LIVE),
            col(Reservation.source) == IMPORT,
            ~came,
        )
        .order_by(col(Reservation.branch), col(Reservation.starts_at), col(Reservation.id))
    )
    return [
        Missing(row.id, row.branch, row.chart_no, row.starts_at)
        for row in rows
        if row.number not in held[row.book]
    ]


def _held(policy: Policy, staged: Staged) -> Mapping[str, set[str]]:
    """The numbers in the file, by chart-number book."""
    held: dict[str, set[str]] = defaultdict(set)
    for row in staged.rows:
        held[policy.branch(row.branch).book].add(number_of(staged, row))
    return held


def number_of(staged: Staged, row: Row) -> str:
    """A reservation's own number, else the one that its person, moment and treatment give it."""
    if row.number is not None:
        return row.number
    cells = staged.values(row)
    return derived_number(row.person, cells["starts_at"].at, identifying(cells))


def _branches_on(staged: Staged, days: Period) -> set[str]:
    return {row.branch for row in staged.rows if staged.values(row)["starts_at"].on in days}


def by_branch(found: Iterable[Missing]) -> dict[str, list[Missing]]:
    """The missing ones of each branch."""
    grouped: dict[str, list[Missing]] = defaultdict(list)
    for one in found:
        grouped[one.branch].append(one)
    return dict(grouped)
