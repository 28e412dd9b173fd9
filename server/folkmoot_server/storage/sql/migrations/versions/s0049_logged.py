"""What of the journal and of the access log is in the ledger's log: where it stands, and its hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "logged_ranges",
        sa.Column("part", TEXT, nullable=False),
        sa.Column("month", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("ranges", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("part", "month", "number", name="logged_ranges_pkey"),
    )
