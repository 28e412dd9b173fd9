"""The access log of files, for `check_access`."""

from collections import defaultdict
from collections.abc import Iterator

from ..rows import AccessBlock
from ..sqlite.segments import SegmentReader

_BLOCKS = "SELECT number, first_ts, last_ts, node, records, sealed FROM block ORDER BY number"
_USERS = "SELECT number, user FROM who ORDER BY number, user"
_TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'block'"


class SegmentBlocks:
    """`months.AccessRows` of files."""

    def __init__(self, reader: SegmentReader) -> None:
        self.months = reader.segments.months
        self._reader = reader

    def blocks(self, month: str) -> Iterator[AccessBlock]:
        segment = self._reader.get(month)
        if segment is None or not segment.execute(_TABLES).fetchone():
            return
        users: dict[int, list[str]] = defaultdict(list)
        for number, user in segment.execute(_USERS):
            users[number].append(user)
        for number, first, last, node, records, sealed in segment.execute(_BLOCKS):
            yield AccessBlock(first, last, node, records, users.pop(number, []), sealed, number)
        # Names beside no block: those of one that is gone.
        for number, names in users.items():
            yield AccessBlock(0, 0, "", 0, names, b"", number)
