"""What single accounts are told: measures that hit them, and what became of what they asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "notices",
        *(sa.Column(name, TEXT, nullable=False) for name in ("user", "id")),
        sa.Column("ts", sa.BigInteger, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("kind", "case", "code", "data")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("read_ts", "until_ms")),
        sa.PrimaryKeyConstraint("user", "id", name="notices_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="notices_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("notices_until_ms", "notices", ["until_ms"])
