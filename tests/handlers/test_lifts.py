"""A denial is lifted by a director, with a reason; a coordinator asks for it."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_core.churn.reasons import Why
from crm_core.errors import Missing, NotAllowed, StaleButton
from crm_core.tables.calls import Outcome, Refusal, ResponseGroup
from crm_core.tables.chat import Account, OutboxRow
from crm_core.tables.people import Patient
from handlers.call_commands import ApproveLift, AskLift, RequestLift, ShowLiftRequest, UndoCall
from handlers.language.reply import Command, Form, Reply
from handlers.menu import WIRE
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button

NO = ResponseGroup.NEGATIVE_DENIAL


def denied(clinic: Clinic) -> tuple[int, int]:
    """A patient who asked for no contact three days ago, and the call."""
    patient = clinic.patient()
    clinic.treated(patient, 182)
    return patient, clinic.called(patient, 3, Outcome.CONNECTED, NO, staff_id=clinic.coordinator().staff_id)


def form(asker: Asker, command: AskLift | UndoCall) -> Form:
    (found,) = asker.presses(command).blocks
    assert isinstance(found, Form)
    return found


def submit(asker: Asker, command: Command) -> Reply:
    """A form that is sent, or what the outbox has kept: longer than a button."""
    return WIRE.item_of(command).give(command, asker.context)


def test_a_coordinators_request_reaches_the_directors_and_changes_nothing(
    clinic: Clinic, coordinator: Asker
) -> None:
    patient, _ = denied(clinic)
    director = clinic.director()
    assert director.staff_id is not None
    clinic.db.add(
        Account(
            staff_id=director.staff_id,
            platform="local",
            address="d",
            address_blind=b"d",
            linked_at=clinic.now,
        )
    )
    clinic.db.flush()
    why = coordinator.types(f"/why {patient_chart(clinic, patient)}")
    assert button(why, "Ask for contact again").command == AskLift(patient)
    assert form(coordinator, AskLift(patient)).command == RequestLift(patient)
    with pytest.raises(Missing):
        submit(coordinator, RequestLift(patient, "  "))
    submit(coordinator, RequestLift(patient, "came in and asked"))
    (row,) = clinic.db.scalars(select(OutboxRow).where(col(OutboxRow.staff_id) == director.staff_id)).all()
    assert "asked" not in row.command
    _, command = WIRE.decode(row.command)
    assert isinstance(command, ShowLiftRequest)
    card = submit(Asker(clinic, director), command)
    assert "came in and asked" in str(card.blocks)
    assert button(card, "Approve").command == AskLift(patient)
    assert Why.DENIED in clinic.reasons(patient)
    with pytest.raises(NotAllowed):
        submit(coordinator, ApproveLift(patient, "x"))


def test_a_director_lifts_with_a_reason_and_both_versions_stay(clinic: Clinic) -> None:
    patient, _ = denied(clinic)
    director = Asker(clinic, clinic.director(), code="ko")
    assert form(director, AskLift(patient)).command == ApproveLift(patient)
    with pytest.raises(Missing):
        submit(director, ApproveLift(patient))
    submit(director, ApproveLift(patient, "본인이 예약을 원하심"))
    assert Why.DENIED not in clinic.reasons(patient)
    (refusal,) = clinic.db.scalars(select(Refusal)).all()
    assert (refusal.lift_reason, refusal.lifted_by_id) == ("본인이 예약을 원하심", director.person.staff_id)
    with pytest.raises(StaleButton):
        director.presses(AskLift(patient))


def test_undo_of_a_denial_by_somebody_else_or_too_late_becomes_a_request(clinic: Clinic) -> None:
    patient, call = denied(clinic)
    other = Asker(clinic, clinic.coordinator("최실장"))
    assert form(other, UndoCall(call)).command == RequestLift(patient)
    missed = clinic.called(patient, 2)
    with pytest.raises(NotAllowed):
        other.presses(UndoCall(missed))


def patient_chart(clinic: Clinic, patient: int) -> str:
    return clinic.db.get_one(Patient, patient).chart_no
