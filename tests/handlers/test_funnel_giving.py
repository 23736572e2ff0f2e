"""A drop-off of the funnel becomes the work of one coordinator."""

from datetime import time
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from crm_core.tables.calls import CallCard
from crm_core.tables.facts import Consult, Decision, Visit
from crm_core.tables.people import Role
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button, buttons_of


def undecided(clinic: Clinic, days_ago: int, **values: Any) -> int:
    """Came and was consulted, and has not decided."""
    who = clinic.patient(**values)
    day = clinic.ago(days_ago)
    chart: dict[str, Any] = {
        "book": clinic.policy.branch(clinic.branch).book,
        "patient_id": who,
        "branch": clinic.branch,
    }
    clinic.db.add(Visit(**chart, number=clinic.number("V"), arrived_at=clinic.at(day), arrived_on=day))
    clinic.db.add(
        Consult(
            **chart,
            number=clinic.number("K"),
            held_at=clinic.at(day, time(12)),
            held_on=day,
            treatment="botox",
            decision=Decision.PENDING,
        )
    )
    clinic.keep(who)
    return who


def test_one_tap_gives_the_undecided_to_a_coordinator(clinic: Clinic) -> None:
    called = {undecided(clinic, days) for days in (4, 6, 9)}
    undecided(clinic, 5, phone=None)
    taker = clinic.coordinator("국소이")
    lead = Asker(clinic, clinic.staff("설가온", Role.LEAD))
    shown = lead.types("/funnel last 30 days")
    opened = lead.presses(button(shown, "See the undecided (4)").command)
    whom = lead.presses(button(opened, "Give to a coordinator").command)
    assert {one.label for one in buttons_of(whom)} == {"국소이", "설가온"}
    tap = button(whom, "국소이").command
    assert lead.presses(tap).text.splitlines() == [
        "3 given to 국소이: they stand under 'only mine'.",
        "Not given: no phone 1",
    ]
    cards = clinic.db.scalars(select(CallCard).where(col(CallCard.assigned_to_id) == taker.staff_id)).all()
    assert {card.patient_id for card in cards} == called
    assert "3분을 국소이님에게 맡겼어요" in lead.in_korean().presses(tap).text  # again: nothing changes
    assert ("list", "funnel:consult:pending", None, 4) in lead.audited()
