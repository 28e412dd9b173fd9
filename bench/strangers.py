"""Measures what members feel while strangers do their worst: each attack beside a quiet time, in one run.

    python bench/strangers.py
    python bench/strangers.py pings sync --connections 20 --seconds 5

Two members post in turn. For each attack a server of its own is started; what their posts take is measured for some
seconds without, then with, so many connections that attack. Printed are both, the ratio of the 99th percentiles, how
many of those who attacked were closed, and what the server's memory and its log grew by. The server has a core of its
own; those who attack are another process beside the members, and send so many bytes a second each, not more: what is
measured is what their bytes cost the server, not the network.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

import msgspec
import uvloop
from visitors import HANDSHAKE, Visitor, beside, post_on, quantile_ms, until
from websockets.uri import parse_uri

from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.group_code import FIRST_NUMBER, LAST_NUMBER, make_group_code
from folkmoot_protocol.requests import Resume
from folkmoot_server.bench.loads import Load, Place
from folkmoot_server.bench.processes import memory_bytes
from folkmoot_server.bench.run import seed_places
from folkmoot_server.bench.stream import BINARY, PING, PONG, client_frame
from folkmoot_server.main import raise_file_limit

MEMBERS = 100
OWN_MEMBERS = 5
"""Of each group where those who attack have groups of their own."""
RATE = 40
TICK_S = 0.02
BYTES_PER_S = 450_000
Figures = dict[str, Any]


def request(**fields: object) -> bytes:
    """Return a request of any kind as a frame, well formed or not."""
    return client_frame(BINARY, msgspec.msgpack.encode(fields))


def some_code() -> str:
    """Return a group code that passes its check digit."""
    return make_group_code(FIRST_NUMBER + secrets.randbelow(LAST_NUMBER - FIRST_NUMBER))


def masked(first: int) -> bytes:
    """Return an empty frame whose first byte is given."""
    return bytes((first, 0x80)) + b"\0\0\0\0"


class Attack(msgspec.Struct, frozen=True):
    """What a connection sends: `opening` once, then `frame` again and again, as often as the bytes allow; without a
    `frame`, nothing. `signed_in`: with an account, `owner`: that of a group of its own. `reads`: whether it takes what
    the server sends. `hello`: what it sends first, to be a WebSocket. `again`: it comes back when it is closed."""

    frame: Callable[[int, str], bytes] | None = None
    signed_in: bool = False
    owner: bool = False
    reads: bool = True
    opening: bytes = b""
    hello: bytes = HANDSHAKE
    again: bool = False


def post(body: str) -> Callable[[int, str], bytes]:
    return lambda number, code: request(type="post", id=number, group=code, body=body)


def come_and_go(number: int, code: str) -> bytes:
    return request(type="leave" if number % 2 else "join", id=number, group=code)


PAGE = b"GET /rules HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ATTACKS: dict[str, Attack] = {
    "idle": Attack(),
    "half-open": Attack(hello=b""),
    "half-a-handshake": Attack(hello=HANDSHAKE[:60], again=True),
    "come-again": Attack(opening=client_frame(BINARY, b"\xc1"), again=True),
    "pages": Attack(lambda number, code: PAGE, hello=PAGE, again=True),
    "pings": Attack(lambda number, code: client_frame(PING, b"")),
    "pongs": Attack(lambda number, code: client_frame(PONG, b"")),
    "continuations": Attack(lambda number, code: masked(0), opening=masked(1)),
    "unknown": Attack(lambda number, code: request(type="dance", id=number)),
    "bad-fields": Attack(lambda number, code: request(type="login", id=number, user=3)),
    "malformed": Attack(lambda number, code: client_frame(BINARY, b"\xc1"), again=True),
    "early": Attack(lambda number, code: request(type="groups", id=number)),
    "tokens": Attack(lambda number, code: request(type="resume", id=number, token=secrets.token_urlsafe(32))),
    "pings-in": Attack(lambda number, code: client_frame(PING, b""), signed_in=True),
    "unknown-in": Attack(lambda number, code: request(type="dance", id=number), signed_in=True),
    "codes": Attack(lambda number, code: request(type="group", id=number, group=some_code()), signed_in=True),
    "too-long": Attack(
        lambda number, code: request(type="post", id=number, group=code, body="x" * 20_000), signed_in=True
    ),
    "long-signs": Attack(post("/" + "\ufdfa" * 3900), signed_in=True),
    "many-marks": Attack(post("a" + "\u0344\u0316" * 1900), signed_in=True),
    "commands": Attack(post("/help"), signed_in=True),
    "rules": Attack(lambda number, code: post(f"/setrules {number} " + "x" * 3000)(number, code), signed_in=True),
    "own-rules": Attack(
        lambda number, code: post(f"/setrules {number} " + "x" * 3000)(number, code), signed_in=True, owner=True
    ),
    "own-topics": Attack(
        lambda number, code: post(f"/topic number {number}")(number, code), signed_in=True, owner=True
    ),
    "words": Attack(post("/word test free (money|cash)+"), signed_in=True, owner=True),
    "passwords": Attack(
        lambda number, code: request(type="login", id=number, user="a_name", password=f"guess {number}")
    ),
    "accounts": Attack(
        lambda number, code: request(
            type="register", id=number, user=f"u{secrets.token_hex(6)}", password=secrets.token_hex(100), agreement="1"
        ),
        again=True,
    ),
    "typing": Attack(lambda number, code: request(type="typing", id=number, group=code), signed_in=True),
    "members": Attack(lambda number, code: request(type="members", id=number, group=code), signed_in=True),
    "search": Attack(lambda number, code: request(type="search", id=number, group=code, text="a b"), signed_in=True),
    "read-marks": Attack(
        lambda number, code: request(type="mark_read", id=number, group=code, seq=number), signed_in=True
    ),
    "come-and-go": Attack(come_and_go, signed_in=True),
    "deaf-pings": Attack(lambda number, code: client_frame(PING, b"x" * 120), reads=False),
    "history": Attack(lambda number, code: request(type="history", id=number, group=code, limit=200), signed_in=True),
    "sync": Attack(lambda number, code: request(type="sync", id=number, cursors={code: 0}), signed_in=True),
    "deaf-history": Attack(
        lambda number, code: request(type="history", id=number, group=code, limit=200), signed_in=True, reads=False
    ),
    "deaf-sync": Attack(
        lambda number, code: request(type="sync", id=number, cursors={code: 0}), signed_in=True, reads=False
    ),
}


class Stranger(asyncio.Protocol):
    """One connection that attacks. `when_closed` is called once the server has ended it."""

    def __init__(self, attack: Attack, place: Place, when_closed: Callable[[], None]) -> None:
        self.transport: asyncio.Transport
        self._attack = attack
        self._place = place
        self._when_closed = when_closed
        self._numbers = count(2)
        self._sending: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._attack.hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._sending is not None:
            self._sending.cancel()
        self._when_closed()

    def data_received(self, data: bytes) -> None:
        """Begin once the server has answered; what else it says is not looked at."""
        if self._sending is not None:
            return
        if self._attack.signed_in:
            self.transport.write(client_frame(BINARY, MSGPACK.encode(Resume(id=1, token=self._place.token))))
        self.transport.write(self._attack.opening)
        if not self._attack.reads:
            self.transport.pause_reading()
        self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._attack.frame is not None:
            budget = int(BYTES_PER_S * TICK_S)
            frames: list[bytes] = []
            while budget > 0:
                frames.append(self._attack.frame(next(self._numbers), self._place.code))
                budget -= len(frames[-1])
            if self.transport.get_write_buffer_size() < BYTES_PER_S:
                self.transport.write(b"".join(frames))
            await asyncio.sleep(TICK_S)


class Job(msgspec.Struct):
    """What the process of those who attack is told."""

    url: str
    attack: str
    places: list[Place]


async def come(job: Job, place: Place, closed: list[Place]) -> None:
    """Keep one connection that attacks; note each time that it was closed."""
    where, kind = parse_uri(job.url), ATTACKS[job.attack]
    loop = asyncio.get_running_loop()
    while True:
        gone = asyncio.Event()
        with contextlib.suppress(OSError):
            await loop.create_connection(partial(Stranger, kind, place, gone.set), where.host, where.port)
            await gone.wait()
            closed.append(place)
        if not kind.again:
            return
        await asyncio.sleep(TICK_S)


async def attack(job: Job) -> None:
    """Attack until standard input ends; then say how many were closed."""
    closed: list[Place] = []
    coming = [asyncio.create_task(come(job, place, closed)) for place in job.places]
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(json.dumps({"closed": len(closed)}), flush=True)
    for one in coming:
        one.cancel()


async def measure(url: str, pid: int, log: Path, name: str, places: list[Place], seconds: float) -> Figures:
    """Return what one attack does."""
    members, strangers = places[:2], places[2:]
    posters = [await Visitor.open(url, place) for place in members]
    posting = asyncio.create_task(post_on(posters, RATE))
    await asyncio.sleep(1)
    for one in posters:
        one.took.clear()
    await asyncio.sleep(seconds)
    calm = [took for one in posters for took in one.took]
    memory, written = memory_bytes(pid), log.stat().st_size
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--attack", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(msgspec.json.encode(Job(url, name, strangers)) + b"\n")
    await process.stdout.readline()
    for one in posters:
        one.took.clear()
    await asyncio.sleep(seconds)
    posting.cancel()
    grown = memory_bytes(pid)
    process.stdin.write(b"\n")
    answer = await process.stdout.readline()
    with contextlib.suppress(TimeoutError):
        await until(lambda: not any(one.waiting for one in posters))
    await process.wait()
    rough = [took for one in posters for took in one.took]
    assert memory is not None and grown is not None
    quiet, loud = quantile_ms(calm, 0.99), quantile_ms(rough, 0.99)
    return {
        "attack": name,
        "connections": len(strangers),
        "quiet_p50_ms": round(quantile_ms(calm, 0.5), 2),
        "quiet_p99_ms": round(quiet, 2),
        "p50_ms": round(quantile_ms(rough, 0.5), 2),
        "p99_ms": round(loud, 2),
        "ratio_p99": round(loud / quiet, 1) if quiet else 0.0,
        "max_ms": round(quantile_ms(rough, 1), 1),
        "posts": len(rough),
        "lost": sum(one.waiting for one in posters),
        "closed": json.loads(answer)["closed"],
        "grown_mib": round((grown - memory) / (1 << 20), 1),
        "log_kib": round((log.stat().st_size - written) / 1024, 1),
    }


def run(name: str, connections: int, seconds: float) -> Figures:
    """Start a server and measure one attack on it."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-strangers-", ignore_cleanup_errors=True) as directory:
        where = Path(directory)
        if ATTACKS[name].owner:
            places = seed_places(where, Load(connections + 1, OWN_MEMBERS, 2))
            chosen = [*places[1:3], *places[OWN_MEMBERS::OWN_MEMBERS]]
        else:
            places = seed_places(where, Load(1, MEMBERS, 2))
            chosen = [*places[-2:], *places[:connections]]
        with beside(where, settings=("connections_per_address",)) as (url, pid):
            return uvloop.run(measure(url, pid, where / "server.log", name, chosen, seconds))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=f"of {' '.join(ATTACKS)}; none: all")
    parser.add_argument("--connections", type=int, default=20, help="how many attack")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long, each time")
    parser.add_argument("--attack", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    raise_file_limit()
    if options.attack:
        os.nice(10)
        uvloop.run(attack(msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)))
        return
    if unknown := set(options.attacks) - set(ATTACKS):
        parser.error(f"unknown: {' '.join(sorted(unknown))}")
    for name in options.attacks or ATTACKS:
        print(json.dumps(run(name, options.connections, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
