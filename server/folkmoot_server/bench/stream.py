"""Checking what every member of a group gets, cheaply enough that the server stays the slower side.

All members get the same frames in the same order. So the first to get a frame decodes it and appends it to the group's
`Stream`; for the others it is enough that their bytes equal the stream's, which is one comparison per chunk. Bytes that
differ are taken apart frame by frame.
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Delivery(NamedTuple):
    """An entry as a frame brings it: its seq in the group, the sender's number, and the sender's count of it."""

    seq: int
    sender: int
    number: int


Decode = Callable[[int, bytes], Delivery | None]
"""Returns the entry in a frame's payload, by opcode; None for anything else, which it has dealt with."""


def frame_end(data: bytes, at: int) -> int:
    """Return where the unmasked frame that begins at `at` ends, 0 if `data` does not have all of it."""
    if len(data) < at + 2:
        return 0
    size, start = data[at + 1], at + 2
    if size > 125:
        start += 2 if size == 126 else 8
        if len(data) < start:
            return 0
        size = int.from_bytes(data[at + 2 : start])
    end = start + size
    return end if end <= len(data) else 0


def payload_of(frame: bytes) -> bytes:
    """Return what a whole unmasked frame carries."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame as clients send it. The mask is zero, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2)
    return head + bytes(4) + payload


class Stream:
    """The entries of a group from where its members began to listen, as frames, and where each one ends.

    `own` has the ends of each sender's entries that its sender has not got yet.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.ends: list[int] = []
        self.first_seq = 0
        self.own: dict[int, deque[int]] = defaultdict(deque)
        self._numbers: dict[int, int] = {}

    def append(self, frame: bytes, delivery: Delivery) -> bool:
        """Add the next entry; refuse one that does not follow the last, by seq or by its sender's count."""
        self.first_seq = self.first_seq or delivery.seq
        follows = self._numbers.get(delivery.sender, 0) + 1
        if delivery.seq != self.first_seq + len(self.ends) or delivery.number != follows:
            return False
        self._numbers[delivery.sender] = follows
        self.data += frame
        self.ends.append(len(self.data))
        self.own[delivery.sender].append(len(self.data))
        return True

    def count(self, position: int) -> int:
        """Return how many whole frames stand before a position."""
        return bisect_right(self.ends, position)

    def frame_start(self, position: int) -> int:
        """Return where the frame begins that a position is in, or at the end of."""
        before = self.count(position)
        return self.ends[before - 1] if before else 0


class Reader:
    """What one member has got of its group's stream. `position` counts bytes; `decode` is told all other frames."""

    def __init__(self, stream: Stream, decode: Decode) -> None:
        self.position = 0
        self._stream = stream
        self._decode = decode
        self._rest = b""
        self._stray: Stray | None = None

    def feed(self, data: bytes) -> None:
        """Take what the connection has read."""
        if not self._rest and self._stream.data.startswith(data, self.position):
            self.position += len(data)
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        """Take data apart into frames."""
        stream = self._stream
        if not self._rest:
            start = stream.frame_start(self.position)
            self._rest = bytes(stream.data[start : self.position])
            self.position = start
        data = self._rest + data
        at = 0
        while end := frame_end(data, at):
            self._take(data[at:end])
            at = end
        self._rest = data[at:]
        if stream.data.startswith(self._rest, self.position) and self._stray is None:
            self.position += len(self._rest)
            self._rest = b""

    def _take(self, frame: bytes) -> None:
        stream = self._stream
        if self._stray is None and stream.data.startswith(frame, self.position):
            self.position += len(frame)
            return
        delivery = self._decode(frame[0] & 15, payload_of(frame))
        if delivery is None:
            return
        if self._stray is None:
            if self.position == len(stream.data) and stream.append(frame, delivery):
                self.position = len(stream.data)
                return
            self._stray = Stray(stream.first_seq + stream.count(self.position) - 1, delivery.seq)
        self._stray.take(delivery.seq)

    @property
    def deliveries(self) -> int:
        """How many entries came, doubles not counted."""
        return self._stray.deliveries(self._stream) if self._stray else self._stream.count(self.position)

    @property
    def faults(self) -> tuple[int, int]:
        """How many entries came twice, and how many late or in another order than to the others."""
        return (self._stray.doubled, self._stray.out_of_order) if self._stray else (0, 0)


class Stray:
    """A member whose entries are not those of the others: counts by seq.

    `last` is the highest seq that came, `first` that of the entry which differs.
    """

    def __init__(self, last: int, first: int) -> None:
        self.last = last
        self.doubled = 0
        # The seq that was due, but not the entry that the others have under it.
        self.out_of_order = int(first == last + 1)
        self._missing: set[int] = set()

    def take(self, seq: int) -> None:
        """Take an entry."""
        if seq > self.last:
            self._missing.update(range(self.last + 1, seq))
            self.last = seq
        elif seq in self._missing:
            self._missing.remove(seq)
            self.out_of_order += 1
        else:
            self.doubled += 1

    def deliveries(self, stream: Stream) -> int:
        """Return how many of the stream's entries came."""
        return self.last - stream.first_seq + 1 - len(self._missing)
