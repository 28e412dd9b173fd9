"""One-time codes to a mobile: until when one counts, how often it was missed, and its keyed hash."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("code_until_ms", "code_tries"):
        op.add_column("accounts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("identity_requests", sa.Column("code", TEXT, nullable=False, server_default=""))
