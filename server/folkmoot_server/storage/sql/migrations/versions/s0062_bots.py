"""Bots: for which group an account was made, and who answers for it there."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("home", TEXT, nullable=False, server_default=""))
    op.add_column("members", sa.Column("giver", TEXT, nullable=False, server_default=""))
    is_bot = sa.text("giver <> ''")
    op.create_index("members_bots", "members", ["giver"], sqlite_where=is_bot, postgresql_where=is_bot)
