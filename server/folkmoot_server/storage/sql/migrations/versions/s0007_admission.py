"""Groups remember a question at the door, invite codes, and who has to wait before coming back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> "sa.Column[str]":
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"{table}_{column}_fkey"
    return sa.ForeignKeyConstraint(
        [column], [target], name=name, ondelete="RESTRICT", deferrable=True, initially="DEFERRED"
    )


def upgrade() -> None:
    for name in ("question", "answers"):
        op.add_column("groups", sa.Column(name, TEXT, nullable=False, server_default=""))
    op.create_table(
        "join_waits",
        *(text("code"), text("user"), number("until_ms"), text("by"), text("reason"), text("case")),
        sa.PrimaryKeyConstraint("code", "user", name="join_waits_pkey"),
        ref("join_waits", "code", "groups.code"),
        ref("join_waits", "user", "accounts.user"),
    )
    op.create_table(
        "invite_codes",
        *(text("code"), text("code_id"), number("until_ms"), number("uses"), text("by")),
        sa.PrimaryKeyConstraint("code", "code_id", name="invite_codes_pkey"),
        ref("invite_codes", "code", "groups.code"),
    )
