"""Whatever a client sends, the server lives, answers with documented codes, and serves everyone else all the while."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.codec import SUBPROTOCOLS
from folkmoot_protocol.errors import CloseCode, ErrorCode
from folkmoot_server.slash.registry import BY_NAME
from tests.integration.server import Seat, Server, serving
from tests.integration.wire import PATIENCE_S, Wire
from tests.profile import examples

# What the WebSocket library itself closes with when the bytes are not RFC 6455's: protocol error, bad UTF-8.
BROKEN = {1002, 1007}


class Ring:
    """A server, a witness who talks in a group of it, and an attacker on whatever connection it has left."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._seats = iter(server.seats[0])
        self._witness_seat = next(self._seats)
        self.code = self._witness_seat.code
        self._numbers = itertools.count()
        self._runner = asyncio.Runner()
        self._witness: Wire | None = None
        self._attackers: dict[tuple[str, bool], Wire] = {}

    def attack(self, data: bytes | str, subprotocol: str, *, signed_in: bool, raw: bool = False) -> None:
        """Send a message (`raw`: bytes below the WebSocket's frames) and see that nothing bad comes of it."""
        self._runner.run(self._attack(data, subprotocol, signed_in=signed_in, raw=raw))

    async def _attack(self, data: bytes | str, subprotocol: str, *, signed_in: bool, raw: bool) -> None:
        attacker = await self._attacker(subprotocol, signed_in=signed_in)
        since = len(attacker.log)
        if raw:
            attacker.socket.transport.write(data)  # type: ignore[arg-type]
            attacker.socket.transport.write_eof()
        else:
            await attacker.socket.send(data)
        await self._witness_talks()
        await self._settle(attacker)
        errors = {frame.code for frame in attacker.log[since:] if isinstance(frame, ev.Error)}
        assert errors <= set(ErrorCode) - {"internal"}
        if attacker.close_code is not None:
            allowed = set(CloseCode) | BROKEN | ({1006} if raw else set())
            assert attacker.close_code in allowed
            await self._drop(attacker)

    async def _attacker(self, subprotocol: str, *, signed_in: bool) -> Wire:
        key = subprotocol, signed_in
        if key not in self._attackers:
            seat: Seat | None = next(self._seats) if signed_in else None
            token = seat.token if seat else None
            self._attackers[key] = await Wire.open(self.server.url, token, subprotocol=subprotocol)
        return self._attackers[key]

    async def _settle(self, attacker: Wire) -> None:
        """Wait until the server has dealt with what was sent: it answers a question after it, or has closed."""
        probe = await attacker.send(rq.ListCommands)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([probe])
        signed_in = self._attackers.get((attacker.socket.subprotocol or "", True)) is attacker
        if signed_in and getattr(probe.exception(), "code", "") == "not_authenticated":
            # It has signed out: the next one gets a fresh account.
            await self._drop(attacker)

    async def _drop(self, attacker: Wire) -> None:
        self._attackers = {key: wire for key, wire in self._attackers.items() if wire is not attacker}
        await attacker.close()

    async def _witness_talks(self) -> None:
        if self._witness is None:
            self._witness = await self.server.connect(self._witness_seat)
        seq = await self._witness.post(self.code, f"all is well {next(self._numbers)}")
        await self._witness.seen(self.code, seq)
        # Their own log must not slow the search down.
        self._witness.log.clear()

    def end(self) -> None:
        """See that the witness still holds its first connection, and that its talk is stored without a hole."""
        with self._runner:
            self._runner.run(self._end())

    async def _end(self) -> None:
        assert self._witness is not None
        try:
            await self._check_talk()
        finally:
            for wire in (self._witness, *self._attackers.values()):
                await wire.close()

    async def _check_talk(self) -> None:
        assert self._witness is not None
        entries = await self._witness.history(self.code)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        said = [entry.body for entry in entries if entry.from_.user == self._witness_seat.user and entry.kind == "text"]
        assert said == [f"all is well {number}" for number in range(next(self._numbers))]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    limits = ("posts_per_second", "requests_per_second", "sign_ins_per_minute", "connections_per_address")
    settings = {f"limits__{name}": 0 for name in limits} | {"limits__auth_seconds": 600}
    with serving(tmp_path_factory.mktemp("ring"), groups=1, members=400, **settings) as server:
        ring = Ring(server)
        try:
            yield ring
        finally:
            ring.end()
    assert server.run("db", "verify").returncode == 0


