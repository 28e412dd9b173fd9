"""Public accounts: applications, when a channel was opened, and what the platform has granted to it."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("cases", sa.Column("wish", TEXT, nullable=False, server_default=""))
    op.add_column("groups", sa.Column("credentials", TEXT, nullable=False, server_default=""))
    for name in ("opened_ts", "credentials_until_ms"):
        op.add_column("groups", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("groups_credentials_until_ms", "groups", ["credentials_until_ms"])
    # Those that there are, people have opened for themselves.
    op.execute("UPDATE groups SET opened_ts = created_ts WHERE form <> ''")
