"""Any split of rows into files, in any order, repeated, gives the same rows of ours."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bot.transaction import reading
from crm_core.tables import (
    Call,
    Consult,
    Contact,
    ContactLink,
    Inquiry,
    Journey,
    Patient,
    Refusal,
    Reservation,
    Visit,
)
from tests.crm_core.imports.files import imported
from tests.databases import open_test_engine

ROWS: tuple[tuple[str, str, str], ...] = (
    ("patients", "chart_no,name,phone,birth_date", "1,김하나,01011112222,1990-01-01"),
    ("patients", "chart_no,name,phone,birth_date", "2,김두리,01011112222,2019-01-01"),
    ("patients", "chart_no,name,phone,birth_date", "3,박둘,01033334444,"),
    ("inquiries", "received_at,name,phone,treatment", "2026-10-01 10:00,박둘,01033334444,보톡스"),
    ("inquiries", "received_at,name,phone,treatment", "2026-10-01 11:00,최셋,01033334444,필러"),
    ("inquiries", "received_at,chart_no,treatment", "2026-10-01 12:00,1,필러"),
    ("reservations", "reservation_no,chart_no,starts_at,status", "9,1,2026-10-05 10:00,arrived"),
    ("reservations", "reservation_no,chart_no,starts_at,status", "10,3,2026-10-06,no_show"),
    ("visits", "chart_no,arrived_at", "1,2026-10-05 10:02"),
    ("visits", "chart_no,arrived_at", "4,2026-10-05"),
    ("consults", "chart_no,held_at,decision,treatment", "1,2026-10-05 10:10,yes,보톡스"),
    ("calls", "chart_no,called_at,outcome,group", "3,2026-10-07 11:00,connected,positive_denial"),
    ("calls", "chart_no,called_at,outcome,group", "2,2026-10-07 11:00,no_answer,"),
)
TABLES = (Patient, Contact, ContactLink, Inquiry, Reservation, Visit, Consult, Call, Refusal, Journey)
LEFT_OUT = ("id", "created_at", "address", "name", "birth_date", "note")


def facts(engine: Engine) -> dict[str, list[Any]]:
    """Every row, with charts, names of phones and numbers instead of our own ids."""
    with reading(engine) as db:
        people = {p.id: p.chart_no for p in db.scalars(select(Patient))}
        phones = {c.id: c.address for c in db.scalars(select(Contact))}
        calls = {c.id: c.number for c in db.scalars(select(Call))}
        names = {"patient_id": people, "contact_id": phones, "call_id": calls}
        found: dict[str, list[Any]] = {}
        for table in TABLES:
            found[table.__name__] = sorted(
                str(
                    sorted(
                        (name, str(names[name].get(value) if name in names else value))
                        for name, value in row.model_dump().items()
                        if name not in LEFT_OUT and not (name == "prospect_id" and value)
                    )
                )
                for row in db.scalars(select(table))
            )
    return found


def _fresh(template: Path, folder: Path) -> Engine:
    file = folder / "split.db"
    for old in folder.glob("split.db*"):
        old.unlink()
    shutil.copyfile(template, file)
    return open_test_engine(f"sqlite:///{file}")


def _load(engine: Engine, rows: list[tuple[str, str, str]], now: datetime) -> dict[str, list[Any]]:
    try:
        for kind, header, row in rows:
            imported(engine, kind, f"{header}\n{row}\n", now)
        return facts(engine)
    finally:
        engine.dispose()


def test_rows_split_into_files_in_any_order_and_repeated_give_the_same_facts(
    sqlite_template: Path, tmp_path: Path, now: datetime
) -> None:
    by_kind: dict[tuple[str, str], list[str]] = {}
    for kind, header, row in ROWS:
        by_kind.setdefault((kind, header), []).append(row)
    whole = [(kind, header, "\n".join(rows)) for (kind, header), rows in by_kind.items()]
    expected = _load(_fresh(sqlite_template, tmp_path), whole, now)
    assert len(expected["Reservation"]) == 2
    assert len(expected["Refusal"]) == 1

    @settings(max_examples=15)
    @given(order=st.permutations(ROWS), again=st.lists(st.sampled_from(ROWS), max_size=3))
    def in_any_order(order: list[tuple[str, str, str]], again: list[tuple[str, str, str]]) -> None:
        found = _load(_fresh(sqlite_template, tmp_path), [*order, *again], now)
        assert found == expected

    in_any_order()
