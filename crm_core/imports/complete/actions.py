"""What a complete file does not hold any more is cancelled, with everything that follows from it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.imports.complete.queries import IMPORT, number_of
from crm_core.imports.stage import Row, Staged
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import show_anew
from crm_core.sql import chunks
from crm_core.tables.facts import LIVE, Reservation, ReservationState
from crm_core.upkeep import keep_up

WHY = "complete_file"


def cancel_missing(db: Session, policy: Policy, reservation_ids: Iterable[int], now: datetime) -> int:
    """Cancels those that are still live and the chart's own; how many.

    When the chart let go of them nobody knows, so they are cancelled early (definitions.md §3, reading
    12): a late cancellation would count against the patient and into the rates without anybody's word.
    """
    rows = list(
        db.scalars(
            select(Reservation)
            .where(
                col(Reservation.id).in_(list(reservation_ids)),
                col(Reservation.state).in_(LIVE),
                col(Reservation.source) == IMPORT,
            )
            .order_by(col(Reservation.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    for row in rows:
        row.state, row.state_at, row.state_why = ReservationState.CANCELLED_EARLY, now, WHY
        row.state_by_id = None
    keep_up(db, policy, patients={row.patient_id for row in rows})
    for row in rows:
        outbox.withdraw(db, f"reservation:{row.id}", now)
    about = {f"patient:{row.patient_id}" for row in rows}
    about |= {f"closing:{row.branch}:{row.starts_on.isoformat()}" for row in rows}
    about |= {f"reservations:{row.branch}:{row.starts_on.isoformat()}" for row in rows}
    for what in sorted(about):
        outbox.changed(db, what, now)
    for branch in sorted({row.branch for row in rows}):
        show_anew(db, policy, branch, now)
    return len(rows)


def bring_back(db: Session, policy: Policy, staged: Staged, rows: Sequence[Row]) -> set[int]:
    """Takes back what a complete file had cancelled and these rows have again, live or without a status.

    The patients for whom anything changed.
    """
    state = staged.keys.index("state")
    numbers: dict[str, dict[str, ReservationState]] = defaultdict(dict)
    for row in rows:
        said = row.values[state] or ReservationState.BOOKED
        if isinstance(said, ReservationState) and said in LIVE:
            numbers[policy.branch(row.branch).book][number_of(staged, row)] = said
    patients: set[int] = set()
    for book, wanted in numbers.items():
        for chunk in chunks(wanted):
            found = select(Reservation).where(
                col(Reservation.book) == book,
                col(Reservation.number).in_(chunk),
                col(Reservation.state_why) == WHY,
            )
            for one in db.scalars(found.with_for_update().execution_options(populate_existing=True)):
                if one.state is ReservationState.CANCELLED_EARLY:
                    one.state = wanted[one.number]
                one.state_at = one.state_why = None
                patients.add(one.patient_id)
    db.flush()
    return patients
