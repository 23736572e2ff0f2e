"""A frame as a file that every spreadsheet opens: CSV with a BOM, XLSX; no cell is taken for a formula."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from crm_core.reports.frames import Frame
from crm_core.spreadsheet import harmless

_WIDEST, _NARROWEST = 40, 8
_TITLE = 31  # Excel's longest name of a sheet
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}  # what XML cannot hold


@dataclass(frozen=True)
class Sheet:
    """A labelled table. Excel's number formats: `formats` by column, `row_formats` for the other
    numbers of a row."""

    title: str
    frame: Frame
    formats: Mapping[str, str] = field(default_factory=dict)
    row_formats: Sequence[str] = ()


def labelled(
    frame: Frame,
    headers: Mapping[str, str],
    names: Mapping[str, Callable[[Any], object]],
) -> Frame:
    """The frame in a reader's words: each column's header, and its codes through `names`."""
    said = frame.copy()
    for column, name in names.items():
        if column in said:
            words: list[Any] = [None if pd.isna(cell) else name(cell) for cell in said[column]]
            said[column] = pd.Series(words, index=said.index, dtype=object)
    return said.rename(columns=dict(headers))


def as_csv(frame: Frame) -> bytes:
    """UTF-8 with a BOM, so that Excel reads Korean; a cell that begins like a formula begins with '."""
    columns = [[_as_text(cell) for cell in frame.iloc[:, place]] for place in range(frame.shape[1])]
    safe = pd.DataFrame(dict(enumerate(columns)), dtype=object)  # as they are: 265 stays 265
    safe.columns = [harmless(str(name)) for name in frame.columns]
    text: str = safe.to_csv(index=False, lineterminator="\r\n", date_format="%Y-%m-%d %H:%M")
    return text.encode("utf-8-sig")


def _as_text(cell: Any) -> Any:
    """A text that no spreadsheet takes for a formula; anything else as it is."""
    return harmless(cell) if isinstance(cell, str) else cell


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook: bold frozen headers, columns as wide as they need, every text a text."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    titles: set[str] = set()
    for sheet in sheets:
        _write(book.create_sheet(_title(sheet.title, titles)), sheet)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _title(wanted: str, taken: set[str]) -> str:
    """A name that Excel accepts, once in the book."""
    base = wanted.translate(_FORBIDDEN).strip(" '")[:_TITLE] or "1"
    title, number = base, 1
    while title.casefold() in taken:
        number += 1
        title = f"{base[: _TITLE - len(str(number)) - 1]} {number}"
    taken.add(title.casefold())
    return title


def _write(page: Worksheet, sheet: Sheet) -> None:
    columns = [str(name) for name in sheet.frame.columns]
    for place, name in enumerate(columns, start=1):
        cell = page.cell(row=1, column=place)
        _text(cell, name)
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top", wrap_text=True)
    widths = [_wide(name) for name in columns]
    for line, row in enumerate(sheet.frame.itertuples(index=False), start=2):
        for place, value in enumerate(row):
            if value is None or pd.isna(value):
                continue
            cell = page.cell(row=line, column=place + 1)
            if isinstance(value, str):
                _text(cell, value)
            else:
                cell.value = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
            pattern = _pattern(sheet, columns[place], line - 2, value)
            if pattern:
                cell.number_format = pattern
            widths[place] = max(widths[place], _wide(value))
    for place, wide in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(place)].width = min(_WIDEST, max(_NARROWEST, wide + 2))
    page.freeze_panes = "A2"


def _pattern(sheet: Sheet, column: str, row: int, value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return "yyyy-mm-dd hh:mm"
    if column in sheet.formats or isinstance(value, str) or not sheet.row_formats:
        return sheet.formats.get(column, "")
    return sheet.row_formats[row]


def _text(cell: Any, value: str) -> None:
    assert isinstance(cell, Cell)
    cell.value = value.translate(_CONTROLS)
    cell.data_type = "s"  # what begins with = is a text too


def _wide(value: object) -> int:
    """Columns a value takes; a Korean letter takes two."""
    if isinstance(value, float):
        return 10
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
