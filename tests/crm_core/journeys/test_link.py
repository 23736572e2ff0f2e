"""The readings of definitions.md §3, one life each."""

from datetime import timedelta

import pytest

from crm_core.journeys.draft import Draft
from crm_core.journeys.events import Event
from crm_core.journeys.link import JourneyFold, link
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Decision, InquiryKind
from crm_core.tables.journey import Stage
from tests.crm_core.journeys.lives import (
    BY_CLINIC,
    EARLY,
    MOVED,
    NO_SHOW,
    at,
    closed,
    consult,
    course,
    inquiry,
    on,
    payment,
    reservation,
    treatment,
    visit,
)

YES, NO, PENDING = Decision.YES, Decision.NO, Decision.PENDING
NOT_SUITABLE = Decision.NOT_SUITABLE


def folded(policy: Policy, *events: Event) -> tuple[JourneyFold, ...]:
    return link(events, policy).journeys


def drafts(policy: Policy, *events: Event) -> list[Draft]:
    return [fold.draft for fold in folded(policy, *events)]


def test_one_life_from_inquiry_to_treatment_is_one_journey(policy: Policy) -> None:
    (one,) = drafts(
        policy,
        inquiry(0),
        reservation(1, 4, "botox"),
        visit(4),
        consult(4.01, YES, decided=4.02),
        treatment(4.03),
    )
    assert one.entry is Stage.INQUIRY
    assert one.is_new
    assert one.reserved_until == at(4)
    assert (one.agreement_at, one.treatment_at) == (at(4.02), at(4.03))
    assert one.agreed_same_day


def test_three_channels_within_seven_days_are_one_inquiry(policy: Policy) -> None:
    asked: list[Event] = [inquiry(0, "botox", channel="kakao"), inquiry(2, "filler"), inquiry(6, None)]
    (one,) = folded(policy, *asked)
    assert one.source == "kakao"
    assert one.families == ("botox", "filler")


@pytest.mark.parametrize("kind", [k for k in InquiryKind if k.value not in ("treatment", "price")])
def test_an_inquiry_that_asks_for_nothing_new_is_no_contact(policy: Policy, kind: InquiryKind) -> None:
    assert folded(policy, inquiry(0, kind=kind)) == ()


def test_a_follow_up_check_is_no_contact(policy: Policy) -> None:
    first: list[Event] = [visit(0), treatment(0.01), reservation(0.02, 14, "follow_up_check")]
    later: list[Event] = [visit(14), treatment(14.01, "follow_up_check")]
    assert len(folded(policy, *first, *later)) == 1


@pytest.mark.parametrize(("gap", "journeys"), [(14, 1), (14.001, 2)])
def test_an_inquiry_silent_for_longer_than_its_patience_is_closed(
    policy: Policy, gap: float, journeys: int
) -> None:
    assert len(folded(policy, inquiry(0), reservation(gap, gap + 3))) == journeys


def test_a_reserved_day_ahead_is_no_silence(policy: Policy) -> None:
    (one,) = drafts(policy, reservation(0, 30), visit(30))
    assert one.entry is Stage.RESERVATION


def test_a_known_family_joins_its_own_open_journey(policy: Policy) -> None:
    botox, filler = drafts(policy, reservation(0, 9, "botox"), reservation(1, 9, "filler", key="F"))
    assert (set(botox.families), set(filler.families)) == ({"botox"}, {"filler"})
    *_, last = drafts(
        policy,
        reservation(0, 9, "botox"),
        reservation(1, 12, "filler", key="F"),
        visit(9),
        treatment(9.01, "botox"),
    )
    assert last.treatment_at is None  # the botox reservation was kept, not the filler one


def test_an_unknown_family_joins_the_youngest_open_journey(policy: Policy) -> None:
    old, young = drafts(policy, reservation(0, 9, "botox"), reservation(1, 9, "filler", key="F"), inquiry(2))
    assert old.inquiry_at is None
    assert young.inquiry_at == at(2)


def test_a_treated_journey_is_closed_and_the_next_contact_opens_one(policy: Policy) -> None:
    first, second = drafts(policy, visit(0), treatment(0.01), reservation(3, 90, "botox"))
    assert second.entry is Stage.RESERVATION
    assert not second.is_new
    assert first.is_new


def test_a_reservation_after_an_untreated_visit_is_of_the_same_journey(policy: Policy) -> None:
    (one,) = drafts(policy, visit(0), consult(0.01), reservation(0.02, 10), visit(10), treatment(10.01))
    assert one.treatment_at == at(10.01)


def test_a_moved_chain_is_one_reservation_of_one_journey(policy: Policy) -> None:
    moved = reservation(0, 5, key="A", state=MOVED, state_at=at(20), moved_to="B")
    (one,) = drafts(policy, moved, reservation(20, 25, key="B"), visit(25))
    assert one.reserved_until == at(25)
    assert one.reservation_at == at(0)


def test_a_cancellation_ends_the_reserved_day(policy: Policy) -> None:
    (one,) = drafts(policy, reservation(0, 20, state=EARLY, state_at=at(3)))
    assert one.reserved_until == at(3)
    (missed,) = drafts(policy, reservation(0, 20, state=NO_SHOW, state_at=at(20.4)))
    assert missed.reserved_until == at(20)


def test_cancelled_by_the_clinic_leaves_until_something_follows(policy: Policy) -> None:
    gone = reservation(0, 5, key="A", state=BY_CLINIC, state_at=at(4))
    (one,) = drafts(policy, gone)
    assert one.by_clinic_at == at(4)
    linked = link([gone, reservation(6, 9, key="B")], policy)
    assert linked.journeys[0].draft.by_clinic_at is None
    (past,) = linked.past
    assert (past.draft.by_clinic_at, past.known_until) == (at(4), at(6))


