"""The bounded queue between the connection and a program that reads `Client.events()`."""

import asyncio
from collections import deque

from folkmoot_protocol import GroupEvent, TypingEvent

from .book import ClientEvent


class Inbox:
    """Events that wait to be read, about `bound` at most.

    Putting never waits, or a program that posts while it reads would wait for itself. Past the bound there
    is no room for entries (they are fetched later); of the rest, what may be dropped is dropped: typing,
    and changes of a group, which `Client.groups` holds anyway.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._events: deque[ClientEvent] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def has_room(self) -> bool:
        """Say whether entries may be put."""
        return len(self._events) < self._bound

    def put(self, event: ClientEvent) -> None:
        """Add an event at the end."""
        if self._closed or (not self.has_room() and isinstance(event, TypingEvent | GroupEvent)):
            return
        self._events.append(event)
        self._arrived.set()

    def close(self) -> None:
        """Let the reader end once it has read what is there."""
        self._closed = True
        self._arrived.set()

    async def get(self) -> ClientEvent | None:
        """Return the next event, None after the last one of a closed inbox."""
        while not self._events:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()
