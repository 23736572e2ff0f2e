"""A workbook → its sheets as rows of text: what a cell is decides how it is written."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from crm_core.imports.complaint import FileRefused, RefusedFor
from crm_core.imports.table import Record

SMALL = 256 << 20  # bytes that a workbook may always unpack to
MOST_TIMES = 100  # a table of texts packs ten to thirty times: what packs better was made to fill the memory
_LOCKED = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"  # the part of a workbook with a password


def sheets_of(file: BinaryIO) -> Iterator[Callable[[], Iterator[Record]]]:
    """Readers of the sheets of an .xlsx or .xls, hidden ones last; FileRefused when it cannot be opened."""
    file.seek(0)
    data = file.read()
    if _unpacked(data) > max(SMALL, MOST_TIMES * len(data)):
        raise FileRefused(RefusedFor.UNREADABLE)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
    except PasswordError:
        raise FileRefused(RefusedFor.LOCKED) from None
    except CalamineError:
        raise FileRefused(RefusedFor.LOCKED if _LOCKED in data else RefusedFor.DAMAGED) from None
    sheets = [one for one in book.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
    for one in sorted(sheets, key=lambda sheet: "Visible" not in str(sheet.visible)):
        try:
            sheet = book.get_sheet_by_name(one.name)
        except CalamineError:
            raise FileRefused(RefusedFor.DAMAGED) from None
        yield _rows(sheet)


def _unpacked(data: bytes) -> int:
    """The bytes that a workbook says to unpack to; 0 of an .xls, which is not packed."""
    try:
        with ZipFile(BytesIO(data)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except BadZipFile:
        return 0


def _rows(sheet: CalamineSheet) -> Callable[[], Iterator[Record]]:
    def read() -> Iterator[Record]:
        for line, row in enumerate(sheet.iter_rows(), 1):
            cells = [cell if type(cell) is str else cell_text(cell) for cell in row]
            if any(map(str.strip, cells)):
                yield Record(line, cells)

    return read


def cell_text(cell: Any) -> str:
    """12345.0 is 12345, a date is a date, a moment is a moment; midnight alone is the date."""
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else _moment(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if cell is None else str(cell)


def _moment(moment: datetime) -> str:
    """To the second: a spreadsheet keeps moments as fractions of a day."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0).isoformat(" ")


def _number(number: float) -> str:
    """With the fifteen digits that a spreadsheet shows, never with an exponent."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    plain = format(Decimal(f"{number:.15g}"), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