def test_all_declined_closes_the_journey(policy: Policy) -> None:
    declined, new = drafts(policy, visit(0), consult(0.01, NO), inquiry(2, "botox"))
    assert declined.declined_at == at(0.01)
    assert new.entry is Stage.INQUIRY


def test_not_suitable_leaves_only_if_it_is_the_last_word(policy: Policy) -> None:
    (one,) = drafts(policy, visit(0), consult(0.01, PENDING), consult(0.02, NOT_SUITABLE))
    assert one.unsuitable_at == at(0.02)
    (two,) = drafts(policy, visit(0), consult(0.01, NOT_SUITABLE), consult(0.02, PENDING))
    assert two.unsuitable_at is None
    (three,) = drafts(policy, visit(0), consult(0.01, YES), consult(0.02, NOT_SUITABLE))
    assert three.unsuitable_at is None


def test_a_payment_without_a_number_agrees_unless_somebody_declined(policy: Policy) -> None:
    paid = payment(0.02)
    (one,) = drafts(policy, visit(0), consult(0.01, PENDING), paid)
    assert one.agreement_at == at(0.02)
    (two,) = drafts(policy, visit(0), consult(0.01, NO), paid)
    assert two.agreement_at is None
    (three,) = drafts(policy, visit(0), paid, treatment(0.03))  # no consult: no agreement
    assert three.agreement_at is None


def test_a_numbered_payment_agrees_for_what_it_names(policy: Policy) -> None:
    done = treatment(0.02)
    (one,) = drafts(policy, visit(0), consult(0.01, PENDING), done, payment(3, treatment_no=done.key))
    assert one.agreement_at == at(3)
    assert not one.agreed_same_day


def test_treated_without_a_recorded_yes_stays_unconverted(policy: Policy) -> None:
    (one,) = drafts(policy, visit(0), consult(0.01, PENDING), treatment(0.02))
    assert one.agreement_at is None
    assert one.treatment_at == at(0.02)


def test_a_course_is_one_journey_while_sessions_are_left(policy: Policy) -> None:
    bought = course(0.02, 3)
    sessions: list[Event] = [
        event
        for number in range(3)
        for event in (
            visit(number * 20),
            treatment(number * 20 + 0.03, "laser_toning", course_no=bought.key),
        )
    ]
    calls: list[Event] = [
        reservation(10, 20, "laser_toning", key="A"),
        reservation(30, 40, "laser_toning", key="B"),
    ]
    (one,) = drafts(policy, bought, *sessions, *calls)
    assert one.last_treatment_on == on(40)
    after = reservation(60, 70, "laser_toning", key="C")
    assert len(drafts(policy, bought, *sessions, *calls, after)) == 2


def test_a_course_that_is_no_longer_valid_takes_no_contact(policy: Policy) -> None:
    bought = course(0.02, 3, valid_until=on(30))
    first: list[Event] = [visit(0), treatment(0.03, "laser_toning", course_no=bought.key)]
    assert len(folded(policy, bought, *first, reservation(30, 33, "laser_toning"))) == 1
    assert len(folded(policy, bought, *first, reservation(31, 33, "laser_toning"))) == 2


def test_closed_by_hand_is_closed(policy: Policy) -> None:
    first, second = drafts(policy, inquiry(0), closed(1), inquiry(8))
    assert first.closed_why == "moved_away"
    assert second.first_at == at(8)


def test_new_means_no_visit_before_the_first_contact(policy: Policy) -> None:
    first, second = drafts(policy, visit(0), treatment(0.01), inquiry(9))
    assert (first.is_new, second.is_new) == (True, False)
    known = link([inquiry(9)], policy, first_visit_on=on(8))
    assert not known.journeys[0].draft.is_new
    same_day = link([inquiry(9)], policy, first_visit_on=on(9))
    assert same_day.journeys[0].draft.is_new


def test_returned_when_the_next_journey_came_by_the_churn_date(policy: Policy) -> None:
    first: list[Event] = [visit(0), treatment(0.01, "botox")]
    again: list[Event] = [visit(180), treatment(180.01, "filler")]
    assert link([*first, *again], policy).journeys[0].returned_at == at(180.01)
    late: list[Event] = [visit(181), treatment(181.01, "filler")]
    assert link([*first, *late], policy).journeys[0].returned_at is None


def test_the_longest_rule_of_the_last_day_counts(policy: Policy) -> None:
    (one,) = drafts(policy, visit(0), treatment(0.01, "skin_botox"), treatment(0.02, "filler"))
    assert one.return_due_on == on(0) + timedelta(365)
    (never,) = drafts(policy, visit(0), treatment(0.01, "removal"))
    assert never.return_due_on is None


def test_a_walk_in_without_a_visit_row_enters_at_its_earliest_row(policy: Policy) -> None:
    (one,) = drafts(policy, consult(0, YES), treatment(0.01))
    assert one.entry is Stage.CONSULT
    (two,) = drafts(policy, treatment(0))
    assert two.entry is Stage.TREATMENT


def test_a_reservation_kept_on_a_day_with_only_a_check_is_a_visit_though_nobody_marked_it(
    policy: Policy,
) -> None:
    events: list[Event] = [reservation(0, 4, "botox"), treatment(4.01, "follow_up_check")]
    (one,) = drafts(policy, *events)
    assert one.visit_at is not None
