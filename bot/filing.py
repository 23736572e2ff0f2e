"""Works the files that take long: a large one dropped into chat, and whatever lies in the watched folder."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Event

from sqlalchemy import Engine
from sqlmodel import Session

from bot.clock import Clock
from bot.transaction import reading, step
from bot.writing import Source, Writer, Written
from crm_core.errors import NotAllowed, NotSaved, OtherBranch
from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.filed import actions as filed
from crm_core.imports.filed.queries import dropped, waiting
from crm_core.imports.guess import guess
from crm_core.imports.stage import Staged, stage
from crm_core.imports.told import Told, told_of
from crm_core.policy.policy import Policy
from crm_core.staff import audit
from crm_core.staff.access import Person
from crm_core.tables.imports import FileState, StagedFile
from handlers.complaints import KOREAN
from handlers.imports import allowed, only_branch

EVERY = 5  # steps between two looks of the card at how far the writing is


class Stopped(Exception):
    """The process was asked to stop; the next one goes on."""


@dataclass(frozen=True)
class Wake:
    """Tells the postman that a card changed; `stop` is set when the process is asked to stop."""

    postman: Callable[[], None] = lambda: None
    stop: Event = field(default_factory=Event)

    def __call__(self) -> None:
        self.postman()
        if self.stop.is_set():
            raise Stopped


class Filing:
    """One file after another. Killed anywhere, the next process goes on where this one stood."""

    def __init__(self, engine: Engine, policy: Policy, clock: Clock, wake: Wake) -> None:
        self._engine, self._policy, self._clock, self._wake = engine, policy, clock, wake
        self._failed: set[int] = set()

    def work(self) -> int:
        """Reads or writes every dropped file that waits; how many."""
        with reading(self._engine) as db:
            ids = waiting(db)
        ids = [file_id for file_id in ids if file_id not in self._failed]
        for file_id in ids:
            self._failed.add(file_id)  # until it has gone well: one bad file must not hold up the others
            try:
                self._work(file_id)
            except (NotSaved, Stopped):
                self._failed.discard(file_id)
                raise
            self._failed.discard(file_id)
            self._wake()
        return len(ids)

    def _work(self, file_id: int) -> None:
        with reading(self._engine) as db:
            file, data, person = dropped(db, file_id)
        if person is None:
            self._refuse(file_id, FileRefused(RefusedFor.NOT_YOURS, file.name))
            return
        try:
            if file.state is FileState.WAITING:
                self._preview(file, data, person)
            else:
                self._write(file, data, person)
        except FileRefused as refused:
            self._refuse(file_id, refused)
        except (NotAllowed, OtherBranch):
            self._refuse(file_id, FileRefused(RefusedFor.NOT_YOURS, file.name))

    def _preview(self, file: StagedFile, data: bytes, person: Person) -> None:
        """What a file holds, for its card."""
        own = only_branch(person, self._policy)
        found = guess(data, file.name, self._policy, own)
        if found is None:
            raise FileRefused(RefusedFor.UNKNOWN_KIND, file.name)
        kind, mapping = found
        staged = stage(data, kind, self._policy, KOREAN, branch=own, mapping=mapping)
        allowed(staged, person, self._policy)
        told = told_of(staged.refused, masked=False)
        with step(self._engine) as db:
            filed.note_read(
                db,
                file.id or 0,
                kind=kind,
                mapping=mapping,
                branch=file.branch,
                rows=len(staged.rows),
                refused=len(staged.refused),
                told=told,
                now=self._clock.now(),
            )

    def _write(self, file: StagedFile, data: bytes, person: Person) -> None:
        branch, file_id = file.branch or None, file.id or 0
        staged = stage(data, file.kind, self._policy, KOREAN, branch=branch, mapping=file.mapping)
        allowed(staged, person, self._policy)
        told = told_of(staged.refused, masked=False)

        def finish(db: Session, written: Written) -> None:
            total, now = written.total, self._clock.now()
            said = told.written(total.changed, total.new_staff, seen=written.seen)
            filed.done(db, file_id, said, now, branch=_only(staged.last_days))
            audit.record(db, person, "import", now, branch=branch, what=file.kind, count=total.changed)

        source = Source(file.name, branch, file.mapping)
        write(self._engine, self._policy, self._clock, staged, source, file_id, self._wake, finish)

    def _refuse(self, file_id: int, refused: FileRefused) -> None:
        with step(self._engine) as db:
            filed.done(db, file_id, Told(refusal=refused), self._clock.now())


def _only(branches: Collection[str]) -> str:
    """The branch of a file of one branch, whose facts reach further now; "" for several."""
    return next(iter(branches)) if len(branches) == 1 else ""


def write(
    engine: Engine,
    policy: Policy,
    clock: Clock,
    staged: Staged,
    source: Source,
    file_id: int,
    wake: Wake,
    finish: Callable[[Session, Written], None],
) -> Written:
    """Writes a file step by step while its card tells how far; `finish` belongs to the last step."""
    writer = Writer(engine, policy, clock, staged, source, polite=True)
    steps = 0

    def progress(db: Session, _: int) -> None:
        if steps % EVERY == 0:
            filed.show_progress(db, file_id, clock.now())

    written = writer.begin(lambda db, batch_id: filed.note_batch(db, file_id, batch_id))
    while not written.seen and writer.go_on(written, progress):
        steps += 1
        wake()
    writer.end(written, lambda db, _: finish(db, written))
    wake()
    return written
