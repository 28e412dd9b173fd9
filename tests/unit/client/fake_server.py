"""A server that misbehaves on demand: what a real one does seldom or never. All its talk is in one group."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

import folkmoot_protocol as fm
from tests.builders.entries import CODE, make_entry, make_group_view

R = TypeVar("R", bound=fm.Request)

PAGE = 4

HELLO = fm.Hello(
    protocol=1,
    server="fake/1",
    ts=1,
    limits=fm.Limits(frame_bytes=2000, body_chars=1000, auth_seconds=15, history_page=PAGE),
    agreement=fm.Agreement(version="1", sha256="", url="/agreement"),
    languages=("en",),
)


class FakeServer:
    """`hitches` holds, for the next requests of a type, what goes wrong with each.

    `refuse:CODE` answers with an error, `close:CODE` closes before the request is carried out, `late:CODE`
    after. `others` are groups besides the one that is talked in.
    """

    def __init__(self) -> None:
        self.log: list[fm.Entry] = []
        self.requests: list[fm.Request] = []
        self.hitches: dict[type[fm.Request], list[str]] = {}
        self.connections: list[ServerConnection] = []
        self.member = True
        self.others: tuple[fm.Group, ...] = ()
        self._nonces: dict[str, int] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, subprotocols=[fm.MSGPACK.subprotocol, fm.JSON.subprotocol]
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    def asked(self, kind: type[R]) -> list[R]:
        """Return the requests of a type, in the order in which they came."""
        return [request for request in self.requests if isinstance(request, kind)]

    def store(self, body: str = "") -> fm.Entry:
        """Append an entry without telling anyone."""
        entry = make_entry(len(self.log) + 1, body=body)
        self.log.append(entry)
        return entry

    async def say(self, event: fm.Event) -> None:
        """Send an event over the newest connection."""
        await self.send(self.connections[-1], event)

    async def tell(self, *seqs: int) -> None:
        """Send entries of the log over the newest connection."""
        for seq in seqs:
            await self.say(fm.EntryEvent(group=CODE, entry=self.log[seq - 1]))

    async def close(self, code: int) -> None:
        """Close the newest connection."""
        await self.connections[-1].close(code)

    async def send(self, connection: ServerConnection, frame: fm.ServerFrame) -> None:
        codec = fm.for_subprotocol(connection.subprotocol)
        await connection.send(codec.encode(frame), text=not codec.binary)

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        codec = fm.for_subprotocol(connection.subprotocol)
        try:
            await self.send(connection, HELLO)
            async for data in connection:
                request = codec.decode_request(data)
                self.requests.append(request)
                await self._answer(connection, request)
        except ConnectionClosed:
            return  # a test closed it

    async def _answer(self, connection: ServerConnection, request: fm.Request) -> None:
        hitches = self.hitches.get(type(request), [])
        hitch, _, code = (hitches.pop(0) if hitches else "").partition(":")
        if hitch == "refuse":
            detail = {"retry_after_ms": 1}
            await self.send(connection, fm.Error(re=request.id, code=code, message="No.", detail=detail))
            return
        if hitch == "close":
            await connection.close(int(code))
            return
        result, events = self._carry_out(request)
        if hitch == "late":
            await connection.close(int(code))
            return
        await self.send(connection, fm.Ok(re=request.id, result=result))
        for event in events:
            await self.send(connection, event)

    def _carry_out(self, request: fm.Request) -> tuple[fm.Result, list[fm.Event]]:
        match request:
            case fm.Login() | fm.Resume():
                return self._session(), []
            case fm.Post():
                return self._post(request)
            case fm.GetHistory():
                return self._history(request), []
            case fm.Sync():
                entries, more = self._page(request.cursors[CODE])
                group = fm.SyncGroup(entries=entries, last_seq=len(self.log), more=more)
                return fm.SyncResult({CODE: group}), []
            case fm.JoinGroup():
                self.member = True
                return fm.JoinResult(fm.JoinState.MEMBER, self._group()), []
            case fm.ListGroups():
                return fm.GroupsResult(self._groups()), []
            case fm.ListMembers():
                return fm.MembersResult((), more=False), []
            case fm.ListCommands():
                return fm.CommandsResult(()), []
            case fm.GetGroup():
                return fm.GroupResult(self._group()), []
            case _:
                return fm.Empty(), []

    def _post(self, post: fm.Post) -> tuple[fm.Result, list[fm.Event]]:
        assert post.nonce is not None
        if post.nonce in self._nonces:
            return fm.PostResult(seq=self._nonces[post.nonce], ts=1), []
        entry = self.store(post.body)
        self._nonces[post.nonce] = entry.seq
        return fm.PostResult(seq=entry.seq, ts=1), [fm.EntryEvent(group=CODE, entry=entry)]

    def _history(self, request: fm.GetHistory) -> fm.HistoryResult:
        if request.after is None:
            return fm.HistoryResult(tuple(self.log[-PAGE:]), len(self.log) > PAGE)
        return fm.HistoryResult(*self._page(request.after))

    def _page(self, after: int) -> tuple[tuple[fm.Entry, ...], bool]:
        return tuple(self.log[after : after + PAGE]), len(self.log) > after + PAGE

    def _session(self) -> fm.SessionResult:
        account = fm.Account(user="ann", display_name="Ann", identity=fm.Identity.NONE, created_ts=1, badges=())
        return fm.SessionResult(account=account, token="the-token", groups=self._groups())

    def _groups(self) -> tuple[fm.Group, ...]:
        return (*((self._group(),) if self.member else ()), *self.others)

    def _group(self) -> fm.Group:
        return make_group_view(role=fm.Role.MEMBER, last_seq=len(self.log))


@asynccontextmanager
async def fake_server(others: tuple[fm.Group, ...] = ()) -> AsyncIterator[FakeServer]:
    """Run a fake server with three entries in its log; the client is in `others`, too."""
    async with FakeServer() as server:
        server.others = others
        for _ in range(3):
            server.store()
        yield server
