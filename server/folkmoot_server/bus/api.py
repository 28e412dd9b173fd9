"""The bus: how committed news reaches the nodes whose connections must hear of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from .messages import BusMessage, Listener

log = structlog.get_logger()


def done() -> asyncio.Future[None]:
    """Return a future that is done."""
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


class Bus(Protocol):
    """Carries news to every listener of every node that follows its topic, the publishing node's own included.

    Promises: news published by one node is heard by that node's own listeners in the order of publishing, before
    `publish` returns, whatever it follows. To others it may come late, in another order, or not at all: a listener that
    finds a hole in `seq` or `version` reads what is missing from storage. Nothing is heard twice. `publish` never waits
    and never raises.
    """

    @property
    def connected(self) -> bool:
        """Whether news reaches other nodes now, as far as is known; while not, they must look in storage."""
        ...

    @property
    def breaks(self) -> int:
        """How often it was cut off, or had to drop what came, since it began: news may have been lost each time."""
        ...

    def follow(self, topic: str) -> Awaitable[None]:
        """Have the news of a topic brought to this node from now on.

        What is returned is done when every later news will be sent here, or when the bus is not connected; it may be
        dropped by who need not know. Following twice is following once.
        """
        ...

    def unfollow(self, topic: str) -> None:
        """Have the news of a topic brought here no more."""
        ...

    def publish(self, message: BusMessage) -> None:
        """Tell all listeners."""
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; return the function that removes it."""
        ...

    async def close(self) -> None:
        """Let go of all connections; news on the way is dropped."""
        ...


class LocalBus:
    """The bus of a single node: a call."""

    connected = True
    breaks = 0

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def follow(self, topic: str) -> Awaitable[None]:
        return done()

    def unfollow(self, topic: str) -> None:
        """Nothing to do: what is said here is heard here."""

    def publish(self, message: BusMessage) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(message)
            except Exception:
                # What is published is stored: whoever cannot take it must not keep it from the others.
                log.exception("a listener of the bus failed", message=type(message).__name__)

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        self._listeners.clear()
