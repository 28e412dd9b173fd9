"""Accounts that the platform closes: until when an appeal may bring them back."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("closing_case", "closing_until_ms", "held_until_ms"):
        op.add_column("accounts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("held_reason", TEXT, nullable=False, server_default=""))
    op.create_index("accounts_closing_until_ms", "accounts", ["closing_until_ms"])
