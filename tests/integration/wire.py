"""A raw client of the wire protocol. It repairs nothing, so that tests see all that goes over the wire."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from folkmoot_governance.refusal import ENDS
from folkmoot_protocol import codec
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Entry, Group

PATIENCE_S = 100
"""How long anything may take before a test gives up on it. Never a measure of speed."""

F = TypeVar("F", bound=ev.ServerFrame)


class Refused(Exception):
    """The server answered with an error frame."""

    def __init__(self, error: ev.Error) -> None:
        super().__init__(f"{error.code}: {error.message} {error.detail}")
        self.code = error.code
        self.message = error.message
        self.detail = error.detail


class Closed(Exception):
    """The connection ended, with this close code, before an answer came."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Wire:
    """One connection. `log` has every frame after the hello in the order of arrival; `session` what signing in gave.

    A request is sent by `ask` (which waits for its answer) or by `send` (which returns a future of it); awaiting a
    future raises `Refused` or `Closed`.
    """

    def __init__(self, socket: ClientConnection, the_codec: codec.Codec) -> None:
        self.socket = socket
        self.codec = the_codec
        self.hello: ev.Hello
        self.session: rs.SessionResult
        self.log: list[ev.ServerFrame] = []
        self._ids = itertools.count(1)
        self._open: dict[int, tuple[type[rq.Request], asyncio.Future[Any]]] = {}
        self._news = asyncio.Condition()
        self._reading = asyncio.Event()
        self._reading.set()
        self._reader: asyncio.Task[None]
        self.close_code: int | None = None

    @classmethod
    async def open(
        cls, url: str, token: str | None = None, *, json: bool = False, subprotocol: str | None = None, **options: Any
    ) -> Self:
        """Connect, take the hello, and with a token resume. `options` go to the WebSocket library."""
        name = subprotocol or (codec.JSON if json else codec.MSGPACK).subprotocol
        offered = None if name == "none" else [Subprotocol(name)]
        # The library's keepalive pings would keep a paused reader's timers busy; nothing here is idle for long.
        options = {"max_size": None, "compression": None, "ping_interval": None, **options}
        socket = await connect(url, subprotocols=offered, **options)
        wire = cls(socket, codec.for_subprotocol(socket.subprotocol))
        hello = wire.codec.decode_frame(await socket.recv())
        assert isinstance(hello, ev.Hello)
        wire.hello = hello
        wire._reader = asyncio.create_task(wire._read())
        if token is not None:
            try:
                await wire.resume(token)
            except BaseException:
                await wire.close()
                raise
        return wire

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def user(self) -> str:
        """The user signed in."""
        return self.session.account.user

    @property
    def token(self) -> str:
        """The token of the session."""
        return self.session.token

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._reading.wait()
                await self._take(await self.socket.recv())
        self.close_code = self.socket.close_code
        for _, future in self._open.values():
            if not future.done():
                future.set_exception(Closed(self.socket.close_code or 1006))
        async with self._news:
            self._news.notify_all()

    async def _take(self, data: bytes | str) -> None:
        frame = self.codec.decode_frame(data)
        assert frame is not None, f"an event that the protocol does not know: {data!r}"
        async with self._news:
            self.log.append(frame)
            self._news.notify_all()
        if isinstance(frame, (ev.Ok, ev.Error)) and frame.re in self._open:
            kind, future = self._open.pop(frame.re)
            if future.done():
                return
            if isinstance(frame, ev.Ok):
                future.set_result(codec.read_result(kind, frame))
            else:
                future.set_exception(Refused(frame))

    def pause(self) -> None:
        """Take nothing more from the socket, as a client that hangs."""
        self._reading.clear()

    def go_on(self) -> None:
        """Read again."""
        self._reading.set()

    async def send(self, kind: type[rq.Request], **fields: Any) -> asyncio.Future[Any]:
        """Send a request; return the future of its answer."""
        request = kind(id=next(self._ids), **fields)
        future = asyncio.get_running_loop().create_future()
        # A request that nobody waits for any more must not be reported as an exception never retrieved.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self.close_code is not None:
            future.set_exception(Closed(self.close_code))
            return future
        self._open[request.id] = kind, future
        with contextlib.suppress(ConnectionClosed):
            data = self.codec.encode(request)
            await self.socket.send(data if self.codec.binary else data.decode())
        return future

    async def ask(self, kind: type[rq.Request], **fields: Any) -> Any:
        """Send a request and return its result."""
        async with asyncio.timeout(PATIENCE_S):
            return await (await self.send(kind, **fields))

    async def resume(self, token: str) -> rs.SessionResult:
        """Sign in with a token."""
        self.session = await self.ask(rq.Resume, token=token)
        return self.session

    async def register(self, user: str, password: str = "a good one", **fields: Any) -> rs.SessionResult:
        """Register, accepting the agreement that the hello named."""
        fields = {"agreement": self.hello.agreement.version, **fields}
        self.session = await self.ask(rq.Register, user=user, password=password, **fields)
        return self.session

    async def create(self, name: str = "A group", **fields: Any) -> str:
        """Create a group; return its code."""
        result: rs.GroupResult = await self.ask(rq.CreateGroup, name=name, **fields)
        return result.group.id

    async def post(self, group: str, body: str, **fields: Any) -> int:
        """Post; return the seq."""
        result: rs.PostResult = await self.ask(rq.Post, group=group, body=body, **fields)
        assert result.seq is not None
        return result.seq

    async def run(self, line: str, group: str | None = None) -> rs.CommandResult:
        """Run a slash command."""
        result: rs.CommandResult = await self.ask(rq.RunCommand, group=group, line=line)
        return result

    async def group(self, code: str) -> Group:
        """Look a group up."""
        result: rs.GroupResult = await self.ask(rq.GetGroup, group=code)
        return result.group

    async def history(self, code: str) -> list[Entry]:
        """Read all of a group's entries, page by page."""
        entries: list[Entry] = []
        more = True
        while more:
            after = entries[-1].seq if entries else 0
            page: rs.HistoryResult = await self.ask(rq.GetHistory, group=code, after=after, limit=200)
            entries += page.entries
            more = page.more
        return entries

    def entries(self, code: str) -> list[Entry]:
        """Return the entries of a group that came as events so far."""
        return [frame.entry for frame in self.log if isinstance(frame, ev.EntryEvent) and frame.group == code]

    async def until(self, is_there: Callable[[], bool]) -> None:
        """Wait until something holds, looking again at every frame that comes; fails when the connection ends."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while not is_there():
                assert self.close_code is None, f"closed with {self.close_code} while waiting"
                await self._news.wait()

    async def seen(self, code: str, seq: int) -> list[Entry]:
        """Wait until entry `seq` of a group came; return those that came so far."""
        await self.until(lambda: any(entry.seq >= seq for entry in self.entries(code)))
        return self.entries(code)

    async def event(self, kind: type[F], since: int = 0, **fields: Any) -> F:
        """Return the first frame of a kind with these fields in the log from index `since` on, waiting for it."""
        found: list[F] = []

        def is_there() -> bool:
            found[:] = [
                one
                for one in self.log[since:]
                if isinstance(one, kind) and all(getattr(one, name) == value for name, value in fields.items())
            ]
            return bool(found)

        await self.until(is_there)
        return found[0]

    async def closed(self) -> int:
        """Wait until the server closes the connection; return the close code."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
            await self._reader
        assert self.close_code is not None
        return self.close_code

    async def close(self) -> None:
        """Hang up."""
        self.go_on()
        await self.socket.close()
        await self._reader


async def refused(request: Awaitable[Any], code: str, /, **detail: Any) -> Refused:
    """Expect a refusal with this code and at least this detail; return it."""
    try:
        result = await request
    except Refused as refusal:
        assert refusal.code == code, refusal
        assert refusal.message
        assert {name: refusal.detail.get(name) for name in detail} == detail
        assert refusal.detail["rule"]
        assert any(refusal.detail.get(name) for name in ("help", *ENDS)), refusal
        return refusal
    raise AssertionError(f"not refused: {result}")


def bodies(entries: Iterable[Entry]) -> list[str]:
    """Return the texts of what people posted."""
    return [entry.body for entry in entries if entry.kind != "notice"]


def plain(value: object) -> Any:
    """Return protocol structs as plain values, to compare what two encodings carried."""
    return msgspec.to_builtins(value)
