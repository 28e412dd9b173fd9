"""Uploads of pictures, sound and films, and which entries show them."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TEXTS = ("id", "user", "state", "month", "token", "type", "sha256", "likeness", "reason", "code")
NUMBERS = ("created_ts", "until_ms", "sent", "size", "width", "height", "duration_ms", "seq", "ts")


def upgrade() -> None:
    op.create_table(
        "media",
        *(sa.Column(name, TEXT, nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in NUMBERS),
        sa.PrimaryKeyConstraint("id", name="media_pkey"),
    )
    op.create_index("media_user_created_ts", "media", ["user", "created_ts"])
    op.create_index("media_ts", "media", ["ts"])
    op.create_index("redactions_ts", "redactions", ["ts"])
    for name, columns, condition in (
        ("media_unused", ["until_ms"], "seq = 0"),
        ("media_posted", ["code", "seq"], "seq > 0"),
        ("media_asked", ["token"], "token <> ''"),
        ("media_removed", ["id"], "state = 'removed'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "media", columns, sqlite_where=where, postgresql_where=where)
