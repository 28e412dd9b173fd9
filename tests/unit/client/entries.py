"""Makes entries and groups for tests of the client."""

from typing import Any

from folkmoot_protocol import Author, Entry, EntryKind, Group, GroupStatus, JoinMode, Role

CODE = "482190673350"


def make_entry(seq: int, user: str = "ann", **fields: Any) -> Entry:
    fields = {"ts": seq, "kind": EntryKind.TEXT, "body": f"entry {seq}", **fields}
    return Entry(seq=seq, from_=Author(user, user.title(), Role.MEMBER), **fields)


def make_group(code: str = CODE, **fields: Any) -> Group:
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
