"""Whether the journal is whole: seqs without holes, a notice for each event, sealed texts that open."""

import json
from collections.abc import Iterable, Iterator
from sqlite3 import Connection
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from folkmoot_governance import case_number
from folkmoot_governance.group.events import Event
from folkmoot_governance.notices import event_fields

from ..notices import is_told
from ..terminal import _
from .api import Recorded
from .months import end_of, month_of
from .sealing import Sealer
from .segments import SegmentReader

_RANGES = "SELECT grp, min(seq), max(seq), count(*) FROM entry GROUP BY grp"
_NOTICES = "SELECT version, data FROM entry WHERE grp = ? AND version IS NOT NULL"


def check_files(reader: SegmentReader) -> Iterator[str]:
    """Run SQLite's own check on each segment."""
    for month, segment in reader.oldest_first():
        for (finding,) in segment.execute("PRAGMA integrity_check"):
            if finding != "ok":
                yield _("journal {month}: {finding}").format(month=month, finding=finding)


def check_content(reader: SegmentReader, key: bytes) -> Iterator[str]:
    """Check each segment by itself: nothing of a later month in it, and its sealed texts open."""
    for month, segment in reader.oldest_first():
        (latest,) = segment.execute("SELECT max(ts) FROM entry").fetchone()
        if latest is not None and latest >= end_of(month):
            yield _("journal {month}: an entry is of a later month").format(month=month)
        yield from _check_sealed(segment, month, Sealer(key, month))


def _check_sealed(segment: Connection, month: str, sealer: Sealer) -> Iterator[str]:
    for grp, seq, sealed in segment.execute("SELECT grp, seq, sealed FROM restricted"):
        try:
            sealer.unseal(grp, seq, sealed)
        except InvalidTag:
            yield _("journal {month}: the sealed text of {group} #{seq} does not open").format(
                month=month, group=grp, seq=seq
            )


class JournalCheck:
    """Compares the journal with the ledger. `heads`: how far rotation has removed each group's entries."""

    def __init__(self, reader: SegmentReader, heads: dict[str, int]) -> None:
        self._reader = reader
        self._heads = heads

    def removed_up_to(self, code: str) -> int:
        """Return the last seq that rotation has removed, 0 where it has removed none."""
        return self._heads.get(code, 0)

    def check_seqs(self, known: set[str]) -> Iterator[str]:
        """Each group's seqs run without a hole from the first one kept, across all segments."""
        last = dict(self._heads)
        for month, segment in self._reader.oldest_first():
            for grp, first, latest, count in segment.execute(_RANGES):
                code = str(grp)
                if code not in known:
                    yield _("journal {month}: the ledger has no group {code}").format(month=month, code=code)
                # A segment whose removal a crash broke off lies wholly below the head that was kept for it.
                if latest <= self.removed_up_to(code):
                    continue
                if first != last.get(code, 0) + 1 or count != latest - first + 1:
                    yield _("journal {month}: the entries of {code} have a hole").format(month=month, code=code)
                last[code] = latest

    def check_notices(self, code: str, events: Iterable[Recorded]) -> Iterator[str]:
        """Each event that the group is told of has its notice, saying what the event says, while kept."""
        notices = self._notices(code)
        oldest = next(iter(self._reader.segments.months), "")
        first_kept = min(notices, default=None)
        for one in events:
            if not is_told(one.event):
                continue
            assert isinstance(one.event, Event)
            case = case_number(code, one.version)
            if one.version in notices:
                if notices.pop(one.version) != _told(one.event, case):
                    yield _("{case}: its notice says something else than the ledger").format(case=case)
            elif (
                code not in self._heads
                or month_of(one.event.at) >= oldest
                or (first_kept is not None and one.version > first_kept)
            ):
                yield _("{case}: its notice is missing from the journal").format(case=case)
        for version in notices:
            yield _("{case}: the journal tells of it, the ledger does not have it").format(
                case=case_number(code, version)
            )

    def _notices(self, code: str) -> dict[int, Any]:
        found = {}
        for _month, segment in self._reader.oldest_first():
            for version, data in segment.execute(_NOTICES, (int(code),)):
                found[version] = json.loads(data) if data else None
        return found


def _told(event: Event, case: str) -> Any:
    """Return what `data` of the event's notice must be."""
    return msgspec.to_builtins({**event_fields(event), "case": case})
