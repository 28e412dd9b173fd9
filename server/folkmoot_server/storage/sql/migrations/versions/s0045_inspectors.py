"""Until when somebody has a platform role, and about which cases it is: that of inspectors, who come with this."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("role_until_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("role_cases", TEXT, nullable=False, server_default=""))
