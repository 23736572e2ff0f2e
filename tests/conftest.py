"""What every test may ask for: a database of each kind, the policy, a moment, no network."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlmodel import Session

from crm_core.policy.policy import Policy
from tests.databases import (
    TEMPLATE,
    NoPostgres,
    Postgres,
    absent,
    fresh_postgres,
    migrated,
    open_test_engine,
    postgres_server,
)
from tests.network import refuse_the_network

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Any address beyond this machine is refused, in every test."""
    with pytest.MonkeyPatch.context() as patch:
        refuse_the_network(patch)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; a test gets a copy."""
    file = tmp_path_factory.mktemp("template") / "dasi.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test process; what needs one is skipped where there is none."""
    try:
        with postgres_server() as server:
            server.create(TEMPLATE)
            migrated(server.url(TEMPLATE))
            yield server
    except NoPostgres as why:
        absent(str(why))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database of the test's own; each test runs on both kinds."""
    if request.param == "sqlite":
        file = tmp_path / "dasi.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    with fresh_postgres(request.getfixturevalue("postgres"), "dasi_test") as url:
        yield url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_test_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    """A session inside one step, committed when the test ends."""
    from bot.transaction import step

    with step(engine) as session:
        yield session


@pytest.fixture
def policy() -> Policy:
    from tests.clinic import policy

    return policy()


@pytest.fixture
def now() -> datetime:
    """A Wednesday, nine in the morning in Seoul."""
    return datetime(2026, 11, 25, 9, tzinfo=ZoneInfo("Asia/Seoul"))
