"""문의 응답 시간, by hand: opening minutes to the first answer of a person."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import Session

from crm_core.inquiries.answering import actions
from crm_core.kpi.kpi import KpiCut
from crm_core.kpi.response_time import RESPONSE_TIME, Response, medians
from crm_core.kpi.rows import Ask, Value
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.staff.access import system_scope
from crm_core.tables.facts import Inquiry, InquiryEnd, InquiryKind
from tests.crm_core.hand_made import Clinic
from tests.crm_core.inquiries.conftest import asks

WEDNESDAY = date(2026, 11, 25)


def of(policy: Policy, *pairs: tuple[time, time | None], on: date = WEDNESDAY) -> float | None:
    """The median of inquiries of one day, each with its answer."""
    branch = policy.branch("gangnam")
    rows = [
        Response("gangnam", branch.at(on, asked), branch.at(on, answered) if answered else None)
        for asked, answered in pairs
    ]
    return medians(rows, policy)[None].figure.value


def test_the_middle_one_counts_and_lunch_does_not(policy: Policy) -> None:
    """4, 20 (12:50 to 14:10 over lunch), 5 (asked at 09:00, before opening): the middle is 5."""
    pairs = ((time(11), time(11, 4)), (time(12, 50), time(14, 10)), (time(9), time(10, 5)))
    assert of(policy, *pairs) == 5
    assert of(policy, *pairs[:2]) == 12


def test_over_night_only_the_hours_of_the_clinic_count(policy: Policy) -> None:
    branch = policy.branch("gangnam")
    row = Response(
        "gangnam", branch.at(WEDNESDAY, time(18, 50)), branch.at(WEDNESDAY + timedelta(1), time(10, 7))
    )
    assert medians([row], policy)[None].figure.value == 17


def test_nobody_can_say_without_an_answer_and_it_is_shown(policy: Policy) -> None:
    found = medians([Response("gangnam", policy.branch("gangnam").at(WEDNESDAY, time(11)), None)], policy)
    assert found[None].figure.value is None
    assert found[None].out == {"not_answered": 1}


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    return Clinic(db, policy, now.replace(hour=11))


def seen(clinic: Clinic, now: datetime, by: KpiCut | None = None) -> dict[Value, tuple[float | None, int]]:
    scope = system_scope(clinic.policy, Period(clinic.today, clinic.today), clinic.branch)
    found = RESPONSE_TIME.figures(Ask(clinic.db, scope, now, clinic.policy, by))
    return {value: (one.figure.value, one.out.get("not_answered", 0)) for value, one in found.items()}


def test_the_inquiries_of_a_day_as_they_were_worked(clinic: Clinic) -> None:
    """Answered after 3, 7 and 20 minutes, one never; spam, a duplicate and a mistake are no inquiries."""
    who = clinic.coordinator()
    late = clinic.later(hours=2)
    for n, (minutes, source) in enumerate(((3, "kakao"), (7, "phone"), (20, "kakao"))):
        row = asks(clinic, who, f"손님{n}", source=source)
        actions.answer(clinic.db, clinic.policy, who, row.id or 0, clinic.later(minutes=minutes).now)
    asks(clinic, who, "기다림", source="phone")
    asks(clinic, who, "광고", kind=InquiryKind.SPAM)
    for why in (InquiryEnd.DUPLICATE, InquiryEnd.MISTAKE, InquiryEnd.SPAM):
        row = asks(clinic, who, f"끝 {why}")
        actions.close(clinic.db, clinic.policy, who, row.id or 0, why, clinic.now)
    clinic.db.flush()
    assert seen(clinic, late.now) == {None: (7, 1)}
    assert seen(clinic, late.now, KpiCut.SOURCE) == {"kakao": (11.5, 0), "phone": (7, 1)}
    assert seen(clinic, late.now, KpiCut.BRANCH) == {"gangnam": (7, 1)}
    assert seen(clinic, late.now, KpiCut.COORDINATOR) == {who.staff_id: (7, 1)}
    assert seen(clinic, late.now, KpiCut.WEEKDAY) == {"wednesday": (7, 1)}


def test_as_of_a_moment_later_answers_are_not_known(clinic: Clinic) -> None:
    who = clinic.coordinator()
    row = asks(clinic, who)
    actions.answer(clinic.db, clinic.policy, who, row.id or 0, clinic.later(minutes=9).now)
    clinic.db.flush()
    assert seen(clinic, clinic.later(minutes=8).now) == {None: (None, 1)}
    assert seen(clinic, clinic.later(minutes=9).now) == {None: (9, 0)}


def test_a_day_alone_has_no_minutes(clinic: Clinic) -> None:
    clinic.db.add(
        Inquiry(
            book="gangnam",
            number="Q-1",
            patient_id=clinic.patient(),
            branch="gangnam",
            received_at=clinic.at(clinic.today, time(10)),
            received_on=clinic.today,
            timed=False,
            answered_at=clinic.now,
        )
    )
    clinic.db.flush()
    assert seen(clinic, clinic.now) == {None: (None, 0)}
