"""What a group had when the platform closed it: kept for the term of appeal, so that an appeal can bring it back.

A closed group has nobody in it and nothing open: members, requests, invitations and what else `Kept` names are taken
out of its state, so that no rule, count or list has to ask whether the group is closed. They wait in `GroupState.kept`,
where only what happens to them is noted: who closes the account is gone from there, too.
"""

from collections.abc import Callable
from copy import copy
from typing import Any

from msgspec.structs import asdict

from folkmoot_protocol.types import GroupStatus, Role

from . import events as e
from .state import GroupState, Kept, KeptFields

PARTS = ("members", "requests", "invitations", "waits", "invite_codes", "reviews")
"""The fields of `Kept` that hold many, by key."""

FIELDS = tuple(name for name in Kept.__struct_fields__ if name not in ("number", "until_ms"))


def close(state: GroupState, event: e.GroupDissolved | e.GroupClosed) -> None:
    """Empty the group: it has no members; `owner` still tells who answered for it (G9)."""
    held = {name: getattr(state, name) for name in FIELDS}
    until_ms = event.kept_until_ms if isinstance(event, e.GroupClosed) else 0
    state.kept = Kept(number=state.version, until_ms=until_ms, **held) if until_ms else None
    empty = asdict(KeptFields(0, 0))
    for name in FIELDS:
        setattr(state, name, {} if name in PARTS else empty[name])
    state.status = GroupStatus.CLOSED


def reopen(state: GroupState) -> None:
    """Put back what the group had, as it is now."""
    assert state.kept is not None, "only what is kept comes back"
    for name in FIELDS:
        setattr(state, name, getattr(state.kept, name))
    state.kept = None


def led_at_closing(state: GroupState, user: str) -> Role | None:
    """Return as what somebody led a group when the platform closed it, None for not at all: owner and admins may read
    its record and appeal as long as what it had is kept (P10, P15)."""
    member = state.kept.members.get(user) if state.kept is not None else None
    return member.role if member is not None and member.role is not Role.MEMBER else None


def place_of(state: GroupState) -> GroupState | Kept:
    """Return where what the group has is to be changed: in the group, or in what is kept of it, afresh.

    Both have the same fields. A copy of a group shares what is kept, so that is not changed in place.
    """
    if state.kept is None:
        return state
    state.kept = copy(state.kept)
    for name in PARTS:
        setattr(state.kept, name, dict(getattr(state.kept, name)))
    return state.kept


def kept_longer(state: GroupState, event: e.KeptLonger) -> None:
    kept = place_of(state)
    assert isinstance(kept, Kept)
    kept.until_ms = event.until_ms


def let_go(state: GroupState, event: e.KeptLetGo) -> None:
    state.kept = None


KEEPING: dict[type[e.Event], Callable[[GroupState, Any], None]] = {
    e.GroupDissolved: close,
    e.GroupClosed: close,
    e.KeptLonger: kept_longer,
    e.KeptLetGo: let_go,
}
