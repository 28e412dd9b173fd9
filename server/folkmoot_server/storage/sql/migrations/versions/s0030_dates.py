"""Dates of cases and warnings: how far they were told, claims, and indexes by which what is due is found."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OPEN, DECIDED = "outcome = ''", "outcome <> ''"


def upgrade() -> None:
    for table, columns in (
        ("groups", ("inspect_until_ms", "date_told")),
        ("cases", ("date_told", "claim_until_ms", "claim_told")),
    ):
        for name in columns:
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("claimed_by", TEXT, nullable=False, server_default=""))
    for name in ("cases_by", "cases_user", "cases_outcome_due_ms_number", "cases_is_settled"):
        op.drop_index(name, "cases")
    op.create_index("cases_by_opened_ts", "cases", ["by", "opened_ts"])
    op.create_index("cases_kind_due_ms_number", "cases", ["kind", "due_ms", "number"])
    op.create_index("cases_code_outcome_due_ms_number", "cases", ["code", "outcome", "due_ms", "number"])
    op.create_index("cases_user_code_seq", "cases", ["user", "code", "seq"])
    _partly("cases_open", ["kind", "due_ms", "number"], OPEN)
    _partly("cases_decided", ["kind", "due_ms", "number"], DECIDED)
    _partly("cases_untold", ["date_told", "due_ms"], OPEN)
    _partly("cases_claimed", ["claim_until_ms"], "claim_until_ms > 0")
    _partly("cases_unsettled", ["closed_ts"], f"{DECIDED} AND is_settled = 0")


def _partly(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "cases", columns, sqlite_where=where, postgresql_where=where)
