"""Stands in for the version after this one: run like `folkmoot`.

It is a fake: the code of this version, and what a next version may bring with it while nodes of this one still serve.
One more migration, which adds a column, a table and an index; news of one more kind on the bus, and one more field in
each of the others. With `FOLKMOOT_NEXT_BREAKS=1` it says of its migration that older nodes cannot serve after it.
"""

import os
import shutil
import tempfile
from pathlib import Path

from folkmoot_server.storage.sql import tables

NOW, NEXT = tables.SCHEMA, f"{int(tables.SCHEMA) + 1:04d}"
# Before anybody else has taken it over.
tables.SCHEMA = NEXT

import msgspec  # noqa: E402

from folkmoot_server.bus import nats  # noqa: E402
from folkmoot_server.bus.messages import BusMessage, GroupUpdate  # noqa: E402
from folkmoot_server.cli import main  # noqa: E402
from folkmoot_server.storage.sql import schema  # noqa: E402

MIGRATION = f'''
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{NOW}", None, None


def upgrade() -> None:
    op.add_column("groups", sa.Column("motto", sa.Text, nullable=False, server_default=""))
    op.create_table("mottos", sa.Column("code", sa.Text, primary_key=True), sa.Column("motto", sa.Text))
    op.create_index("groups_motto", "groups", ["motto"])
'''


class MottoUpdate(msgspec.Struct, tag="motto"):
    """News of a kind that this version does not know."""

    code: str
    motto: str


def encode(message: BusMessage) -> bytes:
    """Encode news with a field more than this version knows."""
    told = msgspec.to_builtins(message, builtin_types=(bytes,))
    return msgspec.msgpack.encode({**told, "motto": "onwards"})


def pieces(message: BusMessage, most: int, of_this_version=nats.pieces):  # type: ignore[no-untyped-def]
    """Send news of the new kind along with each of a group."""
    if isinstance(message, GroupUpdate):
        yield msgspec.msgpack.encode(MottoUpdate(message.code, "onwards"))
    yield from of_this_version(message, most)


def become_next() -> None:
    """Bring in what is new."""
    place = Path(tempfile.mkdtemp())
    shutil.copytree(Path(schema.__file__).parent / "migrations", place / "migrations")
    (place / "migrations" / "versions" / f"s{NEXT}_motto.py").write_text(MIGRATION)
    schema.__file__ = str(place / "schema.py")
    if os.environ.get("FOLKMOOT_NEXT_BREAKS"):
        schema.SERVES_FROM = NEXT
    nats._encode = encode
    nats.pieces = pieces


if __name__ == "__main__":
    become_next()
    main()
