"""The ledger as a transparency log: what a leaf is, and which hashes of its tree are kept.

A leaf says where an event stands in the ledger, when it was and of what kind it is. All else that the event says (who,
whom, why) is behind a salted hash: whoever has the leaf alone learns none of it, and whoever is given event and salt
can check that it is the one. Salts come from a key, so nothing is kept for them.

Of the tree the hashes of leaves are kept, and of each complete subtree of 256, 65,536 and so on: the rows of tiles of
C2SP's `tlog-tiles`. What is between is folded when it is asked for.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .merkle import HASH_BYTES, Subtree, fold, leaf_hash
from .sealing import KEY_BYTES
from .words import told

TILE_BITS = 8
TILE = 1 << TILE_BITS
SALT_BYTES = 16

_encode = msgspec.json.Encoder(order="deterministic").encode

Place = tuple[int, int]
"""A hash that is kept: level (0: of leaves, 1: of 256 each) and number within it."""


class Event(Protocol):
    """What a leaf is made of; see `storage.rows.LedgerRow`."""

    @property
    def position(self) -> int: ...
    @property
    def stream(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def ts(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def data(self) -> str: ...


class LogKeys(NamedTuple):
    """What the log's keys are derived to from the journal's key: one for salts, one to sign with."""

    salts: bytes
    signing: Ed25519PrivateKey

    @classmethod
    def derive(cls, key: bytes, number: int = 1) -> "LogKeys":
        """Return the keys; `number` counts the keys to sign with, which may be changed."""
        return cls(
            _derived(key, "folkmoot log salts"),
            Ed25519PrivateKey.from_private_bytes(_derived(key, f"folkmoot log signing {number}")),
        )

    @classmethod
    def publics(cls, key: bytes, number: int) -> list[bytes]:
        """Return the public keys of the first `number` keys to sign with."""
        keys = (cls.derive(key, one) for one in range(1, number + 1))
        return [one.signing.public_key().public_bytes_raw() for one in keys]


def _derived(key: bytes, info: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info.encode()).derive(key)


def salt_of(salts: bytes, position: int) -> bytes:
    """Return the salt of the event at a position."""
    return hmac.digest(salts, b"%d" % position, "sha256")[:SALT_BYTES]


def said_of(event: Event) -> bytes:
    """Return what is behind an event's hash, as JSON: its stream and version, who acted, and what was done. Of words in
    it there is a hash (`words`)."""
    said = {"stream": event.stream, "version": event.version, "actor": event.actor}
    return _encode(said | {"data": told(event.data)})


def entry_of(event: Event, salt: bytes) -> bytes:
    """Return an event as a leaf of the log."""
    digest = sha256(salt + said_of(event)).hexdigest()
    return f"{event.position} {event.ts} {event.type} {digest}\n".encode()


def hash_of(event: Event, salts: bytes) -> bytes:
    """Return the hash of an event's leaf."""
    return leaf_hash(entry_of(event, salt_of(salts, event.position)))


class Needed:
    """Notes what a computation asks of the tree; what it computes meanwhile means nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, level: int, number: int) -> bytes:
        self.asked.append((level, number))
        return bytes(HASH_BYTES)

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """Yield the hashes that are needed: level, and the first number and the one after the last."""
        for level, number in self.asked:
            width = level % TILE_BITS
            yield level // TILE_BITS, number << width, (number + 1) << width


def needed_for(compute: Callable[[Subtree], object]) -> list[tuple[int, int, int]]:
    """Return the spans of hashes that a root or a proof needs."""
    needed = Needed()
    compute(needed)
    return list(needed.spans())


def joined(spans: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield spans of hashes, each hash in one of them, in order."""
    last: tuple[int, int, int] | None = None
    for level, first, end in sorted(spans):
        if last is None or level != last[0] or first > last[2]:
            if last is not None:
                yield last
            last = level, first, end
        else:
            last = level, last[1], max(end, last[2])
    if last is not None:
        yield last


def over(hashes: Mapping[Place, bytes]) -> Subtree:
    """Return the subtrees that can be folded from hashes that are kept."""

    def subtree(level: int, number: int) -> bytes:
        kept, width = divmod(level, TILE_BITS)
        return fold([hashes[kept, one] for one in range(number << width, (number + 1) << width)])

    return subtree


def grow(size: int, leaves: Iterable[bytes], rows: Mapping[Place, bytes]) -> dict[Place, bytes]:
    """Return the hashes to be kept when leaves come after the first `size`; `rows` has what stands in tiles that are
    not full yet (`unfinished`)."""
    known, grown, levels = dict(rows), dict[Place, bytes](), {0: size}
    for leaf in leaves:
        level, one = 0, leaf
        while True:
            number = levels.setdefault(level, size >> (TILE_BITS * level))
            known[level, number] = grown[level, number] = one
            levels[level] = number + 1
            if (number + 1) % TILE:
                break
            one = fold([known[level, place] for place in range(number + 1 - TILE, number + 1)])
            level += 1
    return grown


def unfinished(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield the spans of hashes in tiles of a tree that are not full: level, first, and the one after the last."""
    level = 0
    while size:
        if size % TILE:
            yield level, size - size % TILE, size
        size, level = size >> TILE_BITS, level + 1
