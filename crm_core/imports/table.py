"""Bytes → the header and the rows of a table: encodings, delimiters, quotes."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.fields import folded

DELIMITERS = (",", ";", "\t")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # .xlsx and .xls begin so


@dataclass(frozen=True)
class Record:
    """`line` is the line of the file at which the record begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    text: str
    delimiter: str

    def records(self) -> Iterator[Record]:
        """Every record below the header that is not blank; FileRefused where the file breaks off."""
        records = _records(self.text, self.delimiter)
        next(records)
        return records


def read_table(data: bytes, wanted: frozenset[str]) -> Table:
    """The table in a file; `wanted` are the headers to look for (folded), to tell its delimiter."""
    text = decode(data)
    found = {mark: _header(text, mark) for mark in DELIMITERS}
    best = max(
        DELIMITERS,
        key=lambda mark: (len(wanted & set(map(folded, found[mark]))), len(found[mark])),
    )
    return Table(found[best], text, best)


def _records(text: str, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                yield Record(line, cells)
    except csv.Error:
        raise FileRefused(RefusedFor.BROKEN, line=reader.line_num) from None


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    first = next(_records(text, delimiter), None)
    if first is None:
        raise FileRefused(RefusedFor.EMPTY)
    return tuple(" ".join(cell.split()) for cell in first.cells)


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with one, else CP949; FileRefused for anything else."""
    if data.startswith((_ZIP, _OLE)):
        raise FileRefused(RefusedFor.NOT_CSV)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp949")
    where = 1
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            where = data.count(b"\n", 0, error.start) + 1
    raise FileRefused(RefusedFor.NOT_TEXT, line=where)
