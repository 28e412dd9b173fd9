"""How an event of a group becomes the entry that tells the group of it.

The room makes notices with this when it decides, and storage when it finds that a crash has cut a notice off
from its event. So it depends on the event and the state after it alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from folkmoot_governance import GroupState
from folkmoot_governance.group.events import AnnouncementSet, EntryDeleted, Event, erased_by
from folkmoot_governance.notices import TELLINGS, event_fields, text_of
from folkmoot_protocol.types import Author, Entry, EntryKind, Role

Translate = Callable[[str, Mapping[str, object]], str]
"""Says a text of `TELLINGS` with an event's fields filled in; see `common.i18n.translator`."""

PLATFORM = "platform"
"""Who a notice of a measure of the platform is from: which member of staff took it stays inside (G14)."""


def is_told(event: object) -> bool:
    """Say whether the group gets a notice of `event`."""
    # Any object may be asked about; what is no event is just not found.
    telling = TELLINGS.get(type(event))  # type: ignore[arg-type]  # of any event
    return telling is not None and telling.public and not getattr(event, "quiet", False)


def author_of(state: GroupState, event: Event, display_name: str) -> Author:
    """Return who the notice is from, `state` having taken `event` in. `display_name`: of `event.by`."""
    if "by" not in event_fields(event):
        return Author(PLATFORM, "", Role.MEMBER)
    role = state.role_of(event.by) or Role.MEMBER
    return Author(event.by, display_name, role, tuple(state.tags_of(event.by)))


def notice_of(event: Event, *, case: str, author: Author, say: Translate) -> Entry | None:
    """Return the entry that tells of `event`, decided as `case`; None if the group isn't told."""
    if not is_told(event):
        return None
    fields = event_fields(event)
    reason = fields.get("reason")
    if isinstance(event, AnnouncementSet):
        kind, text = EntryKind.ANNOUNCEMENT, event.announcement
    else:
        kind = EntryKind.REDACTION if erased_by(event) else EntryKind.NOTICE
        text = say(text_of(event), fields)
    return Entry(
        seq=0,
        ts=event.at,
        kind=kind,
        from_=author,
        body=f"{text}: {reason}" if reason else text,
        target=event.seq if isinstance(event, EntryDeleted) else None,
        data=data_of(event, case),
    )


def data_of(event: Event, case: str) -> dict[str, Any]:
    """Return the `data` of an event's notice, in plain values: what is sent now must equal what history reads back."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**event_fields(event), "case": case}))
    return plain
