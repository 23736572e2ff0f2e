"""Rows merged in bulk say what a slow merge, row by row, says; on both databases."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from bot.transaction import step
from crm_core.bulk import merge
from crm_core.sql import among
from crm_core.tables import Book, Patient
from crm_core.tables.people import PatientStatus

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROW = st.fixed_dictionaries(
    {
        "sex": st.none() | st.sampled_from(["female", "male"]),
        "source": st.none() | st.sampled_from(["naver", "kakao"]),
        "status": st.none() | st.sampled_from(PatientStatus),
        "vip": st.booleans(),
    }
)
FILES = st.lists(st.dictionaries(st.sampled_from("123"), ROW, min_size=1), min_size=1, max_size=4)
ALWAYS = {"book": "gangnam", "branch": "gangnam", "created_at": NOW}


def _slowly(known: dict[str, dict[str, Any]], file: dict[str, dict[str, Any]]) -> set[str]:
    changed = set()
    for number, row in file.items():
        before = known.get(number)
        if before is None:
            after = row | {"status": row["status"] or PatientStatus.ACTIVE}
        else:
            after = {c: before[c] if row[c] is None or c == "vip" else row[c] for c in row}
        if after != before:
            changed.add(number)
        known[number] = after
    return changed


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_a_merge_is_the_slow_merge(engine: Engine, files: list[dict[str, dict[str, Any]]]) -> None:
    known: dict[str, dict[str, Any]] = {}
    with step(engine) as db:
        db.execute(delete(Patient))
        db.merge(Book(slug="gangnam"))
    for file in files:
        rows = [{**ALWAYS, "chart_no": number, **row} for number, row in file.items()]
        with step(engine) as db:
            merged = merge(
                db,
                Patient,
                {name: [row[name] for row in rows] for name in rows[0]},
                key=("book", "chart_no"),
                defaults={"status": PatientStatus.ACTIVE},
                first_only=("branch", "created_at", "vip"),
                about="source",
            )
        before = {number: row["source"] for number, row in known.items()}
        changed = _slowly(known, file)
        numbers = list(file)
        assert {numbers[place] for place in merged.changed} == changed
        assert all(before[numbers[place]] == old for place, old in merged.was.items())
    with step(engine) as db:
        stored = {
            p.chart_no: {"sex": p.sex, "source": p.source, "status": p.status, "vip": p.vip}
            for p in db.scalars(select(Patient).where(among(db, Patient.chart_no, list(known))))
        }
    assert stored == known
