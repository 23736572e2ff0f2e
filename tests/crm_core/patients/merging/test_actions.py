"""Two charts become one for every reader, and two again exactly as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from crm_core.churn.reasons import Why
from crm_core.errors import AlreadyMerged, CannotMerge, NotAllowed, OtherBranch
from crm_core.patients.merging.actions import merge, reverse
from crm_core.staff.access import Person
from crm_core.tables.calls import Call, Outcome, ResponseGroup
from crm_core.tables.facts import Reservation, TreatmentDone, Visit
from crm_core.tables.journey import Journey
from crm_core.tables.people import Patient, PatientStatus, Prospect, Role
from crm_core.tables.records import AuditRow
from crm_core.upkeep import keep_up
from tests.clinic import policy
from tests.crm_core.hand_made import Clinic

_UNSEEN = {"audit", "patientmerge"}  # both grow by design
_NUMBERED_ANEW = {"journey", "journey_past"}  # computed rows have no identity of their own
happenings = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(
            ["treated", "visited", "booked", "paid", "course", "called", "denied", "wrong", "promised"]
        ),
        st.integers(1, 400),
    ),
    max_size=10,
)


def everything(db: Session) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    db.flush()
    db.expire_all()
    found = {}
    for name, table in SQLModel.metadata.tables.items():
        if name in _UNSEEN:
            continue
        columns = [c for c in table.c if not (name in _NUMBERED_ANEW and c.name == "id")]
        found[name] = sorted(repr(tuple(row)) for row in db.execute(select(*columns)))
    return found


def happen(clinic: Clinic, patient: int, what: str, days: int) -> None:
    match what:
        case "treated":
            clinic.treated(patient, days)
        case "visited":
            clinic.visited(patient, days)
        case "booked":
            clinic.booked(patient, days - 200)
        case "paid":
            clinic.paid(patient, days, 1000 * days)
        case "course":
            clinic.course(patient, "레이저토닝", 10, days_ago=days)
        case "called":
            clinic.called(patient, days)
        case "denied":
            clinic.called(patient, days, Outcome.CONNECTED, ResponseGroup.NEGATIVE_DENIAL)
        case "wrong":
            clinic.called(patient, days, Outcome.WRONG_NUMBER)
        case "promised":
            day = clinic.ago(days - 7)
            clinic.called(patient, days, Outcome.CALL_LATER, promised_on=day)
        case _:
            raise ValueError(what)


@contextmanager
def undone(db: Session) -> Iterator[None]:
    try:
        yield
    finally:
        db.rollback()


def two_charts(clinic: Clinic, *, with_phone: bool = True) -> tuple[int, int]:
    kept = clinic.patient(name="김지영", birth_date="1990-05-01")
    merged = clinic.patient(
        name="김지영", phone="own" if with_phone else None, vip=True, first_visit_on=clinic.ago(900)
    )
    friend = clinic.patient(name="소개받은이", referred_by_id=merged)
    clinic.treated(friend, 30)
    asked = Prospect(branch=clinic.branch, patient_id=merged, created_at=clinic.now)
    clinic.db.add(asked)
    clinic.db.flush()
    return kept, merged


def desk(clinic: Clinic) -> Person:
    return clinic.staff("박데스크", Role.DESK)


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(happened=happenings, with_phone=st.booleans(), on_list=st.booleans())
def test_a_merge_taken_back_leaves_every_row_and_fold_as_it_was(
    db: Session,
    now: datetime,
    happened: list[tuple[int, str, int]],
    with_phone: bool,
    on_list: bool,
) -> None:
    with undone(db):
        clinic = Clinic(db, policy(), now).started()
        pair = two_charts(clinic, with_phone=with_phone)
        for number, what, days in happened:
            happen(clinic, pair[number], what, days)
        if on_list:
            for patient in pair:
                clinic.says(clinic.director(), patient, Outcome.NO_ANSWER)
        who = desk(clinic)
        keep_up(db, clinic.policy, patients=[one for (one,) in db.execute(select(col(Patient.id)))])
        before = everything(db)
        made = merge(db, clinic.policy, who, *pair, now)
        during = everything(db)
        assert during != before
        assert made.id is not None
        reverse(db, clinic.policy, who, made.id, now + timedelta(hours=23))
        assert everything(db) == before


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(happened=happenings)
def test_the_kept_patient_reads_like_one_who_had_it_all(
    db: Session, now: datetime, happened: list[tuple[int, str, int]]
) -> None:
    """The same facts written to one patient fold into the same journeys and the same decision."""
    told = []
    for one_patient in (False, True):
        with undone(db):
            clinic = Clinic(db, policy(), now).started()
            phone = "+821055550001"
            first = clinic.patient(phone=phone)
            second = first if one_patient else clinic.patient(phone=phone)
            for number, what, days in happened:
                happen(clinic, (first, second)[number], what, days)
            if one_patient:
                keep_up(db, clinic.policy, patients=[first])
            else:
                merge(db, clinic.policy, desk(clinic), first, second, now)
            said = clinic.why(first)
            journeys = db.scalars(select(Journey).order_by(col(Journey.patient_id), col(Journey.number)))
            told.append(
                (
                    [
                        (one.patient_id == first, one.number, one.entry, one.first_at, one.treatment_at)
                        for one in journeys
                    ],
                    [(one.why, one.on) for one in said.reasons],
                    [(one.family, one.band, one.last_on) for one in (*said.families, *said.others)],
                    (said.section, said.value, said.tries, said.promise and said.promise.on),
                )
            )
    assert told[0] == told[1]


def test_every_fact_of_both_charts_counts_for_the_one_that_is_kept(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    clinic.treated(merged, 200)
    clinic.booked(merged, 3)
    clinic.visited(merged, 200)
    merge(clinic.db, clinic.policy, desk(clinic), kept, merged, clinic.now)
    for table in (TreatmentDone, Reservation, Visit):
        rows: Any = clinic.db.scalars(select(table)).all()
        assert merged not in {row.patient_id for row in rows}, table
    assert Why.HAS_RESERVATION in clinic.reasons(kept)
    assert clinic.due() == set()
    row = clinic.db.get_one(Patient, kept)
    assert (row.vip, row.first_visit_on, row.last_visit_on) == (True, clinic.ago(900), clinic.ago(200))


def test_a_denial_in_one_chart_stops_calls_from_the_other(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    clinic.treated(kept, 182)
    clinic.called(merged, 20, Outcome.CONNECTED, ResponseGroup.POSITIVE_DENIAL)
    assert kept in clinic.due()
    made = merge(clinic.db, clinic.policy, desk(clinic), kept, merged, clinic.now)
    assert Why.DENIED in clinic.reasons(kept)
    assert made.id is not None
    reverse(clinic.db, clinic.policy, desk(clinic), made.id, clinic.now)
    assert kept in clinic.due()


def test_a_wrong_number_of_a_chart_without_a_phone_does_not_condemn_the_other_phone(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic, with_phone=False)
    clinic.treated(kept, 182)
    clinic.called(merged, 20, Outcome.WRONG_NUMBER)
    merge(clinic.db, clinic.policy, desk(clinic), kept, merged, clinic.now)
    assert Why.WRONG_NUMBER not in clinic.reasons(kept)
    call = clinic.db.scalars(select(Call)).one()
    assert call.contact_id is None


def test_a_death_noted_in_one_chart_stops_everything(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    clinic.treated(kept, 182)
    clinic.db.get_one(Patient, merged).status = PatientStatus.DECEASED
    made = merge(clinic.db, clinic.policy, desk(clinic), kept, merged, clinic.now)
    assert Why.STATUS in clinic.reasons(kept)
    assert made.id is not None
    reverse(clinic.db, clinic.policy, desk(clinic), made.id, clinic.now)
    assert clinic.db.get_one(Patient, kept).status is PatientStatus.ACTIVE


def test_the_second_of_two_who_press_at_once_is_told_who_was_first(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    first, second = desk(clinic), clinic.staff("최총괄", Role.LEAD)
    merge(clinic.db, clinic.policy, first, kept, merged, clinic.now)
    for pair in ((kept, merged), (merged, kept)):
        with pytest.raises(AlreadyMerged) as told:
            merge(clinic.db, clinic.policy, second, *pair, clinic.now)
        assert told.value.by == "박데스크"


def test_what_cannot_be_merged(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    foreign = Clinic(clinic.db, clinic.policy, clinic.now, branch="haeundae", numbers=clinic.numbers)
    there = foreign.patient(name="김지영")
    both = Person(None, "x", frozenset({(Role.DIRECTOR, "gangnam"), (Role.DIRECTOR, "haeundae")}))
    with pytest.raises(CannotMerge) as told:
        merge(clinic.db, clinic.policy, both, kept, kept, clinic.now)
    assert told.value.why == "same"
    with pytest.raises(CannotMerge) as told:
        merge(clinic.db, clinic.policy, both, kept, there, clinic.now)
    assert told.value.why == "books"
    with pytest.raises(OtherBranch):
        merge(clinic.db, clinic.policy, desk(clinic), kept, there, clinic.now)
    with pytest.raises(NotAllowed):
        merge(clinic.db, clinic.policy, clinic.coordinator(), kept, merged, clinic.now)


def test_a_merge_stays_after_a_day_and_goes_back_only_once(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    who = desk(clinic)
    made = merge(clinic.db, clinic.policy, who, kept, merged, clinic.now)
    assert made.id is not None
    with pytest.raises(CannotMerge) as told:
        reverse(clinic.db, clinic.policy, who, made.id, clinic.now + timedelta(days=1, minutes=1))
    assert told.value.why == "late"
    reverse(clinic.db, clinic.policy, who, made.id, clinic.now + timedelta(hours=3))
    with pytest.raises(CannotMerge) as told:
        reverse(clinic.db, clinic.policy, who, made.id, clinic.now + timedelta(hours=3))
    assert told.value.why == "reversed"


def test_merges_of_merges_go_back_in_their_order(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    third = clinic.patient(name="김지영")
    clinic.treated(merged, 200)
    clinic.treated(kept, 100)
    clinic.keep(kept, merged, third)
    keep_up(clinic.db, clinic.policy, patients=[kept, merged, third])
    who = desk(clinic)
    before = everything(clinic.db)
    one = merge(clinic.db, clinic.policy, who, kept, merged, clinic.now)
    two = merge(clinic.db, clinic.policy, who, third, kept, clinic.now)
    assert clinic.db.get_one(Patient, merged).merged_into_id == third
    assert one.id is not None
    assert two.id is not None
    with pytest.raises(CannotMerge) as told:
        reverse(clinic.db, clinic.policy, who, one.id, clinic.now)
    assert told.value.why == "later_merge"
    reverse(clinic.db, clinic.policy, who, two.id, clinic.now)
    reverse(clinic.db, clinic.policy, who, one.id, clinic.now)
    assert everything(clinic.db) == before


def test_a_merge_and_its_taking_back_are_audited(clinic: Clinic) -> None:
    kept, merged = two_charts(clinic)
    who = desk(clinic)
    made = merge(clinic.db, clinic.policy, who, kept, merged, clinic.now)
    assert made.id is not None
    reverse(clinic.db, clinic.policy, who, made.id, clinic.now)
    clinic.db.flush()
    rows = clinic.db.scalars(select(AuditRow).where(col(AuditRow.staff_id) == who.staff_id))
    assert [(row.action, row.patient_id) for row in rows] == [("merge", kept), ("unmerge", kept)]
