"""An import that is killed for good, twice, and started again with the same command."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import col

from bot.transaction import reading
from crm_core.tables import ImportBatch, Journey, Visit
from tests.clinic import ROOT

PEOPLE, VISITS = 1500, 4


@pytest.fixture
def command(tmp_path: Path, database: str) -> list[str]:
    """The shell command, in a process of its own."""
    rows = (
        f"V{person}-{n},{person},20{22 + n}-11-01 10:00,김원장\n"
        for n in range(VISITS)
        for person in range(PEOPLE)
    )
    file = tmp_path / "visits.csv"
    file.write_text("visit_no,chart_no,arrived_at,doctor\n" + "".join(rows), encoding="utf-8")
    return [sys.executable, "-m", "bot", "import", "visits", str(file), "--branch", "gangnam"]


@pytest.fixture
def started(command: list[str], database: str, tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DATA_KEY": base64.b64encode(bytes(range(32))).decode(),
    }

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def position(engine: Engine) -> int:
    with reading(engine) as db:
        return db.scalar(select(col(ImportBatch.position))) or 0


def test_killed_twice_the_same_command_goes_on_and_finishes(
    engine: Engine, started: Callable[[], subprocess.Popen[str]]
) -> None:
    reached = 0
    for _ in range(2):
        process = started()
        deadline = time.monotonic() + 120
        while position(engine) <= reached and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)  # noqa: TID251  (another process cannot set an event here)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert position(engine) > reached
        reached = position(engine)
    assert reached < PEOPLE * VISITS
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Visit)) == reached
    last = started()
    out, err = last.communicate(timeout=300)
    assert last.returncode == 0, err
    assert f"visits.csv: {PEOPLE * VISITS:,} rows read, {PEOPLE * VISITS:,} new or changed." in out
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Visit)) == PEOPLE * VISITS
        assert db.scalar(select(func.count(func.distinct(col(Journey.patient_id))))) == PEOPLE
    assert "imported already: nothing changed" in started().communicate(timeout=300)[0]
