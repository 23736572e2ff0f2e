"""Bytes: encodings, delimiters, headers."""

import codecs
from io import BytesIO
from pathlib import Path

import pytest

from crm_core.imports.complaint import FileRefused, Problem, RefusedFor
from crm_core.imports.stage import stage
from crm_core.imports.table import read_table
from handlers.complaints import KOREAN
from tests.clinic import policy
from tests.crm_core.imports.files import cells, staged

REAL = Path(__file__).parents[4] / "shared" / "data" / "korean"

ROW = "chart_no,name\n7,똠방각하\n"


@pytest.mark.parametrize(
    "data",
    [
        ROW.encode(),
        codecs.BOM_UTF8 + ROW.encode(),
        ROW.encode("cp949"),
        ROW.encode("utf-16"),
        ROW.replace("\n", "\r\n").encode(),
        ROW.replace("\n", "\r").encode(),
        ROW.replace(",", ";").encode(),
        ROW.replace(",", "\t").encode(),
        ROW.replace(",", "|").encode(),
        ROW.encode("utf-16-le"),
        ROW.encode("utf-16-be"),
        ("환자 명단;2026\n\n출력: 원무과\n" + ROW).encode("cp949"),
        (ROW + "\0\0\x1a").encode(),
        ("\n\n" + ROW).encode(),
        b'"Chart No","NAME"\n7,' + "똠방각하".encode(),
    ],
)
def test_a_file_is_read_however_it_was_saved(data: bytes) -> None:
    assert cells(staged("patients", data)) == {"chart_no": "7", "name": "똠방각하"}


def test_syllables_that_only_cp949_has_are_read() -> None:
    assert "똠".encode("cp949") == b"\x8c\x63"
    read = staged("patients", "chart_no,name\n1,똠\n2,펲\n3,햏\n".encode("cp949"))
    assert [cells(read, n)["name"] for n in range(3)] == ["똠", "펲", "햏"]


def test_a_name_in_parts_of_letters_is_put_together() -> None:
    assert cells(staged("patients", "chart_no,name\n1,\u1112\u1169\u11bc\n"))["name"] == "홍"


def test_an_unknown_column_is_named_once_and_not_used() -> None:
    read = staged("patients", "chart_no,shoe size,name,shoe size\n7,250,A,260\n")
    assert read.ignored == ("shoe size",)
    assert cells(read) == {"chart_no": "7", "name": "A"}


def test_a_missing_column_refuses_the_file_and_names_those_found() -> None:
    with pytest.raises(FileRefused) as caught:
        staged("reservations", "chart_no,when\n1,2026-12-01\n")
    assert caught.value == FileRefused(RefusedFor.MISSING_COLUMN, "starts_at", ("chart_no", "when"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", RefusedFor.EMPTY),
        (b" \n \n", RefusedFor.EMPTY),
        (b"chart_no\n\xff\xff\xff", RefusedFor.NOT_TEXT),
        (b"PK\x03\x04rest", RefusedFor.DAMAGED),
        (b"\xd0\xcf\x11\xe0rest", RefusedFor.DAMAGED),
        (b"chart_no,chart no\n1,2", RefusedFor.TWICE),
        (b'chart_no\n"' + b"x" * 200_000, RefusedFor.BROKEN),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused(data: bytes, why: RefusedFor) -> None:
    with pytest.raises(FileRefused) as caught:
        staged("patients", data)
    assert caught.value.why is why


def test_a_line_number_is_that_of_the_file() -> None:
    text = 'chart_no,birth_date,residence\n1,,"a\nb"\n\n2,1990-13-01,c\n'
    assert [row.line for row in staged("patients", text).refused] == [5]


def test_a_header_stands_where_the_required_columns_are_not_where_a_title_has_one_of_our_words() -> None:
    text = "name,예약 목록\nchart_no,starts_at\n1,2026-12-01\n"
    read = staged("reservations", text)
    assert (read.header, [row.line for row in read.rows]) == (("chart_no", "starts_at"), [3])


def test_a_file_that_is_open_is_read_like_its_bytes() -> None:
    data = ROW.encode("cp949")
    read = stage(BytesIO(data), "patients", policy(), KOREAN, branch="gangnam")
    same = staged("patients", data)
    assert (read.fingerprint, list(read.rows)) == (same.fingerprint, list(same.rows))


def test_a_character_that_no_database_keeps_is_a_complaint_of_its_row_alone() -> None:
    read = staged("patients", "chart_no,name\n1,A\0B\n2,C\n")
    assert [(row.line, row.complaints[0].problem) for row in read.refused] == [(2, Problem.CONTROL)]
    assert cells(read)["chart_no"] == "2"


def test_a_few_bad_rows_among_many_are_refused_alone() -> None:
    rows = [f"{n},2026-{'13' if n % 97 == 0 else '12'}-01\n" for n in range(1, 1501)]
    read = staged("reservations", "chart_no,starts_at\n" + "".join(rows))
    assert [row.line for row in read.refused] == [n + 1 for n in range(1, 1501) if n % 97 == 0]
    assert len(read.rows) == 1500 - len(read.refused)


@pytest.mark.parametrize("file", sorted(REAL.glob("*cp949.csv")) or [None])
def test_real_files_in_cp949_are_read_whole(file: Path | None) -> None:
    if file is None:
        pytest.skip("the public Korean files are not beside this checkout")
    table = read_table(file.read_bytes(), frozenset())
    assert "�" not in "".join(table.header)
    assert sum(1 for _ in table.records()) > 1
    assert any("가" <= letter <= "힣" for letter in "".join(table.header))
