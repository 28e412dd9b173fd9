"""How many follow a channel, counted as rows come and go, rather than when somebody asks."""

import sqlalchemy as sa
from alembic import op

from folkmoot_server.storage.sql.counting import FOLLOWS

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# Once for all rows of a statement, in the order of the codes: a batch may have a thousand new followers of one channel.
# Half of each page is left free, so that counting touches no index.
COUNT = """CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO reach (code, followers) SELECT code, {step} * count(*) FROM changed GROUP BY code ORDER BY code
    ON CONFLICT (code) DO UPDATE SET followers = reach.followers + excluded.followers;
    RETURN NULL; END $$"""
TRIGGER = """CREATE TRIGGER {name} AFTER {act} ON follows REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""
POSTGRES = (
    "ALTER TABLE reach SET (fillfactor = 50)",
    COUNT.format(name="follows_insert", step=1),
    COUNT.format(name="follows_delete", step=-1),
    TRIGGER.format(name="follows_insert", act="INSERT", which="NEW"),
    TRIGGER.format(name="follows_delete", act="DELETE", which="OLD"),
)


def upgrade() -> None:
    op.create_table(
        "reach",
        sa.Column("code", TEXT, nullable=False),
        sa.Column("followers", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("code", name="reach_pkey"),
        sa.ForeignKeyConstraint(
            ["code"],
            ["groups.code"],
            name="reach_code_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    is_postgres = op.get_bind().dialect.name == "postgresql"
    if is_postgres:
        # What nodes write meanwhile would be counted twice, or not at all.
        op.execute("LOCK TABLE follows IN SHARE ROW EXCLUSIVE MODE")
    op.execute("INSERT INTO reach (code, followers) SELECT code, count(*) FROM follows GROUP BY code")
    for statement in POSTGRES if is_postgres else FOLLOWS:
        op.execute(statement)
