"""A file → the header and the rows of a table: encodings, delimiters, quotes, lines above the header."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple

from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fields import folded

DELIMITERS = (",", ";", "\t", "|")
TITLE_ROWS = 30  # how far down a header is looked for
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # .xlsx and .xls begin so
_PIECE = 1 << 20
_NOTHING = " \t\r\n\0\x1a\ufeff"  # some programs fill the end of a file with these

Source = bytes | BinaryIO
"""The bytes of a file, or the file opened for reading bytes from anywhere in it."""


class Record(NamedTuple):
    """`line` is the line of the file, or the row of the sheet, at which the record begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """`typed`: the cells are those of a workbook, where a date may be a number of days."""

    header: tuple[str, ...]
    above: int
    read: Callable[[], Iterator[Record]]
    typed: bool = False

    def records(self) -> Iterator[Record]:
        """Every record below the header that is not blank; FileRefused where the file breaks off."""
        return islice(self.read(), self.above + 1, None)


def read_table(source: Source, wanted: frozenset[str], required: frozenset[str] | None = None) -> Table:
    """The table in a file: CSV, or the first sheet of a workbook that has the header.

    `wanted` are the headers to look for, `required` those that must stand in one row (folded): they
    tell the delimiter, and the header from the lines of a title above it.
    """
    file = _opened(source)
    first = file.read(len(_OLE))
    if first in (_ZIP, _OLE):
        from crm_core.imports.workbook import sheets_of

        return _best([_Choice(rows, typed=True) for rows in sheets_of(file)], wanted, required)
    encoding = encoding_of(file)
    return _best([_Choice(_delimited(file, encoding, mark)) for mark in DELIMITERS], wanted, required)


def size_of(source: Source) -> int:
    """How many bytes a file has."""
    return len(source) if isinstance(source, bytes) else source.seek(0, io.SEEK_END)


def pieces_of(source: Source) -> Iterator[bytes]:
    """The bytes of a file from its beginning, a megabyte at a time."""
    file = _opened(source)
    while piece := file.read(_PIECE):
        yield piece


def _opened(source: Source) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    source.seek(0)
    return source


@dataclass(frozen=True)
class _Choice:
    """One way to read a file: with one delimiter, or one of its sheets."""

    read: Callable[[], Iterator[Record]]
    typed: bool = False


def _best(choices: Iterable[_Choice], wanted: frozenset[str], required: frozenset[str] | None) -> Table:
    """The choice and the row that hold the most of the header; the first among equals."""
    best: tuple[tuple[bool, int, int], Table] | None = None
    broken: FileRefused | None = None
    for choice in choices:
        try:
            for above, (_, cells) in enumerate(islice(choice.read(), TITLE_ROWS)):
                words = [folded(cell) for cell in cells]
                has = frozenset(words)
                whole = bool(required) and required is not None and required <= has
                fits = (whole, len(wanted & has), len(words) if above == 0 else 0)
                if best is None or fits > best[0]:
                    header = tuple(" ".join(cell.split()) for cell in cells)
                    best = fits, Table(header, above, choice.read, choice.typed)
                if whole:
                    break
        except FileRefused as refused:
            broken = refused
    if best is None:
        raise broken or FileRefused(RefusedFor.EMPTY)
    return best[1]


def _delimited(file: BinaryIO, encoding: str, delimiter: str) -> Callable[[], Iterator[Record]]:
    def read() -> Iterator[Record]:
        file.seek(0)
        text = io.TextIOWrapper(file, encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter)
        before = 0
        try:
            for cells in reader:
                line, before = before + 1, reader.line_num
                if cells and (cells[0].strip(_NOTHING) or any(cell.strip(_NOTHING) for cell in cells)):
                    yield Record(line, cells)
        except csv.Error:
            raise FileRefused(RefusedFor.BROKEN, line=reader.line_num) from None
        finally:
            text.detach()  # the file itself stays open

    return read


def encoding_of(file: BinaryIO) -> str:
    """UTF-8 with or without BOM, UTF-16, else CP949 (which has 똠 too); FileRefused for anything else."""
    file.seek(0)
    first = file.read(4096)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    elif without_bom := _utf16_without_bom(first):
        encodings = (without_bom,)
    else:
        encodings = ("utf-8-sig", "cp949")
    where = 1
    for encoding in encodings:
        wrong = _wrong_line(file, encoding)
        if wrong is None:
            return encoding
        where = wrong
    raise FileRefused(RefusedFor.NOT_TEXT, line=where)


def _utf16_without_bom(first: bytes) -> str | None:
    """Every second byte of the header is zero: its letters are mostly ASCII."""
    even, odd = first[0::2], first[1::2]
    if odd and odd.count(0) * 2 > len(odd) and not even.count(0):
        return "utf-16-le"
    if even and even.count(0) * 2 > len(even) and not odd.count(0):
        return "utf-16-be"
    return None


def _wrong_line(file: BinaryIO, encoding: str) -> int | None:
    """The line of the first bytes that are no text of this encoding; None when all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    lines = 1
    while True:
        piece = file.read(_PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return lines + error.object.count(b"\n", 0, error.start)
        if not piece:
            return None
        lines += piece.count(b"\n")
