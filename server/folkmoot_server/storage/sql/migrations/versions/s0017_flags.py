"""Posts that will be flagged leave a mark until the flag is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "open_flags",
        *(sa.Column(name, TEXT, nullable=False) for name in ("code", "user", "nonce", "rule", "severity")),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("code", "user", "nonce", name="open_flags_pkey"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["groups.code"],
            name="open_flags_code_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("open_flags_ts", "open_flags", ["ts"])
