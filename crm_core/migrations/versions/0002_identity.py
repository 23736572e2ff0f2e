"""Columns and tables for who is whom, and where sources differ."""

import sqlalchemy as sa
from alembic import op

from crm_core.tables.columns import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MERGE_INDEXES = ("kept_id", "merged_id")
_DIFFERENCE_INDEXES = {
    "ix_difference_open": ["branch", "settled_at"],
    "ix_difference_row": ["book", "kind", "row_key"],
    "ix_difference_patient": ["patient_id"],
}


def upgrade() -> None:
    with op.batch_alter_table("patientmerge") as table:
        table.alter_column("by_staff_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("reversed_by_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("kept_was", sa.String(), nullable=False, server_default="{}"))
        table.create_foreign_key("fk_patientmerge_reversed_by", "staff", ["reversed_by_id"], ["id"])
    for column in _MERGE_INDEXES:
        op.create_index(f"ix_patientmerge_{column}", "patientmerge", [column])
    op.create_table(
        "patient_merge_row",
        sa.Column("merge_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["patientmerge.id"]),
        sa.PrimaryKeyConstraint("merge_id", "kind", "row_id"),
    )
    op.create_table(
        "not_the_same",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("prospect_id", sa.Integer(), nullable=True),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["other_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["prospect_id"], ["prospect.id"]),
        sa.ForeignKeyConstraint(["by_staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("patient_id", "other_id"),
        sa.UniqueConstraint("patient_id", "prospect_id"),
    )
    with op.batch_alter_table("source_difference") as table:
        table.add_column(sa.Column("book", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("patient_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("counts", sa.String(), nullable=False, server_default="import"))
        table.add_column(sa.Column("settled_by_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("choice", sa.String(), nullable=True))
        table.create_foreign_key("fk_difference_patient", "patient", ["patient_id"], ["id"])
        table.create_foreign_key("fk_difference_settled_by", "staff", ["settled_by_id"], ["id"])
    for name, columns in _DIFFERENCE_INDEXES.items():
        op.create_index(name, "source_difference", columns)
    said = sa.text("state_why IS NOT NULL")
    op.create_index(
        "ix_reservation_said", "reservation", ["starts_on"], sqlite_where=said, postgresql_where=said
    )


def downgrade() -> None:
    op.drop_index("ix_reservation_said", table_name="reservation")
    for name in _DIFFERENCE_INDEXES:
        op.drop_index(name, table_name="source_difference")
    with op.batch_alter_table("source_difference") as table:
        table.drop_constraint("fk_difference_settled_by", type_="foreignkey")
        table.drop_constraint("fk_difference_patient", type_="foreignkey")
        for column in ("choice", "settled_by_id", "counts", "patient_id", "book"):
            table.drop_column(column)
    op.drop_table("not_the_same")
    op.drop_table("patient_merge_row")
    for column in _MERGE_INDEXES:
        op.drop_index(f"ix_patientmerge_{column}", table_name="patientmerge")
    with op.batch_alter_table("patientmerge") as table:
        table.drop_constraint("fk_patientmerge_reversed_by", type_="foreignkey")
        table.drop_column("kept_was")
        table.drop_column("reversed_by_id")
        table.alter_column("by_staff_id", existing_type=sa.Integer(), nullable=False)
