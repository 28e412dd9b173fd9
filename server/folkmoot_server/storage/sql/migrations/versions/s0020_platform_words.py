"""Words that the operator's staff sets one by one, for all groups."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "platform_words",
        *(sa.Column(name, TEXT, nullable=False) for name in ("word", "verdict", "by")),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("word", name="platform_words_pkey"),
    )
