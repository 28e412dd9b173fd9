"""Accounts have a credit, and what was taken of it under which case number."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("credit", sa.BigInteger, nullable=False, server_default="100"))
    op.add_column("accounts", sa.Column("credit_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("charges", TEXT, nullable=False, server_default=""))
    # Replaying the ledger must give the same: a credit begins with its account.
    op.execute("UPDATE accounts SET credit_ts = created_ts")
    op.create_index("accounts_credit", "accounts", ["credit"])
