"""Channels: groups that one follows, and who follows them."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# SQLite has the journal in files of its own, which get these indexes when they are opened.
INDEXES = (
    "CREATE INDEX entry_post ON entry (grp, ts, seq) WHERE kind = 'post'",
    "CREATE INDEX entry_post_ts ON entry (ts) WHERE kind = 'post'",
    "CREATE INDEX entry_comment ON entry (grp, target, seq) WHERE kind = 'comment'",
    "CREATE INDEX entry_edit ON entry (grp, target) WHERE kind = 'edit'",
)


def upgrade() -> None:
    for name in ("form", "handle"):
        op.add_column("groups", sa.Column(name, TEXT, nullable=False, server_default=""))
    has_one = sa.text("handle <> ''")
    op.create_index("groups_handle", "groups", ["handle"], unique=True, sqlite_where=has_one, postgresql_where=has_one)
    op.create_table(
        "follows",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "code", name="follows_pkey"),
        _ref("user", "accounts.user"),
        _ref("code", "groups.code"),
    )
    op.create_index("follows_code", "follows", ["code"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in INDEXES:
            op.execute(statement)


def _ref(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [target],
        name=f"follows_{column}_fkey",
        ondelete="RESTRICT",
        deferrable=True,
        initially="DEFERRED",
    )
