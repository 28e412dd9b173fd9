"""What all events of a group have."""

from msgspec import Struct

from ..restrictions import NO_GROUNDS, Grounds


class Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events of a group."""

    at: int
    by: str


class MemberEvent(Event, frozen=True, kw_only=True):
    """An event that concerns one account, `user`."""

    user: str


class PlatformMeasure(Event, frozen=True, kw_only=True):
    """Base of measures of the platform. `report` is the report that brought it, empty for none. Where two decided on
    it, `proposed_by` is who asked for it, under the number `proposal`, and `by` who confirmed it.
    """

    report: str = ""
    grounds: Grounds = NO_GROUNDS
    proposed_by: str = ""
    proposal: str = ""


class PinWas(Struct, frozen=True, array_like=True):
    """A pin that went with the entry that it kept at hand: the entry's seq, who pinned it, and when (Unix ms)."""

    seq: int
    by: str
    ts: int
