"""Whether a write-ahead log is damaged before its end: SQLite leaves out what is behind such a place without a word.

A commit that a crash has broken off may stand there by half; that one was never acknowledged. But the next one is
written only after the one before was synced. So where a whole commit stands behind the place at which SQLite stops, and
another one follows on it, something was acknowledged that is not in force. (The format: https://sqlite.org/walformat.html.)
"""

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

HEADER, FRAME = struct.Struct(">8I"), struct.Struct(">6I")
BIG_ENDIAN = 0x377F0683
IN_FORCE_AT = 16
"""Where the index of a log, which SQLite keeps while a file is open, has the number of frames that are in force."""
MASK = 0xFFFFFFFF

Sum = tuple[int, int]


class Frame(NamedTuple):
    """A frame's header. `size`: of the file in pages after a commit, 0 where the frame does not end one."""

    page: int
    size: int
    salts: Sum
    sum: Sum


def has_lost_commits(path: Path) -> bool:
    """Say so of a database file that is open, so that SQLite has gone through its log."""
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    if not log.exists() or not index.exists() or log.stat().st_size < HEADER.size:
        return False
    (in_force,) = struct.unpack_from("=I", index.read_bytes()[:100], IN_FORCE_AT)
    with log.open("rb") as file:
        magic, _version, page_bytes, _number, *salts, _one, _other = HEADER.unpack(file.read(HEADER.size))
        count = (log.stat().st_size - HEADER.size) // (FRAME.size + page_bytes)
        for number in range(in_force, count - 1):
            frame = _frame(file, number, page_bytes)
            follows = _frame(file, number + 1, page_bytes)
            if frame.size and frame.salts == follows.salts == tuple(salts):
                file.seek(HEADER.size + (number + 1) * (FRAME.size + page_bytes))
                data = file.read(FRAME.size + page_bytes)
                if _sum(data[:8] + data[FRAME.size :], frame.sum, magic) == follows.sum:
                    return True
    return False


def _frame(file: BinaryIO, number: int, page_bytes: int) -> Frame:
    file.seek(HEADER.size + number * (FRAME.size + page_bytes))
    page, size, salt, other_salt, one, other = FRAME.unpack(file.read(FRAME.size))
    return Frame(page, size, (salt, other_salt), (one, other))


def _sum(data: bytes, before: Sum, magic: int) -> Sum:
    one, other = before
    order = ">" if magic == BIG_ENDIAN else "<"
    for first, second in struct.iter_unpack(f"{order}2I", data):
        one = (one + first + other) & MASK
        other = (other + second + one) & MASK
    return one, other
