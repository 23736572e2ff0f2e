"""/differences as somebody at the desk reads it, and what a tap changes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crm_core.errors import NotAllowed
from crm_core.policy.branch import IMPORT
from crm_core.tables.facts import Consult, Decision, Reservation, ReservationState
from crm_core.tables.imports import SourceDifference
from crm_core.tables.people import Role
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker, button, buttons_of


@pytest.fixture
def desk(clinic: Clinic) -> Asker:
    return Asker(clinic, clinic.staff("박데스크", Role.DESK))


def differing(clinic: Clinic) -> int:
    """The desk pressed "came" yesterday; the file said "no-show" and counts."""
    patient = clinic.patient(name="김지영", chart_no="0000432")
    at = clinic.now - timedelta(days=1)
    clinic.booked(patient, -1, state=ReservationState.NO_SHOW, state_at=at, state_why="marked")
    row = clinic.db.scalars(select(Reservation)).one()
    noted(clinic, row, "reservations", "state", f"arrived|{at.isoformat()}", "no_show|")
    return patient


def noted(clinic: Clinic, row: Reservation | Consult, kind: str, column: str, ours: str, theirs: str) -> None:
    clinic.db.add(
        SourceDifference(
            branch=clinic.branch,
            book=row.book,
            kind=kind,
            row_key=row.number,
            patient_id=row.patient_id,
            column=column,
            ours=ours,
            theirs=theirs,
            counts=IMPORT,
            seen_at=clinic.now,
        )
    )
    clinic.db.flush()


def test_both_words_are_shown_and_one_tap_settles(clinic: Clinic, desk: Asker) -> None:
    patient = differing(clinic)
    said = desk.in_korean().reads("/자료차이")
    assert "자료 차이 1건" in said
    assert "채팅: 내원 · 차트: 노쇼" in said
    assert "고르기 전까지는 차트를 따라요" in said
    assert "In chat: Arrived · in the file: No-show" in desk.reads("/differences")
    shown = desk.types("/patient 0000432")
    assert "File differs (1)" in [one.label for one in buttons_of(shown)]
    settled = desk.presses(button(desk.types("/differences"), "As in chat").command)
    assert "say the same everywhere" in settled.text
    assert clinic.db.scalars(select(Reservation)).one().state is ReservationState.ARRIVED
    assert ("settle", "reservations:chat", patient, None) in desk.audited()


def test_the_morning_digest_says_how_many_wait(clinic: Clinic, coordinator: Asker) -> None:
    assert "/자료차이" not in coordinator.in_korean().reads("/digest")
    differing(clinic)
    assert "자료 차이 1건 · /자료차이" in coordinator.in_korean().reads("/digest")


def test_amounts_and_names_stay_out_of_a_channel(clinic: Clinic, desk: Asker, now: datetime) -> None:
    patient = clinic.patient(name="김지영", chart_no="0000432")
    consult = Consult(
        book=clinic.branch,
        number="c1",
        patient_id=patient,
        branch=clinic.branch,
        held_at=now,
        held_on=clinic.today,
        decision=Decision.YES,
        agreed_amount=450_000,
    )
    clinic.db.add(consult)
    clinic.db.flush()
    noted(clinic, consult, "consults", "agreed_amount", "500000", "450000")
    assert "₩500,000" in desk.reads("/differences")
    masked = desk.in_channel().reads("/differences")
    for word in ("500", "450", "김지영", "0000432"):
        assert word not in masked


def test_it_is_for_those_who_keep_the_facts_in_order(clinic: Clinic, coordinator: Asker) -> None:
    differing(clinic)
    with pytest.raises(NotAllowed):
        coordinator.types("/differences")
