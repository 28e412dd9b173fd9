"""Comments are found by who wrote them, for `/mydata`."""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

# SQLite has the journal in files of its own, which get this index when they are opened.
INDEX = """CREATE INDEX entry_commenter ON entry ("user", ts, grp, seq) WHERE kind = 'comment'"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(INDEX)
