"""The load generator, a process of its own: signs members in, lets some of them post, checks what everyone gets.

It is given a `loads.Job` on standard input and writes lines of `loads.Progress` and, last, `loads.Found`.
"""

import asyncio
import gc
import sys
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import cast

import msgspec
import uvloop
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.errors import ProtocolError
from folkmoot_protocol.events import EntryEvent, Error, Ok, ServerFrame
from folkmoot_protocol.requests import Post, Resume

from .loads import TEXT_BYTES, WARM_UP_S, Found, Job, Place, Progress
from .processes import cpu_seconds, memory_bytes
from .stream import BINARY, PING, PONG, TEXT, Delivery, Reader, Stream, client_frame

AT_ONCE = 100
"""Connections that are being opened at the same time."""

TICK_S = 0.2
DRAIN_S = 10.0
SIGN_IN_S = 60.0


class GeneratorError(Exception):
    """The server does not let the load begin."""


class Member(asyncio.Protocol):
    """One member's connection: handshake and sign-in with the library's Sans-I/O core, then frames of our own making.

    `ready` is set once the member hears its group. A member with a `number` posts; the others only listen.
    """

    def __init__(self, job: Job, place: Place, stream: Stream, number: int | None) -> None:
        self.number = number
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reader = Reader(stream, self._decode)
        self.latencies: list[float] = []
        self.posts = self.answered = self.refused = 0
        self.posting = False
        self._job = job
        self._place = place
        self._own = stream.own[number] if number is not None else None
        self._sent: deque[float] = deque()
        self._transport: asyncio.Transport
        url = f"{job.url}/{place.group}" if job.reference else job.url
        subprotocols = None if job.reference else [Subprotocol(MSGPACK.subprotocol)]
        self._handshake: ClientProtocol | None = ClientProtocol(parse_uri(url), subprotocols=subprotocols)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without being derived from it.
        self._transport = cast(asyncio.Transport, transport)
        handshake = self._handshake
        assert handshake is not None
        handshake.send_request(handshake.connect())
        self._transport.write(b"".join(handshake.data_to_send()))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            why = self._handshake.close_code if self._handshake else None
            text = f"the connection was closed before the member was signed in, with code {why}"
            self.ready.set_exception(GeneratorError(text))

    def data_received(self, data: bytes) -> None:
        if self._handshake is not None:
            self._sign_in(self._handshake, data)
            return
        self.reader.feed(data)
        own = self._own
        while own and own[0] <= self.reader.position:
            own.popleft()
            self._came_back()

    def _sign_in(self, handshake: ClientProtocol, data: bytes) -> None:
        handshake.receive_data(data)
        for event in handshake.events_received():
            if isinstance(event, Response) and handshake.state is State.OPEN:
                if self._job.reference:
                    self._begin()
                else:
                    self._send(MSGPACK.encode(Resume(id=1, token=self._place.token)))
            elif isinstance(event, Frame) and event.opcode == BINARY and not self.ready.done():
                self._on_sign_in_frame(MSGPACK.decode_frame(bytes(event.data)))
        # Answers of the core to pings and to a close.
        answers = b"".join(handshake.data_to_send())
        if answers and not self._transport.is_closing():
            self._transport.write(answers)
        if handshake.handshake_exc is not None and not self.ready.done():
            self.ready.set_exception(handshake.handshake_exc)

    def _on_sign_in_frame(self, frame: ServerFrame | None) -> None:
        if isinstance(frame, Error):
            self.ready.set_exception(GeneratorError(frame.message))
        elif isinstance(frame, Ok):
            self._begin()

    def _begin(self) -> None:
        """Read frames from here on; nothing more comes before somebody posts."""
        self._handshake = None
        self.ready.set_result(None)

    def _send(self, payload: bytes) -> None:
        self._transport.write(client_frame(TEXT if self._job.reference else BINARY, payload))

    def post(self, at: float | None = None) -> None:
        """Post; latency counts from `at`, when it was due, else from now (seconds, `time.perf_counter`)."""
        self.posts += 1
        self._sent.append(at or time.perf_counter())
        text = f"{self.number} {self.posts} ".ljust(TEXT_BYTES, ".")
        if self._job.reference:
            self._send(text.encode())
        else:
            # Clients give each post a nonce, so that they may send it again.
            self._send(
                MSGPACK.encode(Post(id=1 + self.posts, group=self._place.code, body=text, nonce=str(self.posts)))
            )

    def _came_back(self) -> None:
        self.latencies.append(time.perf_counter() - self._sent.popleft())
        if self._job.reference:
            self.answered += 1
        if self.posting and not self._job.load.rate:
            self.post()

    def _decode(self, opcode: int, payload: bytes) -> Delivery | None:
        if opcode == PING:
            self._transport.write(client_frame(PONG, payload))
        elif opcode == TEXT:
            seq, sender, number, _ = payload.decode().split(" ", 3)
            return Delivery(int(seq), int(sender), int(number))
        elif opcode == BINARY:
            return self._decode_frame(payload)
        return None

    def _decode_frame(self, payload: bytes) -> Delivery | None:
        frame = MSGPACK.decode_frame(payload)
        if isinstance(frame, EntryEvent):
            sender, number, _ = frame.entry.body.split(" ", 2)
            return Delivery(frame.entry.seq, int(sender), int(number))
        if isinstance(frame, Ok):
            self.answered += 1
        elif isinstance(frame, Error):
            self.answered += 1
            self.refused += 1
        return None


