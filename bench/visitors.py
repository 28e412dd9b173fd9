"""Clients for benchmarks in which thousands of connections come and go: cheap, and watchful of what they get.

Handshake and frames are made by hand: a client library would cost as much as the server that is measured.
"""

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, cast

import msgspec
from websockets.uri import parse_uri

from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.requests import GetHistory, Post, Request, Resume, Sync
from folkmoot_server.bench.loads import TEXT_BYTES, Place
from folkmoot_server.bench.processes import cores, pin
from folkmoot_server.bench.run import NO_LIMITS, serving
from folkmoot_server.bench.stream import BINARY, PING, PONG, client_frame, frame_end, payload_of

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {MSGPACK.subprotocol}\r\n\r\n"
).encode()
SWITCHING = b"HTTP/1.1 101"
PAGE = 200
Frame = dict[str, Any]
_decode = msgspec.msgpack.Decoder().decode


class Visitor(asyncio.Protocol):
    """A member's connection. `back` is done once it is signed in and, if it has a `cursor`, has synced from there.

    `seqs` has the entries in the order in which they came: by event, sync, or, after a lag, history. `took` has the
    seconds from each own post, or from when it was due, to its entry. `last_seq` is what signing in told.
    """

    def __init__(self, place: Place, cursor: int | None = None) -> None:
        self.back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self.seqs: list[int] = []
        self.took: list[float] = []
        self.faults: list[str] = []
        self.lags = self.last_seq = 0
        self._place = place
        self._cursor = cursor
        self._rest = b""
        self._is_open = False
        self._requests = 0
        self._answers: dict[int, Callable[[Frame], None]] = {}
        self._due: dict[int, float] = {}
        self._own: deque[float] = deque()

    @classmethod
    async def open(cls, url: str, place: Place, cursor: int | None = None, *, small: bool = False) -> Self:
        """Connect; return the visitor once it is back. `small`: the system keeps little of what is not read."""
        visitor, where, loop = cls(place, cursor), parse_uri(url), asyncio.get_running_loop()
        one = socket.socket()
        one.setblocking(False)
        if small:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(one, (where.host, where.port))
        await loop.create_connection(lambda: visitor, sock=one)
        await visitor.back
        return visitor

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        # uvloop's transport is one without being derived from it.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(HANDSHAKE)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if not self.back.done():
            self.back.set_exception(ConnectionError(f"closed before it was signed in: {exc!r}"))

    def data_received(self, data: bytes) -> None:
        """Take frames apart."""
        data, at = self._rest + data, 0
        if not self._is_open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            if not data.startswith(SWITCHING):
                self.back.set_exception(ConnectionError(data[:100].decode(errors="replace")))
                self.transport.abort()
                return
            self._is_open = True
            self._ask(partial(Resume, token=self._place.token), self._signed_in)
        while end := frame_end(data, at):
            self._take(data[at] & 15, payload_of(data[at:end]))
            at = end
        self._rest = data[at:]

    def post(self, body: str, due: float | None = None) -> None:
        """Post; `due` is when it should have been sent (`time.perf_counter`)."""
        self._own.append(due or time.perf_counter())
        nonce = f"{time.time_ns()}"
        self._ask(partial(Post, group=self._place.code, body=body, nonce=nonce), self._stored)

    @property
    def waiting(self) -> int:
        """How many own posts have not come back as entries yet."""
        return len(self._own) + len(self._due)

    def missing(self, first: int, last: int) -> int:
        """Return how many of the entries from `first` to `last` did not come, or came more than once."""
        return len(set(range(first, last + 1)) - set(self.seqs)) + len(self.seqs) - len(set(self.seqs))

    def _ask(self, request: Callable[..., Request], then: Callable[[Frame], None]) -> None:
        self._requests += 1
        self._answers[self._requests] = then
        self.transport.write(client_frame(BINARY, MSGPACK.encode(request(id=self._requests))))

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(client_frame(PONG, payload))
        elif opcode == BINARY:
            frame = _decode(payload)
            kind = frame["type"]
            if kind == "entry":
                self._entry(frame["entry"])
            elif kind == "ok":
                self._answers.pop(frame["re"])(frame["result"])
            elif kind == "lag":
                self.lags += 1
                self._catch_up(frame["from"] - 1, frame["to"])
            elif kind == "error":
                self.faults.append(frame["code"])
                if not self.back.done():
                    self.back.set_exception(ConnectionError(frame["code"]))

    def _entry(self, entry: Frame) -> None:
        self.seqs.append(entry["seq"])
        due = self._due.pop(entry["seq"], None)
        if due is not None:
            self.took.append(time.perf_counter() - due)

    def _signed_in(self, result: Frame) -> None:
        self.last_seq = next(group["last_seq"] for group in result["groups"] if group["id"] == self._place.code)
        if self._cursor is None:
            self.back.set_result(None)
        else:
            self._ask(partial(Sync, cursors={self._place.code: self._cursor}), self._synced)

    def _synced(self, result: Frame) -> None:
        group = result["groups"][self._place.code]
        # What came by event since signing in is in here too: by `last_seq` a client tells them apart.
        self.seqs += [entry["seq"] for entry in group["entries"] if entry["seq"] <= self.last_seq]
        if group["more"]:
            self.faults.append("there is more than one page")
        self.back.set_result(None)

    def _stored(self, result: Frame) -> None:
        # Answers come before the entry, in the order of the posts.
        self._due[result["seq"]] = self._own.popleft()

    def _catch_up(self, after: int, to: int) -> None:
        def come(result: Frame) -> None:
            seqs = [entry["seq"] for entry in result["entries"] if entry["seq"] <= to]
            self.seqs += seqs
            if seqs and seqs[-1] < to:
                self._catch_up(seqs[-1], to)

        self._ask(partial(GetHistory, group=self._place.code, after=after, limit=PAGE), come)


@contextmanager
def beside(
    where: Path, settings: Sequence[str] = NO_LIMITS, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, int]]:
    """Run a server, as `serving`, and keep this process, and those it starts, on the other core meanwhile."""
    (where / "ready.json").unlink(missing_ok=True)
    with serving(where, settings=settings, more=more) as server:
        pair = cores()
        if pair is None:
            yield server
            return
        everywhere = os.sched_getaffinity(0)
        pin(0, pair[1])
        try:
            yield server
        finally:
            os.sched_setaffinity(0, everywhere)


async def post_on(posters: Sequence[Visitor], rate: float, text_bytes: int = TEXT_BYTES) -> None:
    """Post so many a second, all in turn, for ever."""
    due = time.perf_counter()
    while True:
        for poster in posters:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            poster.post("." * text_bytes, due)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what visitors count. Raises TimeoutError."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - protocols have counts, not events
            await asyncio.sleep(0.02)


def quantile_ms(seconds: list[float], share: float) -> float:
    """Return the value (ms) that `share` of the values (s) do not exceed, 0 where there are none."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
