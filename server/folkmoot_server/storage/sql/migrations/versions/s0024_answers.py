"""What was asked for under a nonce besides posts, and how it was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answers",
        *(sa.Column(name, TEXT, nullable=False) for name in ("user", "code", "nonce", "sealed")),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "code", "nonce", name="answers_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="answers_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("answers_until_ms", "answers", ["until_ms"])
