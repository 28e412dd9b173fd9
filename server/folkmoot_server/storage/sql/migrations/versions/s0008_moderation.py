"""Warnings, pins, link rules, notes; what members set for themselves; what refers to an entry is found by it."""

import sqlalchemy as sa
from alembic import op

from folkmoot_server.storage.sql.migrations.versions.s0001_first import key, number, per_member, ref, text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("groups", sa.Column("ladder", sa.Text, nullable=False, server_default=""))
    op.add_column("groups", sa.Column("links", sa.Text, nullable=False, server_default="on"))
    numbered("warnings", "number", text("user"), number("until_ms"), text("by"), text("reason"), number("ts"))
    numbered("pins", "seq", text("by"), number("ts"))
    numbered("notes", "version", text("user"), text("by"), number("ts"), text("text"))
    op.create_index("warnings_until_ms", "warnings", ["until_ms"])
    op.create_index("warnings_user", "warnings", ["user"])
    op.create_index("notes_code_user", "notes", ["code", "user"])
    per_member("member_settings", text("nick"), text("notify"))
    op.create_index("member_settings_user", "member_settings", ["user"])
    accounts = [ref("ignored", column, "accounts.user") for column in ("user", "whom")]
    op.create_table("ignored", text("user"), text("whom"), key("ignored", "user", "whom"), *accounts)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX entry_target ON entry (grp, target) WHERE target IS NOT NULL")


def numbered(table: str, name: str, *columns: "sa.Column[str] | sa.Column[int]") -> None:
    """Create a table with rows of a group that a number tells apart."""
    references = [ref(table, "code", "groups.code")]
    references += [ref(table, "user", "accounts.user") for column in columns if column.name == "user"]
    op.create_table(table, text("code"), number(name), *columns, key(table, "code", name), *references)
