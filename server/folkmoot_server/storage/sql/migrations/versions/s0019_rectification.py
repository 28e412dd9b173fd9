"""Groups have a warning of the platform, and by when something is to be mended."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("rectify_case", "rectify_until_ms", "rectified_ms"):
        op.add_column("groups", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    for name in ("rectify_reason", "rectified_text"):
        op.add_column("groups", sa.Column(name, TEXT, nullable=False, server_default=""))
    op.create_index("groups_rectify_case", "groups", ["rectify_case"])
