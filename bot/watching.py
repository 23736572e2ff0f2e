"""The watched folder: files that the chart program leaves there are imported, told of and moved away.

inbox/export.csv            whose facts these are, the file or its profile says
inbox/gangnam/export.csv    those of one branch
done/…  refused/…           where it lies afterwards, what did not fit beside it
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine
from sqlmodel import Session

from bot import log
from bot.clock import Clock
from bot.files import PROBLEMS, ManyFiles, opened, write_problems, write_refusal
from bot.filing import Stopped, Wake, write
from bot.transaction import reading, step
from bot.writing import Source, Written
from crm_core.errors import NotSaved
from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fhir.actions import remember_ids
from crm_core.imports.fhir.queries import known_persons
from crm_core.imports.fhir.read import read_fhir
from crm_core.imports.fhir.stage import stage_fhir
from crm_core.imports.fields import folded
from crm_core.imports.filed import actions as filed
from crm_core.imports.guess import guess
from crm_core.imports.rows import branch_names
from crm_core.imports.stage import RefusedRow, Staged, stage
from crm_core.imports.told import Told, told_of
from crm_core.policy.policy import Policy
from crm_core.tables.imports import FileState
from handlers.complaints import KOREAN, refusal
from handlers.imports import FHIR_NAMES
from handlers.language.language import language
from jobs.file_inbox import post_file
from jobs.job import JobContext

DONE, REFUSED = "done", "refused"
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", PROBLEMS)


@dataclass(frozen=True)
class Found:
    """A file that lay there unchanged for two looks. `branch` is the folder it lies in, "" for none."""

    path: Path
    branch: str
    origin: str


@dataclass(frozen=True)
class _Read:
    """What a file holds: its parts, and every row that was refused."""

    parts: tuple[Staged, ...]
    refused: list[RefusedRow]
    header: Sequence[str]
    mapping: str | None = None
    remember: Callable[[Session], None] | None = None


class Watch:
    """Looks into the folder; a file is taken once, also when the process is killed over it."""

    def __init__(self, engine: Engine, policy: Policy, clock: Clock, folder: Path, wake: Wake) -> None:
        self._engine, self._policy, self._clock, self._wake = engine, policy, clock, wake
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._failed: set[str] = set()

    def look(self) -> int:
        """Imports every file that has not changed since the last look; how many."""
        worked = 0
        for found in self._stable():
            if found.origin in self._failed:
                continue
            self._failed.add(found.origin)  # until it has gone well: one bad file must not hold up the others
            try:
                self._take(found)
            except (NotSaved, Stopped):
                self._failed.discard(found.origin)
                raise
            self._failed.discard(found.origin)
            worked += 1
        return worked

    def _stable(self) -> list[Found]:
        now_there: dict[Path, tuple[int, int]] = {}
        stable = []
        for path, branch in self._files():
            try:
                stat = path.stat()
            except OSError:
                continue
            now_there[path] = state = (stat.st_size, stat.st_mtime_ns)
            if self._seen.get(path) == state:
                stable.append(Found(path, branch, f"{branch}/{path.name}:{state[0]}:{state[1]}"))
        self._seen = now_there
        return stable

    def _files(self) -> Iterator[tuple[Path, str]]:
        """The files of the folder and of those in it that are named after a branch."""
        names = branch_names(self._policy)
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            if path.is_dir() and (slug := names.get(folded(path.name))):
                yield from ((file, slug) for file in sorted(path.iterdir()) if _is_ours(file))
            elif _is_ours(path):
                yield path, ""

    def _take(self, found: Found) -> None:
        """One file from beginning to end."""
        with step(self._engine) as db:
            now = self._clock.now()
            file = filed.take_found(db, found.origin, found.path.name, found.branch, now)
            file_id, state, refused = file.id or 0, file.state, file.rows is None
        if state is FileState.DONE:  # killed between the last step and the move
            self._move(found, REFUSED if refused else DONE)
            return
        try:
            with opened(found.path) as source:
                read = self._read(source, found)
        except FileRefused as problem:
            self._refuse(found, file_id, problem)
        except ManyFiles:
            self._refuse(found, file_id, FileRefused(RefusedFor.MANY_FILES))
        except FileNotFoundError:
            return
        except OSError:
            self._refuse(found, file_id, FileRefused(RefusedFor.UNREADABLE))
        else:
            self._write(found, file_id, read)

    def _read(self, source: BinaryIO, found: Found) -> _Read:
        branch = found.branch or None
        if found.path.name.casefold().endswith(FHIR_NAMES):
            return self._read_fhir(source, branch)
        guessed = guess(source, found.path.name, self._policy, branch)
        if guessed is None:
            raise FileRefused(RefusedFor.UNKNOWN_KIND, found.path.name)
        kind, mapping = guessed
        if kind == "staff":  # whoever may write into a folder may not make themselves a director
            raise FileRefused(RefusedFor.NOT_YOURS, found.path.name)
        staged = stage(source, kind, self._policy, KOREAN, branch=branch, mapping=mapping)
        return _Read((staged,), staged.refused, staged.header, mapping)

    def _read_fhir(self, source: BinaryIO, branch: str | None) -> _Read:
        found = read_fhir(source.read(), self._policy.country)
        book = self._policy.branch(branch or next(iter(self._policy.branches))).book
        with reading(self._engine) as db:
            known = known_persons(db, book, found.persons)
        file = stage_fhir(found, known, self._policy, KOREAN, branch)
        return _Read(
            file.parts, file.all_refused, ("resource",), None, lambda db: remember_ids(db, book, file.ids)
        )

    def _write(self, found: Found, file_id: int, read: _Read) -> None:
        parts = [part for part in read.parts if part.rows]
        branch = found.branch or _whose(read.parts) or next(iter(self._policy.branches))
        kind = parts[-1].kind.name if parts else ""
        told = told_of(read.refused, masked=True)
        with step(self._engine) as db:
            filed.note_read(
                db,
                file_id,
                kind=kind,
                mapping=read.mapping,
                branch=branch,
                rows=sum(len(part.rows) for part in parts),
                refused=len(read.refused),
                told=told,
                now=self._clock.now(),
            )
        if read.refused:
            write_problems(language(self._policy.language), found.path, read.header, read.refused)
        of_parts: dict[str, Written] = {}
        for part in parts:

            def finish(db: Session, written: Written, part: Staged = part) -> None:
                of_parts[part.fingerprint] = written
                if read.remember is not None and part.kind.name == "patients":
                    read.remember(db)
                if part is parts[-1]:
                    self._end(db, file_id, branch, _told(told, list(of_parts.values())))

            source = Source(found.path.name, found.branch or None, read.mapping)
            write(self._engine, self._policy, self._clock, part, source, file_id, self._wake, finish)
        if not parts:
            with step(self._engine) as db:
                self._end(db, file_id, branch, told)
        self._wake()
        self._move(found, DONE)

    def _refuse(self, found: Found, file_id: int, problem: FileRefused) -> None:
        write_refusal(found.path, refusal(language(self._policy.language), problem))
        with step(self._engine) as db:
            branch = found.branch or next(iter(self._policy.branches))
            self._end(db, file_id, branch, Told(refusal=problem))
        self._wake()
        self._move(found, REFUSED)

    def _end(self, db: Session, file_id: int, branch: str, told: Told) -> None:
        """The card is posted in the step that ends the file."""
        now = self._clock.now()
        if filed.done(db, file_id, told, now, branch=branch):
            log.say("file", id=file_id, branch=branch, changed=told.changed, complaints=told.total)
            place = self._policy.branch(branch)
            post_file(JobContext(db, self._policy, place, place.today(now), now), file_id)

    def _move(self, found: Found, where: str) -> None:
        folder = self._folder.parent / where / found.branch
        folder.mkdir(parents=True, exist_ok=True)
        stamp = self._clock.now()
        target = _free(folder, found.path.name, stamp)
        problems = found.path.with_name(found.path.name + PROBLEMS)
        with suppress(FileNotFoundError):  # there were no problems
            problems.replace(target.with_name(target.name + PROBLEMS))
        with suppress(FileNotFoundError):  # another process was faster
            found.path.replace(target)
        self._seen.pop(found.path, None)


def _is_ours(path: Path) -> bool:
    name = path.name.casefold()
    return (
        path.is_file()
        and not path.is_symlink()
        and not name.startswith((".", "~$"))
        and not name.endswith(UNFINISHED)
    )


def _told(told: Told, parts: Sequence[Written]) -> Told:
    changed = sum(part.total.changed for part in parts)
    staff = {name for part in parts for name in part.total.new_staff}
    return told.written(changed, staff, seen=all(part.seen for part in parts))


def _whose(parts: Sequence[Staged]) -> str | None:
    """The branch of the first row; a file of several branches is told of where it begins."""
    return next((row.branch for part in parts for row in part.rows if row.branch), None)


def _free(folder: Path, name: str, stamp: datetime) -> Path:
    """A path where nothing lies: the name, else with the moment before its ending."""
    target = folder / name
    stem, dot, ending = name.partition(".")
    if target.exists():
        target = folder / f"{stem}-{stamp:%Y%m%dT%H%M%S%f}{dot}{ending}"
    return target
