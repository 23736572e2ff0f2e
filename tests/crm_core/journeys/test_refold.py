"""The rows of journeys follow the facts, in whatever order and how often they arrive."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlmodel import Session, col

from crm_core.journeys.actions import refold
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision, Inquiry, ReservationState
from crm_core.tables.journey import Journey, JourneyCorrection, JourneyPast
from crm_core.tables.people import Patient, Prospect, Staff
from tests.crm_core.kpi.clinics import BRANCH, Clinic, at, worked_example


def rows(db: Session) -> list[tuple[Any, ...]]:
    """Every row of journeys, whatever its id."""
    found = []
    for table in (Journey, JourneyPast):
        names = [column.key for column in inspect(table).columns if column.key != "id"]
        found += [tuple(getattr(row, name) for name in names) for row in db.scalars(select(table))]
    return sorted(found, key=repr)


@pytest.mark.parametrize("seed", range(4))
def test_any_split_order_and_repetition_gives_the_same_rows(db: Session, policy: Policy, seed: int) -> None:
    clinic = Clinic(db, policy)
    worked_example(clinic)
    expected = rows(db)
    random = Random(seed)
    ids = list(clinic.patients) * 2
    random.shuffle(ids)
    while ids:
        take = random.randrange(1, 5)
        refold(db, policy, patients=ids[:take])
        ids = ids[take:]
    assert rows(db) == expected


def test_folding_after_each_fact_is_folding_once(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = clinic.patient()
    steps: list[Any] = [
        lambda: clinic.treatment(who, 9),
        lambda: clinic.inquiry(who, 0, treatment="botox"),
        lambda: clinic.visit(who, 9),
        lambda: clinic.reservation(who, 1, 5, state=ReservationState.CANCELLED_EARLY, state_at=at(2)),
        lambda: clinic.consult(who, 9, Decision.PENDING),
        lambda: clinic.reservation(who, 3, 9, treatment="botox"),
    ]
    Random(1).shuffle(steps)
    for step in steps:
        step()
        clinic.fold()
    seen = rows(db)
    clinic.fold()
    assert rows(db) == seen
    (journey,) = db.scalars(select(Journey))
    assert journey.inquiry_at == at(0)
    assert journey.reserved_until == at(9)
    assert journey.treatment_at == at(9.02)


def test_a_patient_without_facts_has_no_journey(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    clinic.patient()
    assert refold(db, policy, patients=clinic.patients) == 0


def test_a_referral_is_noted_at_whoever_referred(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    referrer = clinic.patient()
    clinic.visit(referrer, 0)
    clinic.treatment(referrer, 0)
    clinic.fold()
    named = clinic.patient(referred_by_id=referrer)
    clinic.inquiry(named, 30)
    clinic.db.flush()
    refold(db, policy, patients=[named])
    journey = db.scalars(select(Journey).where(col(Journey.patient_id) == referrer)).one()
    assert journey.referred_at == at(30)
    patient = db.get(Patient, named)
    assert patient is not None
    patient.referred_by_id = None
    db.flush()
    refold(db, policy, patients=[named, referrer])
    db.expire_all()
    journey = db.scalars(select(Journey).where(col(Journey.patient_id) == referrer)).one()
    assert journey.referred_at is None


@pytest.mark.parametrize(("days", "referred"), [(180, True), (181, False), (-1, False)])
def test_a_referral_counts_within_its_days(db: Session, policy: Policy, days: int, referred: bool) -> None:
    clinic = Clinic(db, policy)
    referrer = clinic.patient()
    clinic.visit(referrer, 2)
    clinic.treatment(referrer, 2)
    named = clinic.patient(referred_by_id=referrer)
    clinic.inquiry(named, 2 + days)
    clinic.fold()
    journey = db.scalars(select(Journey).where(col(Journey.patient_id) == referrer)).one()
    assert (journey.referred_at is not None) is referred


def test_a_prospect_has_a_journey_until_it_becomes_a_patient(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    prospect = Prospect(branch=BRANCH, created_at=at(0))
    db.add(prospect)
    db.flush()
    assert prospect.id is not None
    db.add(
        Inquiry(
            book=clinic.book,
            number="P1",
            prospect_id=prospect.id,
            branch=BRANCH,
            received_at=at(0),
            received_on=(at(0) + timedelta(hours=9)).date(),
        )
    )
    db.flush()
    assert refold(db, policy, patients=(), prospects=[prospect.id]) == 1
    who = clinic.patient()
    prospect.patient_id = who
    clinic.reservation(who, 1, 4)
    db.flush()
    refold(db, policy, patients=[who], prospects=[prospect.id])
    (journey,) = db.scalars(select(Journey))
    assert (journey.patient_id, journey.prospect_id) == (who, None)
    assert journey.reservation_at == at(1)


def test_a_correction_by_hand_is_folded_in(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = clinic.patient()
    clinic.inquiry(who, 0)
    staff = Staff(name="이실장")
    db.add(staff)
    db.flush()
    assert staff.id is not None
    db.add(JourneyCorrection(patient_id=who, kind="close", why="moved_away", at=at(1), by_staff_id=staff.id))
    clinic.reservation(who, 2, 5)
    clinic.fold()
    first, second = db.scalars(select(Journey).order_by(col(Journey.number)))
    assert first.closed_by_hand_at == at(1)
    assert second.first_at == at(2)
