"""Columns and tables for what a number is counted from, and for handing out the people behind one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LAST = {
    "journey": [
        "branch",
        "last_at",
        "first_on",
        "is_new",
        "entry",
        "known_from",
        "first_at",
        "reservation_passed_at",
        "visit_passed_at",
        "consult_at",
        "agreement_at",
        "treatment_at",
    ],
    "journey_past": ["branch", "last_at", "first_on"],
}


def upgrade() -> None:
    # In one statement, because SQLite adds no constraint to a table that stands.
    op.execute("ALTER TABLE call_card ADD COLUMN assigned_to_id INTEGER REFERENCES staff (id)")
    for name, columns in _LAST.items():
        op.add_column(name, sa.Column("payer", sa.String(), nullable=True))
        op.create_index(f"ix_{name}_last", name, columns)
    op.create_index(
        "ix_treatment_recommended",
        "treatment_done",
        ["branch", "recommended_on"],
        sqlite_where=sa.text("recommended_on IS NOT NULL"),
        postgresql_where=sa.text("recommended_on IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_treatment_recommended", table_name="treatment_done")
    for name in _LAST:
        op.drop_index(f"ix_{name}_last", table_name=name)
        with op.batch_alter_table(name) as table:
            table.drop_column("payer")
    with op.batch_alter_table("call_card") as table:
        table.drop_column("assigned_to_id")
