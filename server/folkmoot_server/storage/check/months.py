"""Comparing months of the journal and of the access log with what is on record of them: what was sealed, and what was
taken into the log since the last seal.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol, TypeVar, get_args

from msgspec import MsgspecError
from sqlalchemy import Connection, select

from folkmoot_governance.store_acts import MonthSealed, Part

from ...common.terminal import _
from ...crypto.cipher import Sealed
from ..change_set import StorageError
from ..rows import AccessBlock, Line
from ..sql.access_blocks import PURPOSE, bound_to, line_of, users_in
from ..sql.ranges import Range, RangeMaker, digest_of, ranges_of
from ..sql.removed_texts import RemovedTexts
from ..sql.seals import Seal, SealMaker
from ..sql.tables import logged_ranges
from .journal import JournalRows
from .on_record import OnRecord

T = TypeVar("T")

PIECE = 1000

PARTS = frozenset(get_args(Part))

Gaps = Mapping[tuple[str, int], int]
"""The last of each run of seqs whose loss is on record, by group and first."""


class AccessRows(Protocol):
    """What there is to check of the access log, whatever keeps it. Months as `2026-11`, oldest first."""

    @property
    def months(self) -> Sequence[str]:
        """The months that have a segment."""
        ...

    def blocks(self, month: str) -> Iterable[AccessBlock]:
        """Give the blocks of a month in the order of their numbers, each with the accounts that stand beside it."""
        ...


class RangeCheck:
    """Compares lines, which come in the order of groups and seqs, with the ranges that were kept of them."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._left: dict[int, list[Range]] = defaultdict(list)
        for one in sorted(ranges, reverse=True):
            self._left[one.grp].append(one)
        self._grp = -1
        self._ranges: list[Range] = []
        self._maker = RangeMaker(-1)
        self.others: list[Range] = []

    def add(self, lines: Iterable[Line]) -> None:
        """Take in more lines."""
        for line in lines:
            if line.grp != self._grp:
                self._go_to(line.grp)
            while self._ranges and line.seq > self._ranges[-1].last:
                self._end_range()
            if self._ranges and line.seq >= self._ranges[-1].first:
                self._maker.add((line,))

    def end(self) -> list[Range]:
        """Return the ranges that are not as they were kept, after the last line."""
        self._go_to(-1)
        self.others += [one for ranges in self._left.values() for one in ranges]
        return sorted(self.others)

    def _go_to(self, grp: int) -> None:
        while self._ranges:
            self._end_range()
        self._grp, self._ranges = grp, self._left.pop(grp, [])
        self._maker = RangeMaker(grp)

    def _end_range(self) -> None:
        kept = self._ranges.pop()
        if self._maker.range() != kept:
            self.others.append(kept)
        self._maker = RangeMaker(self._grp)


def on_record(rows: JournalRows, record: OnRecord) -> list[str]:
    """Return the months of the journal of which something is on record."""
    told = {*_seals(record, "journal"), *(month for part, month in record.logged if part == "journal")}
    return [month for month in rows.months if month in told]


