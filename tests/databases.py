"""Fresh, migrated databases for tests, on SQLite and on a PostgreSQL server of our own.

The server listens on a socket in its own directory and nowhere else, belongs to one test process
(so pytest-xdist may start as many as it likes) and is gone when the process ends.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from sqlalchemy import Engine

from crm_core.privacy import Vault

VAULT = Vault(bytes(range(32)))
"""The key of every test database: no real row is ever sealed with it."""

TEMPLATE = "dasi_template"
REQUIRE_ALL = "DASI_REQUIRE_ALL"
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "60",
}


def absent(what: str) -> NoReturn:
    """Skips the test because this machine lacks something; a failure where all is required (CI)."""
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{what}, and {REQUIRE_ALL}=1 asks for it", pytrace=False)
    pytest.skip(what)


class NoPostgres(Exception):
    """This machine cannot start a PostgreSQL server; the argument says why."""


@dataclass(frozen=True)
class Postgres:
    """A running server. Databases are copied from a template that was migrated once."""

    socket_directory: Path

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket_directory}"

    def run(self, statement: str) -> None:
        where = f"host={self.socket_directory} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, name: str, template: str = "template1") -> None:
        # Copying files takes a third of the time that logging every page does.
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')


def find_binaries() -> Path:
    """The folder of `initdb` and `pg_ctl`, newest version first; NoPostgres where there is none."""
    folders = sorted(DEBIAN_FOLDER.glob("*/bin"), key=_version, reverse=True)
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(said.stdout.strip() or os.devnull))
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoPostgres("no PostgreSQL server here (on Debian: apt-get install postgresql)")


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Runs a server of its own until the block ends; NoPostgres when this machine cannot."""
    binaries = find_binaries()
    # Not below pytest's folder: a socket's path may have 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="dasi-pg-"))
    as_postgres = _hand_over(directory)
    settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    server = ("-D", str(directory / "data"), "-w", "-s")

    def call(program: str, *words: str) -> None:
        done = subprocess.run(
            [*as_postgres, str(binaries / program), *words],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoPostgres(f"{program} failed: {done.stderr.strip()}")

    try:
        # fmt: off
        call("initdb", "-D", str(directory / "data"), "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        call("pg_ctl", *server, "-l", str(directory / "log"),
             "-o", f"-k {directory} {settings}", "start")
        # fmt: on
        try:
            yield Postgres(directory)
        finally:
            call("pg_ctl", *server, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def migrated(url: str) -> None:
    """Brings an empty database to the newest schema."""
    from crm_core.migrations import upgrade

    engine = open_test_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def open_test_engine(url: str) -> Engine:
    from bot.database import open_engine

    return open_engine(url, VAULT)


@contextmanager
def fresh_postgres(server: Postgres, name: str) -> Iterator[str]:
    """The URL of a migrated database that is dropped when the block ends."""
    server.create(name, template=TEMPLATE)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


def _version(binaries: Path) -> tuple[int, ...]:
    name = binaries.parent.name
    return tuple(int(part) for part in name.split(".") if part.isdigit())


def _hand_over(directory: Path) -> list[str]:
    """PostgreSQL refuses to run as root: gives the folder to `postgres` and says how to be it."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("runuser"):
        shutil.rmtree(directory)
        raise NoPostgres("PostgreSQL refuses to run as root, and there is no runuser")
    try:
        shutil.chown(directory, "postgres", "postgres")
    except LookupError:
        shutil.rmtree(directory)
        raise NoPostgres("PostgreSQL refuses to run as root, and no user is postgres") from None
    return ["runuser", "-u", "postgres", "--"]
