"""Reports to the authority: one for each measure of the platform from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TEXTS = ("measure", "user", "code", "state", "statement", "asked_by", "approved_by", "problem", "receipt")
NUMBERS = ("ts", "identity", "approved_ts", "tries", "next_ms", "sent_ts", "receipt_ts")


def upgrade() -> None:
    op.create_table(
        "filings",
        sa.Column("case", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in NUMBERS),
        sa.PrimaryKeyConstraint("case", name="filings_pkey"),
    )
    op.create_index("filings_state_next_ms", "filings", ["state", "next_ms"])
    op.create_index("filings_ts_case", "filings", ["ts", "case"])
