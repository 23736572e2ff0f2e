"""Column types that every table shares."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from crm_core.privacy import Sealed


class Moment(TypeDecorator[datetime]):
    """Aware in, aware UTC out, on both databases; a naive moment is a mistake of ours."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(kind: type[StrEnum]) -> Enum:
    """An enum stored by its value, as text, so that a new value needs no change of type."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def enum_field(kind: type[StrEnum], **options: Any) -> Any:
    return Field(sa_type=enum_type(kind), **options)


def moment(**options: Any) -> Any:
    return Field(sa_type=Moment, **options)


def sealed(**options: Any) -> Any:
    return Field(sa_type=Sealed, **options)


def key() -> Any:
    return Field(default=None, primary_key=True)
