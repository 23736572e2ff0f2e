"""The day held while it is booked, what the desk wrote in chat, and the rows the chart may replace."""

import sqlalchemy as sa
from alembic import op

from crm_core.tables.columns import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WRITTEN_HERE = ("reservation", "visit", "consult", "treatment_done", "payment")


def upgrade() -> None:
    op.create_table(
        "booking_day",
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("branch", "day"),
    )
    op.create_table(
        "desk_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.Column("changes", sa.String(), nullable=False),
        sa.Column("taken_back_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["by_staff_id"], ["staff.id"]),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_desk_entry_patient", "desk_entry", ["patient_id", "at"])
    for table in WRITTEN_HERE:
        op.create_index(
            f"ix_{table}_chat",
            table,
            ["patient_id"],
            sqlite_where=sa.text("source = 'chat'"),
            postgresql_where=sa.text("source = 'chat'"),
        )


def downgrade() -> None:
    for table in WRITTEN_HERE:
        op.drop_index(f"ix_{table}_chat", table_name=table)
    op.drop_table("desk_entry")
    op.drop_table("booking_day")
