"""The bus of a cluster: NATS core carries news between nodes, on the subjects `group.<code>` and `account.<user>`.

A node subscribes to the groups and accounts that it has in memory (see `nats_interest`).
A message is an envelope (see `envelopes`): what waited for one subject when it was sent, under a MAC. NATS
may lose messages, and so may this: what cannot be sent at once is dropped and counted, for the other nodes find holes
by themselves (see `follower` and `catch_up`).
"""

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence

import msgspec
import nats.errors
import structlog
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg

from ..common.background import end
from ..common.clock import Clock
from ..common.metrics import BUS_DROPPED, BUS_MESSAGES, BUS_REFUSED
from .api import LocalBus, done
from .envelopes import FORGED, UNKNOWN, Envelopes, Refused
from .messages import BusMessage, GroupUpdate, Listener, topic_of
from .nats_interest import Interest

log = structlog.get_logger()

CONNECT_S = 2
RETRY_S = 0.5
PING_S = 2
PINGS_UNANSWERED = 2
"""After so many pings without an answer the connection counts as dead."""

MAX_WAITING = 8 << 20
"""Bytes of news that may wait to be sent."""

MAX_IN_MESSAGE = 1_000_000
"""Bytes of news in one message; NATS takes 1 MiB (its `max_payload`), envelope included."""


SUSPECTS = "a stranger on the bus, or a node with another keys/journal.key or of another version"

_encode = msgspec.msgpack.Encoder().encode


class NatsBus:
    """`bus.api.Bus` over NATS. Connects again for ever; `connected` says whether it is."""

    def __init__(self, url: str, node_name: str, key: bytes, clock: Clock, *, exposed: bool) -> None:
        self._url = url
        self._exposed = exposed
        # Two nodes given one name by mistake must still hear each other, and no name must ever come again.
        self._node = f"{node_name}-{secrets.token_hex(6)}"
        self._envelopes = Envelopes(key, self._node, clock.now_ms, note_unknown)
        self._local = LocalBus()
        self._client: Client | None = None
        self._interest = Interest(self._receive)
        self._breaks = 0
        self._up = asyncio.Event()
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(
        cls, url: str, node_name: str, *, key: bytes, clock: Clock | None = None, exposed: bool = False
    ) -> "NatsBus":
        """Return a bus that is connected, or, if NATS does not answer in time, goes on trying.

        `key` is that of the MACs, the same on all nodes. An `exposed` bus takes no server that lets in everybody, or
        reads along with everybody: one without passwords or TLS.
        """
        bus = cls(url, node_name, key, clock or Clock(), exposed=exposed)
        bus._tasks = [asyncio.create_task(bus._stay_connected()), asyncio.create_task(bus._send())]
        try:
            await asyncio.wait_for(bus._up.wait(), CONNECT_S)
        except TimeoutError:
            log.warning("NATS does not answer; trying on")
        return bus

    @property
    def connected(self) -> bool:
        """See `bus.api.Bus`."""
        return self._client is not None and self._client.is_connected

    @property
    def breaks(self) -> int:
        """See `bus.api.Bus`."""
        return self._breaks

    def follow(self, topic: str) -> Awaitable[None]:
        """See `bus.api.Bus`."""
        standing = self._interest.add(topic)
        return standing if self.connected else done()

    def unfollow(self, topic: str) -> None:
        """See `bus.api.Bus`."""
        self._interest.remove(topic)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See `bus.api.Bus`."""
        return self._local.listen(listener)

    def publish(self, message: BusMessage) -> None:
        """See `bus.api.Bus`."""
        self._hear(message)
        if not self.connected:
            BUS_DROPPED.inc()
            return
        subject = topic_of(message)
        for piece in pieces(message, MAX_IN_MESSAGE):
            if self._waiting_bytes + len(piece) > MAX_WAITING:
                BUS_DROPPED.inc()
            else:
                self._waiting.append((subject, piece))
                self._waiting_bytes += len(piece)
        self._wake.set()

    async def close(self) -> None:
        """See `bus.api.Bus`."""
        await end(self._tasks)
        await self._local.close()

    def _hear(self, message: BusMessage) -> None:
        try:
            self._local.publish(message)
        except Exception:
            # A mistake of a listener: whoever publishes is not to blame, and the next news must still come.
            log.exception("could not take in news", subject=topic_of(message))

    async def _stay_connected(self) -> None:
        """Connect, and again whenever that fails or ends, with a new client each time."""
        while True:
            client, closed = Client(), asyncio.Event()
            try:
                await self._connect(client, closed)
                log.info("connected to NATS")
                self._client = client
                self._up.set()
                await self._serve(client, closed)
                log.warning("the connection to NATS is lost")
            except (nats.errors.Error, OSError) as error:
                log.warning("cannot connect to NATS", cause=repr(error))
            except Exception:
                # A mistake of the library's or ours: without the bus the node would go on, late, until it is started.
                log.exception("the connection to NATS broke")
            finally:
                self._breaks += 1
                self._client = None
                self._interest.lose()
                self._drop_waiting()
                with contextlib.suppress(Exception):
                    await client.close()
            await asyncio.sleep(RETRY_S)

    async def _connect(self, client: Client, closed: asyncio.Event) -> None:
        async def on_closed() -> None:
            closed.set()

        # The client's own way of connecting again leaves tasks behind when it is closed meanwhile (nats-py 2.16).
        await client.connect(
            self._url,
            name=self._node,
            no_echo=True,
            allow_reconnect=False,
            connect_timeout=CONNECT_S,
            ping_interval=PING_S,
            max_outstanding_pings=PINGS_UNANSWERED,
            error_cb=self._on_error,
            closed_cb=on_closed,
        )
        if self._exposed:
            check_server(client)
        await self._interest.renew(client)

    async def _serve(self, client: Client, closed: asyncio.Event) -> None:
        """Keep subscriptions up to date until the connection ends, or the server does not take them any more."""
        keeping = asyncio.create_task(self._interest.keep(client))
        ending = asyncio.create_task(closed.wait())
        try:
            await asyncio.wait({keeping, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            keeping.cancel()
            ending.cancel()
            kept, _ = await asyncio.gather(keeping, ending, return_exceptions=True)
            if isinstance(kept, Exception) and not closed.is_set():
                log.warning("NATS takes no subscriptions", cause=repr(kept))

    async def _on_error(self, error: Exception) -> None:
        self._breaks += isinstance(error, nats.errors.SlowConsumerError)
        log.warning("NATS", cause=repr(error))

    def _drop_waiting(self) -> None:
        BUS_DROPPED.inc(len(self._waiting))
        self._waiting, self._waiting_bytes = [], 0

    async def _receive(self, message: Msg) -> None:
        """Take in a message of another node."""
        BUS_MESSAGES.labels("received").inc()
        try:
            news = self._envelopes.open(message.subject, message.data)
        except Refused as refused:
            BUS_REFUSED.labels(refused.reason).inc()
            cause = refused.cause or (SUSPECTS if refused.reason == FORGED else "")
            log.error("refused news", reason=refused.reason, subject=message.subject, cause=cause)
            return
        for heard in news:
            self._hear(heard)

    async def _send(self) -> None:
        """Send what waits, for ever: the news of a subject together."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
            for subject, messages in packed(waiting):
                await self._send_one(subject, messages)

    async def _send_one(self, subject: str, messages: Sequence[bytes]) -> None:
        message = self._envelopes.seal(subject, messages)
        try:
            if self._client is None or not self._client.is_connected:
                raise nats.errors.ConnectionClosedError
            await self._client.publish(subject, message)
            BUS_MESSAGES.labels("sent").inc()
        except Exception as error:
            BUS_DROPPED.inc(len(messages))
            expected = isinstance(error, (nats.errors.Error, OSError))
            log.warning("could not send news", subject=subject, cause=repr(error), exc_info=not expected)


