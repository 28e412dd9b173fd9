"""Webhooks that go out: where each is called, sealed, and how far it has been told."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _of(column: str, place: str) -> sa.ForeignKeyConstraint:
    name = f"outgoing_hooks_{column}_fkey"
    return sa.ForeignKeyConstraint(
        [column], [place], name=name, ondelete="RESTRICT", deferrable=True, initially="DEFERRED"
    )


def upgrade() -> None:
    op.create_table(
        "outgoing_hooks",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("word", TEXT, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("seq", "failures", "next_ms", "created_ts")),
        sa.PrimaryKeyConstraint("user", name="outgoing_hooks_pkey"),
        _of("user", "accounts.user"),
        _of("code", "groups.code"),
    )
    op.create_index("outgoing_hooks_code", "outgoing_hooks", ["code"])
