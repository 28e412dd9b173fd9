"""What a block of the access log is bound to, whom it names, and its line in the ledger's log."""

import zlib
from hashlib import sha256

import msgspec

from ..rows import AccessBlock, Line
from .ranges import BLOCKS

PURPOSE = b"folkmoot access log"
"""What the key of blocks is made for."""
USER = 2
"""Where a record has the account."""

_decode = msgspec.msgpack.Decoder(list[tuple[object, ...]]).decode
_encode = msgspec.json.Encoder().encode


def bound_to(block: AccessBlock) -> bytes:
    """Return what a block is sealed together with."""
    return f"{block.node}|{block.first_ts}|{block.last_ts}|{block.records}".encode()


def users_in(text: bytes) -> list[str]:
    """Return the accounts that the opened records of a block name."""
    return sorted({str(record[USER]) for record in _decode(zlib.decompress(text)) if record[USER]})


def line_of(block: AccessBlock) -> Line:
    """Return the line of a block; whom it names follows from what is sealed."""
    sealed = sha256(block.sealed).hexdigest()
    values = (block.number, block.first_ts, block.last_ts, block.node, block.records, sealed)
    return Line(BLOCKS, block.number, _encode(values))
