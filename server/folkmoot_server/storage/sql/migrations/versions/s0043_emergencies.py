"""Emergencies, and what the operator tells everybody."""

from alembic import op

from folkmoot_server.storage.sql.migrations.versions.s0001_first import key, number, ref, text

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergencies",
        *map(text, ("number", "scope", "halt", "reason", "by")),
        *map(number, ("started_ts", "until_ms", "slow_ms", "ended_ts")),
        key("emergencies", "number"),
    )
    op.create_index("emergencies_until_ms", "emergencies", ["until_ms"])
    op.create_table(
        "announcements",
        *map(text, ("number", "text", "by", "code")),
        *map(number, ("ts", "until_ms")),
        key("announcements", "number"),
    )
    op.create_index("announcements_until_ms", "announcements", ["until_ms"])
    op.create_table(
        "announcement_marks",
        text("user"),
        number("ts"),
        key("announcement_marks", "user"),
        ref("announcement_marks", "user", "accounts.user"),
    )
