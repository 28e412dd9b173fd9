"""Accounts are closed: what is left of their names, and whose memberships have still to end."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("closed_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("author_tag", TEXT, nullable=False, server_default=""))
    op.create_table(
        "leaving",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", name="leaving_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="leaving_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
