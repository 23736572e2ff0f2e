"""The only commit. A step is one short transaction that touches no network, file or picture."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from crm_core.errors import NotSaved


@contextmanager
def step(engine: Engine) -> Iterator[Session]:
    """A session that is committed when the block ends well and rolled back when it does not.

    NotSaved when the database did not answer in time: nothing was written, and the person reads
    "press again", never a ✅.
    """
    try:
        with Session(engine, expire_on_commit=False) as db:
            yield db
            db.commit()
    except (OperationalError, PoolTimeout) as problem:
        raise NotSaved from problem


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for questions: on SQLite it waits for no writer and holds none up."""
    try:
        with Session(engine.execution_options(sqlite_begin="DEFERRED"), expire_on_commit=False) as db:
            yield db
    except (OperationalError, PoolTimeout) as problem:
        raise NotSaved from problem


@contextmanager
def rehearsal(engine: Engine) -> Iterator[Session]:
    """A session in which everything happens and nothing stays."""
    with Session(engine, expire_on_commit=False) as db:
        yield db
        db.rollback()
