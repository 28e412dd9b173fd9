"""What runs out next is found by its end."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENDS = {
    "bans": ("until_ms",),
    "mutes": ("until_ms",),
    "join_requests": ("until_ms",),
    "invitations": ("until_ms",),
    "groups": ("locked_until_ms", "status_until_ms", "heir_until_ms"),
}


def upgrade() -> None:
    for table, columns in ENDS.items():
        for column in columns:
            op.create_index(f"{table}_{column}", table, [column])
