"""The schema and its history, on SQLite and PostgreSQL alike."""

from importlib import resources

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def upgrade(engine: Engine, to: str = "head") -> None:
    """Brings the database to the newest schema, or to that of a revision; does nothing when it is there."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(resources.files("crm_core.migrations")))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
