"""A file that says something else than was pressed in chat: shown, never silently overwritten."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from bot.transaction import reading, step
from crm_core.differences.actions import settle
from crm_core.differences.queries import open_differences
from crm_core.errors import AlreadySettled, NotAllowed, OtherBranch
from crm_core.imports.actions import apply
from crm_core.policy.branch import CHAT, IMPORT
from crm_core.policy.policy import Policy
from crm_core.reservations.actions import Mark, mark
from crm_core.staff.access import Person
from crm_core.stages import actions as stages
from crm_core.tables.facts import CAME, Consult, Decision, Reservation, ReservationState, Visit
from crm_core.tables.imports import SourceDifference
from crm_core.tables.people import Patient, Role, Staff
from crm_core.tables.records import AuditRow
from tests.clinic import policy
from tests.crm_core.imports.files import staged

HEADER = "reservation_no,chart_no,starts_at,treatment,doctor,status,status_at\n"
DAY = "2026-11-24 14:00"
STATES = ReservationState


def with_truth(source: str) -> Policy:
    known = policy()
    here = replace(known.branch("gangnam"), truth={"reservations": source})
    return replace(known, branches={**known.branches, "gangnam": here})


class Told:
    """One reservation of yesterday: what the desk pressed, and what the chart's file says of it."""

    def __init__(self, engine: Engine, now: datetime, source: str = IMPORT) -> None:
        self.engine, self.now, self.policy = engine, now, with_truth(source)
        with step(engine) as db:
            row = Staff(name="박데스크")
            db.add(row)
            db.flush()
            self.desk = Person(row.id, row.name, frozenset({(Role.DESK, "gangnam")}))
        self.file("booked")

    def file(self, status: str) -> int:
        read = staged("reservations", f"{HEADER}9,1,{DAY},보톡스,김원장,{status},\n")
        with step(self.engine) as db:
            return apply(db, self.policy, read, read.rows, self.now).changed

    def press(self, said: Mark) -> None:
        with step(self.engine) as db:
            number = db.scalars(select(col(Reservation.id))).one()
            assert number is not None
            mark(db, self.policy, self.desk, number, said, self.now - timedelta(hours=15))

    def tap(self, choice: str, who: Person | None = None) -> None:
        with step(self.engine) as db:
            number = db.scalars(
                select(col(SourceDifference.id)).order_by(col(SourceDifference.id).desc())
            ).first()
            assert number is not None
            settle(db, self.policy, who or self.desk, number, choice, self.now)

    @property
    def state(self) -> ReservationState:
        with reading(self.engine) as db:
            return db.scalars(select(Reservation)).one().state

    @property
    def visits(self) -> int:
        with reading(self.engine) as db:
            return len(db.scalars(select(Visit)).all())

    @property
    def waiting(self) -> list[tuple[Any, Any, str]]:
        with reading(self.engine) as db:
            found = open_differences(db, self.desk, self.policy)
            return [(one.ours, one.theirs, one.counts) for one in found]


def test_where_the_file_counts_it_stands_and_what_was_pressed_is_kept_beside_it(
    engine: Engine, now: datetime
) -> None:
    told = Told(engine, now)
    told.press(Mark.CAME)
    assert told.visits == 1
    told.file("no_show")
    assert told.state is STATES.NO_SHOW
    assert told.visits == 0
    assert told.waiting == [(STATES.ARRIVED, STATES.NO_SHOW, IMPORT)]


def test_where_the_chat_counts_what_was_pressed_stays_until_somebody_looks(
    engine: Engine, now: datetime
) -> None:
    told = Told(engine, now, CHAT)
    told.press(Mark.CAME)
    told.file("no_show")
    assert (told.state, told.visits) == (STATES.ARRIVED, 1)
    assert told.waiting == [(STATES.ARRIVED, STATES.NO_SHOW, CHAT)]


@pytest.mark.parametrize("source", [IMPORT, CHAT])
@pytest.mark.parametrize("choice", [IMPORT, CHAT])
def test_one_tap_settles_it_for_good(engine: Engine, now: datetime, source: str, choice: str) -> None:
    told = Told(engine, now, source)
    told.press(Mark.CAME)
    told.file("no_show")
    told.tap(choice)
    expected = (STATES.ARRIVED, 1) if choice == CHAT else (STATES.NO_SHOW, 0)
    for _ in range(2):
        assert (told.state, told.visits) == expected
        assert told.waiting == []
        told.file("no_show")  # the same export comes every night
    with reading(engine) as db:
        said = [row.what for row in db.scalars(select(AuditRow)) if row.action == "settle"]
        assert said == [f"reservations:{choice}"]


