"""Grades of groups: what a grading rests on, the size asked for, the info page and the group's own rules."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # The groups of today have nothing of this: the defaults are what replaying their events gives.
    for name in ("entries_per_day", "asked_limit", "info_hidden_ms"):
        op.add_column("groups", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("groups", sa.Column("rules", TEXT, nullable=False, server_default=""))
    op.create_table(
        "activity",
        sa.Column("code", TEXT, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("ts", "seq", "entries_per_day")),
        sa.PrimaryKeyConstraint("code", name="activity_pkey"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["groups.code"],
            name="activity_code_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
