"""Whatever is pressed in whatever order: denials leave, affirmations stay, silence excludes nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from crm_core.calls.outcomes.actions import undo
from crm_core.churn.reasons import Why
from crm_core.errors import CrmError
from crm_core.staff.access import Person
from crm_core.tables.calls import (
    AFFIRMATIONS,
    DENIALS,
    NOT_CONNECTED,
    Call,
    Outcome,
    Refusal,
    ResponseGroup,
)
from crm_core.tables.chat import OutboxRow
from crm_core.tables.people import Contact, ContactLink
from tests.clinic import policy
from tests.crm_core.hand_made import Clinic

Press = tuple[int, int, str]
UNDO = "undo"
SILENCE = [outcome.value for outcome in NOT_CONNECTED]
PRESSES = [*SILENCE, "call_later", "treatment_complete", *(g.value for g in ResponseGroup), UNDO]
presses = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.sampled_from(PRESSES)), max_size=8)
silent_presses = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 40), st.sampled_from(SILENCE)), max_size=8
)
slow = settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextmanager
def a_clinic(db: Session, now: datetime) -> Iterator[tuple[Clinic, list[int]]]:
    """Three lapsed patients: two share a phone, the third has a second number. Nothing stays."""
    try:
        yield made(db, now)
    finally:
        db.rollback()


def made(db: Session, now: datetime) -> tuple[Clinic, list[int]]:
    clinic = Clinic(db, policy(), now).started()
    phone = f"+8210{next(_phones):08d}"
    patients = [clinic.patient(phone=phone), clinic.patient(phone=phone), clinic.patient()]
    clinic.phone(patients[2], f"+8210{next(_phones):08d}")
    for patient in patients:
        clinic.treated(patient, 182)
    return clinic, patients


_phones = iter(range(70_000_000, 80_000_000))


def play(clinic: Clinic, patients: list[int], sequence: list[Press]) -> Clinic:
    """Presses one after the other, some days apart, as one person; what is refused is not pressed."""
    who = clinic.coordinator()
    for number, days, word in sequence:
        clinic = clinic.later(days=days, minutes=1)
        patient = patients[number]
        try:
            with clinic.db.begin_nested():
                press(clinic, who, patient, word)
        except CrmError:
            continue
    return clinic.later(minutes=1)


def press(clinic: Clinic, who: Person, patient: int, word: str) -> None:
    if word == UNDO:
        undo(clinic.db, clinic.policy, who, clinic.now)
    elif word in {group.value for group in ResponseGroup}:
        clinic.says(who, patient, Outcome.CONNECTED, ResponseGroup(word))
    else:
        promised = clinic.ago(-5) if word == "call_later" else None
        clinic.says(who, patient, Outcome(word), promised_on=promised)


def standing(clinic: Clinic) -> list[Call]:
    return list(clinic.db.scalars(select(Call).where(col(Call.taken_back_at).is_(None))))


def served(clinic: Clinic, contact_id: int | None) -> set[int]:
    return set(
        clinic.db.scalars(
            select(col(ContactLink.patient_id)).where(col(ContactLink.contact_id) == contact_id)
        )
    )


@slow
@given(sequence=presses)
def test_both_denial_groups_leave_every_later_list_and_all_outreach(
    db: Session, now: datetime, sequence: list[Press]
) -> None:
    with a_clinic(db, now) as (clinic, patients):
        clinic = play(clinic, patients, sequence)
        mine = [call for call in standing(clinic) if call.patient_id in patients]
        denied = {
            patient
            for call in mine
            if call.response_group in DENIALS
            for patient in {call.patient_id, *served(clinic, call.contact_id)}
        }
        for days in (0, 1, 31, 120):
            later = clinic.later(days=days)
            assert not denied & (later.due() | later.promised())
            for patient in denied:
                assert {Why.DENIED, Why.WRONG_NUMBER} & set(later.reasons(patient))
        waiting = db.scalars(select(OutboxRow).where(col(OutboxRow.state) == "pending")).all()
        assert not [row for row in waiting if row.about in {f"patient:{one}" for one in denied}]


@slow
@given(sequence=presses)
def test_nobody_without_a_standing_denial_is_held_as_denied(
    db: Session, now: datetime, sequence: list[Press]
) -> None:
    with a_clinic(db, now) as (clinic, patients):
        clinic = play(clinic, patients, sequence)
        calls = [call for call in standing(clinic) if call.patient_id in patients]
        denying = {call.id for call in calls if call.response_group in DENIALS}
        held = db.scalars(
            select(col(Refusal.call_id)).where(
                col(Refusal.kind) == "denial", col(Refusal.lifted_at).is_(None)
            )
        )
        assert set(held) == denying
        if not denying:
            affirmed = [call for call in calls if call.response_group in AFFIRMATIONS]
            for call in affirmed:
                assert Why.DENIED not in clinic.later(days=40).reasons(call.patient_id)


@slow
@given(sequence=silent_presses)
def test_no_path_leads_from_not_connected_to_an_exclusion(
    db: Session, now: datetime, sequence: list[Press]
) -> None:
    with a_clinic(db, now) as (clinic, patients):
        clinic = play(clinic, patients, sequence)
        assert not db.scalars(select(Refusal).where(col(Refusal.kind) == "denial")).all()
        allowed = {
            Why.WRONG_NUMBER,
            Why.RESTING,
            Why.TRIED_OUT,
            Why.LONG_GONE,
            Why.NOTHING_DUE,
        }
        for patient in patients:
            assert set(clinic.reasons(patient)) <= allowed
            contacts = db.scalars(
                select(Contact)
                .join(ContactLink, col(ContactLink.contact_id) == col(Contact.id))
                .where(col(ContactLink.patient_id) == patient)
            )
            if any(contact.wrong_number_at is None for contact in contacts):
                assert Why.WRONG_NUMBER not in clinic.reasons(patient)


@slow
@given(sequence=presses, since=st.integers(0, 200))
def test_the_list_and_the_explanation_agree_after_anything(
    db: Session, now: datetime, sequence: list[Press], since: int
) -> None:
    with a_clinic(db, now) as (clinic, patients):
        clinic = play(clinic, patients, sequence)
        later = clinic.later(days=since)
        for patient in patients:
            why = later.why(patient)
            assert why.eligible or why.reasons
            assert not (patient in later.due() and patient in later.promised())
        assert later.now - clinic.now == timedelta(days=since)
