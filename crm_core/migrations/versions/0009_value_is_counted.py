"""What a patient has paid is counted when it is asked for: the column for it was never kept up."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("patient", "paid_24m")


def downgrade() -> None:
    op.add_column("patient", sa.Column("paid_24m", sa.Integer(), nullable=False, server_default="0"))
