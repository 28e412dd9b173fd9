"""What groups had that the platform closed, kept for the term of appeal."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kept",
        *(sa.Column(name, TEXT, nullable=False) for name in ("code", "part", "key")),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("code", "part", "key", name="kept_pkey"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["groups.code"],
            name="kept_code_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("kept_key", "kept", ["key"])
    op.create_index("kept_until_ms", "kept", ["until_ms"])
