"""Two people do it in the same moment: one does, the other is told, and nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from bot.transaction import step
from crm_core.calls.actions import fix_list
from crm_core.errors import CrmError
from crm_core.patients.merging.actions import merge
from crm_core.tables.calls import CallCard
from crm_core.tables.facts import Reservation
from crm_core.tables.people import Patient, Role
from handlers.inquiry_commands import ClaimInquiry
from handlers.reserve_commands import BookAt
from tests.flows.story import Story


@pytest.fixture
def story(engine: Engine, now: datetime) -> Story:
    return Story(engine, now.replace(hour=10, minute=5)).started()


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each gave, or the fact that stopped it."""
    gate = Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return deed()
        except CrmError as problem:
            return problem

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def _patients(story: Story, how_many: int) -> list[int]:
    def register(db: Session) -> list[int]:
        clinic = story.clinic(db)
        return [clinic.patient() for _ in range(how_many)]

    return story.does(register)


def refusals(results: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in results if isinstance(one, CrmError))


def test_an_inquiry_claimed_by_two_belongs_to_one(story: Story) -> None:
    first, second = story.staff("이실장", Role.COORDINATOR), story.staff("박실장", Role.COORDINATOR)
    desk = story.staff("정데스크", Role.DESK)
    story.gives(desk, "/inquiry 김지영 010-1234-5678 카카오톡 보톡스")
    results = at_once(
        lambda: story.gives(first, ClaimInquiry(1)), lambda: story.gives(second, ClaimInquiry(1))
    )
    assert len(refusals(results)) == 1, results


def test_the_last_free_place_is_booked_once(story: Story) -> None:
    desk = story.staff("정데스크", Role.DESK)
    patients = _patients(story, 6)
    at = story.policy.branch("gangnam").at(date(2026, 11, 27), time(15))
    minute = int(at.timestamp() // 60)
    results = at_once(*(lambda p=p: story.gives(desk, BookAt(p, minute, "gangnam", "")) for p in patients))
    booked = story.does(lambda db: db.scalar(select(func.count()).select_from(Reservation)))
    assert booked == story.policy.branch("gangnam").at_once, results
    assert refusals(results) == ["NotFree"] * (6 - booked)


def test_the_list_of_a_day_fixed_by_two_holds_everybody_once(story: Story) -> None:
    def lapsed(db: Any) -> None:
        clinic = story.clinic(db)
        for days in range(200, 210):
            clinic.treated(clinic.patient(), days)

    story.does(lapsed)

    def fix() -> None:
        with step(story.engine) as db:
            fix_list(db, story.policy, "gangnam", story.now.date(), story.now)

    assert refusals(at_once(fix, fix, fix)) == []
    cards = story.does(lambda db: list(db.scalars(select(col(CallCard.patient_id)))))
    assert len(cards) == len(set(cards)) == 10


def test_charts_merged_in_a_ring_end_as_one_or_say_who_was_first(story: Story) -> None:
    desk = story.staff("정데스크", Role.DESK)
    a, b, c = _patients(story, 3)

    def join(kept: int, merged: int) -> Callable[[], Any]:
        return lambda: story.does(lambda db: merge(db, story.policy, desk, kept, merged, story.now))

    results = at_once(join(a, b), join(b, c), join(c, a))
    # NotSaved: PostgreSQL found that two of them wait for each other; nothing of one was written.
    assert set(refusals(results)) <= {"AlreadyMerged", "CannotMerge", "NotSaved"}, results
    into = dict(story.does(lambda db: db.execute(select(col(Patient.id), col(Patient.merged_into_id))).all()))
    kept = [one for one, other in into.items() if other is None]
    assert len(kept) >= 1
    assert all(into[other] is None for other in into.values() if other is not None)
