"""A clinic that handlers answer about, on SQLite: what they ask is tested on both kinds of database."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.transaction import step
from crm_core.policy.policy import Policy
from tests.crm_core.hand_made import Clinic
from tests.databases import open_test_engine


@pytest.fixture
def db(sqlite_template: Path, tmp_path: Path) -> Iterator[Session]:
    file = tmp_path / "dasi.db"
    file.write_bytes(sqlite_template.read_bytes())
    engine = open_test_engine(f"sqlite:///{file}")
    with step(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def clinic(db: Session, policy: Policy, now: datetime) -> Clinic:
    """A branch whose director has pressed start."""
    return Clinic(db, policy, now).started()
