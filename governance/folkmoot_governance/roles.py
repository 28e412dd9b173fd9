"""Roles in a group, their order, and what an admin can be entrusted with."""

from enum import StrEnum

from folkmoot_protocol.types import Role

RANK = {None: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}
"""Higher outranks lower; None is somebody who is not a member."""


class Permission(StrEnum):
    """What an owner may grant to an admin, one by one (G9)."""

    DELETE = "delete"
    KICK = "kick"
    BAN = "ban"
    MUTE = "mute"
    WARN = "warn"
    LOCK = "lock"
    SLOW = "slow"
    PIN = "pin"
    JOINS = "joins"
    INVITE = "invite"
    TOPIC = "topic"
    PUBLISH = "publish"
    COMMENTS = "comments"
    BOTS = "bots"


OF_EDITORS = frozenset({Permission.PUBLISH, Permission.COMMENTS})
"""What there is in channels alone."""

ALL_PERMISSIONS = frozenset(Permission) - OF_EDITORS
"""What an admin of a group can have."""

EDITORS_PERMISSIONS = frozenset(Permission) - {Permission.LOCK, Permission.JOINS, Permission.BOTS}
"""What an admin of a channel can have: nobody asks to join it, comments are closed instead of locking it, and there are
no bots."""


def outranks(one: Role | None, other: Role | None) -> bool:
    """Say whether `one` stands strictly above `other`: nobody acts on an equal or a superior."""
    return RANK[one] > RANK[other]
