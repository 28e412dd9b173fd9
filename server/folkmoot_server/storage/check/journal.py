"""Whether the journal is whole: seqs without holes, a notice for each event, sealed texts that open."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from sqlite3 import DatabaseError
from typing import Any, NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from folkmoot_governance import case_number
from folkmoot_governance.group.events import Event, TextRemoved
from folkmoot_governance.notice_entry import data_of, is_told

from ...common.terminal import _
from ...crypto.sealing import Sealer
from ..change_set import Recorded
from ..rows import Line
from ..sql.months import end_of, month_of
from ..sql.removed_texts import RemovedTexts
from ..sql.seals import line_of
from ..sqlite.erasing import left_of
from ..sqlite.journal import LINES
from ..sqlite.segments import SegmentReader

_RANGES = "SELECT grp, min(seq), max(seq), count(*) FROM entry GROUP BY grp"
_TARGETS = "SELECT seq, target FROM entry WHERE grp = ? AND seq IN (SELECT value FROM json_each(?))"
_NOTICES = "SELECT version, data FROM entry WHERE grp = ? AND version IS NOT NULL"


NO_GAPS: Mapping[tuple[str, int], int] = {}


class Range(NamedTuple):
    """The entries that a group has in one month."""

    code: str
    first: int
    last: int
    entries: int


class JournalRows(Protocol):
    """What there is to check of a journal, whatever keeps it. Months as `2026-11`, oldest first."""

    @property
    def months(self) -> Sequence[str]:
        """The months that have a segment."""
        ...

    def ranges(self, month: str) -> Iterable[Range]:
        """Give what each group has in a month."""
        ...

    def entries(self, month: str) -> int:
        """Return how many entries a month has."""
        ...

    def latest(self, month: str) -> int | None:
        """Return the time (Unix ms) of the latest entry in a month, None if there is none."""
        ...

    def sealed(self, month: str) -> Iterable[tuple[int, int, bytes]]:
        """Give group, seq and sealed text of what was removed from a month."""
        ...

    def lines(self, month: str, removed: RemovedTexts) -> Iterable[Line]:
        """Give the entries of a month as its seal counts them."""
        ...

    def left(self, month: str, code: str, seqs: Collection[int]) -> Iterable[tuple[int, bool]]:
        """Give those of a group's entries, and of edits of them, whose texts are not sealed, or stand: the seq, and
        whether it is blank."""
        ...

    def targets(self, month: str, code: str, seqs: Collection[int]) -> Iterable[tuple[int, int | None]]:
        """Give what each of a group's entries is about, by seq."""
        ...

    def notices(self, code: str) -> Iterable[tuple[int, str | None]]:
        """Give the version that each notice of a group tells of, and its data as JSON."""
        ...


class SegmentRows:
    """`JournalRows` of files."""

    def __init__(self, reader: SegmentReader) -> None:
        self.months = reader.segments.months
        self._reader = reader

    def _select(self, month: str, query: str, *arguments: object) -> Iterator[Any]:
        segment = self._reader.get(month)
        return iter(()) if segment is None else segment.execute(query, arguments)

    def ranges(self, month: str) -> Iterator[Range]:
        return (Range(str(grp), *numbers) for grp, *numbers in self._select(month, _RANGES))

    def entries(self, month: str) -> int:
        return next((count for (count,) in self._select(month, "SELECT count(*) FROM entry")), 0)

    def latest(self, month: str) -> int | None:
        return next((ts for (ts,) in self._select(month, "SELECT max(ts) FROM entry")), None)

    def sealed(self, month: str) -> Iterator[tuple[int, int, bytes]]:
        return self._select(month, "SELECT grp, seq, sealed FROM restricted")

    def lines(self, month: str, removed: RemovedTexts) -> Iterator[Line]:
        for grp, *row, sealed in self._select(month, LINES, -1, -1, -1):
            yield line_of(removed, month, grp, tuple(row), sealed)

    def left(self, month: str, code: str, seqs: Collection[int]) -> Iterator[tuple[int, bool]]:
        segment = self._reader.get(month)
        found = [] if segment is None else left_of(segment, int(code), seqs)
        return ((seq, not body and data is None) for seq, body, data in found)

    def targets(self, month: str, code: str, seqs: Collection[int]) -> Iterator[tuple[int, int | None]]:
        return self._select(month, _TARGETS, int(code), json.dumps(list(seqs)))

    def notices(self, code: str) -> Iterator[tuple[int, str | None]]:
        for month in self.months:
            yield from self._select(month, _NOTICES, int(code))


