"""The migrations make exactly the tables that the code knows, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import crm_core.tables  # noqa: F401
from crm_core.migrations import upgrade


def test_a_migrated_database_has_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    upgrade(engine)
