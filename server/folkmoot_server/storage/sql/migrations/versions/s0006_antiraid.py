"""Groups remember that a raid is held off: since when, until when, and who counts as a newcomer."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("antiraid_from_ms", "antiraid_since_ms", "antiraid_until_ms"):
        op.add_column("groups", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("groups_antiraid_until_ms", "groups", ["antiraid_until_ms"])
