"""Kept posts that repeat another: which, so that the list of what repeats it has them also when their month is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # What was kept before is sealed: nothing here can read what it repeats.
    op.add_column("kept_posts", sa.Column("of_code", TEXT, nullable=False, server_default=""))
    op.add_column("kept_posts", sa.Column("of_seq", sa.BigInteger, nullable=False, server_default="0"))
    repeats = sa.text("of_code <> ''")
    op.create_index(
        "kept_posts_repeats",
        "kept_posts",
        ["of_code", "of_seq", "ts"],
        sqlite_where=repeats,
        postgresql_where=repeats,
    )
