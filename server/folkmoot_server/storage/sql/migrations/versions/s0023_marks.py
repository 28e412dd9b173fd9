"""What the store remembers about itself; on PostgreSQL also when each group's last entry was."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Nodes of the version before may go on while this is done, and after it: they leave `last_ts` as it is.
HEADS = (
    "ALTER TABLE heads ADD COLUMN last_ts bigint NOT NULL DEFAULT 0",
    """UPDATE heads h SET last_ts = e.ts FROM entry e
        WHERE h.stream LIKE 'group:%' AND e.grp = substr(h.stream, 7)::bigint AND e.seq = h.last_seq""",
)


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="marks_pkey"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in HEADS:
            op.execute(statement)
