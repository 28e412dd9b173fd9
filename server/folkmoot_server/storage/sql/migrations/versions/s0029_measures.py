"""What the platform takes from accounts and groups for a time, and measures that two of staff decide on."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("accounts", "groups"):
        op.add_column(table, sa.Column("restrictions", TEXT, nullable=False, server_default=""))
        op.add_column(table, sa.Column("restrictions_until_ms", sa.BigInteger, nullable=False, server_default="0"))
        op.create_index(f"{table}_restrictions_until_ms", table, ["restrictions_until_ms"])
    for name in ("proposer", "terms"):
        op.add_column("cases", sa.Column(name, TEXT, nullable=False, server_default=""))
