"""코스 완료율, counted by hand: which courses ended in the period, and which of them were used up."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from crm_core.kpi.counts import JourneyCut
from crm_core.kpi.courses import course_completion
from crm_core.kpi.kpi import Share
from crm_core.policy.policy import Policy
from crm_core.tables.facts import Course, Payment
from tests.crm_core.kpi.clinics import BRANCH, START, Clinic, at, scope


def course(clinic: Clinic, day: float, sessions: int, number: str, **options: Any) -> int:
    who: int = options.pop("who", 0) or clinic.patient()
    until = options.pop("until", None)
    clinic.db.add(
        Course(
            book=clinic.book,
            number=number,
            patient_id=who,
            branch=BRANCH,
            treatment=options.pop("treatment", "laser_toning"),
            bought_at=at(day),
            bought_on=at(day).date(),
            sessions=sessions,
            valid_until=None if until is None else at(until).date(),
            **options,
        )
    )
    return who


def used(clinic: Clinic, who: int, number: str, *days: float) -> None:
    for day in days:
        clinic.treatment(who, day, "laser_toning", course_no=number)


def test_used_up_of_those_that_ended_in_the_period(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    used(clinic, course(clinic, 0, 3, "done", until=20), "done", 0, 7, 14)
    used(clinic, course(clinic, 0, 3, "left", until=20), "left", 0, 7)
    course(clinic, 0, 5, "by the chart", until=25, used=5)
    course(clinic, 0, 5, "next month", until=40, used=5)
    course(clinic, 0, 5, "month before", until=-3, used=5)
    course(clinic, 0, 5, "young", until=29, used=5)
    back = course(clinic, 0, 5, "back", until=20)
    clinic.add(Payment, back, 12, "paid", amount=0, refund=300_000, course_no="back")
    clinic.fold()
    found = course_completion(db, scope(policy), policy, at(57))[None]
    assert (found.share, found.out) == (Share(2, 3), {"refunded": 1, "open": 1})
    later = course_completion(db, scope(policy), policy, at(60))[None]
    assert (later.share, later.out) == (Share(3, 4), {"refunded": 1})


def test_without_a_last_day_it_ends_after_its_sessions(db: Session, policy: Policy) -> None:
    """Laser toning: every 7–14 days, so the third session of three is due 28 days after the first."""
    rule = policy.treatments["laser_toning"].course
    assert rule is not None
    assert rule.interval_to == 14
    clinic = Clinic(db, policy)
    course(clinic, 1, 3, "in", used=3)
    course(clinic, 3, 3, "after", used=3)
    course(clinic, 3, 2, "shorter", used=1)
    course(clinic, 3, 2, "unknown", treatment="something else", used=1)
    clinic.fold()
    found = course_completion(db, scope(policy), policy, at(90))[None]
    assert (found.share, found.out) == (Share(1, 2), {"no_end": 1})


def test_sessions_of_tomorrow_are_not_done_today(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    used(clinic, course(clinic, 0, 2, "c", until=5), "c", 0, 50)
    clinic.fold()
    assert course_completion(db, scope(policy), policy, at(49))[None].share == Share(0, 1)
    assert course_completion(db, scope(policy), policy, at(51))[None].share == Share(1, 1)


def test_the_cuts_add_up(db: Session, policy: Policy) -> None:
    clinic = Clinic(db, policy)
    who = clinic.patient(source="kakao", first_visit_on=(START - timedelta(400)).date())
    used(clinic, course(clinic, 0, 1, "a", until=5, who=who), "a", 0)
    course(clinic, 0, 2, "b", until=5, treatment="botox")
    clinic.fold()
    whole = course_completion(db, scope(policy), policy, at(90))[None].share
    for by in JourneyCut:
        if by is JourneyCut.COORDINATOR:
            continue
        cut = course_completion(db, scope(policy), policy, at(90), by)
        assert sum((one.share for one in cut.values()), Share(0, 0)) == whole == Share(1, 2)
    by_source = course_completion(db, scope(policy), policy, at(90), JourneyCut.SOURCE)
    assert {value: one.share for value, one in by_source.items()} == {
        "kakao": Share(1, 1),
        None: Share(0, 1),
    }
