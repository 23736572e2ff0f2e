"""What came of a call: the seed's own sentences, one tap or two, undo and correction."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from crm_core.calls.actions import claim
from crm_core.calls.outcomes import actions
from crm_core.calls.outcomes.actions import Said
from crm_core.calls.today import CardState, TodayCard, next_up, today
from crm_core.churn.reasons import Why
from crm_core.errors import (
    AlreadyLogged,
    ClaimedByOther,
    DateNotPossible,
    DenialNeedsConfirmation,
    Missing,
    NotAllowed,
    NothingToUndo,
    NotUnderstood,
    OtherBranch,
    StaleButton,
    TooLateToUndo,
)
from crm_core.outbox.actions import Destination, post
from crm_core.tables.calls import Call, LegalClass, Outcome, Refusal, ResponseGroup
from crm_core.tables.chat import OutboxRow, OutboxState
from crm_core.tables.people import Patient
from crm_core.tables.records import AuditRow
from tests.crm_core.hand_made import Clinic

CONNECTED = Outcome.CONNECTED
POSITIVE_YES = ResponseGroup.POSITIVE_AFFIRMATION
PASSIVE_YES = ResponseGroup.NEGATIVE_AFFIRMATION
PASSIVE_NO = ResponseGroup.NEGATIVE_DENIAL
ACTIVE_NO = ResponseGroup.POSITIVE_DENIAL


def lapsed(clinic: Clinic, **values: object) -> int:
    patient = clinic.patient(**values)  # type: ignore[arg-type]
    clinic.treated(patient, 182)
    return patient


def waiting(clinic: Clinic, patient: int, legal_class: LegalClass) -> int:
    """A message about the patient that waits in the outbox; its id."""
    once = f"{legal_class}:{patient}"
    to = Destination("local", staff_id=None, address="#calls")
    post(
        clinic.db,
        once=once,
        command="x",
        to=to,
        now=clinic.now,
        about=f"patient:{patient}",
        legal_class=legal_class,
    )
    row = clinic.db.scalars(select(OutboxRow).where(col(OutboxRow.once) == once)).one()
    assert row.id is not None
    return row.id


def state(clinic: Clinic, outbox_id: int) -> OutboxState:
    row = clinic.db.get_one(OutboxRow, outbox_id)
    clinic.db.refresh(row)
    return row.state


def test_thank_you_for_taking_care_of_this_kind_of_thing_stays_on_later_lists(
    clinic: Clinic,
) -> None:
    patient = lapsed(clinic)
    clinic.says(clinic.coordinator(), patient, CONNECTED, POSITIVE_YES)
    assert clinic.reasons(patient) == [Why.RESTING]
    assert clinic.later(days=30).due() == {patient}


def test_oh_yes_i_will_go_stays_on_later_lists(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.says(clinic.coordinator(), patient, CONNECTED, PASSIVE_YES)
    assert clinic.reasons(patient) == [Why.RESTING]
    assert clinic.later(days=30).due() == {patient}


def test_i_do_not_want_to_contact_you_leaves_every_later_list_and_all_outreach(
    clinic: Clinic,
) -> None:
    patient = lapsed(clinic)
    outreach = waiting(clinic, patient, LegalClass.OUTREACH)
    own = waiting(clinic, patient, LegalClass.OWN)
    clinic.says(clinic.coordinator(), patient, CONNECTED, PASSIVE_NO)
    for days in (0, 1, 30, 90):
        later = clinic.later(days=days)
        assert later.due() == later.promised() == set()
        assert Why.DENIED in later.reasons(patient)
    assert state(clinic, outreach) is OutboxState.CANCELLED
    assert state(clinic, own) is OutboxState.PENDING


def test_who_dislikes_this_kind_of_communication_very_much_leaves_for_every_patient_on_the_phone(
    clinic: Clinic,
) -> None:
    mother, child = (lapsed(clinic, phone="+821055550000") for _ in range(2))
    about_child = waiting(clinic, child, LegalClass.OUTREACH)
    clinic.says(clinic.coordinator(), mother, CONNECTED, ACTIVE_NO)
    assert clinic.later(days=100).due() == set()
    assert state(clinic, about_child) is OutboxState.CANCELLED


def test_i_will_not_do_botox_any_more_thank_you_is_an_affirmation_that_closes_the_family(
    clinic: Clinic,
) -> None:
    patient = lapsed(clinic)
    clinic.treated(patient, 100, "laser_toning")
    who = clinic.coordinator()
    logged = clinic.says(who, patient, CONNECTED, POSITIVE_YES, family="botox")
    assert logged.call.id is not None
    actions.set_cause(clinic.db, clinic.policy, who, logged.call.id, "no_need", clinic.now)
    later = clinic.later(days=30)
    families = [due.family for due in later.why(patient).families]
    assert families == [clinic.policy.family_of("laser_toning")]


def test_no_answer_is_one_tap_and_the_card_waits_for_another_time(clinic: Clinic) -> None:
    first, second = lapsed(clinic), lapsed(clinic)
    who = clinic.coordinator()
    clinic.card(first)
    logged = clinic.says(who, first, Outcome.NO_ANSWER)
    assert logged.card.done_at is None
    seen = today(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)
    assert [card.state for card in seen.cards] == [CardState.FREE, CardState.TRIED]
    following = next_up(clinic.db, who, clinic.policy, clinic.branch, clinic.today, clinic.now)
    assert isinstance(following, TodayCard)
    assert following.patient_id == second
    assert clinic.later(days=1).due() == {first, second}


def test_a_denial_asks_once_more_before_anything_is_written(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    with pytest.raises(DenialNeedsConfirmation):
        clinic.says(clinic.coordinator(), patient, CONNECTED, PASSIVE_NO, confirmed=False)
    assert clinic.db.scalars(select(Call)).all() == []
    assert clinic.due() == {patient}


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not CONNECTED])
@pytest.mark.parametrize("group", ResponseGroup)
def test_only_a_connected_call_has_a_group(clinic: Clinic, outcome: Outcome, group: ResponseGroup) -> None:
    with pytest.raises(NotUnderstood):
        clinic.says(clinic.coordinator(), lapsed(clinic), outcome, group)


def test_connected_needs_a_group_and_call_later_a_day_that_can_be(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    with pytest.raises(Missing):
        clinic.says(who, patient, CONNECTED)
    with pytest.raises(Missing):
        clinic.says(who, patient, Outcome.CALL_LATER)
    for days, why in ((1, "past"), (-400, "too_far")):
        with pytest.raises(DateNotPossible) as refused:
            clinic.says(who, patient, Outcome.CALL_LATER, promised_on=clinic.ago(days))
        assert refused.value.why == why


def test_call_later_keeps_the_group_open_and_is_a_promise(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    logged = clinic.says(clinic.coordinator(), patient, Outcome.CALL_LATER, promised_on=clinic.ago(-3))
    assert logged.call.response_group is None
    then = clinic.later(days=3)
    assert then.promised() == {patient}
    assert then.due() == set()


def test_a_date_to_call_after_an_affirmation_is_a_promise_and_none_follows_a_denial(
    clinic: Clinic,
) -> None:
    who = clinic.coordinator()
    yes, no = lapsed(clinic), lapsed(clinic)
    said_yes = clinic.says(who, yes, CONNECTED, PASSIVE_YES).call.id
    said_no = clinic.says(who, no, CONNECTED, PASSIVE_NO).call.id
    assert said_yes is not None
    assert said_no is not None
    day = clinic.ago(-7)
    actions.set_call_back_date(clinic.db, clinic.policy, who, said_yes, day, clinic.now)
    with pytest.raises(StaleButton):
        actions.set_call_back_date(clinic.db, clinic.policy, who, said_no, day, clinic.now)
    assert clinic.later(days=7).promised() == {yes}


def test_a_repeated_press_is_harmless(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    first = clinic.says(who, patient, CONNECTED, POSITIVE_YES, press_key="k1")
    again = clinic.says(who, patient, CONNECTED, POSITIVE_YES, press_key="k1")
    assert again.repeated
    assert again.call.id == first.call.id
    with pytest.raises(StaleButton):
        clinic.says(clinic.coordinator("최실장"), patient, CONNECTED, POSITIVE_YES, press_key="k1")


def test_a_card_that_is_done_says_by_whom(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.says(clinic.coordinator("이실장"), patient, CONNECTED, POSITIVE_YES)
    with pytest.raises(AlreadyLogged) as refused:
        clinic.says(clinic.coordinator("최실장"), patient, CONNECTED, POSITIVE_YES)
    assert refused.value.by == "이실장"


def test_undo_takes_the_call_back_with_all_it_caused_and_keeps_the_row(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    before = clinic.why(patient)
    for outcome, group in ((CONNECTED, PASSIVE_NO), (Outcome.WRONG_NUMBER, None)):
        call = clinic.says(who, patient, outcome, group).call
        assert clinic.due() == set()
        undone = actions.undo(clinic.db, clinic.policy, who, clinic.now)
        clinic.db.flush()
        assert undone.id == call.id
        assert clinic.later(minutes=1).why(patient) == before
    assert len(clinic.db.scalars(select(Call)).all()) == 2
    assert all(row.lifted_at for row in clinic.db.scalars(select(Refusal)))


def test_undo_opens_a_settled_promise_again(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    clinic.called(patient, 5, Outcome.CALL_LATER, promised_on=clinic.today)
    who = clinic.coordinator()
    clinic.card(patient)
    clinic.says(who, patient, CONNECTED, POSITIVE_YES)
    assert clinic.promised() == set()
    actions.undo(clinic.db, clinic.policy, who, clinic.now)
    assert clinic.later(minutes=1).promised() == {patient}


def test_undo_is_for_the_same_person_on_the_same_working_day(clinic: Clinic) -> None:
    who, other = clinic.coordinator(), clinic.coordinator("최실장")
    call = clinic.says(who, lapsed(clinic), CONNECTED, POSITIVE_YES).call
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, other, clinic.now)
    with pytest.raises(NotAllowed):
        actions.undo(clinic.db, clinic.policy, other, clinic.now, call_id=call.id)
    with pytest.raises(TooLateToUndo):
        actions.undo(clinic.db, clinic.policy, who, clinic.now + timedelta(days=1), call_id=call.id)
    actions.undo(clinic.db, clinic.policy, who, clinic.now + timedelta(hours=8), call_id=call.id)
    with pytest.raises(NothingToUndo):
        actions.undo(clinic.db, clinic.policy, who, clinic.now, call_id=call.id)


def test_a_correction_replaces_the_row_and_both_stay(clinic: Clinic) -> None:
    who, patient = clinic.coordinator(), lapsed(clinic)
    wrong = clinic.says(who, patient, CONNECTED, ACTIVE_NO).call
    assert wrong.id is not None
    right = actions.correct(
        clinic.db, clinic.policy, who, wrong.id, Said(CONNECTED, POSITIVE_YES), clinic.now
    ).call
    assert right.replaces_id == wrong.id
    assert wrong.taken_back_at is not None
    later = clinic.later(days=30)
    assert later.due() == {patient}
    with pytest.raises(StaleButton):
        actions.correct(clinic.db, clinic.policy, who, wrong.id, Said(CONNECTED, POSITIVE_YES), clinic.now)


def test_causes_and_notes_are_offered_afterwards_and_checked(clinic: Clinic) -> None:
    who = clinic.coordinator()
    call = clinic.says(who, lapsed(clinic), CONNECTED, PASSIVE_YES).call
    assert call.id is not None
    with pytest.raises(NotUnderstood) as refused:
        actions.set_cause(clinic.db, clinic.policy, who, call.id, "weather", clinic.now)
    assert "forgot" in refused.value.nearest
    actions.set_cause(clinic.db, clinic.policy, who, call.id, "forgot", clinic.now)
    actions.set_note(clinic.db, clinic.policy, who, call.id, " 여름 지나고 갈게요 ", clinic.now)
    actions.done(clinic.db, clinic.policy, who, call.id, clinic.now)
    assert (call.cause, call.note, call.next_step) == ("forgot", "여름 지나고 갈게요", "done")


def test_the_owner_is_not_moved_by_a_call_and_every_step_is_audited(clinic: Clinic) -> None:
    owner, caller = clinic.coordinator("담당"), clinic.coordinator()
    patient = lapsed(clinic, owner_id=owner.staff_id)
    clinic.says(caller, patient, CONNECTED, POSITIVE_YES)
    assert clinic.db.get_one(Patient, patient).owner_id == owner.staff_id
    clinic.db.flush()
    rows = clinic.db.scalars(select(AuditRow).where(col(AuditRow.patient_id) == patient))
    assert [(row.action, row.what) for row in rows] == [("log", "positive_affirmation")]


def test_another_branch_and_somebody_elses_card_are_refused(clinic: Clinic) -> None:
    patient = lapsed(clinic)
    stranger = replace(clinic, branch="haeundae").coordinator("부산")
    with pytest.raises(OtherBranch):
        clinic.says(stranger, patient, CONNECTED, POSITIVE_YES)
    claim(clinic.db, clinic.policy, clinic.coordinator("이실장"), clinic.card(patient), clinic.now)
    with pytest.raises(ClaimedByOther) as refused:
        clinic.says(clinic.coordinator("최실장"), patient, CONNECTED, POSITIVE_YES)
    assert refused.value.by == "이실장"


def test_a_wrong_number_leaves_the_card_open_where_another_number_is_known(clinic: Clinic) -> None:
    one, two = lapsed(clinic), lapsed(clinic)
    clinic.phone(two, "+821077770000")
    who = clinic.coordinator()
    assert clinic.says(who, one, Outcome.WRONG_NUMBER).card.done_at is not None
    assert clinic.says(who, two, Outcome.WRONG_NUMBER).card.done_at is None
    assert clinic.due() == {two}


def test_a_denial_at_a_number_given_up_as_wrong_still_holds_that_number(clinic: Clinic) -> None:
    mother, child = (lapsed(clinic, phone="+821055550000") for _ in range(2))
    who, other = clinic.coordinator(), clinic.coordinator("최실장")
    wrong = clinic.says(who, child, Outcome.WRONG_NUMBER).call
    clinic.says(other, mother, CONNECTED, PASSIVE_NO)
    actions.undo(clinic.db, clinic.policy, who, clinic.now, call_id=wrong.id)
    later = clinic.later(days=40)
    assert Why.DENIED in later.reasons(child)
    assert later.due() == set()
