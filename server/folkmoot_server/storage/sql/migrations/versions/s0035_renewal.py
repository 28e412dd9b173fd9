"""When an identity was checked, and how far its renewal was told; numbers that wait for a review stand apart.

Older nodes would note no time of a check, and put a number that waits in the place of the one that was verified.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("verified_ts", "renewal_told"):
        op.add_column("accounts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.execute(
        "UPDATE accounts SET verified_ts = COALESCE((SELECT ts FROM ledger WHERE ledger.stream = "
        "'account:' || accounts.\"user\" AND ledger.type = 'identity_attested' ORDER BY version DESC LIMIT 1), 0) "
        "WHERE identity <> 'none'"
    )
    where = sa.text("verified_ts > 0")
    op.create_index(
        "accounts_renewal", "accounts", ["renewal_told", "verified_ts"], sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "identity_requests",
        sa.Column("user", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("blind", TEXT, nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", name="identity_requests_pkey"),
        sa.ForeignKeyConstraint(
            ["user"],
            ["accounts.user"],
            name="identity_requests_user_fkey",
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("identity_requests_blind", "identity_requests", ["blind"])
    asked = 'SELECT 1 FROM accounts WHERE accounts."user" = identities."user" AND accounts.asked = identities.identity'
    op.execute(
        'INSERT INTO identity_requests SELECT "user", identity, sealed, blind, ts FROM identities '  # noqa: S608
        f"WHERE EXISTS ({asked})"
    )
    op.execute(f"DELETE FROM identities WHERE EXISTS ({asked})")  # noqa: S608
