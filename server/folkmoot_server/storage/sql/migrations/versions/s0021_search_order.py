"""The search index in PostgreSQL keeps together what a token has in many chunks."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE search_bucket DROP CONSTRAINT search_bucket_pkey")
        op.execute("ALTER TABLE search_bucket ADD PRIMARY KEY (grp, number, first, month)")
