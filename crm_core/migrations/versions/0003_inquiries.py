"""Columns for who answers an inquiry, what became of it, and whether a lead was told."""

import sqlalchemy as sa
from alembic import op

from crm_core.privacy import Sealed
from crm_core.tables.columns import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENTS = ("assigned_at", "claimed_at", "closed_at", "escalated_at")
_STAFF = ("answered_by_id", "closed_by_id")


def upgrade() -> None:
    with op.batch_alter_table("inquiry") as table:
        table.add_column(sa.Column("note", Sealed(), nullable=True))
        table.add_column(sa.Column("closed_why", sa.String(length=32), nullable=True))
        for name in _MOMENTS:
            table.add_column(sa.Column(name, Moment(), nullable=True))
        for name in _STAFF:
            table.add_column(sa.Column(name, sa.Integer(), nullable=True))
            table.create_foreign_key(f"fk_inquiry_{name}", "staff", [name], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("inquiry") as table:
        for name in _STAFF:
            table.drop_constraint(f"fk_inquiry_{name}", type_="foreignkey")
        for name in (*_STAFF, *_MOMENTS, "closed_why", "note"):
            table.drop_column(name)
