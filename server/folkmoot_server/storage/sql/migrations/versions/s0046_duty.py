"""Since when one of the staff is on duty."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("duty_ts", sa.BigInteger, nullable=False, server_default="0"))
