"""Turns: who does something that is counted first does it once at a time, on however many connections."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """A lock for each key, which is there while somebody has it or waits for it. It is one of this node's."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """Return the lock of a key, to be taken at once."""
        return self._locks.setdefault(key, asyncio.Lock())
