"""Many rows written at once: the new ones inserted, the changed ones replaced, all others left alone."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Date, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlmodel import Session, SQLModel

from crm_core.sql import among, columns_of, insert_of, upsert
from crm_core.tables.columns import Moment

Values = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]


@dataclass
class Merged:
    """`changed`: the places of the rows that are new or changed; `was`: what stood in the column asked
    for before, by the place of a changed row that was known."""

    changed: list[int] = field(default_factory=list)
    was: dict[int, Any] = field(default_factory=dict)


def merge(
    db: Session,
    table: type[SQLModel],
    columns: Columns,
    *,
    key: tuple[str, str],
    defaults: Mapping[str, Any],
    first_only: Collection[str] = (),
    about: str | None = None,
) -> Merged:
    """Inserts rows given column by column, or replaces those whose key is known.

    None keeps what is there. A column of `defaults` is filled when a new row has None in it; one of
    `first_only` is never replaced. A row that would change nothing is not written. No two rows have the
    same key. `about` names the column whose former values are wanted.
    """
    rows = len(next(iter(columns.values())))
    if not rows:
        return Merged()
    if db.get_bind().dialect.name == "postgresql":
        return _by_the_server(db, table, columns, key, defaults, first_only, about)
    given = {
        name: column
        for name, column in columns.items()
        if name in key or name in defaults or not _empty(column)
    }
    return _Merge(db, table, given, key, defaults, first_only).run(about)


def insert_many(db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of the same columns, none of which is there yet."""
    if not rows:
        return
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(insert_of(db, table), rows)
        return
    stored, dialect = columns_of(table), db.get_bind().dialect
    columns: dict[str, Sequence[Any]] = {}
    for name in rows[0]:
        column = [row[name] for row in rows]
        if not _empty(column):
            in_form = form_of(stored[name].type, dialect)
            columns[name] = column if in_form is None else [v if v is None else in_form(v) for v in column]
    statement = _statement(table, tuple(columns), (), ())
    db.connection().exec_driver_sql(statement, list(zip(*columns.values(), strict=True)))


def _empty(column: Sequence[Any]) -> bool:
    return column.count(None) == len(column)


class _Merge:
    """On SQLite nobody else writes meanwhile: what is known is read, compared here, and only what
    differs is written, in the database's own form of every value."""

    def __init__(
        self,
        db: Session,
        table: type[SQLModel],
        columns: Columns,
        key: tuple[str, str],
        defaults: Mapping[str, Any],
        first_only: Collection[str],
    ) -> None:
        dialect = db.get_bind().dialect
        stored = columns_of(table)
        self.db, self.table, self.key = db, table, key
        always = {
            column.name: [column.default.arg] * len(columns[key[0]])
            for column in stored
            if column.default is not None and column.default.is_scalar and column.name not in columns
        }
        columns = {**columns, **always}
        self.names = tuple(columns)
        raw: list[Sequence[Any]] = []
        full: list[Sequence[Any]] = []
        for name, column in columns.items():
            in_form = form_of(stored[name].type, dialect)
            column = column if in_form is None else [v if v is None else in_form(v) for v in column]
            raw.append(column)
            if name in defaults:
                value = defaults[name] if in_form is None else in_form(defaults[name])
                column = [value if v is None else v for v in column]
            full.append(column)
        self.full: list[Values] = list(zip(*full, strict=True))
        self.compared = tuple(
            name
            for name, column in columns.items()
            if name not in {*key, *first_only, *always} and not _empty(column)
        )
        places = [self.names.index(name) for name in self.compared]
        self.keys: list[Values] = list(zip(*(raw[self.names.index(name)] for name in key), strict=True))
        self.given: list[Values] = list(zip(*(raw[place] for place in places), strict=True))
        self._places = places

    def run(self, about: str | None) -> Merged:
        known = self._known()
        found = Merged()
        write: list[Values] = []
        place_of_about = self.compared.index(about) if about in self.compared else None
        given = self.given or [()] * len(self.full)
        for place, (key, full, new) in enumerate(zip(self.keys, self.full, given, strict=True)):
            old = known.get(key)
            if old is None:
                write.append(full)
            elif old == new:
                continue
            else:
                kept = tuple(o if n is None else n for o, n in zip(old, new, strict=True))
                if kept == old:
                    continue
                row = list(full)
                for at, value in zip(self._places, kept, strict=True):
                    row[at] = value
                write.append(tuple(row))
                if place_of_about is not None:
                    found.was[place] = old[place_of_about]
            found.changed.append(place)
        if write:
            statement = _statement(self.table, self.names, self.compared, self.key)
            self.db.connection().exec_driver_sql(statement, write)
        return found

    def _known(self) -> dict[Values, Values]:
        by_first: dict[Any, list[Any]] = defaultdict(list)
        for first, second in self.keys:
            by_first[first].append(second)
        query = _question(self.table, self.key, self.compared)
        known: dict[Values, Values] = {}
        connection = self.db.connection()
        rest = itemgetter(slice(1, None))
        for first, seconds in by_first.items():
            rows = connection.exec_driver_sql(query, (first, json.dumps(seconds)))
            known.update(((first, row[0]), rest(row)) for row in map(tuple, rows.cursor.fetchall()))
        return known


