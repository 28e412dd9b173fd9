"""An invitation knows who gave it; what an account has given in all groups is found by its name."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
GIVEN = ("invited", "overturned")


def upgrade() -> None:
    op.add_column("invitations", sa.Column("by", TEXT, nullable=False, server_default=""))
    fill()
    for table in ("invitations", "invite_codes"):
        op.create_index(f"{table}_by", table, ["by"])


def fill() -> None:
    """Read who gave the invitations there are from the record of their groups: who did so last."""
    database = op.get_bind()
    columns = [sa.Column(name, sa.Text) for name in ("code", "user", "by")]
    invitations = sa.Table("invitations", sa.MetaData(), *columns)
    ledger = sa.table("ledger", *map(sa.column, ("stream", "version", "type", "actor", "data")))
    codes = sa.select(invitations.c.code).distinct()
    for (code,) in database.execute(codes).all():
        given = sa.select(ledger.c.actor, ledger.c.data).where(
            ledger.c.stream == f"group:{code}", ledger.c.type.in_(GIVEN)
        )
        for giver, data in database.execute(given.order_by(ledger.c.version)).all():
            event = json.loads(data)
            if event["event"] == "invited" or event.get("invited_until_ms"):
                row = (invitations.c.code == code) & (invitations.c.user == event["user"])
                database.execute(sa.update(invitations).where(row).values(by=giver))
