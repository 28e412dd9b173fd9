"""Words of events are bound: the log has hashes in their place. Nodes of before would make another log of them."""

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
