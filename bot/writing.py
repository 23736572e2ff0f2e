"""What fits of a file is written in short steps; killed anywhere, the next one goes on where it stood."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from bot.clock import Clock
from bot.transaction import step
from crm_core.errors import NotSaved
from crm_core.imports.actions import Applied, advance, apply, finish, open_batch, position_of
from crm_core.imports.stage import Row, Staged
from crm_core.policy.policy import Policy

FIRST, FEWEST, MOST = 250, 25, 5000  # rows of a step
SECONDS = 0.2  # that a step may hold the database where whoever presses a button waits behind it
ALONE_SECONDS = 1.0  # and where nobody does
PAUSE = 0.05  # between two steps, where somebody may be waiting; SQLite lets nobody queue
TRIES = 5

T = TypeVar("T")
Also = Callable[[Session, int], None]
"""What else belongs into a step; it is given how many rows are written."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """While rows are read and written they make many objects and no cycles; looking for cycles as often as
    usual costs a sixth of the time (docs/measured.md)."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True)
class Source:
    """What an import is remembered by. `until` is what a person said of how far the facts reach."""

    name: str
    branch: str | None = None
    mapping: str | None = None
    until: date | None = None
    by_staff_id: int | None = None


@dataclass
class Written:
    """How far the writing is. `seen` says that this very file had been finished before."""

    batch_id: int
    position: int
    rows: int
    seen: bool = False
    total: Applied = field(default_factory=Applied)


class Writer:
    """Writes one staged file. Two at once take turns: every step begins where the last one ended."""

    def __init__(
        self, engine: Engine, policy: Policy, clock: Clock, staged: Staged, source: Source, *, polite: bool
    ) -> None:
        self._engine, self._policy, self._clock = engine, policy, clock
        self._staged, self._source, self._polite = staged, source, polite
        self._size = FIRST
        self._seconds = SECONDS if polite else ALONE_SECONDS
        self._nobody = Event()  # it never comes: only to wait for a while

    def begin(self, also: Also | None = None) -> Written:
        """Opens the record of this file, or finds it where it stands."""

        def work(db: Session) -> Written:
            source, now = self._source, self._clock.now()
            batch = open_batch(db, self._staged, source.name, source.branch, source.mapping, now)
            assert batch.id is not None
            seen = batch.finished_at is not None
            total = Applied(changed=0 if seen else batch.changed)
            written = Written(batch.id, batch.position, len(self._staged.rows), seen, total)
            if also is not None:
                also(db, batch.id)
            return written

        return self._patiently(work)

    def go_on(self, written: Written, also: Also | None = None) -> bool:
        """One step: some whole people more. False when nothing was left to write."""

        def work(db: Session) -> Applied:
            written.position = position_of(db, written.batch_id)
            rows = whole_people(self._staged.rows, written.position, self._size)
            applied = apply(db, self._policy, self._staged, rows, self._clock.now())
            reached = written.position + len(rows)
            advance(db, written.batch_id, reached, applied.changed)
            if also is not None:
                also(db, reached)
            written_rows.append(len(rows))
            return applied

        if written.position >= written.rows:
            return False
        written_rows: list[int] = []
        began = time.monotonic()
        applied = self._patiently(work)
        self._fit(time.monotonic() - began)
        written.position += written_rows[-1]
        written.total.changed += applied.changed
        written.total.new_staff |= applied.new_staff
        return True

    def end(self, written: Written, also: Also | None = None) -> None:
        """Closes the record, says how far the facts reach now and shows the cards anew."""

        def work(db: Session) -> None:
            if not written.seen:
                until = self._source.until
                finish(db, self._policy, self._staged, written.batch_id, self._clock.now(), until)
            if also is not None:
                also(db, written.rows)

        self._patiently(work)

    def _patiently(self, work: Callable[[Session], T]) -> T:
        """A step, tried again when the database was busy; NotSaved when it is busy for long."""
        for tries in range(1, TRIES + 1):
            if self._polite:
                self._nobody.wait(PAUSE)
            try:
                with step(self._engine) as db:
                    return work(db)
            except NotSaved:
                if tries == TRIES:
                    raise
        raise NotSaved

    def _fit(self, took: float) -> None:
        """The next step gets as many rows as fit into the time that one may take."""
        factor = min(2.0, max(0.25, self._seconds / max(took, 0.001)))
        self._size = min(MOST, max(FEWEST, int(self._size * factor)))


def whole_people(rows: Sequence[Row], position: int, size: int) -> Sequence[Row]:
    """The rows from `position` on, at least `size` of them, that tear nobody apart."""
    end = min(position + size, len(rows))
    while position < end < len(rows) and rows[end].person == rows[end - 1].person:
        end += 1
    return rows[position:end]
