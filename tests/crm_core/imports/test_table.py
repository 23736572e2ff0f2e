"""Bytes: encodings, delimiters, headers."""

import codecs

import pytest

from crm_core.imports.complaint import FileRefused, RefusedFor
from tests.crm_core.imports.files import cells, staged

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
