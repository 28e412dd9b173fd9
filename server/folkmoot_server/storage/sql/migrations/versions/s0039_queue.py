"""Posts that wait for the operator's staff; those that wait already stay with their groups' admins."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("reviews", sa.Column("staff", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("reviews", sa.Column("own_rule", TEXT, nullable=False, server_default=""))
    op.create_index("reviews_staff_ts", "reviews", ["staff", "ts"])
