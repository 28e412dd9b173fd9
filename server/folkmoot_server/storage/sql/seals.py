"""What seals a month of the journal that is over: its entries in a canonical form, counted and hashed (G13).

An entry's line is a JSON array: its group, and then the columns `entry_rows.COLUMNS` as they were written, whatever was
removed since; lines stand in the order of groups and seqs. The seal is their number, the SHA-256 over all of them, each
with a line feed behind it, and the root of a Merkle tree with the lines as leaves (RFC 9162).
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from ...crypto.merkle import Growing, leaf_hash
from ..change_set import StorageError
from ..rows import Line
from .entry_rows import BODY, DATA, Row
from .removed_texts import RemovedTexts

_encode = msgspec.json.Encoder().encode


class Seal(NamedTuple):
    """What is in a month: entries, hash and root, both in hexadecimal."""

    entries: int
    sha256: str
    root: str


class SealMaker:
    """Makes a seal of lines that come in their order."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._tree = Growing()

    def add(self, lines: Iterable[Line]) -> None:
        """Take in more lines."""
        for line in lines:
            self._hash.update(line.text + b"\n")
            self._tree.add(leaf_hash(line.text))

    def seal(self) -> Seal:
        """Return the seal of the lines so far."""
        return Seal(self._tree.size, self._hash.hexdigest(), self._tree.root().hex())


def written_by(line: Line) -> tuple[str, int]:
    """Return who wrote the entry of a line, empty for the service, and when (Unix ms)."""
    _grp, _seq, ts, _kind, user, *_ = msgspec.json.decode(line.text)
    return user or "", ts


def line_of(removed: RemovedTexts, month: str, grp: int, row: Row, sealed: bytes | None) -> Line:
    """Return the line of a row of `entry_rows.COLUMNS`; `sealed` has what was removed of it. Raises StorageError where
    that does not open."""
    values = list(row)
    if sealed is not None:
        try:
            body, data = removed.open(month, grp, row[0], sealed)
        except InvalidTag as error:
            raise StorageError(
                f"the sealed text of #{row[0]} of {grp} does not open: run folkmoot db verify"
            ) from error
        # A row whose text was taken out has no data either; what stands there nobody has posted.
        values[BODY], values[DATA] = body, data if values[DATA] is None else values[DATA]
    return Line(grp, row[0], _encode([grp, *values]))
