"""The little SQL that SQLite and PostgreSQL write the same way and SQLAlchemy does not share."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import JSON, and_, any_, bindparam, column, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Item = TypeVar("Item")
CHUNK = 500


def insert_of(db: Session, table: type[SQLModel]) -> Any:
    """An INSERT of the session's dialect, which knows ON CONFLICT."""
    postgres = db.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if postgres else sqlite.insert)(table)


def insert_ignoring(db: Session, table: type[SQLModel], values: Mapping[str, Any]) -> int | None:
    """Inserts a row unless a unique key already holds it; its id, or None."""
    primary = next(iter(table.__table__.primary_key))  # type: ignore[attr-defined]
    statement = insert_of(db, table).values(**values).on_conflict_do_nothing().returning(primary)
    found: int | None = db.execute(statement).scalar_one_or_none()
    return found


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """The items in lists of at most `size`: SQLite binds a limited number of variables."""
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def among(db: Session, column: Any, items: Iterable[int | str]) -> Any:
    """Whether a column is one of many numbers or texts, which are given as one value.

    The statement is the same whatever their number: it is compiled once, and no limit is met.
    """
    if db.get_bind().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(items), type_=postgresql.ARRAY(column.type)))
    given = func.json_each(json.dumps(list(items))).table_valued("value")
    return column.in_(select(given.c.value))


def among_given(dialect: str, column: Any, name: str = "ids") -> Any:
    """The same for a statement that is built once and run with a list under `name`."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=postgresql.ARRAY(column.type)))
    given = func.json_each(bindparam(name, type_=JSON)).table_valued("value")
    return column.in_(select(given.c.value))


def columns_of(table: type[SQLModel]) -> Any:
    """The columns of a table as SQLAlchemy's core knows them."""
    return table.__table__.c  # type: ignore[attr-defined]


def upsert(
    db: Session,
    table: type[SQLModel],
    rows: Iterable[Mapping[str, Any]],
    *,
    key: Sequence[str],
    returning: Sequence[str],
    defaults: Mapping[str, Any],
    first_only: Collection[str] = (),
) -> list[Any]:
    """Inserts rows, or replaces those whose key is known; `returning` of the new and changed ones.

    None keeps what is there. A column of `defaults` is filled when a new row has None in it; one of
    `first_only` is never replaced. A row that would change nothing is not written. All rows have the
    same columns, and no two the same key.
    """
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        empty = tuple(name for name in defaults if row[name] is None)
        groups[empty].append({**row, **{name: defaults[name] for name in empty}} if empty else row)
    written: list[Any] = []
    for empty, group in groups.items():
        kept = {*key, *first_only, *empty}
        columns = [c for c in group[0] if c not in kept]
        if db.get_bind().dialect.name == "postgresql":
            source = insert_of(db, table).from_select(list(group[0]), _unnested(table, group))
            written.extend(db.connection().execute(_upsert_of(source, table, columns, key, returning)))
        else:
            statement = _upsert_of(insert_of(db, table), table, columns, key, returning)
            written.extend(db.connection().execute(statement, group))
    return written


def _unnested(table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> Any:
    """The rows as one array a column: PostgreSQL reads these many times faster than as many values."""
    stored = table.__table__.c  # type: ignore[attr-defined]
    names = list(rows[0])
    arrays = [
        bindparam(None, [row[name] for row in rows], type_=postgresql.ARRAY(stored[name].type))
        for name in names
    ]
    columns = [column(name, stored[name].type) for name in names]
    given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    return select(*(given.c[name] for name in names))


def _upsert_of(
    statement: Any,
    table: type[SQLModel],
    columns: Sequence[str],
    key: Sequence[str],
    returning: Sequence[str],
) -> Any:
    stored = table.__table__.c  # type: ignore[attr-defined]
    if not columns:
        return statement.on_conflict_do_nothing(index_elements=key).returning(
            *(stored[name] for name in returning)
        )
    given = statement.excluded
    differs = or_(*(and_(given[c].is_not(None), stored[c].is_distinct_from(given[c])) for c in columns))
    values = {c: func.coalesce(given[c], stored[c]) for c in columns}
    statement = statement.on_conflict_do_update(index_elements=key, set_=values, where=differs)
    return statement.returning(*(stored[name] for name in returning))
