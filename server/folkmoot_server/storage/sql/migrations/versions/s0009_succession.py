"""Groups remember an heir; owners who are shut out are found by it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("groups", sa.Column("successor", TEXT, nullable=False, server_default=""))
    op.create_index("groups_owner", "groups", ["owner"])
    op.create_index("accounts_suspended_until_ms", "accounts", ["suspended_until_ms"])