class Sample:
    """Counters at one moment, to be subtracted from later ones."""

    def __init__(self, job: Job, members: list[Member]) -> None:
        self.time = time.perf_counter()
        self.server_cpu = cpu_seconds(job.pid)
        self.own_cpu = time.process_time()
        self.deliveries = sum(member.reader.deliveries for member in members)
        self.posts = sum(member.posts for member in members)


class Generator:
    """Carries out one job."""

    def __init__(self, job: Job) -> None:
        load = job.load
        self._job = job
        self._streams = [Stream() for _ in range(load.groups)]
        self._members = [
            Member(job, place, self._streams[place.group], number)
            for place, number in zip(job.places, sender_numbers(job), strict=True)
        ]
        self._senders = [member for member in self._members if member.number is not None]
        self._kib: float | None = None

    async def run(self) -> Found:
        """Do it. Raises GeneratorError."""
        began = time.perf_counter()
        await self._connect()
        connects_per_s = len(self._members) / (time.perf_counter() - began)
        gc.collect()
        gc.freeze()
        pace = asyncio.create_task(self._start())
        await self._wait(WARM_UP_S, 0.0)
        before = Sample(self._job, self._members)
        for member in self._senders:
            member.latencies.clear()
        await self._wait(self._job.seconds, WARM_UP_S)
        after = Sample(self._job, self._members)
        latencies = sorted(latency for member in self._senders for latency in member.latencies)
        pace.cancel()
        for member in self._senders:
            member.posting = False
        await self._drain()
        return self._found(before, after, latencies, connects_per_s)

    async def _connect(self) -> None:
        """Sign everybody in. The first tenth is not counted as memory: it brings in what all need."""
        first = len(self._members) // 10
        await self._sign_in(self._members[:first])
        before = memory_bytes(self._job.pid)
        await self._sign_in(self._members[first:])
        after = memory_bytes(self._job.pid)
        if before is not None and after is not None:
            self._kib = (after - before) / 1024 / (len(self._members) - first)

    async def _sign_in(self, members: list[Member]) -> None:
        waiting = iter(members)
        try:
            async with asyncio.timeout(SIGN_IN_S):
                await asyncio.gather(*(self._sign_in_some(waiting) for _ in range(AT_ONCE)))
        except (TimeoutError, OSError, ProtocolError, WebSocketException) as error:
            raise GeneratorError(f"the members could not be signed in: {error!r}") from error

    async def _sign_in_some(self, waiting: Iterator[Member]) -> None:
        url = parse_uri(self._job.url)
        for member in waiting:
            await asyncio.get_running_loop().create_connection(partial(_same, member), url.host, url.port)
            await member.ready

    async def _start(self) -> None:
        """Let the senders begin; with a rate, post for them when each post is due."""
        rate = self._job.load.rate
        for member in self._senders:
            member.posting = True
            if not rate:
                member.post()
        due = time.perf_counter()
        while rate:
            for member in self._senders:
                due += 1 / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                member.post(due)

    async def _wait(self, seconds: float, before_s: float) -> None:
        """Let time pass, and tell of it."""
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            say(Progress(before_s + passed))
            await asyncio.sleep(min(TICK_S, seconds - passed))

    async def _drain(self) -> None:
        """Wait until everybody has everything, but not for ever."""
        until = time.perf_counter() + DRAIN_S
        while time.perf_counter() < until and (self._lost() or self._unanswered()):  # noqa: ASYNC110 - counts, no event
            await asyncio.sleep(0.02)

    def _lost(self) -> int:
        counts = [len(stream.ends) for stream in self._streams]
        missing = sum(
            max(0, counts[place.group] - member.reader.deliveries)
            for place, member in zip(self._job.places, self._members, strict=True)
        )
        accepted = sum(member.answered - member.refused for member in self._senders)
        return missing + max(0, accepted - sum(counts)) * self._job.load.members

    def _unanswered(self) -> int:
        return sum(member.posts - member.answered for member in self._senders)

    def _found(self, before: Sample, after: Sample, latencies: list[float], connects_per_s: float) -> Found:
        seconds = after.time - before.time
        deliveries = after.deliveries - before.deliveries
        faults = [member.reader.faults for member in self._members]
        cpu = None
        if before.server_cpu is not None and after.server_cpu is not None:
            cpu = after.server_cpu - before.server_cpu
        end = Sample(self._job, self._members)
        return Found(
            connections=len(self._members),
            connects_per_s=connects_per_s,
            posts_per_s=(after.posts - before.posts) / seconds,
            deliveries_per_s=deliveries / seconds,
            p50_ms=1000 * quantile(latencies, 0.5),
            p99_ms=1000 * quantile(latencies, 0.99),
            server_cpu_us=None if cpu is None else 1e6 * cpu / max(deliveries, 1),
            server_cpu_share=None if cpu is None else cpu / seconds,
            generator_cpu_share=(after.own_cpu - before.own_cpu) / seconds,
            kib_per_connection=self._kib,
            posts=end.posts,
            deliveries=end.deliveries,
            lost=self._lost(),
            doubled=sum(doubled for doubled, _ in faults),
            out_of_order=sum(out_of_order for _, out_of_order in faults),
            refused=sum(member.refused for member in self._senders) + self._unanswered(),
        )


def _same(member: Member) -> Member:
    """Return the protocol of a new connection, which was there before."""
    return member


def sender_numbers(job: Job) -> list[int | None]:
    """Return the number of each place's sender, None for who only listens: sender k is in group k mod `groups`."""
    load = job.load
    seated = [0] * load.groups
    numbers: list[int | None] = []
    for place in job.places:
        number = place.group + seated[place.group] * load.groups
        seated[place.group] += 1
        numbers.append(number if number < load.senders else None)
    return numbers


def quantile(ordered: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed, 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def say(message: Progress | Found) -> None:
    """Write a line for whoever started this."""
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


async def carry_out(job: Job) -> Found:
    """Do a job. Raises GeneratorError."""
    return await Generator(job).run()


def main() -> int:
    """Do the job on standard input; return the exit code."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        say(uvloop.run(carry_out(job)))
    except GeneratorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
