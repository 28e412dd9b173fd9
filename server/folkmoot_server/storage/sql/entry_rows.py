"""How an entry stands in a row of the journal."""

from typing import Any

import msgspec

from folkmoot_protocol.types import Author, Entry, EntryKind, Role

from ..change_set import NewEntry

ALWAYS = ("grp", "seq", "ts", "kind", "user", "display_name", "role", "body")
SOMETIMES = ("tags", "reply_to", "target", "data", "nonce", "version")
COLUMNS = "seq, ts, kind, user, display_name, role, tags, body, reply_to, target, data"

BODY, DATA = map(COLUMNS.split(", ").index, ("body", "data"))
"""Where they are in a row of `COLUMNS`."""

Row = tuple[Any, ...]

# A dict is asked in a tenth of the time that the enumeration itself takes, twice for each entry of a page.
_KINDS = {kind.value: kind for kind in EntryKind}
_ROLES = {role.value: role for role in Role}

_encode = msgspec.json.Encoder().encode
_decode_data = msgspec.json.Decoder(dict[str, Any]).decode
_decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode


def row_of(grp: int, new: NewEntry) -> Row:
    """Return the row of an entry: the columns `ALWAYS`, then `SOMETIMES`, which may be None."""
    entry = new.entry
    author = entry.from_
    return (
        grp,
        entry.seq,
        entry.ts,
        entry.kind._value_,  # `value` is a property, and dear
        author.user,
        author.display_name,
        author.role._value_,
        entry.body,
        _encode(author.tags).decode() if author.tags else None,
        entry.reply_to,
        entry.target,
        None if entry.data is None else _encode(entry.data).decode(),
        new.nonce,
        new.version,
    )


def entry_of(row: Row, redacted: frozenset[int] | set[int]) -> Entry:
    """Return the entry of a row of `COLUMNS`, without its content if its seq is in `redacted`."""
    seq, ts, kind, user, display_name, role, tags, body, reply_to, target, data = row
    hidden = seq in redacted
    return Entry(
        seq=seq,
        ts=ts,
        kind=_KINDS[kind],
        from_=Author(user, display_name, _ROLES[role], _decode_tags(tags) if tags else ()),
        body="" if hidden else body,
        reply_to=reply_to,
        target=target,
        data=None if hidden or data is None else _decode_data(data),
        redacted=hidden,
    )
