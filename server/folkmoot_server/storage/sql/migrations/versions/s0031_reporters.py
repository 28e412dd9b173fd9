"""Reporters, of whom a case may have many, some without an account; and what is written to a case later."""

import sqlalchemy as sa
from alembic import op

from folkmoot_server.storage.sql.migrations.versions.s0001_first import key, number, ref, text

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NUMBERS = ("date_told", "claim_until_ms", "claim_told", "proposal")
TEXTS = ("claimed_by", "proposer", "terms", "mediator", "named", "named_by", "accepted")


def upgrade() -> None:
    let_anybody_open_cases()
    op.add_column("cases", sa.Column("counter_ts", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "reporters",
        *map(text, ("number", "by")),
        number("ts"),
        text("reason"),
        number("bad_faith"),
        key("reporters", "number", "by"),
        ref("reporters", "number", "cases.number"),
    )
    op.create_index("reporters_by_ts", "reporters", ["by", "ts"])
    op.execute(
        'INSERT INTO reporters (number, "by", ts, reason, bad_faith) SELECT number, "by", opened_ts, reason, '
        "CASE WHEN outcome = 'bad_faith' THEN 1 ELSE 0 END FROM cases WHERE kind = 'report'"
    )
    op.create_table(
        "case_notes",
        text("number"),
        number("version"),
        *map(text, ("by", "kind")),
        *map(number, ("ts", "until_ms")),
        text("sealed"),
        key("case_notes", "number", "version"),
        ref("case_notes", "number", "cases.number"),
    )
    op.create_index("case_notes_until_ms", "case_notes", ["until_ms"])


def let_anybody_open_cases() -> None:
    """Who opens a case may have no account. SQLite drops no key: the table is made again, and what refers to it."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("cases_by_fkey", "cases", type_="foreignkey")
        return
    indexes = op.get_bind().execute(
        sa.text(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('cases', 'case_texts') AND sql > ''"
        )
    )
    statements = [sql for (sql,) in indexes.all()]
    for table in ("cases", "case_texts"):
        op.execute(f"CREATE TEMP TABLE was_{table} AS SELECT * FROM {table}")  # noqa: S608
    for table in ("case_texts", "cases"):
        op.drop_table(table)
    op.create_table(
        "cases",
        *map(text, ("number", "kind", "by")),
        *map(number, ("opened_ts", "due_ms")),
        *map(text, ("reason", "code")),
        number("seq"),
        *map(text, ("user", "severity", "measure", "decider", "outcome")),
        number("closed_ts"),
        *map(text, ("closed_by", "answer")),
        *map(number, ("is_settled", "version")),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in NUMBERS),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in TEXTS),
        key("cases", "number"),
    )
    op.create_table(
        "case_texts",
        text("number"),
        number("until_ms"),
        text("sealed"),
        key("case_texts", "number"),
        ref("case_texts", "number", "cases.number"),
    )
    for table in ("cases", "case_texts"):
        columns = [f'"{one["name"]}"' for one in sa.inspect(op.get_bind()).get_columns(table)]
        names = ", ".join(columns)
        op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM was_{table}")  # noqa: S608
        op.execute(f"DROP TABLE was_{table}")
    for statement in statements:
        op.execute(statement)
