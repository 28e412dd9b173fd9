"""Hiding the names of closed accounts in what is told of records and states, which keep them (P9.2)."""

from typing import TypeVar

from folkmoot_governance.closed_names import hide_names, names_in

from ...storage.api import Ledger

T = TypeVar("T")


async def hide_closed(ledger: Ledger, told: T) -> T:
    """Return plain data, texts included, with tags in place of the names of closed accounts. Raises StorageError."""
    names = set(names_in(told))
    tags = await ledger.author_tags(names) if names else {}
    hidden: T = hide_names(told, tags) if tags else told
    return hidden
