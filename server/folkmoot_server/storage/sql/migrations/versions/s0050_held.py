"""What legal holds keep of months that are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("hold", TEXT, nullable=False),
        sa.Column("month", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("hold", "month", "code", "seq", name="held_pkey"),
    )
