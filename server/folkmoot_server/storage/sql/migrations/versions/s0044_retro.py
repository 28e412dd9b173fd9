"""Older entries that a rule meets which was set later, and how far they were looked through."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "retro_scans",
        *(sa.Column(name, TEXT, nullable=False) for name in ("name", "rules", "pending", "code")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("since_ts", "before")),
        sa.PrimaryKeyConstraint("name", name="retro_scans_pkey"),
    )
    op.create_table(
        "retro_hits",
        *(sa.Column(name, TEXT, nullable=False) for name in ("code", "user", "rule", "severity")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("seq", "ts")),
        sa.PrimaryKeyConstraint("code", "seq", name="retro_hits_pkey"),
    )
    op.create_index("retro_hits_rule", "retro_hits", ["rule"])
