"""What all events of a group have."""

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events of a group."""

    at: int
    by: str


class MemberEvent(Event, frozen=True, kw_only=True):
    """An event that concerns one account, `user`."""

    user: str


class PinWas(Struct, frozen=True, array_like=True):
    """A pin that went with the entry that it kept at hand: the entry's seq, who pinned it, and when (Unix ms)."""

    seq: int
    by: str
    ts: int
