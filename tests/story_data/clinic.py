"""A clinic of the story's own: its configuration, its database, and the real process that works on it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Any

from sqlalchemy import Engine, column, func, inspect, select, table

from bot.config import load
from crm_core.policy.policy import Policy
from tests.clinic import ROOT, TODAY
from tests.databases import open_test_engine
from tests.story.stage import NotMet, free_port
from tests.story_data.shapes import profiles

KEY = b64encode(bytes(range(32))).decode()
"""That of tests.databases.VAULT, so that the story reads what the process sealed."""

START_SECONDS = 60
LOOK_SECONDS = 0.01

NOT_FACTS = frozenset(
    {
        "import_batch", "inbox", "outbox", "outbox_covers", "delivery_attempt", "posting", "job_run",
        "audit", "audit_seal", "local_message", "sample", "alembic_version", "staged_file", "facts_until",
    }
)  # fmt: skip
"""What says how the process worked, not what is true of the clinic."""


def configuration(folder: Path) -> Path:
    """config.yaml as it stands in the repository, with the profiles of the story's files beneath."""
    path = folder / "config.yaml"
    path.write_text((ROOT / "config.yaml").read_text() + profiles())
    return path


@dataclass(frozen=True)
class Said:
    """What a command printed and how long it took; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass
class Clinic:
    """One database and the commands on it."""

    url: str
    config: Path
    engine: Engine = field(init=False)
    policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        self.engine = open_test_engine(self.url)
        self.policy = load(self.config, {}, TODAY).policy

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.url, "DATA_KEY": KEY, "LOG_LEVEL": "WARNING"}

    def bot(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot", words[0], "--config", str(self.config), *words[1:]]

    def run(self, *words: str) -> Said:
        """A command at the shell, to its end."""
        began = time.monotonic()
        done = subprocess.run(
            self.bot(*words), cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def ask(self, text: str, at: str | None = None) -> dict[str, Any]:
        """The answer to a chat command as data."""
        moment = ("--at", at) if at else ()
        said = self.run("ask", text, "--json", *moment)
        if said.code:
            raise NotMet(f"ask “{text}” answers: {said.err[-300:]}")
        answer: dict[str, Any] = json.loads(said.out)
        return answer

    @contextmanager
    def working(self, log: Path) -> Iterator[None]:
        """`python -m bot run` works on the database until the block ends."""
        port = free_port()
        environment = {**self.environment, "HEALTH_BIND": f"127.0.0.1:{port}"}
        with log.open("w") as out:
            process = subprocess.Popen(self.bot("run"), cwd=ROOT, env=environment, stdout=out, stderr=out)
            try:
                _wait_until_healthy(port, process)
                yield
            finally:
                process.terminate()
                process.wait(timeout=30)

    def killed_import(self, kind: str, file: Path, share: float) -> tuple[int, int]:
        """Kills an import once it has written so much of the file; how many rows stand, of how many read."""
        process = subprocess.Popen(
            self.bot("import", kind, str(file)),
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait_for(file, share, process)
            time.sleep(SystemRandom().uniform(0, 0.25))  # noqa: TID251  (a moment that nobody chose)
        finally:
            process.send_signal(signal.SIGKILL)
            code = process.wait(timeout=30)
        position, rows, finished = self.batch(file)
        if code != -signal.SIGKILL or finished or not 0 < position < rows:
            raise NotMet(f"it should have been killed in the middle: code {code}, row {position} of {rows}")
        return position, rows

    def _wait_for(self, file: Path, share: float, process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None:
            position, rows, finished = self.batch(file)
            if finished or position > share * rows:
                return
            time.sleep(LOOK_SECONDS)  # noqa: TID251  (nothing to wait on: another process writes)
        raise NotMet(f"the import ended by itself with {process.returncode}")

    def batch(self, file: Path) -> tuple[int, int, bool]:
        """How far the last import of a file is, of how many rows, and whether it is finished."""
        names = ("id", "file_name", "position", "rows", "finished_at")
        batch = table("import_batch", *map(column, names)).c
        statement = select(batch.position, batch.rows, batch.finished_at)
        statement = statement.where(batch.file_name == file.name).order_by(batch.id.desc())
        with self.engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
            found = connection.execute(statement).first()
        return (found[0], found[1], found[2] is not None) if found else (0, 0, False)

    def number(self, name: str) -> int:
        """How many rows a table has."""
        with self.engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
            return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())

    def checksums(self) -> dict[str, str]:
        """Of every table of facts, journeys and the ledger: one for all its rows with all their columns."""
        found = {}
        tables = inspect(self.engine)
        with self.engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
            for name in sorted(set(tables.get_table_names()) - NOT_FACTS):
                names = [one["name"] for one in tables.get_columns(name)]
                key = tables.get_pk_constraint(name)["constrained_columns"] or names
                rows = table(name, *map(column, names))
                statement = select(rows).order_by(*map(column, key))
                digest = hashlib.sha256()
                for row in connection.execute(statement):
                    digest.update(repr(tuple(row)).encode())
                found[name] = digest.hexdigest()
        return found

    def close(self) -> None:
        self.engine.dispose()


def _wait_until_healthy(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotMet(f"`run` ended at once with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)  # noqa: TID251  (nothing to wait on: another process opens the port)
    raise NotMet("`run` did not become healthy")


def difference(before: dict[str, str], after: dict[str, str]) -> Sequence[str]:
    """The tables whose rows are not the same."""
    return [name for name in before if before[name] != after.get(name)]
