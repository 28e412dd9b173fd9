"""The first schema: ledger, projections, profiles, tokens, read marks, heads of the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Names and codes sort by code point in any database, whatever its locale.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> "sa.Column[str]":
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [target],
        name=f"{table}_{column}_fkey",
        ondelete="RESTRICT",
        deferrable=True,
        initially="DEFERRED",
    )


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"{table}_pkey")


def per_member(table: str, *columns: "sa.Column[str] | sa.Column[int]") -> None:
    """Creates a table with one row for an account in a group."""
    op.create_table(
        table,
        text("code"),
        text("user"),
        *columns,
        key(table, "code", "user"),
        ref(table, "code", "groups.code"),
        ref(table, "user", "accounts.user"),
    )


def upgrade() -> None:
    create_ledger()
    create_accounts()
    create_groups()
    create_group_tables()
    create_own_facts()


def create_ledger() -> None:
    position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "ledger",
        sa.Column("position", position, nullable=False, autoincrement=False),
        number("batch"),
        text("stream"),
        number("version"),
        number("ts"),
        text("type"),
        text("actor"),
        text("data"),
        key("ledger", "position"),
        sa.UniqueConstraint("stream", "version", name="ledger_stream_version_key"),
    )


def create_accounts() -> None:
    op.create_table(
        "accounts",
        text("user"),
        number("created_ts"),
        text("agreement"),
        text("identity"),
        sa.Column("platform", sa.Text),
        number("suspended_until_ms"),
        text("suspended_reason"),
        number("version"),
        key("accounts", "user"),
    )


def create_groups() -> None:
    texts = ("code", "name", "creator", "owner", "topic", "category", "grade", "join_mode", "status", "heir")
    numbers = ("created_ts", "status_until_ms", "member_limit", "locked_until_ms", "slow_ms", "heir_until_ms")
    op.create_table(
        "groups",
        *[text(name) for name in texts],
        *[number(name) for name in numbers],
        number("version"),
        key("groups", "code"),
        ref("groups", "creator", "accounts.user"),
        ref("groups", "owner", "accounts.user"),
    )
    op.create_index("groups_creator", "groups", ["creator"])


def create_group_tables() -> None:
    per_member("members", text("role"), text("permissions"), number("joined_ts"), text("tag"))
    op.create_index("members_user", "members", ["user"])
    per_member("bans", number("until_ms"), text("by"), text("reason"), text("case"))
    per_member("mutes", number("until_ms"), text("by"), text("reason"), text("case"))
    per_member("join_requests", number("asked_ts"), number("until_ms"), text("answer"))
    per_member("invitations", number("until_ms"))
    op.create_table(
        "redactions",
        text("code"),
        number("seq"),
        text("by"),
        number("version"),
        number("ts"),
        key("redactions", "code", "seq"),
        ref("redactions", "code", "groups.code"),
    )


def create_own_facts() -> None:
    op.create_table(
        "profiles",
        text("user"),
        text("display_name"),
        text("password_hash"),
        text("language"),
        key("profiles", "user"),
        ref("profiles", "user", "accounts.user"),
    )
    op.create_table(
        "tokens",
        text("hash"),
        text("user"),
        number("created_ts"),
        key("tokens", "hash"),
        ref("tokens", "user", "accounts.user"),
    )
    op.create_index("tokens_user", "tokens", ["user"])
    per_member("read_marks", number("seq"))
    op.create_index("read_marks_user", "read_marks", ["user"])
    op.create_table(
        "journal_heads",
        text("code"),
        number("last_seq"),
        key("journal_heads", "code"),
        ref("journal_heads", "code", "groups.code"),
    )
