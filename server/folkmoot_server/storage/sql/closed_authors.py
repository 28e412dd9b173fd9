"""Who entries are from when their authors have closed their accounts: the tag that is left of each (P9.2).

Entries stay as they were written. Whoever reads them lays this over them, as it does redactions.
"""

from msgspec.structs import replace

from folkmoot_protocol.types import Author, Entry


def unnamed(entry: Entry, tag: str) -> Entry:
    """Return an entry as from nobody but a tag, which tells it apart from those of others."""
    return replace(entry, from_=Author(tag, tag, entry.from_.role))
