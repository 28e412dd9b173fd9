"""Sessions: when and from where each was last used, on which device. Those of before count as used now."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("tokens", sa.Column("seen_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("tokens", sa.Column("device", TEXT, nullable=False, server_default=""))
    op.add_column("tokens", sa.Column("region", TEXT, nullable=False, server_default=""))
    op.execute(sa.text("UPDATE tokens SET seen_ts = :now").bindparams(now=int(time.time() * 1000)))
    op.create_index("tokens_seen_ts", "tokens", ["seen_ts"])