@pytest.mark.parametrize("source", [IMPORT, CHAT])
@pytest.mark.parametrize("status", ["booked", "", "completed", "arrived"])
def test_a_file_that_has_not_heard_yet_or_says_the_same_is_no_difference(
    engine: Engine, now: datetime, source: str, status: str
) -> None:
    told = Told(engine, now, source)
    told.press(Mark.CAME)
    told.file(status)
    assert told.waiting == []
    assert told.state in CAME
    assert told.visits == 1


def test_a_file_that_comes_round_to_what_was_pressed_ends_the_question(engine: Engine, now: datetime) -> None:
    told = Told(engine, now)
    told.press(Mark.NO_SHOW)
    told.file("arrived")
    assert told.waiting == [(STATES.NO_SHOW, STATES.ARRIVED, IMPORT)]
    told.file("arrived")
    assert len(told.waiting) == 1
    told.file("no_show")
    assert told.waiting == []
    assert told.state is STATES.NO_SHOW


def test_after_our_word_was_chosen_another_word_of_the_file_is_a_new_question(
    engine: Engine, now: datetime
) -> None:
    told = Told(engine, now)
    told.press(Mark.CAME)
    told.file("no_show")
    told.tap(CHAT)
    told.file("cancelled_late")
    assert told.waiting == [(STATES.ARRIVED, STATES.CANCELLED_LATE, IMPORT)]


def test_what_nobody_pressed_is_the_files_to_change(engine: Engine, now: datetime) -> None:
    told = Told(engine, now)
    told.file("arrived")
    told.file("no_show")
    assert told.state is STATES.NO_SHOW
    assert told.waiting == []


def test_the_second_of_two_who_settle_is_told_who_was_first_and_strangers_settle_nothing(
    engine: Engine, now: datetime
) -> None:
    told = Told(engine, now)
    told.press(Mark.CAME)
    told.file("no_show")
    for roles, problem in (
        (frozenset({(Role.COORDINATOR, "gangnam")}), NotAllowed),
        (frozenset({(Role.DESK, "haeundae")}), OtherBranch),
    ):
        with pytest.raises(problem):
            told.tap(CHAT, Person(None, "x", roles))
    told.tap(CHAT)
    with pytest.raises(AlreadySettled) as first:
        told.tap(IMPORT)
    assert first.value.by == "박데스크"


@pytest.mark.parametrize("choice", [IMPORT, CHAT])
def test_a_decision_and_an_amount_said_at_the_desk_are_kept_apart_from_the_charts(
    engine: Engine, now: datetime, choice: str
) -> None:
    """The chart's row takes the place of the one written in chat; where they differ both are kept."""
    told = Told(engine, now)
    desk = replace(told.desk, roles=frozenset({(Role.DESK, "gangnam"), (Role.COORDINATOR, "gangnam")}))
    with step(engine) as db:
        patient = db.scalars(select(col(Patient.id))).one() or 0
        more: dict[str, Any] = {"treatment": "botox", "staff_id": None, "proposed": 500_000}
        stages.consult(db, told.policy, desk, patient, "gangnam", now, **more)
        consult = db.scalars(select(col(Consult.id))).one() or 0
        stages.decide(db, told.policy, desk, consult, Decision.YES, now + timedelta(minutes=5))
    header = "consult_no,chart_no,held_at,treatment,decision,proposed_amount,agreed_amount\n"
    rows = staged("consults", f"{header}C1,1,2026-11-25 09:00,보톡스,part,500000,450000\n")
    for _ in range(2):
        with step(engine) as db:
            apply(db, told.policy, rows, rows.rows, now + timedelta(hours=1))
    assert told.waiting == [(Decision.YES, Decision.PART, IMPORT), (500_000, 450_000, IMPORT)]
    with step(engine) as db:
        for one in open_differences(db, desk, told.policy):
            settle(db, told.policy, desk, one.id, choice, now + timedelta(hours=2))
    with reading(engine) as db:
        row = db.scalars(select(Consult)).one()
        expected = (Decision.YES, 500_000) if choice == CHAT else (Decision.PART, 450_000)
        assert (row.number, row.decision, row.agreed_amount) == ("C1", *expected)
