"""Who entries are from when their authors have closed their accounts: the tag that is left of each (P9.2).

Entries stay as they were written. Whoever reads them lays this over them, as it does redactions.
"""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from folkmoot_protocol.types import Author, Entry

from .fetch import raw_of

_TAGS = 'SELECT "user", author_tag FROM accounts WHERE author_tag <> \'\' AND "user" IN ({})'


def unnamed(entry: Entry, tag: str) -> Entry:
    """Return an entry as from nobody but a tag, which tells it apart from those of others."""
    return replace(entry, from_=Author(tag, tag, entry.from_.role))


def without_closed(main: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries, those of closed accounts without their names. On SQLite: the main file has the tags.

    Asked after the entries were read, as redactions are.
    """
    users = list({entry.from_.user for entry in entries})
    tags = dict(raw_of(main).execute(_TAGS.format(", ".join("?" * len(users))), users).fetchall()) if users else {}
    return [unnamed(entry, tags[entry.from_.user]) if entry.from_.user in tags else entry for entry in entries]
