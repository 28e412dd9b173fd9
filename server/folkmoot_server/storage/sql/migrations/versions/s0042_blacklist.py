"""The blacklist by identity: blind indexes, which outlive the accounts that were verified with them."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "barred_identities",
        sa.Column("entry", TEXT, nullable=False),
        sa.Column("blind", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("entry", "blind", name="barred_identities_pkey"),
    )
    op.create_index("barred_identities_blind", "barred_identities", ["blind"])
    op.create_index("barred_identities_until_ms", "barred_identities", ["until_ms"])
