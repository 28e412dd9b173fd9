"""What the operator's staff does to a group, and what follows: suspension, warning, closing, appeals (G11.1, P15)."""

from .events_base import Event, MemberEvent


class GroupSuspended(Event, frozen=True, kw_only=True, tag="suspended"):
    until_ms: int
    reason: str


class GroupRestored(Event, frozen=True, kw_only=True, tag="restored"):
    reason: str


class GroupClosed(Event, frozen=True, kw_only=True, tag="closed"):
    reason: str


class MeasureOverturned(MemberEvent, frozen=True, kw_only=True, tag="overturned"):
    """The act `measure` (the `number`-th event, of a `kind`) against `user` is void, for an appeal succeeded (P15).

    What it did and still holds is lifted; who was removed is invited back until `invited_until_ms`.
    """

    number: int
    kind: str
    measure: str
    reason: str = ""
    lifts_suspension: bool = False
    invited_until_ms: int = 0


class GroupWarned(Event, frozen=True, kw_only=True, tag="group_warned"):
    """The platform asks for something to be mended until `until_ms` (G11.1); the event's number is the case's."""

    until_ms: int
    reason: str


class RectificationTold(Event, frozen=True, kw_only=True, tag="rectified"):
    """The owner says that what warning `number` asks for is mended."""

    number: int
    text: str


class RectificationAccepted(Event, frozen=True, kw_only=True, tag="rectification_accepted"):
    number: int
    reason: str


class RectificationRejected(Event, frozen=True, kw_only=True, tag="rectification_rejected"):
    """It is not mended yet, and is to be until `until_ms`."""

    number: int
    until_ms: int
    reason: str
