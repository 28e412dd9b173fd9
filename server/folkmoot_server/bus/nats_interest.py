"""What a node hears from NATS: a subscription for each topic that it follows, and for no other.

What a node has to read thereby grows with the groups and accounts that it serves, not with the cluster.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from .api import done

AT_ONCE = 100
"""Subscriptions that are asked for before the server's answer is waited for."""

PAUSE_S = 0.01
"""The pause after so many: with it, a node that starts asks for less than 10,000 a second."""

CONFIRM_S = 2
"""How long the server may take to answer. Who takes longer is as good as away: see `NatsBus`."""

Changes = dict[str, asyncio.Future[None]]


class Interest:
    """The topics that are followed, and the subscriptions that stand for them on the present connection."""

    def __init__(self, receive: Callable[[Msg], Awaitable[None]]) -> None:
        self._receive = receive
        self._wanted: set[str] = set()
        self._standing: dict[str, Subscription] = {}
        # What is to be brought to the server, in this order; each future is done when it stands there.
        self._changes: Changes = {}
        self._online = False
        self._wake = asyncio.Event()

    def add(self, topic: str) -> asyncio.Future[None]:
        """Want a topic; the future is done when the server has it, or is not there to have it."""
        self._wanted.add(topic)
        if topic not in self._standing:
            return self._change(topic)
        return done()

    def remove(self, topic: str) -> None:
        """Want a topic no more."""
        self._wanted.discard(topic)
        self._change(topic)

    def _change(self, topic: str) -> asyncio.Future[None]:
        if not self._online:
            return done()
        self._wake.set()
        return self._changes.setdefault(topic, asyncio.get_running_loop().create_future())

    async def renew(self, client: Client) -> None:
        """Bring all that is wanted to a new connection. Raises nats.errors.Error and OSError."""
        self._standing.clear()
        self._online = True
        for topic in self._wanted:
            self._change(topic)
        while self._changes:
            await self._bring(client)

    async def keep(self, client: Client) -> None:
        """Bring what changes to a connection, until that fails. Raises nats.errors.Error and OSError."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changes:
                await self._bring(client)

    def lose(self) -> None:
        """Note that the connection is gone: nobody shall wait for what it was to bring."""
        self._online = False
        changes, self._changes = self._changes, {}
        complete(changes)

    async def _bring(self, client: Client) -> None:
        """Carry out some of the changes and wait until the server has taken note."""
        batch = {topic: self._changes.pop(topic) for topic in list(islice(self._changes, AT_ONCE))}
        fresh: dict[str, Subscription] = {}
        try:
            for topic in batch:
                if topic in self._wanted and topic not in self._standing:
                    fresh[topic] = await client.subscribe(topic, cb=self._receive)
                elif topic not in self._wanted and topic in self._standing:
                    await self._standing.pop(topic).unsubscribe()
            # The client's first ping may overtake what goes before it, its second cannot.
            for _ in range(2 if fresh else 0):
                await client.flush(CONFIRM_S)
            self._standing.update(fresh)
        finally:
            complete(batch)
        if self._changes:
            await asyncio.sleep(PAUSE_S)


def complete(changes: Changes) -> None:
    """Let those go on who wait for changes."""
    for future in changes.values():
        if not future.done():
            future.set_result(None)
