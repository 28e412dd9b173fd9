"""Reports to the authority that correct another; and since which event of the ledger each measure has its report."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("filings", sa.Column("corrects", TEXT, nullable=False, server_default=""))
    op.execute("INSERT INTO marks (name, value) SELECT 'filings', coalesce(max(position), 0) FROM ledger")
