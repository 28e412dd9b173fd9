"""Reading a group's entries back, a page at a time."""

from typing import TYPE_CHECKING

from ...live.rooms import Room
from ...storage.api import Page

if TYPE_CHECKING:
    from ...node import Node


async def read_page(node: "Node", room: Room, before: int | None, after: int | None, limit: int) -> Page:
    """Read a page of what was delivered: what is stored but not delivered yet comes as an event."""
    # Cut off from the other nodes, this one may not know yet that something was removed.
    found = room.recent.page(before, after, limit) if node.bus.connected else None
    if found is not None:
        return found
    last, age, journal, code = room.last_seq, room.recent.age, node.store.journal, room.state.code
    if after is not None:
        page = await journal.page(code, after=after, limit=limit)
    else:
        page = await journal.page(code, before=last + 1 if before is None else min(before, last + 1), limit=limit)
    if page.entries and page.entries[-1].seq > last:
        page = Page([entry for entry in page.entries if entry.seq <= last], False)
    room.recent.fill(page.entries, room.last_seq, age)
    return page
