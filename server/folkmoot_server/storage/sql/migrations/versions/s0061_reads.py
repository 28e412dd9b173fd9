"""How many have read a channel on a day, and the blind indexes by which each of them counts once; and posts of channels
that outlive their month."""

import sqlalchemy as sa
from alembic import op

from folkmoot_server.storage.sql.counting import READS

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# Of a batch that has reads of two days those of the later one count.
POSTGRES = (
    """CREATE FUNCTION reads_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO reach (code, followers, day, reads_day)
    SELECT DISTINCT ON (code) code, 0, day, count(*) FROM changed GROUP BY code, day ORDER BY code, day DESC
    ON CONFLICT (code) DO UPDATE SET day = greatest(reach.day, excluded.day), reads_day = CASE
        WHEN reach.day = excluded.day THEN reach.reads_day + excluded.reads_day
        WHEN reach.day < excluded.day THEN excluded.reads_day ELSE reach.reads_day END;
    RETURN NULL; END $$""",
    """CREATE TRIGGER reads_insert AFTER INSERT ON reads REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION reads_insert()""",
)


def _of_channel(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["code"],
        ["groups.code"],
        name=f"{table}_code_fkey",
        ondelete="RESTRICT",
        deferrable=True,
        initially="DEFERRED",
    )


def upgrade() -> None:
    op.create_table(
        "kept_posts",
        sa.Column("code", TEXT, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("seq", "ts")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("month", "sealed", "digest")),
        sa.PrimaryKeyConstraint("code", "seq", name="kept_posts_pkey"),
        _of_channel("kept_posts"),
    )
    op.create_index("kept_posts_code_ts_seq", "kept_posts", ["code", "ts", "seq"])
    op.create_index("kept_posts_month", "kept_posts", ["month"])
    for name in ("day", "reads_day"):
        op.add_column("reach", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "reads",
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("part", sa.BigInteger, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("reader", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("day", "part", "code", "reader", name="reads_pkey"),
        _of_channel("reads"),
    )
    for statement in POSTGRES if op.get_bind().dialect.name == "postgresql" else READS:
        op.execute(statement)
