"""Cases: reports and appeals, and what people wrote to them."""

from alembic import op

from folkmoot_server.storage.sql.migrations.versions.s0001_first import key, number, ref, text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        key("cases", "number"),
        ref("cases", "by", "accounts.user"),
    )
    op.create_index("cases_by", "cases", ["by"])
    op.create_index("cases_outcome_due_ms_number", "cases", ["outcome", "due_ms", "number"])
    op.create_index("cases_is_settled", "cases", ["is_settled"])
    op.create_table(
        "case_texts",
        text("number"),
        number("until_ms"),
        text("sealed"),
        key("case_texts", "number"),
        ref("case_texts", "number", "cases.number"),
    )
    op.create_index("case_texts_until_ms", "case_texts", ["until_ms"])
