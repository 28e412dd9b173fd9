"""Whether a report that was made in a group is of an account."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("of_account", sa.BigInteger(), nullable=False, server_default="0"))
