"""What is kept of entries, and of blocks of the access log, that are in the ledger's log.

A range is a run of them: entries of one group in the order of their seqs, or blocks of one month in that of their
numbers (their group is 0), and the SHA-256 over them. Ranges that are taken in together are one text; its SHA-256 is
what the ledger has. So the ledger stays small, and who changes an entry, or a range, is found.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from ..rows import Line

BLOCKS = 0
"""The group of blocks of the access log: no group has this code."""


class Range(NamedTuple):
    """A run of entries of a group; `sha256` in hexadecimal."""

    grp: int
    first: int
    last: int
    sha256: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[tuple[int, int, int, str]]).decode


class RangeMaker:
    """Makes a range of lines that come in their order."""

    def __init__(self, grp: int) -> None:
        self._grp = grp
        self._hash = sha256()
        self.first = self.last = 0
        self.entries = 0

    def add(self, lines: Iterable[Line]) -> None:
        """Take in more lines."""
        for line in lines:
            if not self.entries:
                self.first = line.seq
            self.last = line.seq
            self.entries += 1
            self._hash.update(line.text + b"\n")

    def range(self) -> Range:
        """Return the range of the lines so far."""
        return Range(self._grp, self.first, self.last, self._hash.hexdigest())


def text_of(ranges: Sequence[Range]) -> str:
    """Return ranges as they are stored."""
    return _encode(ranges).decode()


def ranges_of(text: str) -> list[Range]:
    """Return what `text_of` gave. Raises msgspec's errors where it is none of that."""
    return [Range(*one) for one in _decode(text)]


def digest_of(text: str) -> str:
    """Return what the ledger has of ranges."""
    return sha256(text.encode()).hexdigest()
