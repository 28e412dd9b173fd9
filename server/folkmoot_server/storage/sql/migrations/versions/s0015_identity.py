"""Accounts ask for reviews of their identity; the numbers are kept sealed, and found by a keyed index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("asked", TEXT, nullable=False, server_default="none"))
    op.add_column("accounts", sa.Column("asked_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("accounts_asked_ts", "accounts", ["asked_ts"])
    op.create_table(
        "identities",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("blind", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "identity", name="identities_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="identities_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("identities_blind", "identities", ["blind"])
