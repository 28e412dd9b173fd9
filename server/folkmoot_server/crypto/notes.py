"""Signed notes and the checkpoints of a log in them: the formats of C2SP's `signed-note`, `tlog-checkpoint` and
`tlog-proof`, with Ed25519 (RFC 8032)."""

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from .merkle import HASH_BYTES

ED25519, COSIGNATURE = b"\x01", b"\x04"
"""Kinds of keys: that of a log, and that of a witness (C2SP's `tlog-cosignature`)."""
ID_BYTES, TIME_BYTES, SIGNATURE_BYTES = 4, 8, 64
MAX_SIGNATURES = 64
SIGNATURE = "\N{EM DASH} "
PROOF = "c2sp.org/tlog-proof@v1"


class NoteError(ValueError):
    """A note, a key or a proof that is not as it has to be; says why."""


class Key(NamedTuple):
    """A public key and the name of whose it is."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def id(self) -> bytes:
        """By which a signature names its key, beside the name."""
        return sha256(f"{self.name}\n".encode() + self.kind + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        """Return the key as people pass it on: `name+id+key`."""
        return f"{self.name}+{self.id.hex()}+{_b64(self.kind + self.public)}"

    @classmethod
    def parse(cls, text: str, kind: bytes = ED25519) -> "Key":
        """Return the key of a kind that a text names. Raises NoteError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _from_b64(encoded)
        if not is_name(name) or data[:1] != kind or len(data) != 1 + 32:
            raise NoteError("this is no key for Ed25519")
        key = cls(name, data[1:], kind)
        if key.id.hex() != key_id:
            raise NoteError("the key's number does not fit the key")
        return key


class Checkpoint(NamedTuple):
    """What a log says of itself: how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return what a note's text says. Raises NoteError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise NoteError("a checkpoint has an origin, a size and a root, a line each")
        origin, size, root = lines[:3]
        if not (size.isascii() and size.isdigit()) or str(int(size)) != size:
            raise NoteError("the size of a checkpoint is a number")
        found = _from_b64(root)
        if len(found) != HASH_BYTES:
            raise NoteError("the root of a checkpoint has 32 bytes")
        return cls(origin, int(size), found)


class Proof(Struct, frozen=True):
    """That an entry is in a log, to be checked by whoever has the log's key and the entry."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """Return the proof as a file."""
        extra = [f"extra {_b64(self.extra)}"] if self.extra else []
        lines = [PROOF, *extra, f"index {self.index}", *map(_b64, self.hashes), "", self.checkpoint]
        return "\n".join(lines)

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """Return what a file says. Raises NoteError."""
        head, gap, checkpoint = text.partition("\n\n")
        first, *lines = head.split("\n")
        if not gap or first != PROOF or not lines:
            raise NoteError(f"a proof begins with {PROOF}")
        extra = b""
        if lines[0].startswith("extra "):
            extra = _from_b64(lines.pop(0).removeprefix("extra "))
        named, _, index = (lines.pop(0) if lines else "").partition(" ")
        if named != "index" or not (index.isascii() and index.isdigit()) or str(int(index)) != index:
            raise NoteError("a proof names the index of its entry")
        hashes = tuple(_from_b64(line) for line in lines)
        if any(len(one) != HASH_BYTES for one in hashes):
            raise NoteError("the hashes of a proof have 32 bytes")
        return cls(int(index), hashes, checkpoint, extra)


def is_name(name: str) -> bool:
    """Say whether a key may have this name: no spaces, no plus."""
    return bool(name) and "+" not in name and not any(one.isspace() or ord(one) < 0x20 for one in name)


def sign(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """Return a note: a text, which ends with a newline, and its signature."""
    if not text.endswith("\n") or any(ord(one) < 0x20 and one != "\n" for one in text):
        raise NoteError("a note is lines of text")
    key = Key(name, private.public_key().public_bytes_raw())
    return f"{text}\n{SIGNATURE}{name} {_b64(key.id + private.sign(text.encode()))}\n"


def verify(note: str, keys: Sequence[Key]) -> str:
    """Return the text of a note that one of the keys has signed. Raises NoteError."""
    body, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES:
        raise NoteError("a note is a text, an empty line, and signatures")
    text, known, is_signed = body + "\n", {(key.name, key.id): key for key in keys}, False
    for line in lines:
        name, _, encoded = line.removeprefix(SIGNATURE).partition(" ")
        if not line.startswith(SIGNATURE) or not is_name(name):
            raise NoteError("a signature is a dash, a name and a number")
        data = _from_b64(encoded)
        key = known.get((name, data[:ID_BYTES]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise NoteError(f"the signature of {name} does not fit") from error
        is_signed = True
    if not is_signed:
        raise NoteError("nobody has signed this whose key is known")
    return text


def check_cosignature(text: str, line: str, witness: Key) -> None:
    """Raise NoteError unless a line is the signature of a witness under a checkpoint's text, which ends with a newline:
    that it has seen this tree, and that it continues all that it has seen before."""
    name, _, encoded = line.removeprefix(SIGNATURE).partition(" ")
    data = _from_b64(encoded)
    if not line.startswith(SIGNATURE) or (name, data[:ID_BYTES]) != (witness.name, witness.id):
        raise NoteError(f"{witness.name} has not signed this")
    if len(data) != ID_BYTES + TIME_BYTES + SIGNATURE_BYTES:
        raise NoteError("a cosignature has a time and a signature")
    ts = int.from_bytes(data[ID_BYTES : ID_BYTES + TIME_BYTES], "big")
    try:
        public = Ed25519PublicKey.from_public_bytes(witness.public)
        public.verify(data[ID_BYTES + TIME_BYTES :], cosigned(text, ts))
    except InvalidSignature as error:
        raise NoteError(f"the signature of {name} does not fit") from error


def cosigned(text: str, ts: int) -> bytes:
    """Return what a witness signs at a time (Unix seconds)."""
    return f"cosignature/v1\ntime {ts}\n{text}".encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_b64(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("this is no base64") from error
    if _b64(found) != text:
        raise NoteError("this base64 has more than one spelling")
    return found
