"""Alembic's entry: the engine is handed in, no database is ever named here."""

from alembic import context
from sqlmodel import SQLModel

import crm_core.tables  # noqa: F401  (fills the metadata)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
