"""Opens SQLite or PostgreSQL the safe way."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import Connection
from sqlmodel import create_engine

from crm_core.privacy import Vault

BUSY_SECONDS = 2
THREADS = 8


def open_engine(url: str, vault: Vault) -> Engine:
    """An engine whose dialect carries the vault; waiting for a lock is capped at two seconds."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _open_sqlite(url)
    else:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=THREADS + 2,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            connect_args={
                # A plan that was kept from when a table was empty reads all of it once it is full.
                "options": f"-c lock_timeout={BUSY_SECONDS}s -c plan_cache_mode=force_custom_plan",
                "connect_timeout": 5,
            },
        )
    engine.dialect.vault = vault  # type: ignore[attr-defined]
    return engine


def _open_sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=THREADS + 2,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not the driver, says when to begin
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "journal_size_limit=67108864",
            "cache_size=-16384",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a write fails at once with BUSY_SNAPSHOT,
        # whatever the timeout; an immediate one waits its turn.
        kind = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


class DatabaseInUse(Exception):
    """Another working process holds the SQLite file."""


@contextmanager
def working_lock(url: str) -> Iterator[None]:
    """Holds the SQLite file for this working process; PostgreSQL may be shared and needs no lock."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield
        return
    path = Path(parsed.database).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseInUse(parsed.database) from None
        yield


def is_worked_on(url: str) -> bool:
    """Whether a working process holds the SQLite file now, so that people wait behind what we write."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return False
    try:
        with Path(parsed.database).with_suffix(".lock").open() as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
