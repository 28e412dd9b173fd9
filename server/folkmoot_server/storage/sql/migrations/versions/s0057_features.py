"""Functions that were assessed, and may be used."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "features",
        *(sa.Column(name, TEXT, nullable=False) for name in ("feature", "by", "sha256", "reason")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("ts", "stopped_ts")),
        sa.PrimaryKeyConstraint("feature", name="features_pkey"),
    )
