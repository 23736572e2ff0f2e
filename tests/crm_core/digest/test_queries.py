"""The counts of a morning: today, and the last open day."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from crm_core.calls.actions import fix_list
from crm_core.digest.queries import Morning, Point, digest_at, morning
from crm_core.tables.calls import Outcome
from crm_core.tables.facts import Answer, Consult, Decision, Inquiry, InquiryKind, ReservationState
from tests.crm_core.hand_made import Clinic
from tests.crm_core.reservations.a_day import booked


def of(clinic: Clinic, now: datetime | None = None, day: date | None = None) -> Morning:
    clinic.db.flush()
    return morning(clinic.db, clinic.policy, clinic.branch, day or clinic.today, now or clinic.now)


def consulted(clinic: Clinic, patient: int, decision: Decision, decided_at: datetime | None = None) -> None:
    day = clinic.ago(1)
    clinic.db.add(
        Consult(
            book="b",
            number=clinic.number("C"),
            patient_id=patient,
            branch=clinic.branch,
            held_at=clinic.at(day),
            held_on=day,
            decision=decision,
            decided_at=decided_at,
        )
    )


def asked(clinic: Clinic, received_at: datetime, **values: Any) -> None:
    clinic.db.add(
        Inquiry(
            book="b",
            number=clinic.number("I"),
            branch=clinic.branch,
            received_at=received_at,
            received_on=clinic.policy.branch(clinic.branch).local(received_at).date(),
            **values,
        )
    )


def test_the_digest_is_due_before_the_branch_opens_and_never_on_a_closed_day(clinic: Clinic) -> None:
    branch = clinic.policy.branch(clinic.branch)
    opening = branch.opening(clinic.today)
    assert opening is not None
    assert digest_at(clinic.policy, branch, clinic.today) == opening - timedelta(minutes=30)
    closed = next(clinic.ago(n) for n in range(10) if not branch.is_open(clinic.ago(n)))
    assert digest_at(clinic.policy, branch, closed) is None


def test_reservations_of_today_leave_out_who_has_cancelled(clinic: Clinic) -> None:
    new, old, gone = clinic.patient(), clinic.patient(first_visit_on=clinic.ago(90)), clinic.patient()
    booked(clinic, new, time(11))
    booked(clinic, old, time(12))
    yesterday = clinic.at(clinic.ago(1), time(20))
    booked(clinic, gone, time(13), state=ReservationState.CANCELLED_LATE, state_at=yesterday)
    known = of(clinic)
    assert (known.today.expected, known.today.new) == (2, 1)


def test_to_confirm_are_the_new_the_unreliable_and_those_who_asked(clinic: Clinic) -> None:
    old = [clinic.patient(first_visit_on=clinic.ago(90)) for _ in range(4)]
    booked(clinic, clinic.patient(), time(10))
    booked(clinic, clinic.patient(), time(10), answer=Answer.CONFIRMED)
    booked(clinic, old[0], time(11))
    booked(clinic, old[1], time(12))
    booked(clinic, old[1], time(12), clinic.ago(200), state=ReservationState.NO_SHOW)
    booked(clinic, old[2], time(13), answer=Answer.CANCEL_ASKED)
    booked(clinic, old[3], time(14), answer=Answer.INFORMED)
    known = of(clinic)
    assert known.to_confirm == 3
    assert dict(known.points)[Point.ASKED] == 1
    assert Point.MISSED_BEFORE not in dict(known.points)
    booked(clinic, old[1], time(12), clinic.ago(300), state=ReservationState.CANCELLED_LATE)
    assert dict(of(clinic).points)[Point.MISSED_BEFORE] == 1


def test_yesterday_counts_visits_ends_and_decisions_as_known_now(clinic: Clinic) -> None:
    patients = [clinic.patient() for _ in range(6)]
    for patient in (patients[0], patients[0], patients[1]):
        clinic.visited(patient, 1)
    at = clinic.at(clinic.ago(1), time(19))
    for patient, state in zip(
        patients[2:],
        (ReservationState.NO_SHOW, ReservationState.CANCELLED_LATE, ReservationState.BOOKED),
        strict=False,
    ):
        booked(clinic, patient, time(15), clinic.ago(1), state=state, state_at=at)
    consulted(clinic, patients[0], Decision.PART)
    consulted(clinic, patients[0], Decision.NO)
    consulted(clinic, patients[1], Decision.YES, clinic.now + timedelta(hours=1))
    consulted(clinic, patients[2], Decision.NOT_SUITABLE)
    before = of(clinic).yesterday
    assert (before.day, before.visits, before.consults, before.agreed) == (clinic.ago(1), 2, 2, 1)
    counts = before.reservations
    assert (counts.no_show, counts.cancelled_late, counts.unmarked) == (1, 1, 1)


def test_yesterday_is_the_last_open_day(clinic: Clinic) -> None:
    branch = clinic.policy.branch(clinic.branch)
    days = (clinic.ago(-n) for n in range(1, 15))
    day = next(d for d in days if branch.is_open(d) and not branch.is_open(d - timedelta(1)))
    before = of(clinic, clinic.at(day, time(9)), day).yesterday.day
    assert before == branch.last_open_day(day) < day - timedelta(1)


@pytest.mark.parametrize("answers", [True, False])
def test_inquiries_wait_only_where_the_files_tell_answers(clinic: Clinic, answers: bool) -> None:
    asked(clinic, clinic.now - timedelta(hours=3))
    asked(clinic, clinic.now - timedelta(hours=9))
    asked(clinic, clinic.now - timedelta(hours=9), kind=InquiryKind.SPAM)
    asked(clinic, clinic.now - timedelta(days=9))
    asked(clinic, clinic.now + timedelta(hours=1))
    if answers:
        asked(clinic, clinic.now - timedelta(hours=8), answered_at=clinic.now - timedelta(hours=7))
    known = of(clinic)
    assert known.inquiries == (2 if answers else None)
    assert known.oldest_inquiry == (clinic.now - timedelta(hours=9) if answers else None)


def test_calls_are_counted_once_the_list_is_fixed(clinic: Clinic) -> None:
    clinic.started()
    for _ in range(3):
        clinic.treated(clinic.patient(), 170)
    promised = clinic.patient()
    clinic.treated(promised, 170)
    clinic.called(promised, 3, Outcome.CALL_LATER, promised_on=clinic.today)
    assert of(clinic).calls is None
    fix_list(clinic.db, clinic.policy, clinic.branch, clinic.today, clinic.now)
    known = of(clinic)
    assert known.calls == 4
    assert dict(known.points)[Point.PROMISED] == 1


def test_another_treatment_that_is_due_is_worth_a_word_at_the_visit(clinic: Clinic) -> None:
    same, other = clinic.patient(), clinic.patient()
    toning = clinic.policy.treatment_slug("레이저토닝")
    botox = clinic.policy.treatment_slug("보톡스")
    for patient in (same, other):
        clinic.treated(patient, 170)
    booked(clinic, same, time(11), treatment=botox)
    booked(clinic, other, time(12), treatment=toning)
    assert dict(of(clinic).points)[Point.MENTION] == 1


def test_older_unmarked_ones_are_looked_for_two_weeks_back(clinic: Clinic) -> None:
    for days in (1, 3, 14, 20):
        booked(clinic, clinic.patient(), time(11), clinic.ago(days))
    assert dict(of(clinic).points) == {Point.UNMARKED_BEFORE: 2}
