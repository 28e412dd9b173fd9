"""What all events of a case have."""

from msgspec import Struct


class CaseEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events of a case: when (Unix ms), and by whom."""

    at: int
    by: str
