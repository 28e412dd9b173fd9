"""A client's connection that writes down what it hears, in the order in which it hears it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from folkmoot_protocol import codec
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Group
from tests.cluster.history import History, Item, Run, item
from tests.integration.wire import Closed, Refused

ANSWER_S = 5.0
"""How long a client waits for an answer before it goes to another node."""

NUMBERS = itertools.count(1)
LOST = (Closed, ConnectionClosed, InvalidHandshake, OSError)
"""What ends a connection, or keeps one from being made. A TimeoutError is an OSError."""


class Line:
    """One connection of one client to one node. `runs` are what it listens to now, by group."""

    def __init__(self, user: str, node: int, socket: ClientConnection, history: History) -> None:
        self.user = user
        self.node = node
        self.number = next(NUMBERS)
        self.runs: dict[str, Run] = {}
        self.hello: ev.Hello | None = None
        self._socket = socket
        self._history = history
        self._ids = itertools.count(1)
        self._open: dict[int, tuple[type[rq.Request], asyncio.Future[Any]]] = {}
        self._closed = False
        self._reader: asyncio.Task[None]
        self._greeted = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, user: str, node: int, url: str, history: History) -> AsyncIterator["Line"]:
        """Connect for the length of the block. Raises what is in `LOST`."""
        options: dict[str, Any] = {"max_size": None, "compression": None, "ping_interval": None, "close_timeout": 0.5}
        offered = [Subprotocol(codec.MSGPACK.subprotocol)]
        async with asyncio.timeout(ANSWER_S):
            socket = await connect(url, subprotocols=offered, open_timeout=None, proxy=None, **options)
        line = cls(user, node, socket, history)
        line._reader = asyncio.create_task(line._read())
        try:
            async with asyncio.timeout(ANSWER_S):
                await line._greeted.wait()
            yield line
        finally:
            # Not in good order: the node may be frozen, and nobody waits for it.
            socket.transport.abort()
            await line._reader

    async def until_closed(self, stopped: asyncio.Event) -> None:
        """Wait until the connection has ended or somebody says stop."""
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait((self._reader, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    async def send(self, kind: type[rq.Request], **fields: Any) -> asyncio.Future[Any]:
        """Send a request; the future raises Refused or Closed."""
        request = kind(id=next(self._ids), **fields)
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._closed:
            raise Closed(1006)
        self._open[request.id] = kind, future
        await self._socket.send(codec.MSGPACK.encode(request))
        return future

    async def ask(self, kind: type[rq.Request], **fields: Any) -> Any:
        """Send a request and return its result. Raises Refused or what is in `LOST`."""
        async with asyncio.timeout(ANSWER_S):
            return await (await self.send(kind, **fields))

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._take(codec.MSGPACK.decode_frame(await self._socket.recv()))
        self._closed = True
        for run in self.runs.values():
            run.end = "closed"
        for _, future in self._open.values():
            if not future.done():
                future.set_exception(Closed(self._socket.close_code or 1006))

    def _take(self, frame: ev.ServerFrame | None) -> None:
        match frame:
            case ev.Hello():
                self.hello = frame
                self._greeted.set()
            case ev.Ok():
                kind, future = self._open.pop(frame.re)
                result = codec.read_result(kind, frame)
                self._listen(result)
                if not future.done():
                    future.set_result(result)
            case ev.Error():
                _, future = self._open.pop(frame.re)
                if not future.done():
                    future.set_exception(Refused(frame))
            case ev.GroupEvent():
                self._begin(frame.group)
            case ev.EntryEvent():
                self._hear(frame.group, item(frame.entry))
            case ev.LagEvent():
                self._hear(frame.group, Item(frame.from_, frame.to, None))
            case ev.LeftEvent():
                run = self.runs.pop(frame.group, None)
                if run is not None:
                    run.end = "left"

    def _listen(self, result: Any) -> None:
        """Note from which seq on the connection hears a group that an answer names."""
        if isinstance(result, rs.SessionResult):
            for group in result.groups:
                self._begin(group)
        elif isinstance(result, (rs.JoinResult, rs.GroupResult)) and result.group is not None:
            self._begin(result.group)

    def _begin(self, group: Group) -> None:
        if group.role is not None and group.id not in self.runs:
            assert group.last_seq is not None
            run = Run(client=self.user, node=self.node, group=group.id, base=group.last_seq)
            self.runs[group.id] = run
            self._history.runs.append(run)

    def _hear(self, group: str, one: Item) -> None:
        run = self.runs.get(group)
        if run is None:
            self._history.strays.append(f"{self.user} on node {self.node} heard {one} of {group}, unasked")
        else:
            run.items.append(one)
