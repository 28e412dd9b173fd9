"""Lines of a bundle without the names of accounts that are closed: whatever is taken out passes through here."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from folkmoot_governance.closed_names import hide_names, names_in
from folkmoot_protocol.exported import AccessLine, EntryLine, IdentityLine
from folkmoot_protocol.names import fold_user_name

from ..storage.api import Ledger

Line = TypeVar("Line", EntryLine, AccessLine, IdentityLine)
PAGE = 500


async def without_names(ledger: Ledger, lines: Sequence[Line]) -> list[Line]:
    """Return lines with tags in place of the names of closed accounts. Raises StorageError."""
    found: list[Line] = []
    for start in range(0, len(lines), PAGE):
        some = lines[start : start + PAGE]
        names = {name for one in some for name in named_in(one)}
        tags = await ledger.author_tags(names) if names else {}
        found += [hidden(one, tags) for one in some] if tags else some
    return found


def named_in(line: EntryLine | AccessLine | IdentityLine) -> set[str]:
    """Return what may be user names in a line."""
    names = {line.user, *words_of(line)}
    if isinstance(line, EntryLine) and "@" in line.body:
        names |= set(names_in(line.body))
    return names - {""}


def words_of(line: EntryLine | AccessLine | IdentityLine) -> list[str]:
    """Return the words of what was done over a connection: an act of staff has there, bare, whom it was on."""
    words = line.detail.split(" ") if isinstance(line, AccessLine) else ()
    return [fold_user_name(word) for word in words if word.isprintable()]


def hidden(line: Line, tags: dict[str, str]) -> Line:
    """Return a line with tags in place of names."""
    if isinstance(line, AccessLine):
        line = replace(line, detail=" ".join(tags.get(fold_user_name(word), word) for word in line.detail.split(" ")))
    shown: Line = msgspec.convert(hide_names(msgspec.to_builtins(line), tags), type(line))
    return shown
