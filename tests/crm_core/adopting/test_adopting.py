"""The chart's own row takes the place of what was written in chat, in whatever order they come."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, select
from sqlmodel import Session, SQLModel, col

from bot.transaction import reading, step
from crm_core.errors import CrmError, NothingToUndo
from crm_core.reservations import actions as reservations
from crm_core.reservations.booking.actions import Wanted, book, undo_booking
from crm_core.staff.access import Person
from crm_core.stages import actions as stages
from crm_core.stages.actions import Treatment
from crm_core.tables.facts import (
    Consult,
    Decision,
    Payment,
    Reservation,
    ReservationState,
    TreatmentDone,
    Visit,
)
from crm_core.tables.journey import Journey
from crm_core.tables.people import Patient, Role, Staff
from tests.clinic import policy
from tests.crm_core.imports.files import imported

BRANCH = "gangnam"
FACTS: tuple[type[SQLModel], ...] = (Visit, Consult, TreatmentDone, Payment)
FILES = {
    "visits": "visit_no,chart_no,arrived_at\nV1,7,2026-11-25 14:03\n",
    "consults": (
        "consult_no,chart_no,held_at,treatment,staff,decision,decided_at,proposed_amount,agreed_amount\n"
        "C1,7,2026-11-25 14:10,보톡스 사각턱·승모근,S1,yes,2026-11-25 14:20,320000,300000\n"
    ),
    "treatments": (
        "treatment_no,chart_no,done_at,treatment,staff,doctor,amount\n"
        "T1,7,2026-11-25 14:40,보톡스 사각턱·승모근,S1,D1,300000\n"
    ),
    "payments": "payment_no,chart_no,paid_at,amount,treatment_no\nP1,7,2026-11-25 15:00,300000,T1\n",
}


class Desk:
    """A desk with one patient, chart number 7, whose moments are minutes after two in the afternoon."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self.engine, self.policy = engine, policy()
        self.two = now.replace(hour=14, minute=0)
        imported(engine, "patients", "chart_no,name\n7,김지영\n", now - timedelta(days=30))
        with step(engine) as db:
            staff = db.scalars(select(Staff).where(col(Staff.number) == "S1")).first()
            if staff is None:
                staff = Staff(name="이실장", number="S1")
                db.add(staff)
                db.flush()
            self.who = Person(staff.id, staff.name, frozenset({(Role.COORDINATOR, BRANCH)}))
            self.patient = db.scalars(select(col(Patient.id))).one() or 0

    def at(self, minutes: int) -> datetime:
        return self.two + timedelta(minutes=minutes)

    def says(self, what: Callable[..., Any], *values: Any, minutes: int, **more: Any) -> Any:
        """Writes in chat; what is known or out of date by now is no mistake of the desk's."""
        try:
            with step(self.engine) as db:
                return what(db, self.policy, self.who, *values, now=self.at(minutes), **more)
        except CrmError:
            return None

    def chat(self, name: str) -> None:
        """One step as the desk takes it."""
        mine = (self.patient, BRANCH)
        match name:
            case "arrive":
                self.says(stages.arrive, *mine, minutes=5)
            case "consult":
                more = {"treatment": "botox", "staff_id": self.who.staff_id, "proposed": 280_000}
                self.says(stages.consult, *mine, minutes=12, **more)
            case "decide":
                with reading(self.engine) as db:
                    numbers = db.scalars(select(col(Consult.id))).all()
                for number in numbers:
                    self.says(stages.decide, number, Decision.YES, minutes=22, agreed=280_000)
            case "treat":
                done = Treatment("botox", doctor="D9", paid=280_000)
                self.says(stages.treat, *mine, done, minutes=45)
            case _:
                raise ValueError(name)

    def file(self, kind: str, text: str | None = None, minutes: int = 600) -> Any:
        return imported(self.engine, kind, text or FILES[kind], self.at(minutes))

    def rows(self, table: type[SQLModel]) -> list[dict[str, Any]]:
        stored = inspect(table).local_table
        with reading(self.engine) as db:
            found = db.execute(select(stored).order_by(stored.c.id)).mappings().all()
        return [{k: _shown(k, v) for k, v in row.items() if k not in ("id", "patient_id")} for row in found]


