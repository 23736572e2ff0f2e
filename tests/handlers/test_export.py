"""What leaves the chat as a file: whole, readable, harmless, on record, and only for who may take it."""

import csv
from datetime import time
from io import BytesIO, StringIO
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from crm_core.errors import NotAllowed, NotUnderstood
from crm_core.reports.files import Sheet, as_csv, as_xlsx
from crm_core.spreadsheet import FORMULA
from crm_core.tables.calls import Outcome, ResponseGroup
from crm_core.tables.people import Role
from handlers.language.reply import File, Reply, Where
from tests.crm_core.hand_made import Clinic
from tests.handlers.asking import Asker


@pytest.fixture
def director(clinic: Clinic) -> Asker:
    return Asker(clinic, clinic.director())


def files_of(reply: Reply) -> dict[str, bytes]:
    found = [block for block in reply.blocks if isinstance(block, File)]
    return {file.name.rpartition(".")[2]: file.content for file in found}


def csv_rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def cells(content: bytes) -> list[tuple[Any, ...]]:
    book = load_workbook(BytesIO(content))
    return [tuple(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_calls_come_as_csv_and_as_a_workbook_that_say_the_same(clinic: Clinic, director: Asker) -> None:
    kim = clinic.patient(name="김지영", chart_no="0432")
    clinic.called(kim, 3, Outcome.CONNECTED, ResponseGroup.NEGATIVE_AFFIRMATION, family="botox")
    found = files_of(director.types("/export calls this month"))
    (row,) = csv_rows(found["csv"])
    assert row["Chart number"] == "0432"
    assert row["Name"] == "김지영"
    assert row["Phone"].startswith("010-")
    assert row["Outcome"] == "Connected"
    assert row["Response group"] == "Passive affirmation"
    assert row["Called at"] == f"{clinic.ago(3):%Y-%m-%d} 10:00"
    header, *lines = cells(found["xlsx"])
    said = dict(zip(header, lines[0], strict=True))
    assert said["Chart number"] == "0432"
    assert said["Called at"] == clinic.at(clinic.ago(3), time(10)).replace(tzinfo=None)


def test_an_export_speaks_the_language_of_its_reader(clinic: Clinic, director: Asker) -> None:
    clinic.called(clinic.patient(), 3, Outcome.NO_ANSWER)
    (row,) = csv_rows(files_of(director.in_korean().types("/내보내기 통화 이번 달"))["csv"])
    assert row["통화 결과"] == "부재"


def test_whoever_should_be_back_stands_in_the_order_of_the_list(clinic: Clinic, director: Asker) -> None:
    poor, rich = clinic.patient(chart_no="1"), clinic.patient(chart_no="2")
    for patient in (poor, rich):
        clinic.treated(patient, 200)
        clinic.visited(patient, 200)
    clinic.paid(poor, 200, 100_000)
    clinic.paid(rich, 200, 900_000)
    rows = csv_rows(files_of(director.types("/export churners"))["csv"])
    assert [row["Chart number"] for row in rows] == ["2", "1"]
    assert rows[0]["Days over"] == "50"


def test_every_export_is_on_record_with_how_many_rows_it_took(clinic: Clinic, director: Asker) -> None:
    clinic.called(clinic.patient(), 1)
    director.types("/export calls")
    assert ("export", "calls", None, 1) in director.audited()


def test_a_file_never_stays_in_a_channel(director: Asker) -> None:
    assert director.in_channel().types("/export calls").where is Where.PRIVATE


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.LEAD, Role.DESK, Role.DOCTOR, Role.ADMINISTRATOR])
def test_only_directors_take_files_out(clinic: Clinic, role: Role) -> None:
    with pytest.raises(NotAllowed):
        Asker(clinic, clinic.staff("다른 직원", role)).types("/export calls")


def test_a_group_role_gets_numbers_and_no_names(clinic: Clinic) -> None:
    group = Asker(clinic, clinic.staff("그룹 총괄", Role.GROUP))
    assert "csv" in files_of(group.types("/export kpi"))
    assert "csv" in files_of(group.types("/export funnel"))
    for what in ("calls", "churners", "reservations", "inquiries", "journeys"):
        with pytest.raises(NotAllowed):
            group.types(f"/export {what}")


def test_an_unknown_word_gets_the_nearest_ones(director: Asker) -> None:
    with pytest.raises(NotUnderstood) as refused:
        director.types("/export call")
    assert "calls" in refused.value.nearest


def test_the_funnel_of_a_cut_is_in_the_file_with_what_is_not_recorded(director: Asker) -> None:
    rows = csv_rows(files_of(director.types("/export funnel by source"))["csv"])
    assert {row["Stage"] for row in rows} >= {"Inquiry", "Treated"}


def test_the_months_table_has_every_number_by_branch_week_and_weekday(director: Asker) -> None:
    header, *lines = cells(files_of(director.types("/export kpi last month"))["xlsx"])
    assert {"Number", "Whole", "Gangnam", "Monday", "Sunday"} <= set(header)
    assert "No-show rate" in {line[0] for line in lines}


def test_a_name_that_is_a_formula_stays_a_name(clinic: Clinic, director: Asker) -> None:
    clinic.called(clinic.patient(name='=HYPERLINK("//x","y")'), 1)
    found = files_of(director.types("/export calls"))
    (row,) = csv_rows(found["csv"])
    assert row["Name"].startswith("'=")
    book = load_workbook(BytesIO(found["xlsx"]))
    kinds = {cell.data_type for line in book.worksheets[0].iter_rows() for cell in line}
    assert "f" not in kinds


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_no_text_becomes_a_formula_and_none_is_lost(texts: list[str]) -> None:
    plain = [text for text in texts if text == "".join(c for c in text if c.isprintable())]
    frame = pd.DataFrame({"a": plain}, dtype=object)
    read = list(csv.reader(StringIO(as_csv(frame).decode("utf-8-sig"), newline="")))[1:]
    assert not any(cell.startswith(FORMULA) for row in read for cell in row)
    book = load_workbook(BytesIO(as_xlsx([Sheet("t", frame)])))
    written = [cell for (cell,) in book.worksheets[0].iter_rows(min_row=2)]
    assert all(cell.data_type != "f" for cell in written)
    assert [cell.value or "" for cell in written] == plain or not plain
