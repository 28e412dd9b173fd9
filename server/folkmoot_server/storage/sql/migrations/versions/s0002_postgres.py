"""What PostgreSQL needs besides: the sequencer and the journal. SQLite has its journal in files of its own."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# `heads` is the sequencer: a batch locks the rows of its streams in their order and moves them on. A stream's row is
# made when it is founded. Half of each page is left free, so that moving a head on touches no index.
# `counters`: `position` is the ledger's last, taken at the end of a transaction; `month` (as 202611) is the newest
# partition that entries go to.
# The journal has a partition per month, made when needed, dropped whole. Bodies and nonces are bytes (UTF-8): members
# may write the character NUL, which PostgreSQL's text cannot hold.
TABLES = (
    """CREATE TABLE heads (
        stream text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, last_seq bigint NOT NULL)
        WITH (fillfactor = 50)""",
    "CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 50)",
    "INSERT INTO counters VALUES ('position', 0), ('month', 0)",
    """CREATE TABLE entry (
        month integer NOT NULL, grp bigint NOT NULL, seq bigint NOT NULL, ts bigint NOT NULL, kind text NOT NULL,
        "user" text COLLATE "C" NOT NULL, display_name text NOT NULL, role text NOT NULL, tags text,
        body bytea NOT NULL, reply_to bigint, target bigint, data text, nonce bytea, version bigint,
        PRIMARY KEY (grp, seq, month)) PARTITION BY RANGE (month)""",
    'CREATE INDEX entry_nonce ON entry (grp, "user", nonce) WHERE nonce IS NOT NULL',
    "CREATE UNIQUE INDEX entry_version ON entry (grp, version, month) WHERE version IS NOT NULL",
    """CREATE TABLE restricted (
        month integer NOT NULL, grp bigint NOT NULL, seq bigint NOT NULL, sealed bytea NOT NULL,
        PRIMARY KEY (grp, seq, month)) PARTITION BY RANGE (month)""",
    "DROP TABLE journal_heads",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in TABLES:
            op.execute(statement)
