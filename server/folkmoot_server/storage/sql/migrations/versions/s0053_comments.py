"""Who may comment in channels, and on their posts."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name, default in (("comments", "open"), ("threads", "")):
        op.add_column("groups", sa.Column(name, TEXT, nullable=False, server_default=default))