@lru_cache(maxsize=200)
def _statement(
    table: type[SQLModel], names: tuple[str, ...], replaced: tuple[str, ...], key: tuple[str, ...]
) -> str:
    """INSERT … ON CONFLICT of one row with a place for each of the names, in their order."""
    quote = sqlite.dialect().identifier_preparer.quote
    into = quote(table.__table__.name)  # type: ignore[attr-defined]
    columns, places = ", ".join(map(quote, names)), ", ".join("?" * len(names))
    statement = f"INSERT INTO {into} ({columns}) VALUES ({places})"  # noqa: S608  (names of our own)
    if not key:
        return statement
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in replaced)
    then = f"UPDATE SET {changes}" if changes else "NOTHING"
    return f"{statement} ON CONFLICT ({', '.join(map(quote, key))}) DO {then}"


@lru_cache(maxsize=200)
def _question(table: type[SQLModel], key: tuple[str, str], compared: tuple[str, ...]) -> str:
    stored = columns_of(table)
    seconds = select(func.json_each(bindparam("seconds")).table_valued("value").c.value)
    wanted = select(*(stored[name] for name in (key[1], *compared))).where(
        stored[key[0]] == bindparam("first"), stored[key[1]].in_(seconds)
    )
    return str(wanted.compile(dialect=sqlite.dialect()))


def form_of(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How values of a column's type are given to the driver of SQLite; None where they are as they are."""
    if isinstance(kind, Moment):
        return _moment
    if isinstance(kind, Date):
        return date.isoformat
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _moment(moment: datetime) -> str:
    """As SQLAlchemy stores it: UTC, to the microsecond."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _by_the_server(
    db: Session,
    table: type[SQLModel],
    columns: Columns,
    key: tuple[str, str],
    defaults: Mapping[str, Any],
    first_only: Collection[str],
    about: str | None,
) -> Merged:
    """On PostgreSQL others may write the same rows meanwhile: the server compares as it writes."""
    names = tuple(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    places = {(row[key[0]], row[key[1]]): place for place, row in enumerate(rows)}
    before: dict[int, Any] = {}
    if about is not None:
        stored = columns_of(table)
        by_first: dict[Any, list[Any]] = defaultdict(list)
        for first, second in places:
            by_first[first].append(second)
        for first, seconds in by_first.items():
            known = select(stored[key[1]], stored[about]).where(
                stored[key[0]] == first, among(db, stored[key[1]], seconds)
            )
            before |= {places[first, row[0]]: row[1] for row in db.execute(known)}
    written = upsert(db, table, rows, key=key, returning=key, defaults=defaults, first_only=first_only)
    changed = sorted(places[row[0], row[1]] for row in written)
    return Merged(changed, {place: before[place] for place in changed if place in before})
