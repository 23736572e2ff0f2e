"""Files that the clinic hands us: opened, unpacked; and what of them does not fit, beside them."""

import csv
import gzip
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

from crm_core.imports.stage import RefusedRow
from crm_core.spreadsheet import harmless
from handlers.complaints import complaint_line
from handlers.language.language import Language

LARGEST_FILE = 1 << 30
PROBLEMS = ".problems.csv"
_PIECE = 1 << 20


class ManyFiles(Exception):
    """An archive with more than one file, or with none."""


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file to read from; of an archive (.zip with one file, .gz) what is in it.

    OSError when it is not there, cannot be read or is too large; ManyFiles.
    """
    if file.stat().st_size > LARGEST_FILE:
        raise OSError("too large")
    with file.open("rb") as raw:
        if zipfile.is_zipfile(raw) and file.suffix.lower() == ".zip":
            with tempfile.TemporaryFile() as inside:
                _unzip(raw, inside)
                yield cast("BinaryIO", inside)
            return
        raw.seek(0)
        if raw.read(2) == b"\x1f\x8b":
            raw.seek(0)
            with tempfile.TemporaryFile() as inside:
                _gunzip(raw, inside)
                yield cast("BinaryIO", inside)
            return
        raw.seek(0)
        yield raw


def _unzip(raw: BinaryIO, into: IO[bytes]) -> None:
    with zipfile.ZipFile(raw) as archive:
        inside = [
            entry
            for entry in archive.infolist()
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX")
        ]
        if len(inside) != 1 or inside[0].file_size > LARGEST_FILE:
            raise ManyFiles
        try:
            with archive.open(inside[0]) as packed:
                shutil.copyfileobj(packed, into)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile):
            raise OSError("cannot be unpacked") from None
    into.seek(0)


def _gunzip(raw: BinaryIO, into: IO[bytes]) -> None:
    size = 0
    try:
        with gzip.GzipFile(fileobj=raw) as packed:
            while piece := packed.read(_PIECE):
                size += len(piece)
                if size > LARGEST_FILE:
                    raise OSError("too large")
                into.write(piece)
    except EOFError:
        raise OSError("cut short") from None
    into.seek(0)


def write_problems(
    say: Language, file: Path, header: Sequence[str], refused: Iterable[RefusedRow]
) -> str | None:
    """Every refused row as it was, behind its complaint; the file's name, None where none can be made."""
    path = file.with_name(file.name + PROBLEMS)
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as opened_:
            path.chmod(0o600)
            table = csv.writer(opened_)
            table.writerow([harmless(cell) for cell in ("line", "complaint", *header)])
            for row in refused:
                said = " / ".join(complaint_line(say, file.name, one) for one in row.complaints)
                table.writerow([row.line, *(harmless(str(cell)) for cell in (said, *row.cells))])
    except OSError:
        return None
    return path.name


def write_refusal(file: Path, sentence: str) -> None:
    """Why nothing of a file can be used, beside it, in the shape of every other file of problems."""
    path = file.with_name(file.name + PROBLEMS)
    with suppress(OSError), path.open("w", encoding="utf-8-sig", newline="") as opened_:
        path.chmod(0o600)
        csv.writer(opened_).writerows([("line", "complaint"), ("", harmless(sentence))])
