"""The desk's day: each step once, nothing typed that the chart knows, each step taken back."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from crm_core.errors import (
    AlreadyLogged,
    NotAllowed,
    NothingToUndo,
    OtherBranch,
    StaleButton,
    TooLateToUndo,
)
from crm_core.journeys.queries import Standing, journeys_of
from crm_core.staff.access import Person, shell_person
from crm_core.stages import actions
from crm_core.stages.actions import Treatment
from crm_core.stages.queries import Flow, flow_of
from crm_core.tables.desk import DeskEntry
from crm_core.tables.facts import Consult, Decision, Payment, ReservationState, TreatmentDone, Visit
from crm_core.tables.journey import Journey, Stage
from crm_core.tables.people import Role
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import audited, booked, desk, reservation


def rows(clinic: Clinic, table: type[SQLModel]) -> list[Any]:
    return list(clinic.db.scalars(select(table).execution_options(populate_existing=True)))


def flow(clinic: Clinic, patient: int, now: datetime | None = None) -> Flow:
    return flow_of(clinic.db, clinic.policy, patient, clinic.branch, now or clinic.now)


def consulted(clinic: Clinic, who: Person, patient: int, **values: Any) -> DeskEntry | None:
    values = {"treatment": "botox", "staff_id": who.staff_id, "proposed": 300_000} | values
    return actions.consult(clinic.db, clinic.policy, who, patient, clinic.branch, clinic.now, **values)


def treated(clinic: Clinic, who: Person, patient: int, done: Treatment) -> DeskEntry | None:
    return actions.treat(clinic.db, clinic.policy, who, patient, clinic.branch, done, clinic.now)


def of_the_chart(clinic: Clinic, table: type[SQLModel], patient: int, stem: str, **values: Any) -> Any:
    row = table(
        book=clinic.policy.branch(clinic.branch).book,
        number=clinic.number("X"),
        patient_id=patient,
        branch=clinic.branch,
        **{f"{stem}_at": clinic.now, f"{stem}_on": clinic.today},
        **values,
    )
    clinic.db.add(row)
    clinic.keep(patient)
    return row


def test_a_day_from_arrived_to_treated_is_one_journey(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    number = booked(clinic, patient, time(10))
    actions.arrive(clinic.db, clinic.policy, who, patient, clinic.branch, clinic.now)
    assert reservation(clinic.db, number).state is ReservationState.ARRIVED
    consulted(clinic, who, patient)
    (consult,) = rows(clinic, Consult)
    assert (consult.decision, consult.held_at, consult.source) == (Decision.PENDING, clinic.now, "chat")
    actions.decide(clinic.db, clinic.policy, who, consult.id, Decision.YES, clinic.now)
    assert (consult.decided_at, consult.agreed_amount) == (clinic.now, 300_000)
    treated(clinic, who, patient, Treatment("botox", doctor="D1", paid=300_000))
    (done,), (payment,), (visit,) = (rows(clinic, t) for t in (TreatmentDone, Payment, Visit))
    assert (done.amount, done.doctor, done.staff_id) == (300_000, "D1", who.staff_id)
    assert (payment.amount, payment.treatment_no) == (300_000, done.number)
    assert visit.arrived_at == clinic.now
    (journey,) = rows(clinic, Journey)
    assert journey.entry is Stage.RESERVATION
    assert None not in (journey.visit_at, journey.consult_at, journey.agreement_at, journey.treatment_at)
    assert [what for action, what in audited(clinic.db) if action == "stage"] == [
        "arrived",
        "consulted",
        "decided",
        "treated",
    ]


def test_what_the_chart_knows_is_not_written_again(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    of_the_chart(clinic, Visit, patient, "arrived")
    assert actions.arrive(clinic.db, clinic.policy, who, patient, clinic.branch, clinic.now) is None
    of_the_chart(clinic, Consult, patient, "held", treatment="botox", proposed_amount=200_000)
    consulted(clinic, who, patient, treatment="botox_upper_face")
    (consult,) = rows(clinic, Consult)
    assert (consult.treatment, consult.proposed_amount, consult.staff_id) == ("botox", 200_000, who.staff_id)
    of_the_chart(clinic, TreatmentDone, patient, "done", treatment="botox", amount=200_000)
    of_the_chart(clinic, Payment, patient, "paid", amount=200_000)
    treated(clinic, who, patient, Treatment("botox", doctor="D1", paid=300_000))
    (done,), (payment,) = rows(clinic, TreatmentDone), rows(clinic, Payment)
    assert (done.amount, done.doctor, payment.amount) == (200_000, "D1", 200_000)


def test_another_family_on_the_same_day_is_another_consult_and_treatment(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    for treatment in ("botox", "filler"):
        consulted(clinic, who, patient, treatment=treatment)
        treated(clinic, who, patient, Treatment(treatment, paid=100_000))
    assert [len(rows(clinic, t)) for t in (Visit, Consult, TreatmentDone, Payment)] == [1, 2, 2, 2]


def test_a_decision_is_said_once(clinic: Clinic) -> None:
    patient, who, other = clinic.patient(), clinic.coordinator(), clinic.coordinator("박실장")
    consulted(clinic, who, patient)
    (consult,) = rows(clinic, Consult)
    actions.decide(clinic.db, clinic.policy, who, consult.id, Decision.PART, clinic.now, 100_000)
    assert (consult.decision, consult.agreed_amount) == (Decision.PART, 100_000)
    with pytest.raises(AlreadyLogged) as told:
        actions.decide(clinic.db, clinic.policy, other, consult.id, Decision.NO, clinic.now)
    assert told.value.by == who.name
    known = of_the_chart(clinic, Consult, patient, "held", treatment="filler", decision=Decision.NO)
    with pytest.raises(StaleButton):
        actions.decide(clinic.db, clinic.policy, who, known.id, Decision.YES, clinic.now)
    with pytest.raises(StaleButton):
        actions.decide(clinic.db, clinic.policy, who, 99_999, Decision.YES, clinic.now)


@pytest.mark.parametrize(
    ("decision", "standing"),
    [(Decision.NO, Standing.DECLINED), (Decision.YES, Standing.OPEN), (Decision.PENDING, Standing.OPEN)],
)
def test_the_journey_stands_where_the_decision_says(
    clinic: Clinic, decision: Decision, standing: Standing
) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    consulted(clinic, who, patient)
    (consult,) = rows(clinic, Consult)
    actions.decide(clinic.db, clinic.policy, who, consult.id, decision, clinic.now)
    (seen,) = journeys_of(clinic.db, clinic.policy, patient, clinic.now)
    assert seen.standing is standing


def test_a_session_of_a_course_is_counted_and_the_last_one_ends_it(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    number = clinic.course(patient, "laser_toning", 3, used=1)
    (left,) = flow(clinic, patient).courses
    assert (left.number, left.done, left.sessions) == (number, 1, 3)
    clinic.treated(patient, 20, "laser_toning", course_no=number)
    clinic.treated(patient, 10, "laser_toning", course_no=number)
    treated(clinic, who, patient, Treatment("laser_toning", course_no=number))
    done = max(rows(clinic, TreatmentDone), key=lambda row: row.done_on)
    assert (done.session_no, done.course_no) == (3, number)
    assert flow(clinic, patient).courses == ()
    with pytest.raises(StaleButton):
        treated(clinic, who, patient, Treatment("laser_toning", course_no=number))


def test_each_step_is_taken_back_in_turn_and_nothing_is_left(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    number = booked(clinic, patient, time(10), state=ReservationState.REQUESTED)
    entries = [actions.arrive(clinic.db, clinic.policy, who, patient, clinic.branch, clinic.now)]
    entries.append(consulted(clinic, who, patient))
    (consult,) = rows(clinic, Consult)
    entries.append(actions.decide(clinic.db, clinic.policy, who, consult.id, Decision.YES, clinic.now))
    entries.append(treated(clinic, who, patient, Treatment("botox", paid=300_000)))
    made = [entry for entry in entries if entry is not None]
    assert len(made) == 4
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, who, made[0].id or 0, clinic.now)
    for entry in reversed(made):
        actions.undo(clinic.db, clinic.policy, who, entry.id or 0, clinic.now + timedelta(minutes=9))
        with pytest.raises(NothingToUndo):
            actions.undo(clinic.db, clinic.policy, who, entry.id or 0, clinic.now)
    assert [rows(clinic, t) for t in (Visit, Consult, TreatmentDone, Payment)] == [[], [], [], []]
    row = reservation(clinic.db, number)
    assert (row.state, row.state_at, row.state_by_id) == (ReservationState.REQUESTED, None, None)
    (journey,) = rows(clinic, Journey)
    assert journey.visit_at is None


def test_what_was_filled_into_the_charts_row_goes_and_the_charts_own_stays(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    of_the_chart(clinic, Visit, patient, "arrived")
    of_the_chart(clinic, Consult, patient, "held", treatment="botox")
    entry = consulted(clinic, who, patient)
    (consult,) = rows(clinic, Consult)
    decided = actions.decide(clinic.db, clinic.policy, who, consult.id, Decision.YES, clinic.now)
    assert entry is not None
    assert decided is not None
    for one in (decided, entry):
        actions.undo(clinic.db, clinic.policy, who, one.id or 0, clinic.now)
    (consult,) = rows(clinic, Consult)
    assert (consult.proposed_amount, consult.staff_id, consult.decided_at) == (None, None, None)
    assert (consult.decision, consult.treatment) == (Decision.PENDING, "botox")


def test_only_ones_own_and_young_steps_are_taken_back(clinic: Clinic) -> None:
    patient, who, other = clinic.patient(), clinic.coordinator(), clinic.coordinator("박실장")
    entry = actions.arrive(clinic.db, clinic.policy, who, patient, clinic.branch, clinic.now)
    assert entry is not None
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, other, entry.id or 0, clinic.now)
    with pytest.raises(TooLateToUndo):
        actions.undo(clinic.db, clinic.policy, who, entry.id or 0, clinic.now + timedelta(minutes=11))


def test_who_may_write_what(clinic: Clinic) -> None:
    patient = clinic.patient()
    at_the_desk, doctor = desk(clinic), clinic.staff("정원장", Role.DOCTOR)
    stranger = Person(None, "x", frozenset({(Role.COORDINATOR, "haeundae")}))
    with pytest.raises(OtherBranch):
        consulted(clinic, at_the_desk, patient)
    with pytest.raises(OtherBranch):
        treated(clinic, at_the_desk, patient, Treatment("botox"))
    with pytest.raises(OtherBranch):
        actions.arrive(clinic.db, clinic.policy, doctor, patient, clinic.branch, clinic.now)
    with pytest.raises(OtherBranch):
        consulted(clinic, stranger, patient)
    treated(clinic, doctor, patient, Treatment("botox", doctor="somebody else", paid=500_000))
    (done,) = rows(clinic, TreatmentDone)
    assert (done.doctor, done.amount, done.staff_id) == ("정원장", None, None)
    assert rows(clinic, Payment) == []


def test_a_journey_is_closed_with_a_reason_and_opened_again(clinic: Clinic) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    with pytest.raises(StaleButton):
        actions.close(clinic.db, clinic.policy, who, patient, clinic.branch, "cost", clinic.now)
    consulted(clinic, who, patient)
    with pytest.raises(NotAllowed):
        actions.close(clinic.db, clinic.policy, shell_person("x"), patient, clinic.branch, "cost", clinic.now)
    entry = actions.close(clinic.db, clinic.policy, who, patient, clinic.branch, "cost", clinic.now)
    assert entry is not None
    (journey,) = rows(clinic, Journey)
    assert (journey.closed_by_hand_at, journey.closed_why) == (clinic.now, "cost")
    actions.undo(clinic.db, clinic.policy, who, entry.id or 0, clinic.now)
    (journey,) = rows(clinic, Journey)
    assert journey.closed_by_hand_at is None


def test_an_undecided_or_agreed_consult_of_an_earlier_day_is_shown_until_it_was_treated(
    clinic: Clinic,
) -> None:
    patient, who = clinic.patient(), clinic.coordinator()
    consulted(clinic, who, patient)
    later = clinic.now + timedelta(days=3)
    seen = flow(clinic, patient, later)
    assert seen.pending is not None
    assert not seen.is_here
    actions.decide(clinic.db, clinic.policy, who, seen.pending.id or 0, Decision.YES, later)
    seen = flow(clinic, patient, later)
    assert (seen.pending, seen.agreed is not None) == (None, True)
    actions.treat(
        clinic.db,
        clinic.policy,
        who,
        patient,
        clinic.branch,
        Treatment("botox"),
        later + timedelta(minutes=1),
    )
    assert flow(clinic, patient, later + timedelta(minutes=2)).agreed is None
    assert clinic.db.scalars(select(col(Visit.arrived_on))).all() == [clinic.today, clinic.ago(-3)]
