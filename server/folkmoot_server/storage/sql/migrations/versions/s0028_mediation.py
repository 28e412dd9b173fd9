"""Mediations: cases between two parties, with a mediator and proposals. Names that the platform has removed."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("mediator", "named", "named_by", "accepted"):
        op.add_column("cases", sa.Column(name, TEXT, nullable=False, server_default=""))
    op.add_column("cases", sa.Column("proposal", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("names_removed_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("member_settings", sa.Column("nick_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("cases_user", "cases", ["user"])
    op.create_index("cases_mediator", "cases", ["mediator"])
