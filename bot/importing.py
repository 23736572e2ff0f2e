"""`import KIND FILE`: reads a file, says what does not fit, writes the rest in short steps."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session
from tqdm import tqdm

from bot.clock import Clock
from bot.config import Config
from bot.database import is_worked_on
from bot.files import ManyFiles, opened, write_problems
from bot.transaction import reading, step
from bot.writing import Also, Source, Writer, rare_collections
from crm_core.errors import NotSaved
from crm_core.imports.complaint import FileRefused
from crm_core.imports.complete.actions import cancel_missing
from crm_core.imports.complete.queries import Missing, NotComplete, missing
from crm_core.imports.fhir.actions import remember_ids
from crm_core.imports.fhir.queries import known_persons
from crm_core.imports.fhir.read import read_fhir
from crm_core.imports.fhir.stage import FhirFile, stage_fhir
from crm_core.imports.fields import folded
from crm_core.imports.guess import profile_for
from crm_core.imports.rows import branch_names
from crm_core.imports.stage import RefusedRow, Staged, stage
from crm_core.period import Period
from crm_core.policy.policy import Policy
from crm_core.sql import chunks
from handlers import imported
from handlers.complaints import KOREAN, complaint_line, refusal
from handlers.language.language import Language, language

DONE, ROWS_REFUSED, FILE_REFUSED = 0, 1, 2
FHIR = "fhir"
CANCELLED_A_STEP = 50


@dataclass(frozen=True)
class ImportArgs:
    """What was typed; `until` and both ends of `complete` are ISO dates, `speech` the language printed."""

    kind: str
    file: Path
    branch: str | None = None
    mapping: str | None = None
    until: str | None = None
    complete: str | None = None
    yes: bool = False
    dry_run: bool = False
    speech: str = "en"


class _NotUsable(Exception):
    """What was typed cannot be done; its text is the sentence."""


def run_import(args: ImportArgs, config: Config, engine: Engine, clock: Clock) -> int:
    """Imports one file; 0, or 1 when rows were refused, or 2 when the file was.

    Killed anywhere, the same command goes on where it stood. Nothing is posted, whatever the file says.
    """
    run = _Import(args, config.policy, engine, clock)
    try:
        with rare_collections():
            return run.fhir() if args.kind == FHIR else run.table()
    except OSError:
        return _refused(imported.no_such_file(run.say, args.file.name))
    except ManyFiles:
        return _refused(imported.many_files(run.say, args.file.name))
    except _NotUsable as problem:
        return _refused(str(problem))
    except FileRefused as refused:
        return _refused(f"{args.file.name}: {refusal(run.say, refused)}")


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return FILE_REFUSED


class _Import:
    """One command at the shell."""

    def __init__(self, args: ImportArgs, policy: Policy, engine: Engine, clock: Clock) -> None:
        self.args, self.policy, self.engine, self.clock = args, policy, engine, clock
        self.say: Language = language(args.speech)
        self.name = args.file.name

    def table(self) -> int:
        """A CSV file or a workbook."""
        until, days = self._until(), self._complete()
        with opened(self.args.file) as file:
            mapping = self.args.mapping
            if mapping is None:
                mapping = profile_for(file, self.args.kind, self.policy, self.args.branch)
            staged = stage(
                file, self.args.kind, self.policy, KOREAN, branch=self.args.branch, mapping=mapping
            )
        if mapping != self.args.mapping:
            print(imported.profile(self.say, self.name, mapping or ""))
        for line in imported.notes(self.say, self.name, staged):
            print(line)
        self._complain(staged.header, staged.refused)
        print(imported.fit(self.say, self.name, staged))
        source = Source(self.name, self.args.branch, mapping, until)
        if self.args.dry_run:
            print(imported.dry(self.say))
        elif not self._write(staged, source):
            return ROWS_REFUSED
        if days is not None and not self._rest(staged, days):
            return ROWS_REFUSED
        return ROWS_REFUSED if staged.refused else DONE

    def fhir(self) -> int:
        """NDJSON or a Bundle: several kinds of ours in one file."""
        until = self._until()
        if self.args.complete is not None:
            raise _NotUsable(imported.complete_for_reservations(self.say))
        with opened(self.args.file) as file:
            found = read_fhir(file.read(), self.policy.country)
        # Without --branch the file is refused where there are several; then nobody is looked up in vain.
        slug = _slug(self.policy, self.args.branch) or next(iter(self.policy.branches))
        book = self.policy.branch(slug).book
        with reading(self.engine) as db:
            known = known_persons(db, book, found.persons)
        staged = stage_fhir(found, known, self.policy, KOREAN, self.args.branch)
        self._complain(("resource",), staged.all_refused)
        for line in imported.fhir_counts(self.say, self.name, staged):
            print(line)
        if self.args.dry_run:
            print(imported.dry(self.say))
        elif not self._write_fhir(staged, book, Source(self.name, self.args.branch, None, until)):
            return ROWS_REFUSED
        return ROWS_REFUSED if staged.all_refused else DONE

    def _write_fhir(self, file: FhirFile, book: str, source: Source) -> bool:
        def remember(db: Session, _: int) -> None:
            remember_ids(db, book, file.ids)

        return all(
            self._write(part, source, remember if part.kind.name == "patients" and file.ids else None)
            for part in file.parts
            if part.rows
        )

    def _until(self) -> date | None:
        if self.args.until is None:
            return None
        today = max(branch.today(self.clock.now()) for branch in self.policy.branches.values())
        day = _day(self.args.until)
        if day is None or day > today:
            raise _NotUsable(imported.wrong_day(self.say, self.args.until))
        return day

    def _complete(self) -> Period | None:
        if self.args.complete is None:
            return None
        if self.args.kind != "reservations":
            raise _NotUsable(imported.complete_for_reservations(self.say))
        first, _, last = self.args.complete.partition("..")
        days = (_day(first), _day(last))
        if days[0] is None or days[1] is None or days[1] < days[0]:
            raise _NotUsable(imported.wrong_days(self.say, self.args.complete))
        return Period(days[0], days[1])

    def _complain(self, header: Sequence[str], refused: Sequence[RefusedRow]) -> None:
        if not refused:
            return
        lines = [
            complaint_line(self.say, self.name, complaint)
            for row in refused[: imported.MOST_PRINTED]
            for complaint in row.complaints
        ][: imported.MOST_PRINTED]
        for line in lines:
            print(line)
        written_to = write_problems(self.say, self.args.file, header, refused)
        left = sum(len(row.complaints) for row in refused) - len(lines)
        if left or written_to:
            print(imported.more(self.say, left, written_to))

    def _write(self, staged: Staged, source: Source, also: Also | None = None) -> bool:
        """Whether everything could be written."""
        busy = is_worked_on(str(self.engine.url))
        writer = Writer(self.engine, self.policy, self.clock, staged, source, polite=busy)
        position = 0
        try:
            written = writer.begin()
            position = written.position
            if written.seen:
                print(imported.seen_before(self.say, self.name))
                return True
            with _bar(written.rows, position) as bar:
                while writer.go_on(written):
                    bar.update(written.position - position)
                    position = written.position
            writer.end(written, also)
        except NotSaved:
            print(imported.stopped(self.say, position, len(staged.rows)), file=sys.stderr)
            return False
        for line in imported.done(self.say, self.name, len(staged.rows), written.total):
            print(line)
        return True

    def _rest(self, staged: Staged, days: Period) -> bool:
        """What a complete file does not hold: listed, and cancelled with --yes. Whether it is complete."""
        try:
            with reading(self.engine) as db:
                found = missing(db, self.policy, staged, days, _slug(self.policy, self.args.branch))
            for line in imported.missing(self.say, self.policy, found, days):
                print(line)
            if found and not self.args.dry_run:
                print(self._cancel(found) if self.args.yes else imported.add_yes(self.say))
        except NotComplete as problem:
            print(imported.not_complete(self.say, problem), file=sys.stderr)
            return False
        except NotSaved:
            print(imported.not_cancelled(self.say), file=sys.stderr)
            return False
        return True

    def _cancel(self, found: Sequence[Missing]) -> str:
        cancelled = 0
        for some in chunks([one.reservation_id for one in found], CANCELLED_A_STEP):
            with step(self.engine) as db:
                cancelled += cancel_missing(db, self.policy, some, self.clock.now())
        return imported.cancelled(self.say, cancelled)


def _bar(rows: int, position: int) -> "tqdm[Any]":
    return tqdm(total=rows, initial=position, disable=None, leave=False, unit="", file=sys.stderr)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _slug(policy: Policy, branch: str | None) -> str | None:
    return branch_names(policy).get(folded(branch)) if branch else None
