"""Envelopes: what nodes send each other, under a MAC, so that whoever has only the bus can neither make nor repeat any.

The MAC covers the subject, the sender, a number and the time. A message is believed once: a number that was heard
before, one far behind the sender's latest, or a time that is long ago are refused. So are messages that were taken from
one subject to another.

A node of another version may know more, or less: fields that are not known are passed over, and so are news of a kind
that is not, without the others in the envelope. A version whose envelopes are others takes another label for the MAC:
then nodes do not hear each other, and find in storage what they miss.
"""

import hashlib
import hmac
from array import array
from collections.abc import Callable, Sequence
from itertools import count

import msgspec
from msgspec import Raw, Struct

from .messages import BusMessage

MAC_BYTES = 16

FRESH_MS = 600_000
"""How far a message's time may be from ours. Clocks of nodes are not as far apart; who is beyond it is not heard."""

FORGET_MS = 2 * FRESH_MS + 60_000
"""After so long, all that a sender said before is too old by its time; of a node that has ended nothing is kept."""

WINDOW = 1 << 14
"""How many numbers back a message may come late: those of one subject come in order, of several they do not."""

FORGED, REPEATED, STALE, ODD = "forged", "repeated", "stale", "undecodable"
UNKNOWN = "unknown"
"""Why news are left out that a node of another version tells."""


class Refused(Exception):
    """A message that is no news; `reason` is one of the four above."""

    def __init__(self, reason: str, cause: str = "") -> None:
        super().__init__(reason, cause)
        self.reason = reason
        self.cause = cause


class Envelope(Struct, frozen=True, array_like=True):
    """What a node gets."""

    node: str
    number: int
    ts: int
    messages: list[BusMessage]


class Packed(Struct, frozen=True, array_like=True):
    """What a node sends: an `Envelope` whose news are encoded already."""

    node: str
    number: int
    ts: int
    messages: list[Raw]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode
_unpack = msgspec.msgpack.Decoder(Packed).decode
_decode_one: Callable[[Raw], BusMessage] = msgspec.msgpack.Decoder(BusMessage).decode


class Heard:
    """The numbers that were heard of one sender, as far back as `WINDOW`."""

    def __init__(self) -> None:
        self.latest = 0
        self.ts = 0
        self._numbers = array("Q", bytes(8 * WINDOW))

    def take(self, number: int) -> str | None:
        """Note a number; return why it is none to be heard now, None if it is."""
        if number + WINDOW <= self.latest:
            return STALE
        place = number % WINDOW
        if self._numbers[place] == number:
            return REPEATED
        self._numbers[place] = number
        self.latest = max(self.latest, number)
        return None


class Envelopes:
    """Makes a node's envelopes, and opens those of others. `key` is the same on all nodes, `node` on no two.

    `on_unknown` is told why when news are left out that this version does not know.
    """

    def __init__(
        self, key: bytes, node: str, now_ms: Callable[[], int], on_unknown: Callable[[str], None] = lambda cause: None
    ) -> None:
        self._on_unknown = on_unknown
        self._node = node
        self._now_ms = now_ms
        self._numbers = count(1)
        self._keyed = hashlib.blake2b(digest_size=MAC_BYTES, key=key, person=b"folkmoot bus")
        self._heard: dict[str, Heard] = {}

    def seal(self, subject: str, messages: Sequence[bytes]) -> bytes:
        """Return what is to be sent of news that are encoded."""
        news = [Raw(message) for message in messages]
        packed = _encode(Packed(self._node, next(self._numbers), self._now_ms(), news))
        return self._mac(subject, packed) + packed

    def open(self, subject: str, data: bytes) -> list[BusMessage]:
        """Return the news of an envelope, none of one's own. Raises Refused."""
        mac, packed = data[:MAC_BYTES], data[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(subject, packed)):
            raise Refused(FORGED)
        try:
            envelope = _decode(packed)
        except msgspec.MsgspecError:
            envelope = self._decode_known(packed)
        # The server spares a connection its own messages, but not those of the connection before it.
        if envelope.node == self._node:
            return []
        self._check_is_new(envelope)
        return envelope.messages

    def _decode_known(self, packed: bytes) -> Envelope:
        """Decode of an envelope what this version knows. Raises Refused where it is none."""
        try:
            found = _unpack(packed)
        except msgspec.MsgspecError as error:
            raise Refused(ODD, str(error)) from error
        known = []
        for one in found.messages:
            try:
                known.append(_decode_one(one))
            except msgspec.MsgspecError as error:
                self._on_unknown(f"{found.node}: {error}")
        return Envelope(found.node, found.number, found.ts, known)

    def _mac(self, subject: str, packed: bytes) -> bytes:
        mac = self._keyed.copy()
        mac.update(subject.encode())
        mac.update(b"\x00")  # in no subject
        mac.update(packed)
        return mac.digest()

    def _check_is_new(self, envelope: Envelope) -> None:
        """Refuse what was heard before, or may have been."""
        now = self._now_ms()
        if abs(now - envelope.ts) > FRESH_MS:
            raise Refused(STALE, f"{envelope.node}: {now - envelope.ts} ms")
        heard = self._heard.get(envelope.node)
        if heard is None:
            self._heard = {node: one for node, one in self._heard.items() if abs(now - one.ts) < FORGET_MS}
            heard = self._heard[envelope.node] = Heard()
        reason = heard.take(envelope.number)
        if reason is not None:
            raise Refused(reason, f"{envelope.node}: {envelope.number}, latest {heard.latest}")
        heard.ts = now
