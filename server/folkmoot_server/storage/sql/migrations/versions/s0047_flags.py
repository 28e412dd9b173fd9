"""Who looks at an entry whose flag is not on record yet: the operator's staff, or the group's admins, or both."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("open_flags", sa.Column("staff", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("open_flags", sa.Column("own_rule", TEXT, nullable=False, server_default=""))
