"""What repeats a post of a channel is found by that."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

# SQLite has the journal in files of its own, which get this index when they are opened.
INDEX = """CREATE INDEX entry_repost ON entry
    ((data::jsonb #>> '{repost,group}'), ((data::jsonb #>> '{repost,seq}')::bigint), ts)
    WHERE kind = 'post' AND data IS NOT NULL"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(INDEX)
