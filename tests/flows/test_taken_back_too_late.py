"""What was done in chat is taken back once, by whoever did it, and never over the chart's word."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from crm_core.errors import NothingToUndo
from crm_core.tables.facts import Consult, Decision, Reservation, ReservationState
from crm_core.tables.people import Role
from handlers.reserve_commands import UndoChange
from handlers.stage_commands import Decide, RecordConsult, UndoStage
from tests.flows.story import Story, buttons


@pytest.fixture
def story(engine: Engine, now: datetime) -> Story:
    return Story(engine, now.replace(hour=10, minute=5)).started()


def test_a_decision_that_the_chart_has_overruled_is_not_taken_back(story: Story) -> None:
    caller = story.staff("이실장", Role.COORDINATOR)
    patient = story.does(lambda db: story.clinic(db).patient(chart_no="0432"))
    story.gives(caller, RecordConsult(patient, "gangnam", "botox", "", "30만"))
    consult = story.does(lambda db: db.scalars(select(col(Consult.id))).one()) or 0
    said = story.gives(caller, Decide(consult, Decision.YES))
    undo = next(one.command for one in buttons(said) if isinstance(one.command, UndoStage))
    story.later(minutes=3)
    story.imports(
        "consults",
        "consult_no,chart_no,held_at,treatment,decision,decided_at\n"
        "C1,0432,2026-11-25 10:05,보톡스,no,2026-11-25 10:06\n",
    )
    with pytest.raises(NothingToUndo):
        story.gives(caller, undo)
    decisions = story.does(lambda db: list(db.scalars(select(col(Consult.decision)))))
    assert decisions == [Decision.NO]


def test_a_move_that_the_chart_has_written_stays_moved(story: Story) -> None:
    caller = story.staff("이실장", Role.COORDINATOR)
    story.does(lambda db: story.clinic(db).patient(chart_no="0432"))
    story.gives(caller, "/reserve 0432 11/27 15:00")
    asked = story.gives(caller, "/reserve 0432 11/28 11:00")
    moved = story.presses(caller, asked, "Move it")
    undo = next(one.command for one in buttons(moved) if isinstance(one.command, UndoChange))
    story.later(minutes=5)
    story.imports(
        "reservations", "reservation_no,chart_no,starts_at,status\nRX,0432,2026-11-28 11:00,booked\n"
    )
    with pytest.raises(NothingToUndo):
        story.gives(caller, undo)
    rows = story.does(lambda db: list(db.scalars(select(Reservation).order_by(col(Reservation.id)))))
    assert [row.state for row in rows] == [ReservationState.MOVED, ReservationState.BOOKED]
    assert rows[0].moved_to == rows[1].number == "RX"
