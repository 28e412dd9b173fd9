"""Entries, and groups as clients see them, for all tests; each field can be given."""

from typing import Any

from folkmoot_protocol import Author, Entry, EntryKind, Group, GroupStatus, JoinMode, Role

CODE = "482190673350"


def make_author(user: str = "ann", role: Role = Role.MEMBER, tags: tuple[str, ...] = ()) -> Author:
    """Return an author whose display name is the user name with a capital letter."""
    return Author(user, user.capitalize(), role, tags)


def make_entry(seq: int = 7, user: str = "ann", role: Role = Role.MEMBER, **fields: Any) -> Entry:
    """Return what a member wrote."""
    fields = {"ts": seq, "kind": EntryKind.TEXT, "from_": make_author(user, role), "body": f"entry {seq}", **fields}
    return Entry(seq=seq, **fields)


def make_group_view(code: str = CODE, **fields: Any) -> Group:
    """Return a group as the server shows it to clients."""
    fields = {
        "name": "Fellows",
        "topic": "",
        "category": "general",
        "grade": "standard",
        "join_mode": JoinMode.OPEN,
        "state": GroupStatus.ACTIVE,
        "members": 1,
        "member_limit": 500,
        "created_ts": 1,
        "owner": "ann",
        "creator": "ann",
        "slow_ms": 0,
        **fields,
    }
    return Group(id=code, **fields)
