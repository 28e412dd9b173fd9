"""Names of closed accounts in what is shown: a closed account is known by its tag alone (P9.2).

The ledger keeps names, for its events are kept as they were decided. Whatever is shown of it, or of anything else,
passes through here: fields that hold names, and `@name` in texts.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from folkmoot_protocol.types import Entry

from .group.state import GroupState

TAG = "~"
"""What a tag begins with; no user name does."""

NAME_FIELDS = frozenset(
    {
        "user",
        "by",
        "users",
        "previous",
        "whose",
        "owner",
        "creator",
        "heir",
        "successor",
        "decider",
        "closed_by",
        "mentions",
        "other",
        "giver",
        "was_giver",
        "bot",
    }
)
"""Fields of events, entries, cases and groups that hold a user name, or several."""

_CALLED = re.compile(r"(?<![a-z_.@-])@([a-z0-9][a-z0-9_.-]{2,})", re.IGNORECASE)


def is_tag(name: str) -> bool:
    """Say whether a name is what is left of a closed account."""
    return name.startswith(TAG)


def names_in(value: object, field: str = "") -> Iterator[str]:
    """Yield what may be user names in plain data, `value` standing in `field`."""
    if isinstance(value, str):
        if field in NAME_FIELDS:
            yield value
        elif "@" in value:
            for called in _CALLED.finditer(value):
                yield from _readings(called[1])
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from names_in(one, key)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from names_in(one, field)


def hide_names(value: Any, tags: Mapping[str, str], field: str = "") -> Any:
    """Return plain data with tags in place of the names of closed accounts."""
    if isinstance(value, str):
        if field in NAME_FIELDS:
            return tags.get(value, value)
        return _CALLED.sub(lambda called: _hidden(called, tags), value) if "@" in value else value
    if isinstance(value, Mapping):
        hidden = {key: hide_names(one, tags, key) for key, one in value.items()}
        # The display name beside a user name is the same person's.
        tag = tags.get(value["user"]) if isinstance(value.get("user"), str) else None
        return hidden | {key: tag for key in ("display_name", "name") if tag and key in hidden}
    if isinstance(value, (list, tuple)):
        return [hide_names(one, tags, field) for one in value]
    return value


def named_outside(state: GroupState) -> set[str]:
    """Return whom a group's state names, and its notices therefore may, whether they are members or not."""
    by_name = (state.bans, state.mutes, state.requests, state.invitations, state.waits)
    by_number = {one.user for one in state.warnings.values()} | {one.user for one in state.reviews.values()}
    givers = {one.giver for one in state.members.values() if one.giver}
    found = givers | {state.owner, state.creator, state.heir, state.successor}
    return found.union(by_number, *by_name) - {""}


def names_in_entry(entry: Entry) -> Iterator[str]:
    """Yield what may be user names in what an entry says."""
    if entry.data:
        yield from names_in(entry.data)
    if "@" in entry.body:
        yield from names_in(entry.body)


def hide_in_entry(entry: Entry, tags: Mapping[str, str]) -> Entry:
    """Return an entry with tags in place of the names of closed accounts in what it says."""
    if tags.keys().isdisjoint(names_in_entry(entry)):
        return entry
    return replace(entry, body=hide_names(entry.body, tags), data=hide_names(entry.data, tags))


def _readings(called: str) -> list[str]:
    """Return the names that what follows an `@` may be: a sentence may end right behind, or a case number go on."""
    name = called.lower()
    bare = name.rstrip("._-")
    stem, _, number = bare.rpartition("-")
    return [name, bare, stem] if number.isdigit() else [name, bare]


def _hidden(called: "re.Match[str]", tags: Mapping[str, str]) -> str:
    for name in _readings(called[1]):
        if name in tags:
            return f"@{tags[name]}{called[1][len(name) :]}"
    return called[0]
