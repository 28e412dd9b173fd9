"""The versions of the service agreement, each with its text, from the one in force at the next start on."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "agreements",
        *(sa.Column(name, TEXT, nullable=False) for name in ("version", "sha256", "texts")),
        sa.Column("since_ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("version", name="agreements_pkey"),
    )
