"""The access log in PostgreSQL, partitioned by month. SQLite has it in files of its own, which no migration makes."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE access_blocks (
        month integer NOT NULL, number bigserial NOT NULL, first_ts bigint NOT NULL, last_ts bigint NOT NULL,
        node text NOT NULL, records integer NOT NULL, sealed bytea NOT NULL,
        PRIMARY KEY (number, month)) PARTITION BY RANGE (month)""",
    """CREATE TABLE access_users (
        month integer NOT NULL, "user" text COLLATE "C" NOT NULL, number bigint NOT NULL,
        PRIMARY KEY ("user", number, month)) PARTITION BY RANGE (month)""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in TABLES:
            op.execute(statement)
