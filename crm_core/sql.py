"""The little SQL that SQLite and PostgreSQL write the same way and SQLAlchemy does not share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

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
