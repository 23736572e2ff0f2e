"""A request to lift a denial is a row of its own, and why one was lifted is sealed."""

import sqlalchemy as sa
from alembic import op

from crm_core.privacy import Sealed
from crm_core.tables.columns import Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lift_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("reason", Sealed(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["by_staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_lift_request_patient_id", "lift_request", ["patient_id"])
    _lift_reason_becomes(Sealed())


def downgrade() -> None:
    _lift_reason_becomes(sa.String())
    op.drop_index("ix_lift_request_patient_id", table_name="lift_request")
    op.drop_table("lift_request")


def _lift_reason_becomes(kind: sa.types.TypeEngine[str]) -> None:
    """The few texts there are, written anew in a column of the other kind."""
    database = op.get_bind()
    before = sa.String() if isinstance(kind, Sealed) else Sealed()
    refusal = sa.table("refusal", sa.column("id"), sa.column("lift_reason", before))
    given = refusal.c.lift_reason.is_not(None)
    reasons = database.execute(sa.select(refusal.c.id, refusal.c.lift_reason).where(given)).all()
    op.drop_column("refusal", "lift_reason")
    op.add_column("refusal", sa.Column("lift_reason", kind, nullable=True))
    anew = sa.table("refusal", sa.column("id"), sa.column("lift_reason", kind))
    for row_id, reason in reasons:
        database.execute(anew.update().where(anew.c.id == row_id).values(lift_reason=reason))