def pieces_of(rows: JournalRows, month: str) -> int:
    """Return in how many pieces a month is read."""
    return -(-rows.entries(month) // PIECE)


def check_months(
    main: Connection, rows: JournalRows, key: bytes, record: OnRecord, gaps: Gaps, step: Callable[[], None]
) -> Iterator[str]:
    """Compare the journal with what is on record of it; `step` is called after each piece."""
    ranges = yield from _read_ranges(main, record, "journal")
    seals = _seals(record, "journal")
    yield from _missing(
        "journal", {*seals, *ranges} - {month for month in seals if record.is_lost(month)}, rows, record
    )
    removed = RemovedTexts(key)
    for month in on_record(rows, record):
        kept = [one for one in ranges.get(month, ()) if not _is_lost(one, gaps)]
        yield from _check_month(rows, month, removed, seals.get(month, ()), kept, step)


def _check_month(
    rows: JournalRows,
    month: str,
    removed: RemovedTexts,
    seals: Sequence[MonthSealed],
    kept: Sequence[Range],
    step: Callable[[], None],
) -> Iterator[str]:
    seal_maker, range_check = SealMaker(), RangeCheck(kept)
    try:
        for lines in pieces(rows.lines(month, removed)):
            if seals:
                seal_maker.add(lines)
            range_check.add(lines)
            step()
    except StorageError:
        # Which text it is says `check_content`.
        yield _("journal {month}: it is not as it was sealed").format(month=month)
        return
    yield from _told_apart("journal", month, range_check.end())
    yield from _sealed_apart(seal_maker.seal(), seals)


def _seals(record: OnRecord, part: Part) -> dict[str, list[MonthSealed]]:
    """Return the seals of a part by month."""
    seals: dict[str, list[MonthSealed]] = {}
    for seal in record.seals:
        if seal.part == part:
            seals.setdefault(seal.month, []).append(seal)
    return seals


def _sealed_apart(found: Seal, seals: Iterable[MonthSealed]) -> Iterator[str]:
    """Compare what a month has with what was sealed of it."""
    for seal in seals:
        place: dict[str, object] = {"month": seal.month, "found": found.entries, "sealed": seal.entries}
        is_journal = seal.part == "journal"
        if found.entries != seal.entries and is_journal:
            yield _("journal {month}: {found} entries, {sealed} were sealed").format(**place)
        elif found.entries != seal.entries:
            yield _("access {month}: {found} blocks, {sealed} were sealed").format(**place)
        elif (found.sha256, found.root) != (seal.sha256, seal.root):
            said = _("journal {month}: it is not as it was sealed"), _("access {month}: it is not as it was sealed")
            yield said[not is_journal].format(**place)


def check_access(main: Connection, rows: AccessRows, key: bytes, record: OnRecord) -> Iterator[str]:
    """Compare the access log with what is on record of it, and whom a block names with what is sealed in it."""
    ranges = yield from _read_ranges(main, record, "access")
    seals = _seals(record, "access")
    yield from _missing("access", {*seals, *ranges}, rows, record)
    sealed = Sealed(None, PURPOSE, key)
    for month in rows.months:
        range_check, seal_maker = RangeCheck(ranges.get(month, ())), SealMaker()
        last = max((one.last for one in ranges.get(month, ())), default=0)
        late, is_over = record.late_blocks(month)
        for block in rows.blocks(month):
            late += is_over and block.number > last
            line = (line_of(block),)
            range_check.add(line)
            seal_maker.add(line)
            text = sealed.open_raw(block.sealed, bound_to(block))
            if text is None:
                yield _("access {month}: block {number} does not open").format(month=month, number=block.number)
            elif users_in(text) != sorted(block.users):
                yield _("access {month}: block {number} does not name those it is about").format(
                    month=month, number=block.number
                )
        if late:
            yield _("access {month}: {count} blocks came long after it was over").format(month=month, count=late)
        yield from _told_apart("access", month, range_check.end())
        yield from _sealed_apart(seal_maker.seal(), seals.get(month, ()))


def _told_apart(part: Part, month: str, others: Iterable[Range]) -> Iterator[str]:
    for one in others:
        place: dict[str, object] = {"month": month, "first": one.first, "last": one.last}
        if part == "access":
            yield _("access {month}: blocks {first} to {last} are not as they were logged").format(**place)
        else:
            said = _("journal {month}: entries {first} to {last} of {group} are not as they were logged")
            yield said.format(group=one.grp, **place)


def _missing(part: Part, wanted: Iterable[str], rows: JournalRows | AccessRows, record: OnRecord) -> Iterator[str]:
    for month in sorted(wanted):
        if month not in rows.months and (part, month) not in record.removed and not record.is_lost(month):
            yield _("{part} {month}: it is missing, and nothing on record has removed it").format(
                part=part, month=month
            )


def _read_ranges(main: Connection, record: OnRecord, part: Part) -> Generator[str, None, dict[str, list[Range]]]:
    """Return the ranges of each month of which something is on record, where they are what the ledger has."""
    stored: dict[str, dict[int, str]] = defaultdict(dict)
    columns = logged_ranges.c
    query = select(columns.month, columns.number, columns.ranges).where(columns.part == part)
    for month, number, text in main.execute(query):
        stored[month][number] = text
    found: dict[str, list[Range]] = {}
    months = {month for one, month in record.logged if one == part}
    parts = set(main.execute(select(columns.part).distinct()).scalars()) - PARTS if part == "journal" else ()
    for other in sorted(parts):
        yield _("logged_ranges {part}: there is no such part").format(part=other)
    for month in sorted(months | stored.keys()):
        events, texts = record.logged[part, month], stored.get(month, {})
        if month in months and (part, month) not in record.removed:
            found[month] = []
        elif month in months:
            continue
        for number in sorted(events.keys() | texts.keys()):
            event, text = events.get(number), texts.get(number)
            ranges = _agreed(text, event.sha256) if event is not None and text is not None else None
            if ranges is None:
                yield _("logged_ranges {part} {month} {number}: it is not what the ledger has").format(
                    part=part, month=month, number=number
                )
            else:
                found.setdefault(month, []).extend(ranges)
    return found


def _agreed(text: str, sha256: str) -> list[Range] | None:
    try:
        return ranges_of(text) if digest_of(text) == sha256 else None
    except MsgspecError:
        return None


def _is_lost(one: Range, gaps: Gaps) -> bool:
    """Say whether some of a range is lost, and that on record."""
    code = str(one.grp)
    return any(of == code and first <= one.last and one.first <= last for (of, first), last in gaps.items())


def pieces(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield what comes, some at a time."""
    iterator = iter(items)
    while piece := list(islice(iterator, PIECE)):
        yield piece
