"""A chunk of the search index in PostgreSQL remembers the first seq that its texts depend on."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE search_chunk ADD COLUMN low bigint NOT NULL DEFAULT 0")
