"""How far the facts reach, and which file is missing."""

from datetime import datetime, time, timedelta

from sqlmodel import Session

from crm_core.facts_until import MissingFile, missing_files, oldest
from crm_core.policy.policy import Policy
from crm_core.tables.imports import FactsUntil


def known(db: Session, until: datetime, *kinds: str, branch: str = "gangnam") -> None:
    for kind in kinds:
        db.merge(FactsUntil(branch=branch, kind=kind, until=until))
    db.flush()


def test_the_oldest_of_the_branches_and_kinds_asked_for(db: Session, now: datetime) -> None:
    known(db, now, "visits", "calls")
    known(db, now - timedelta(hours=2), "visits", branch="busan")
    known(db, now - timedelta(days=9), "payments")
    assert oldest(db, ["gangnam", "busan"], ["visits", "calls"]) == now - timedelta(hours=2)
    assert oldest(db, ["gangnam"], ["visits"]) == now
    assert oldest(db, ["gangnam"], ["courses"]) is None


def test_nothing_is_missing_once_the_last_open_day_is_known_to_its_end(
    db: Session, policy: Policy, now: datetime
) -> None:
    branch = policy.branch("gangnam")
    last = branch.last_open_day(branch.today(now))
    closing = branch.closing(last)
    assert closing is not None
    known(db, closing, "reservations", "visits")
    assert missing_files(db, policy, "gangnam", now) == ()


def test_a_file_that_ends_before_the_last_open_day_did_is_named(
    db: Session, policy: Policy, now: datetime
) -> None:
    branch = policy.branch("gangnam")
    noon = branch.at(branch.last_open_day(branch.today(now)), time(12))
    known(db, now, "reservations")
    known(db, noon, "visits")
    assert missing_files(db, policy, "gangnam", now) == (MissingFile("visits", noon),)


def test_what_was_never_read_is_missing_first(db: Session, policy: Policy, now: datetime) -> None:
    old = now - timedelta(days=9)
    known(db, old, "reservations")
    expected = (MissingFile("visits", None), MissingFile("reservations", old))
    assert missing_files(db, policy, "gangnam", now) == expected
