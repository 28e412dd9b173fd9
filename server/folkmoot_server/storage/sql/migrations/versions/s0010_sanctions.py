"""What is in force against an account is found by its user."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("bans", "mutes"):
        op.create_index(f"{table}_user", table, ["user"])
