"""A file that holds all reservations of some days: what it does not hold is cancelled there."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from bot.transaction import step
from crm_core.imports.complete.actions import WHY, cancel_missing
from crm_core.imports.complete.queries import NotComplete, days_of, missing
from crm_core.outbox import actions as outbox
from crm_core.period import Period
from crm_core.tables import Journey, OutboxRow, Reservation
from crm_core.tables.chat import OutboxState
from crm_core.tables.facts import ReservationState
from tests.clinic import policy
from tests.crm_core.imports.files import imported, staged

HEADER = "reservation_no,chart_no,starts_at,branch\n"
OURS = (
    HEADER
    + "R1,1,2026-12-01 10:00,gangnam\n"
    + "R2,2,2026-12-01 11:00,gangnam\n"
    + "R3,3,2026-12-02 11:00,gangnam\n"
    + "R4,4,2026-12-09 11:00,gangnam\n"
    + "R5,5,2026-12-01 11:00,haeundae\n"
)
WEEK = Period(date(2026, 12, 1), date(2026, 12, 7))
STAYS = HEADER + "R1,1,2026-12-01 10:00,gangnam\n"


def numbers(db: Session, found: list[int]) -> set[str]:
    return set(db.scalars(select(col(Reservation.number)).where(col(Reservation.id).in_(found))))


def missing_in(engine: Engine, text: str, days: Period = WEEK, branch: str | None = None) -> set[str]:
    with step(engine) as db:
        found = missing(db, policy(), staged("reservations", text), days, branch)
        return numbers(db, [one.reservation_id for one in found])


def test_only_live_imported_ones_of_the_days_and_branches_of_the_file_are_missing(
    engine: Engine, now: datetime
) -> None:
    imported(engine, "reservations", OURS, now)
    assert missing_in(engine, STAYS) == {"R2", "R3"}
    assert missing_in(engine, STAYS, Period(date(2026, 12, 1), date(2026, 12, 1))) == {"R2"}
    assert missing_in(engine, OURS) == set()


def test_what_moved_to_another_day_is_in_the_file(engine: Engine, now: datetime) -> None:
    imported(engine, "reservations", OURS, now)
    assert missing_in(engine, STAYS + "R2,2,2027-01-05 11:00,gangnam\n") == {"R3"}


def test_numberless_reservations_are_known_by_person_moment_and_treatment(
    engine: Engine, now: datetime
) -> None:
    text = "chart_no,starts_at\n1,2026-12-01 10:00\n2,2026-12-01 10:00\n"
    imported(engine, "reservations", text, now)
    assert len(missing_in(engine, "chart_no,starts_at\n1,2026-12-01 10:00\n")) == 1


def test_whoever_came_or_was_taken_in_chat_is_not_missing(engine: Engine, now: datetime) -> None:
    imported(engine, "reservations", OURS, now)
    imported(engine, "visits", "chart_no,arrived_at\n3,2026-12-02 11:00\n", now)
    with step(engine) as db:
        row = db.scalars(select(Reservation).where(col(Reservation.number) == "R2")).one()
        row.source = "chat"
    assert missing_in(engine, STAYS) == set()


def test_a_broken_or_empty_file_cancels_nothing(engine: Engine, now: datetime) -> None:
    imported(engine, "reservations", OURS, now)
    with pytest.raises(NotComplete) as broken:
        missing_in(engine, STAYS + "R2,2,2026-13-01,gangnam\n")
    assert broken.value.refused == 1
    for text in (HEADER, HEADER + "R9,9,2027-02-01,gangnam\n"):
        with pytest.raises(NotComplete) as empty:
            missing_in(engine, text)
        assert empty.value.refused == 0
    with pytest.raises(NotComplete):
        missing_in(engine, STAYS, branch="haeundae")


def test_a_cancelled_one_is_early_says_why_and_takes_back_what_waits(engine: Engine, now: datetime) -> None:
    imported(engine, "reservations", OURS, now)
    made = "reservation_no,chart_no,starts_at,made_at\nR2,2,2026-12-01 11:00,2026-11-20\n"
    imported(engine, "reservations", made, now)
    tomorrow = datetime(2026, 12, 1, 1, tzinfo=now.tzinfo)
    with step(engine) as db:
        row = db.scalars(select(Reservation).where(col(Reservation.number) == "R2")).one()
        before = journey(db, row.patient_id)
        outbox.post(
            db,
            once="later",
            command="1.he",
            to=outbox.Destination("fake", "#x"),
            now=tomorrow,
            about=f"reservation:{row.id}",
        )
        assert row.id is not None
        assert cancel_missing(db, policy(), [row.id], tomorrow) == 1
        assert cancel_missing(db, policy(), [row.id], tomorrow) == 0
    with step(engine) as db:
        row = db.scalars(select(Reservation).where(col(Reservation.number) == "R2")).one()
        assert (row.state, row.state_why, row.state_at) == (
            ReservationState.CANCELLED_EARLY,
            WHY,
            tomorrow,
        )
        assert db.scalars(select(OutboxRow)).one().state is OutboxState.CANCELLED
        assert journey(db, row.patient_id) != before
    assert missing_in(engine, STAYS) == {"R3"}


def journey(db: Session, patient_id: int) -> dict[str, object]:
    found = db.scalars(select(Journey).where(col(Journey.patient_id) == patient_id)).one()
    return found.model_dump(exclude={"id"})


def test_the_days_of_a_file() -> None:
    assert days_of(staged("reservations", OURS)) == (date(2026, 12, 1), date(2026, 12, 9))
    assert days_of(staged("reservations", HEADER)) is None


@pytest.mark.parametrize("status", ["", "booked", "requested"])
def test_a_later_file_that_has_it_again_brings_it_back(engine: Engine, now: datetime, status: str) -> None:
    imported(engine, "reservations", OURS, now)
    with step(engine) as db:
        wanted = select(col(Reservation.id)).where(col(Reservation.number).in_(["R2", "R3"]))
        assert cancel_missing(db, policy(), list(db.scalars(wanted)), now) == 2
    header = "reservation_no,chart_no,starts_at,status\n"
    again = f"{header}R2,2,2026-12-01 11:00,{status}\nR3,3,2026-12-02 11:00,cancelled\n"
    imported(engine, "reservations", again, now)
    with step(engine) as db:
        rows = {row.number: row for row in db.scalars(select(Reservation))}
        assert rows["R2"].state.value == (status or "booked")
        assert (rows["R2"].state_at, rows["R2"].state_why) == (None, None)
        assert rows["R3"].state is ReservationState.CANCELLED_EARLY
    assert missing_in(engine, STAYS) == {"R2"}