def _shown(column: str, value: Any) -> Any:
    """A member of staff has another id in each database."""
    return value is not None if column.endswith("staff_id") else value


def facts(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    tables: tuple[type[SQLModel], ...] = (*FACTS, Journey)
    return {table.__name__: desk.rows(table) for table in tables}


def fresh(engine: Engine) -> None:
    with step(engine) as db:
        for table in reversed(SQLModel.metadata.sorted_tables):
            db.execute(table.delete())


@cache
def of_the_chart_alone(engine: Engine, now: datetime) -> dict[str, list[dict[str, Any]]]:
    fresh(engine)
    desk = Desk(engine, now)
    for kind in FILES:
        desk.file(kind)
    found = facts(desk)
    assert [len(rows) for rows in found.values()] == [1, 1, 1, 1, 1]
    return found


CHAT = ("arrive", "consult", "decide", "treat")


@st.composite
def orders(draw: st.DrawFn) -> list[str]:
    """The chat's steps in their order, the files in any, mixed."""
    files = draw(st.permutations(sorted(FILES)))
    chat = list(draw(st.sampled_from([CHAT[:n] for n in range(5)])))
    mixed: list[str] = []
    left = [list(files), chat]
    while any(left):
        pick = draw(st.sampled_from([queue for queue in left if queue]))
        mixed.append(pick.pop(0))
    return mixed


@given(order=orders(), again=st.booleans())
@example(order=["payments", *CHAT, "treatments", "consults", "visits"], again=True)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_chat_and_chart_gives_one_day_and_the_same_journey(
    engine: Engine, now: datetime, order: list[str], again: bool
) -> None:
    wanted = of_the_chart_alone(engine, now)
    fresh(engine)
    desk = Desk(engine, now)
    for name in order:
        desk.file(name) if name in FILES else desk.chat(name)
    if again:
        for kind in FILES:
            assert desk.file(kind, minutes=700).changed == 0
    assert facts(desk) == wanted


def test_what_the_chart_does_not_say_stays_as_it_was_written_in_chat(engine: Engine, now: datetime) -> None:
    desk = Desk(engine, now)
    for name in CHAT:
        desk.chat(name)
    desk.file("consults", "consult_no,chart_no,held_at,treatment\nC1,7,2026-11-25,보톡스\n")
    (consult,) = desk.rows(Consult)
    assert (consult["number"], consult["source"]) == ("C1", "import")
    assert (consult["decision"], consult["agreed_amount"]) == (Decision.YES, 280_000)
    assert consult["proposed_amount"] == 280_000


def test_a_chart_that_still_says_undecided_takes_no_decision_away(engine: Engine, now: datetime) -> None:
    desk = Desk(engine, now)
    text = "consult_no,chart_no,held_at,treatment,decision\nC1,7,2026-11-25 14:10,보톡스,pending\n"
    desk.chat("consult")
    desk.chat("decide")
    for _ in range(2):
        desk.file("consults", text)
        (consult,) = desk.rows(Consult)
        assert (consult["number"], consult["decision"]) == ("C1", Decision.YES)
    desk.file("consults", text.replace("pending", "no"))
    (consult,) = desk.rows(Consult)
    assert consult["decision"] == Decision.NO


def test_payments_in_parts_and_in_one_count_once(engine: Engine, now: datetime) -> None:
    desk = Desk(engine, now)
    for treatment, paid in (("botox", 100_000), ("filler", 200_000)):
        done = Treatment(treatment, paid=paid)
        desk.says(stages.treat, desk.patient, BRANCH, done, minutes=10)
    assert [row["amount"] for row in desk.rows(Payment)] == [100_000, 200_000]
    desk.file("payments", "payment_no,chart_no,paid_at,amount\nP1,7,2026-11-25 15:00,300000\n")
    assert [(row["number"], row["amount"]) for row in desk.rows(Payment)] == [("P1", 300_000)]


def test_another_day_another_patient_and_another_family_stay_apart(engine: Engine, now: datetime) -> None:
    desk = Desk(engine, now)
    desk.chat("treat")
    text = (
        "treatment_no,chart_no,done_at,treatment\n"
        "T1,7,2026-11-24 14:00,보톡스\nT2,8,2026-11-25 14:00,보톡스\nT3,7,2026-11-25 14:00,필러\n"
    )
    desk.file("treatments", text)
    assert sorted(row["source"] for row in desk.rows(TreatmentDone)) == ["chat", "import", "import", "import"]


@pytest.mark.parametrize("clock", ["15:00", "16:30", ""])
def test_a_booking_in_chat_becomes_the_charts_reservation_of_that_day(
    engine: Engine, now: datetime, clock: str
) -> None:
    desk = Desk(engine, now)
    wanted = Wanted(desk.patient, BRANCH, desk.at(60) + timedelta(days=2), "botox")
    row = desk.says(book, wanted, minutes=0)
    assert row is not None
    header = "reservation_no,chart_no,starts_at,treatment,status\n"
    for _ in range(2):
        desk.file("reservations", f"{header}R1,7,2026-11-27 {clock},보톡스 사각턱·승모근,booked\n")
        (known,) = desk.rows(Reservation)
        assert (known["number"], known["source"], known["state"]) == ("R1", "import", ReservationState.BOOKED)
        assert known["treatment"] == "botox_jaw_trapezius"
        assert known["made_at"] == desk.at(0)
        assert known["timed"] is bool(clock)
    assert len(desk.rows(Journey)) == 1
    with pytest.raises(NothingToUndo), step(engine) as db:
        undo_booking(db, desk.policy, desk.who, _only(db, Reservation), desk.at(1))


@pytest.mark.parametrize("new_number", [True, False])
def test_a_move_in_chat_is_one_move_however_the_chart_writes_it(
    engine: Engine, now: datetime, new_number: bool
) -> None:
    desk = Desk(engine, now)
    header = "reservation_no,chart_no,starts_at,status,moved_to\n"
    desk.file("reservations", f"{header}R1,7,2026-11-27 15:00,booked,\n", minutes=-60)
    with reading(engine) as db:
        number = _only(db, Reservation)
    desk.says(reservations.move, number, desk.at(0) + timedelta(days=3), minutes=0)
    assert [row["state"] for row in desk.rows(Reservation)] == ["moved", "booked"]
    if new_number:
        desk.file("reservations", f"{header}R1,7,2026-11-27 15:00,moved,R2\nR2,7,2026-11-28 14:00,booked,\n")
        old, new = desk.rows(Reservation)
        assert (old["state"], old["moved_to"]) == ("moved", "R2")
    else:
        desk.file("reservations", f"{header}R1,7,2026-11-28 14:00,booked,\n")
        (new,) = desk.rows(Reservation)
        assert new["moved_to"] is None
    assert (new["number"], new["state"]) == ("R2" if new_number else "R1", "booked")
    assert new["starts_on"] == date(2026, 11, 28)


def test_two_bookings_of_a_day_meet_their_own_rows(engine: Engine, now: datetime) -> None:
    desk = Desk(engine, now)
    for minutes in (0, 120):
        wanted = Wanted(desk.patient, BRANCH, desk.at(minutes) + timedelta(days=2))
        desk.says(book, wanted, minutes=0, another=True)
    header = "reservation_no,chart_no,starts_at\n"
    desk.file("reservations", f"{header}R2,7,2026-11-27 16:00\nR1,7,2026-11-27 14:00\n")
    found = {row["number"]: row["starts_at"] for row in desk.rows(Reservation)}
    assert found == {n: desk.at(m) + timedelta(days=2) for n, m in (("R1", 0), ("R2", 120))}


def _only(db: Session, table: Any) -> int:
    return db.scalars(select(table.id)).one() or 0