def check_files(part: str, reader: SegmentReader) -> Iterator[str]:
    """Run SQLite's own check on each segment of the journal or the access log."""
    for month in reader.segments.months:
        try:
            segment = reader.get(month)
            findings = segment.execute("PRAGMA integrity_check").fetchall() if segment is not None else ()
        except DatabaseError as error:
            findings = [(str(error),)]
        for (finding,) in findings:
            if finding != "ok":
                yield _("{part} {month}: {finding}").format(part=part, month=month, finding=finding)


def check_content(rows: JournalRows, key: bytes) -> Iterator[str]:
    """Check each segment by itself: nothing of a later month in it, and its sealed texts open."""
    for month in rows.months:
        latest = rows.latest(month)
        if latest is not None and latest >= end_of(month):
            yield _("journal {month}: an entry is of a later month").format(month=month)
        yield from _check_sealed(rows, month, Sealer(key, month))


def _check_sealed(rows: JournalRows, month: str, sealer: Sealer) -> Iterator[str]:
    for grp, seq, sealed in rows.sealed(month):
        try:
            sealer.unseal(grp, seq, sealed)
        except InvalidTag:
            yield _("journal {month}: the sealed text of {group} #{seq} does not open").format(
                month=month, group=grp, seq=seq
            )


def is_part(stored: object, written: object) -> bool:
    """Say whether all of one JSON value is in another, which may have more fields: those came with later versions."""
    if isinstance(stored, dict) and isinstance(written, dict):
        return all(name in written and is_part(one, written[name]) for name, one in stored.items())
    if isinstance(stored, list) and isinstance(written, list):
        return len(stored) == len(written) and all(map(is_part, stored, written))
    return stored == written and type(stored) is type(written)


def is_told_by(data: dict[str, Any] | None, event: Event, case: str) -> bool:
    """Say whether a notice's data tells of an event. Fields that the event got later have their defaults, and only
    those may be missing."""
    told: dict[str, Any] = json.loads(msgspec.json.encode(data_of(event, case)))
    defaults = {field.name: field.default for field in fields(event) if has_default(field) and field.name in told}
    later: dict[str, Any] = json.loads(msgspec.json.encode(defaults))
    return later | (data or {}) == told


def has_default(field: FieldInfo) -> bool:
    """Say whether a field of a struct has a plain default."""
    return field.default is not NODEFAULT


class JournalCheck:
    """Compares the journal with the ledger. `heads`: how far rotation has removed each group's entries; `gaps`: the
    last of each run of seqs that was lost, and that loss accepted, by group and first."""

    def __init__(
        self, rows: JournalRows, heads: Mapping[str, int], gaps: Mapping[tuple[str, int], int] = NO_GAPS
    ) -> None:
        self._rows = rows
        self._heads = heads
        self._gaps = gaps

    def removed_up_to(self, code: str) -> int:
        """Return the last seq that rotation has removed, 0 where it has removed none."""
        return self._heads.get(code, 0)

    def check_seqs(self, known: set[str]) -> Iterator[str]:
        """Each group's seqs run without a hole from the first one kept, across all segments."""
        last = dict(self._heads)
        for month in self._rows.months:
            for code, first, latest, count in self._rows.ranges(month):
                if code not in known:
                    yield _("journal {month}: the ledger has no group {code}").format(month=month, code=code)
                # A segment whose removal a crash broke off lies wholly below the head that was kept for it.
                if latest <= self.removed_up_to(code):
                    continue
                follows = last.get(code, 0) + 1
                follows = self._gaps.get((code, follows), follows - 1) + 1
                if first != follows or count != latest - first + 1:
                    yield _("journal {month}: the entries of {code} have a hole").format(month=month, code=code)
                last[code] = latest

    def check_notices(self, code: str, events: Sequence[Recorded]) -> Iterator[str]:
        """Each event that the group is told of has its notice, saying what the event says, while kept; or nothing, if
        the platform has removed what it told."""
        notices = {version: json.loads(data) if data else None for version, data in self._rows.notices(code)}
        blank = {number for one in events if isinstance(one.event, TextRemoved) for number in one.event.acts}
        oldest = next(iter(self._rows.months), "")
        first_kept = min(notices, default=None)
        for one in events:
            if not is_told(one.event):
                continue
            assert isinstance(one.event, Event)
            case = case_number(code, one.version)
            if one.version in notices:
                data = notices.pop(one.version)
                is_blank = data is None and one.version in blank
                if not is_blank and not is_told_by(data, one.event, case):
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
