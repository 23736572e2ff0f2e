"""The databases that tests get are real, empty and their own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect
from sqlmodel import Session, SQLModel

import crm_core.tables  # noqa: F401  (fills the metadata)
from bot.transaction import step
from crm_core.tables.records import Sample
from tests import databases
from tests.databases import REQUIRE_ALL, NoPostgres, absent, find_binaries

MORNING = datetime(2026, 11, 25, 0, tzinfo=UTC)


def sample(seed: int) -> Sample:
    return Sample(id=1, seed=seed, today=MORNING.date(), made_at=MORNING, clock_at=MORNING, key="invented")


def test_a_database_is_migrated(engine: Engine) -> None:
    assert set(SQLModel.metadata.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize("turn", [1, 2])
def test_a_database_is_empty_and_the_tests_own(engine: Engine, turn: int) -> None:
    with step(engine) as db:
        assert db.get(Sample, 1) is None
        db.add(sample(turn))
    with step(engine) as db:
        assert db.get(Sample, 1) is not None


def test_a_test_may_commit_the_session_it_is_given(db: Session, engine: Engine) -> None:
    db.add(sample(7))
    db.commit()
    with step(engine) as another:
        assert another.get(Sample, 1) is not None


def test_what_this_machine_lacks_is_a_skip_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium here"):
        absent("no Chromium here")


def test_what_this_machine_lacks_is_a_failure_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_ALL, "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium here"):
        absent("no Chromium here")


def test_a_machine_without_postgresql_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(databases, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoPostgres, match="apt-get install postgresql"):
        find_binaries()