def note_unknown(cause: str) -> None:
    """Count and log news that a node of another version told."""
    BUS_REFUSED.labels(UNKNOWN).inc()
    log.warning("left out news of another version", cause=cause)


def check_server(client: Client) -> None:
    """Raise nats.errors.Error when the server says of itself that it lets in everybody, or has no TLS."""
    said = client._server_info
    if not said.get("auth_required"):
        raise nats.errors.Error("the server asks for no password: see cluster.trusted_network")
    if not said.get("tls_required"):
        raise nats.errors.Error("the server does without TLS: see cluster.trusted_network")


def pieces(message: BusMessage, most: int) -> Iterator[bytes]:
    """Yield news encoded, split where it is longer than `most` bytes: first its entries, then its events."""
    encoded = _encode(message)
    if len(encoded) <= most:
        yield encoded
        return
    halves = split(message) if isinstance(message, GroupUpdate) else None
    if halves is None:
        BUS_DROPPED.inc()
        return
    for half in halves:
        yield from pieces(half, most)


def split(message: GroupUpdate) -> tuple[GroupUpdate, GroupUpdate] | None:
    """Return news in two parts that say the same one after the other; None if that cannot be."""
    entries, events = message.entries, message.events
    middle = len(entries) if events and len(entries) == 1 else len(entries) // 2
    if middle:
        before = GroupUpdate(message.code, entries[:middle], message.version - len(events))
        return before, replace(message, entries=entries[middle:])
    middle = len(events) // 2
    if not middle:
        return None
    later = len(events) - middle
    return replace(message, entries=(), version=message.version - later, events=events[:middle]), replace(
        message, events=events[middle:]
    )


def packed(waiting: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, list[bytes]]]:
    """Yield subjects with the news of one message each, in the order of each subject."""
    subjects: dict[str, list[bytes]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    for subject, message in waiting:
        if sizes[subject] + len(message) > MAX_IN_MESSAGE:
            yield subject, subjects.pop(subject)
            sizes[subject] = 0
        subjects[subject].append(message)
        sizes[subject] += len(message)
    yield from subjects.items()
