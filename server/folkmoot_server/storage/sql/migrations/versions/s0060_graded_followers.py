"""The most followers that a channel had when it was graded."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("groups", sa.Column("most_followers", sa.BigInteger, nullable=False, server_default="0"))
