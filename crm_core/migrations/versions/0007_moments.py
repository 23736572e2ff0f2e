"""The indexes by day end in the moment: whether anything came after a moment is one look."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_visit_day", "visit", ["branch", "arrived_on"], "arrived_at"),
    ("ix_treatment_day", "treatment_done", ["branch", "done_on"], "done_at"),
    ("ix_call_day", "call", ["branch", "called_on"], "called_at"),
)


def upgrade() -> None:
    for name, table, columns, moment in _INDEXES:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [*columns, moment])


def downgrade() -> None:
    for name, table, columns, _ in _INDEXES:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)