texts = st.text(max_size=40)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
users = st.sampled_from(["g0m0", "g0m1", "g0m399", "@g0m2", "nobody.here", "platform", ""])
words = st.sampled_from(["10m", "perm", "10", "all", "accept", "owner", "open", "+mute", "general", "1", "#3", "zh-CN"])
lines = st.builds(
    lambda name, rest: " ".join([f"/{name}", *rest]),
    st.sampled_from(sorted(BY_NAME)) | texts,
    st.lists(users | words | texts, max_size=4),
)

PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "user": users,
    "body": lines | texts,
    "line": lines,
    "seq": st.integers(-1, 50),
    "before": st.none() | st.integers(-1, 50),
    "after": st.none() | st.integers(-1, 50) | users,
    "limit": st.integers(-1, 300),
    "reply_to": st.none() | st.integers(-1, 50),
    "nonce": st.none() | texts,
    "noun": st.sampled_from(["user", "group"]),
    "verb": st.sampled_from(["list", "show", "suspend", "close"]),
    "join_mode": st.sampled_from(["open", "approval", "question", "shut"]),
    "cursors": st.dictionaries(st.just("100000000006") | texts, st.integers(-1, 50), max_size=3),
    "options": st.dictionaries(texts, scalars, max_size=2),
    "dry_run": st.booleans(),
    "name": texts.map(lambda text: f"Group {text}"),
    "reason": words,
}
FIELDS = sorted({name for kind in rq.REQUESTS.values() for name in kind.__struct_fields__} - {"id"})


# One in twenty: most frames must come further than the door.
seldom = st.integers(0, 19).map(lambda number: number == 13)


@st.composite
def requests(draw: st.DrawFn, code: str) -> dict[str, Any]:
    """A map that may be a request: a known type mostly, fields of it and of others, right values and wrong ones."""
    kind = draw(texts if draw(seldom) else st.sampled_from(sorted(rq.REQUESTS)))
    known = rq.REQUESTS[kind].__struct_fields__ if kind in rq.REQUESTS else ()
    strange = draw(st.lists(st.sampled_from(FIELDS), max_size=2)) if draw(seldom) else []
    frame: dict[str, Any] = {"type": kind, "id": draw(junk if draw(seldom) else st.integers(1, 10**6))}
    for name in [*(name for name in known if name != "id"), *strange]:
        right = st.just(code) if name == "group" else PLAUSIBLE.get(name, texts)
        if not draw(seldom):
            frame[name] = draw(junk if draw(seldom) else right)
    return frame


def packed(frame: dict[str, Any], subprotocol: str) -> bytes | str:
    """Encode a map as it is, however wrong. What an encoding cannot say is said as text."""
    if subprotocol.endswith("json"):
        return json.dumps(frame)
    data: bytes = msgpack.packb(frame, default=str, unicode_errors="surrogatepass")
    return data


@pytest.mark.parametrize("subprotocol", SUBPROTOCOLS)
@given(data=st.data())
def test_structures_of_a_member(ring: Ring, subprotocol: str, data: st.DataObject) -> None:
    frame = data.draw(requests(ring.code))
    ring.attack(packed(frame, subprotocol), subprotocol, signed_in=True)


@pytest.mark.parametrize("subprotocol", SUBPROTOCOLS)
@given(message=st.binary(max_size=200) | st.text(st.characters(codec="utf-8"), max_size=200))
def test_messages_of_a_stranger(ring: Ring, subprotocol: str, message: bytes | str) -> None:
    ring.attack(message, subprotocol, signed_in=False)


@examples(50)
@given(data=st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_frames(ring: Ring, data: bytes) -> None:
    ring.attack(data, SUBPROTOCOLS[0], signed_in=False, raw=True)
