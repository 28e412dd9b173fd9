"""The search index in PostgreSQL. SQLite has it in files of its own, which no migration needs to make."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Made from the journal and its redactions alone (`search_index.py`); partitioned and dropped with it. `gone` is how
# many of a chunk's entries were redacted when it was written: if there are more by now, it is written again.
TABLES = (
    """CREATE TABLE search_chunk (
        month integer NOT NULL, grp bigint NOT NULL, first bigint NOT NULL, last bigint NOT NULL, gone integer NOT NULL,
        buckets integer NOT NULL, PRIMARY KEY (grp, first, month)) PARTITION BY RANGE (month)""",
    """CREATE TABLE search_bucket (
        month integer NOT NULL, grp bigint NOT NULL, first bigint NOT NULL, number integer NOT NULL,
        data bytea NOT NULL, PRIMARY KEY (grp, first, number, month)) PARTITION BY RANGE (month)""",
)
MONTHS = sa.text(
    "SELECT right(c.relname, 6)::integer FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'entry'::regclass"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in TABLES:
            op.execute(statement)
        for month in op.get_bind().scalars(MONTHS).all():
            following = month + 1 if month % 100 < 12 else month + 89
            for parent in ("search_chunk", "search_bucket"):
                op.execute(
                    f"CREATE TABLE {parent}_{month} PARTITION OF {parent} FOR VALUES FROM ({month}) TO ({following})"
                )
