"""/noshow: counted by hand, split by weekday, opened down to the people."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.policy.policy import Policy
from crm_core.staff.access import Person
from crm_core.tables import Book, Patient, Reservation
from crm_core.tables.facts import ReservationState
from crm_core.tables.people import Role
from crm_core.tables.records import AuditRow
from handlers import noshow
from handlers.language.language import language
from handlers.language.menu_item import Context
from handlers.language.reply import Table, Where

STATES = (
    [ReservationState.ARRIVED] * 6
    + [ReservationState.NO_SHOW] * 2
    + [ReservationState.CANCELLED_LATE, ReservationState.CANCELLED_EARLY, ReservationState.BOOKED]
)


@pytest.fixture
def context(db: Session, policy: Policy, now: datetime) -> Context:
    """Eleven reservations on last Monday: six came, two did not, one cancelled late, one in time,
    one was never marked."""
    db.add(Book(slug="gangnam"))
    db.flush()
    patient = Patient(book="gangnam", chart_no="100", branch="gangnam", name="<b>김&*_🙂", created_at=now)
    db.add(patient)
    db.flush()
    monday = (now - timedelta(days=2)).replace(hour=11)
    for number, state in enumerate(STATES):
        db.add(
            Reservation(
                book="gangnam",
                number=f"R{number}",
                patient_id=patient.id or 0,
                branch="gangnam",
                starts_at=monday + timedelta(minutes=number),
                starts_on=monday.date(),
                made_at=monday - timedelta(days=9),
                state=state,
                state_at=monday,
            )
        )
    db.flush()
    director = Person(None, "도유경", frozenset({(Role.DIRECTOR, "gangnam")}))
    return Context(db, director, policy, now, language("en"), private=True)


def test_two_of_nine_did_not_come(context: Context) -> None:
    reply = noshow.show_noshow(noshow.ShowNoShows(), context)
    assert "22% (2/9)" in reply.text
    assert reply.data is not None
    rates = {row["kpi"]: (row["numerator"], row["denominator"]) for row in reply.data["rows"]}
    assert rates == {"no_show": (2, 9), "late_cancel": (1, 9), "show_rate": (6, 9), "early_cancel": (1, 10)}
    assert reply.data["rows"][0]["out"]["unmarked"] == 1


def test_by_weekday_the_days_add_up_to_the_whole(context: Context) -> None:
    reply = noshow.show_noshow(noshow.ShowNoShows(by="weekday"), context)
    assert reply.data is not None
    assert {row["cut"] for row in reply.data["rows"]} == {"monday"}
    assert any(isinstance(block, Table) and block.rows[0][0] == "Monday" for block in reply.blocks)


def test_a_number_opens_its_people_privately_and_the_look_is_audited(context: Context) -> None:
    reply = noshow.open_reservations(noshow.OpenReservations(), context)
    assert reply.where is Where.PRIVATE
    table = next(block for block in reply.blocks if isinstance(block, Table))
    assert len(table.rows) == 2
    looks = list(context.db.scalars(select(AuditRow).where(col(AuditRow.action) == "list")))
    assert [(look.what, look.count) for look in looks] == [("noshow:no_show", 2)]
