"""Second factors: a sealed secret and hashes of recovery codes for each account that has one."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("second_factor_ms", "code_step"):
        op.add_column("accounts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "second_factors",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("codes", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", name="second_factors_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="second_factors_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
