"""The migrations make exactly the tables that the code knows, and lose no row, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import crm_core.tables  # noqa: F401
from crm_core.migrations import upgrade
from tests.databases import VAULT, Postgres, open_test_engine

FIRST = "0001"
SEALED_SINCE = ("refusal", "lift_reason")
DROPPED = {("patient", "paid_24m")}  # never read, and computed where it is needed
Rows = dict[str, dict[str, Any]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def first(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of the first schema, with a row in every table."""
    with _empty_database(request, tmp_path) as url:
        engine = open_test_engine(url)
        upgrade(engine, FIRST)
        tables = _tables(engine)
        with engine.begin() as connection:
            for table in tables:
                connection.execute(table.insert().values(_row(table)))
        yield engine
        engine.dispose()


def test_a_migrated_database_has_the_tables_of_the_code(engine: Engine) -> None:
    assert _differences(engine) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    upgrade(engine)


def test_every_row_of_the_first_schema_is_still_there_in_the_newest(first: Engine) -> None:
    before = _rows(first)
    upgrade(first)
    after = _rows(first)
    table, column = SEALED_SINCE
    sealed = bytes(after[table][column])
    assert before[table][column] == VAULT.open(sealed) == "x"
    after[table][column] = before[table][column]
    for table, column in DROPPED:
        del before[table][column]
    assert {name: {key: after[name][key] for key in row} for name, row in before.items()} == before
    assert _differences(first) == []


@contextmanager
def _empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of a database of the test's own without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'first.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    server.create("dasi_first")
    try:
        yield server.url("dasi_first")
    finally:
        server.drop("dasi_first")


def _differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found: list[Any] = compare_metadata(context, SQLModel.metadata)
        return found


def _tables(engine: Engine) -> list[sa.Table]:
    """The tables as they stand, whatever the code says now; each after those it points to."""
    stored = sa.MetaData()
    stored.reflect(engine)
    return [table for table in stored.sorted_tables if table.name != "alembic_version"]


def _row(table: sa.Table) -> dict[str, Any]:
    return {column.name: _value(column) for column in table.c}


def _value(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.Boolean():
            return True
        case sa.Integer():
            return 1
        case sa.LargeBinary():
            return b"x"
        case sa.DateTime():
            return datetime(2026, 11, 25, 9, tzinfo=UTC)
        case sa.Date():
            return date(2026, 11, 25)
        case sa.Float() | sa.Numeric():
            return 1.0
        case _:
            return "x"


def _rows(engine: Engine) -> Rows:
    """The one row of every table that has one."""
    tables = _tables(engine)
    with engine.connect() as connection:
        found = {table.name: connection.execute(table.select()).mappings().all() for table in tables}
    return {name: dict(rows[0]) for name, rows in found.items() if rows}
