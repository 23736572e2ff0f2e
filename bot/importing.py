"""`import KIND FILE`: reads a file, says what does not fit, writes the rest in short steps."""

import csv
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from sqlalchemy import Engine
from tqdm import tqdm

from bot.clock import Clock
from bot.config import Config
from bot.transaction import step
from crm_core.errors import NotSaved
from crm_core.imports.actions import Applied, advance, apply, finish, open_batch
from crm_core.imports.complaint import FileRefused
from crm_core.imports.stage import Row, Staged, stage
from crm_core.policy.policy import Policy
from handlers import imported
from handlers.complaints import KOREAN, complaint_line, refusal
from handlers.language.language import Language, language

DONE, ROWS_REFUSED, FILE_REFUSED = 0, 1, 2
ROWS_A_STEP = 500
LARGEST_FILE = 1 << 30
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class ImportArgs:
    """What was typed; `until` is an ISO date, `speech` the language of what is printed."""

    kind: str
    file: Path
    branch: str | None = None
    mapping: str | None = None
    until: str | None = None
    dry_run: bool = False
    speech: str = "en"


def run_import(args: ImportArgs, config: Config, engine: Engine, clock: Clock) -> int:
    """Imports one file; 0, or 1 when rows were refused, or 2 when the file was.

    Killed anywhere, the same command goes on where it stood. Nothing is posted, whatever the file says.
    """
    say = language(args.speech)
    name = args.file.name
    try:
        until = _until(args, config.policy, clock)
        staged = stage(
            _read(args.file),
            args.kind,
            config.policy,
            KOREAN,
            branch=args.branch,
            mapping=args.mapping,
        )
    except OSError:
        return _refused(imported.no_such_file(say, name))
    except _ManyFiles:
        return _refused(imported.many_files(say, name))
    except _NoDay:
        return _refused(imported.wrong_day(say, args.until or ""))
    except FileRefused as refused:
        return _refused(f"{name}: {refusal(say, refused)}")
    for line in imported.notes(say, name, staged):
        print(line)
    _complain(say, args.file, staged)
    print(imported.fit(say, name, staged))
    if args.dry_run:
        print(imported.dry(say))
    elif not _write(args, config.policy, engine, clock, staged, until, say):
        return ROWS_REFUSED
    return ROWS_REFUSED if staged.refused else DONE


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return FILE_REFUSED


class _ManyFiles(Exception):
    """An archive with more than one CSV file, or with none."""


class _NoDay(Exception):
    """`--until` is no day that has begun."""


def _until(args: ImportArgs, policy: Policy, clock: Clock) -> date | None:
    if args.until is None:
        return None
    today = max(branch.today(clock.now()) for branch in policy.branches.values())
    try:
        day = date.fromisoformat(args.until)
    except ValueError:
        raise _NoDay from None
    if day > today:
        raise _NoDay
    return day


def _read(file: Path) -> bytes:
    """The bytes of a file; of an archive with one CSV file in it, those of that file."""
    if file.stat().st_size > LARGEST_FILE:
        raise OSError
    data = file.read_bytes()
    if file.suffix.lower() != ".zip" or not zipfile.is_zipfile(BytesIO(data)):
        return data
    with zipfile.ZipFile(BytesIO(data)) as archive:
        inside = [
            entry
            for entry in archive.infolist()
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX")
        ]
        if len(inside) != 1 or inside[0].file_size > LARGEST_FILE:
            raise _ManyFiles
        try:
            return archive.read(inside[0])
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile):
            raise OSError from None


def _complain(say: Language, file: Path, staged: Staged) -> None:
    lines = [
        complaint_line(say, file.name, complaint)
        for row in staged.refused[: imported.MOST_PRINTED]
        for complaint in row.complaints
    ]
    for line in lines[: imported.MOST_PRINTED]:
        print(line)
    if not staged.refused:
        return
    total = sum(len(row.complaints) for row in staged.refused)
    written_to = _write_problems(say, file, staged)
    left = total - min(len(lines), imported.MOST_PRINTED)
    if left or written_to:
        print(imported.more(say, left, written_to))


def _write_problems(say: Language, file: Path, staged: Staged) -> str | None:
    """Every refused row as it was, behind its complaint; the file's name, None where none can be made."""
    path = file.with_name(file.name + ".problems.csv")
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as opened:
            path.chmod(0o600)
            table = csv.writer(opened)
            table.writerow([_harmless(c) for c in ("line", "complaint", *staged.header)])
            for row in staged.refused:
                said = " / ".join(complaint_line(say, file.name, c) for c in row.complaints)
                table.writerow([row.line, *(_harmless(cell) for cell in (said, *row.cells))])
    except OSError:
        return None
    return path.name


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA) else cell


def _write(
    args: ImportArgs,
    policy: Policy,
    engine: Engine,
    clock: Clock,
    staged: Staged,
    until: date | None,
    say: Language,
) -> bool:
    """Whether everything could be written."""
    total = Applied()
    position = 0
    try:
        with step(engine) as db:
            batch = open_batch(db, staged, args.file.name, args.branch, args.mapping, clock.now())
            batch_id, position, finished = batch.id, batch.position, batch.finished_at
        assert batch_id is not None
        if finished is not None:
            print(imported.seen_before(say, args.file.name))
            return True
        bar = tqdm(
            total=len(staged.rows), initial=position, disable=None, leave=False, unit="", file=sys.stderr
        )
        with bar:
            for rows in slices(staged.rows, position):
                with step(engine) as db:
                    applied = apply(db, policy, staged, rows, clock.now())
                    advance(db, batch_id, position + len(rows), applied.changed)
                position += len(rows)
                total.changed += applied.changed
                total.new_staff |= applied.new_staff
                bar.update(len(rows))
        with step(engine) as db:
            finish(db, policy, staged, batch_id, clock.now(), until)
    except NotSaved:
        print(imported.stopped(say, position, len(staged.rows)), file=sys.stderr)
        return False
    for line in imported.done(say, args.file.name, len(staged.rows), total):
        print(line)
    return True


def slices(rows: Sequence[Row], position: int, size: int = ROWS_A_STEP) -> Iterator[Sequence[Row]]:
    """The rows from `position` on, in pieces of at least `size` that tear nobody apart."""
    while position < len(rows):
        end = min(position + size, len(rows))
        while end < len(rows) and rows[end].person == rows[end - 1].person:
            end += 1
        yield rows[position:end]
        position = end
