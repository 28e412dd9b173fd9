"""What the platform says about posts that are not so."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "refutations",
        sa.Column("code", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.Column("case", TEXT, nullable=False),
        sa.Column("reposters", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("code", "seq", name="refutations_pkey"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["groups.code"],
            name="refutations_code_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
