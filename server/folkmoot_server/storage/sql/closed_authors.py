"""Who entries are from, and whom they name, when these have closed their accounts: the tags that are left (P9.2).

Entries stay as they were written. Whoever reads them lays this over them, as it does redactions.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from folkmoot_governance.closed_names import hide_in_entry, names_in_entry
from folkmoot_protocol.types import Author, Entry

AuthorTags = Callable[[Collection[str]], Awaitable[dict[str, str]]]
"""`ledger.Accounts.author_tags`."""


NAMELESS = "CASE WHEN a.author_tag <> '' THEN a.author_tag WHEN e.ts <= a.names_removed_ms THEN a.\"user\" ELSE '' END"
"""What entries are from whose author has closed the account, or had the names removed that it chose: see `unnamed`."""


def unnamed(entry: Entry, tag: str) -> Entry:
    """Return an entry as from nobody but a tag, which tells it apart from those of others; or, where that is the user
    name, under no other name."""
    if tag == entry.from_.user:
        return replace(entry, from_=replace(entry.from_, display_name=tag))
    return replace(entry, from_=Author(tag, tag, entry.from_.role))


def names_in_entries(entries: Iterable[Entry]) -> set[str]:
    """Return what may be user names in what entries say."""
    # Most entries name nobody; to find that out by `names_in_entry` costs a page as much as to read it from a row.
    speaking = (entry for entry in entries if entry.data or "@" in entry.body)
    return {name for entry in speaking for name in names_in_entry(entry)}


async def without_closed(entries: Sequence[Entry], author_tags: AuthorTags) -> list[Entry]:
    """Return entries that name nobody who is closed in what they say; asked after the entries, as redactions are."""
    named = names_in_entries(entries)
    tags = await author_tags(named) if named else {}
    return [hide_in_entry(entry, tags) for entry in entries] if tags else list(entries)
