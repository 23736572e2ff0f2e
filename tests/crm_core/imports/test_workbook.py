"""Workbooks are read like every other file; what a cell is decides how it is read."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from crm_core.imports import workbook
from crm_core.imports.complaint import FileRefused, Problem, RefusedFor
from crm_core.imports.workbook import cell_text
from tests.clinic import policy
from tests.crm_core.imports.files import cells, staged

SEOUL = policy().branch("gangnam").tz


def naive(*parts: int) -> datetime:
    """A moment as a spreadsheet has it: without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def book(*sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for rows in sheets:
        sheet = made.create_sheet()
        for row in rows:
            sheet.append(row)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def test_a_workbook_says_the_same_as_a_csv_file() -> None:
    header = ["chart_no", "name", "phone", "birth_date", "first_visit_on"]
    xlsx = book([header, [12345, "김하나", 1012345678, naive(1990, 1, 5), date(2026, 1, 2)]])
    text = ",".join(header) + "\n12345,김하나,010-1234-5678,1990-01-05,2026-01-02\n"
    read, same = staged("patients", xlsx), staged("patients", text)
    assert cells(read) == cells(same)
    assert [row.line for row in read.rows] == [2]


def test_a_date_cell_is_the_moment_and_midnight_the_date_alone() -> None:
    rows: list[list[Any]] = [
        ["chart_no", "starts_at", "deposit"],
        [1, naive(2026, 12, 1, 14, 30), 50000],
        [2, naive(2026, 12, 1), "5만원"],
    ]
    first, second = (cells(staged("reservations", book(rows)), n) for n in (0, 1))
    assert first["starts_at"] == (
        datetime(2026, 12, 1, 14, 30, tzinfo=SEOUL),
        date(2026, 12, 1),
        True,
    )
    assert second["starts_at"].timed is False  # type: ignore[attr-defined]
    assert first["deposit"] == second["deposit"] == 50_000


def test_a_date_that_lost_its_format_is_read_from_its_number_only_in_a_workbook() -> None:
    rows: list[list[Any]] = [["chart_no", "starts_at"], [1, 46357], [2, 46357.75], [3, 2026]]
    read = staged("reservations", book(rows))
    assert cells(read)["starts_at"] == (datetime(2026, 12, 1, tzinfo=SEOUL), date(2026, 12, 1), False)
    assert cells(read, 1)["starts_at"].at == datetime(2026, 12, 1, 18, tzinfo=SEOUL)  # type: ignore[attr-defined]
    assert [(row.line, row.complaints[0].problem) for row in read.refused] == [(4, Problem.NO_DATE)]
    assert staged("reservations", "chart_no,starts_at\n1,46357\n").refused


def test_the_header_is_found_below_titles_and_complaints_name_the_row_of_the_sheet() -> None:
    rows: list[list[Any]] = [
        ["예약 현황"],
        [],
        ["2026-11-25 출력"],
        ["chart_no", "starts_at"],
        [1, "2026-13-01"],
        [2, "2026-12-01"],
    ]
    read = staged("reservations", book(rows))
    assert [row.line for row in read.refused] == [5]
    assert [row.line for row in read.rows] == [6]


def test_the_first_sheet_that_has_the_header_is_read() -> None:
    read = staged("visits", book([["notes"], ["x"]], [["chart_no", "arrived_at"], ["7", "2026-11-01"]]))
    assert cells(read)["chart_no"] == "7"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12345.0, "12345"),
        (0.15, "0.15"),
        (1249999.9999999998, "1250000"),
        (95985133231274.0, "95985133231274"),
        (1.5e16, "15000000000000000"),
        (naive(2026, 12, 1, 13, 59, 59, 999_999), "2026-12-01 14:00:00"),
        (True, "True"),
        (None, ""),
    ],
)
def test_a_cell_is_written_as_a_person_reads_it(cell: object, text: str) -> None:
    assert cell_text(cell) == text


def test_a_workbook_with_a_password_or_a_hole_is_refused_in_one_sentence() -> None:
    whole = book([["chart_no", "name"], ["1", "A"]])
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    for data, why in ((whole[:-200], RefusedFor.DAMAGED), (locked, RefusedFor.LOCKED)):
        with pytest.raises(FileRefused) as caught:
            staged("patients", data)
        assert caught.value.why is why


def test_a_workbook_that_was_made_to_fill_the_memory_is_refused_unopened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "SMALL", 1 << 20)
    bomb = io.BytesIO(book([["chart_no", "name"], [1, "김하나"]]))
    assert len(staged("patients", bomb.getvalue()).rows) == 1
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/more.xml", bytes(2 << 20))
    with pytest.raises(FileRefused) as told:
        staged("patients", bomb.getvalue())
    assert told.value.why is RefusedFor.UNREADABLE
