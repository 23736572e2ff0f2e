"""Columns and tables for files watched and completed."""

import sqlalchemy as sa
from alembic import op

from crm_core.privacy import Sealed
from crm_core.tables.columns import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("staged_file") as table:
        table.add_column(sa.Column("state", sa.String(32), nullable=False, server_default="shown"))
        table.add_column(sa.Column("origin", sa.String(), nullable=True))
        table.add_column(sa.Column("rows", sa.Integer(), nullable=True))
        table.add_column(sa.Column("refused", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("told", Sealed(), nullable=True))
        table.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("finished_at", Moment(), nullable=True))
        table.create_unique_constraint("uq_staged_file_origin", ["origin"])
        table.create_foreign_key("fk_staged_file_batch", "import_batch", ["batch_id"], ["id"])
    op.create_table(
        "fhir_person",
        sa.Column("book", sa.String(), primary_key=True),
        sa.Column("resource_id", sa.String(), primary_key=True),
        sa.Column("chart_no", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("fhir_person")
    with op.batch_alter_table("staged_file") as table:
        table.drop_constraint("fk_staged_file_batch", type_="foreignkey")
        table.drop_constraint("uq_staged_file_origin", type_="unique")
        for name in (
            "state",
            "origin",
            "rows",
            "refused",
            "told",
            "batch_id",
            "finished_at",
        ):
            table.drop_column(name)
