"""Content rules: what waits for review, the groups' own words, and the sealed texts of held posts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = {
    "reviews": (("number",), ("ts", "until_ms", "seq"), ("user", "rule", "severity", "mark")),
    "words": ((), (), ("word", "verdict", "by")),
    "held_texts": (("number",), ("until_ms",), ("sealed",)),
}
KEYS = {"reviews": "number", "words": "word", "held_texts": "number"}


def upgrade() -> None:
    for name, (keys, numbers, texts) in TABLES.items():
        op.create_table(
            name,
            sa.Column("code", TEXT, nullable=False),
            *(sa.Column(one, sa.BigInteger, nullable=False, autoincrement=False) for one in (*keys, *numbers)),
            *(sa.Column(one, TEXT, nullable=False) for one in texts),
            sa.PrimaryKeyConstraint("code", KEYS[name], name=f"{name}_pkey"),
            sa.ForeignKeyConstraint(
                ["code"],
                ["groups.code"],
                name=f"{name}_code_fkey",
                ondelete="RESTRICT",
                deferrable=True,
                initially="DEFERRED",
            ),
        )
