"""Replaying the ledger and comparing all that was made from it: in files that no server has open, and for a cluster.

What both have in common is `compare`; what only a cluster's database has is in `verify_postgres`.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import MsgspecError
from sqlalchemy import Connection, Table, func, select, text

from folkmoot_governance import (
    AccountState,
    GroupState,
    apply,
    apply_account,
    founded,
    registered,
)
from folkmoot_governance.account import AccountEvent, AccountRegistered
from folkmoot_governance.case.state import CaseEvent, CaseState, apply_case, opened
from folkmoot_governance.duration import HOUR_MS, MINUTE_MS
from folkmoot_governance.group.events import Event, GroupCreated, MeasureOverturned, erased_by
from folkmoot_governance.store_acts import StoreEvent

from ...common.terminal import _
from ...crypto.sealing import load_key
from ...crypto.words import plain
from ..change_set import HANDLE, STORE_STREAM, AnyEvent, Recorded, StorageError, Upsert
from ..sql.fetch import raw_of
from ..sql.kept_rows import kept_rows
from ..sql.projection import (
    MEMBER_TABLES,
    case_row,
    group_row,
    invite_code_row,
    member_table_row,
    project_account,
    reporter_rows,
    review_row,
    word_row,
)
from ..sql.sequencer import GROUP, code_of
from ..sql.streams import ledger_row, recorded
from ..sql.tables import (
    SCHEMA,
    accounts,
    cases,
    follows,
    groups,
    invite_codes,
    journal_heads,
    kept,
    kept_posts,
    ledger,
    marks,
    metadata,
    reach,
    redactions,
    reporters,
    reviews,
    words,
)
from ..sqlite.access_log import DIRECTORY as ACCESS
from ..sqlite.database import FAILURES, MAIN, close_main, locked, open_main
from ..sqlite.segments import SegmentReader, Segments
from ..sqlite.whole import ERASED_MARK, findings, leave_aside, marks_of
from .access import SegmentBlocks
from .beside import BESIDE, WHOLE, BesideCheck
from .event_log import check_event_log
from .filings import FilingCheck
from .held import check_held, check_kept_posts
from .journal import JournalCheck, JournalRows, SegmentRows, check_content, check_files, is_part
from .months import AccessRows, check_access, check_months, on_record, pieces_of
from .on_record import MONTH_STREAMS, OnRecord
from .removed import RemovedCheck

STEP_MS = HOUR_MS
"""By how much an event may be dated before one that it follows: clocks of nodes differ, and are set."""

Progress = Callable[[int, int], None]
"""Told how much is done, of how much: streams, and pieces of the journal."""

Values = dict[str, Any]

EVERYTHING = 2**63 - 1
"""Behind every position."""

COMPARED = frozenset(
    {
        *("accounts", "cases", "reporters", "groups", "invite_codes", "reviews", "kept", "words", "redactions"),
        *MEMBER_TABLES,
        *("filings", "held", "log_hashes", "checkpoints", "logged_ranges", "reach", "kept_posts"),
        *WHOLE,
        *BESIDE,
    }
)
"""The tables that are compared with the ledger, or with what they count."""

NOT_COMPARED = {
    "ledger": "it is what all is compared with",
    "profiles": "names and passwords, which no event has",
    "identities": "numbers, which no event has; the level they stand for is compared in accounts",
    "tokens": "secrets of sessions, which come and go without an act",
    "reset_codes": "secrets, which end by themselves",
    "outgoing_hooks": "secrets, and how far each has been told, no act",
    "case_texts": "texts, which no event has; each names its case by a foreign key",
    "notices": "made by the settings of their day, and gone after they were read",
    "answers": "what was answered under a nonce, for a day",
    "open_flags": "what is not on record yet",
    "read_marks": "each account's own, no act",
    "member_settings": "each account's own, no act",
    "ignored": "each account's own, no act",
    "follows": "each account's own, no act",
    "reads": "who has read a channel today, no act",
    "media": "uploads, and which entries show them, no act",
    "announcement_marks": "how far each account has been told, no act",
    "activity": "measured from the journal, not decided",
    "retro_scans": "how far a search is, no act",
    "retro_hits": "found in the journal, until somebody looks at it",
    "journal_heads": "how far the journal was removed, which the ledger does not have; the seqs are checked by it",
    "marks": "what the store remembers about itself",
}
"""The others, and why not. A test fails for a table that is in neither."""


class Replay(NamedTuple):
    """A stream replayed: its events, and the state after the last one; the store's own stream has none."""

    events: list[Recorded]
    state: GroupState | AccountState | CaseState | None


def verify(
    data_dir: Path, progress: Progress | None = None, keys: Path | None = None, copies: Sequence[str] = ()
) -> list[str]:
    """Return what is wrong with a store, a sentence each; an empty list when all agrees.

    `keys`: where its keys are; `copies`: checkpoints of its log that somebody has kept.

    Raises StorageError when there is no store, a server has it open, it has another version's schema, or no key.
    """
    if not (data_dir / MAIN).exists():
        raise StorageError(_("there is no store in {path}").format(path=data_dir))
    key_file = (keys or data_dir / "keys") / "journal.key"
    if not key_file.exists():
        raise key_missing(key_file)
    problems: list[str] = []
    with locked(data_dir), _reading(data_dir) as (main, reader, access):
        found = _problems(main, reader, access, load_key(key_file), progress or (lambda done, total: None), copies)
        problems += readable(found)
    return problems


def readable(problems: Iterator[str]) -> Iterator[str]:
    """Yield problems, and as the last one what is so wrong that nothing more can be read."""
    try:
        yield from problems
    except StorageError:
        raise
    except FAILURES as error:
        yield _("the files cannot be read: {error}").format(error=error)
    except Exception as error:
        # Whoever changes rows may put anything there; what of it breaks the reading is a finding like any other.
        yield _("what is stored cannot be read: {error}").format(error=repr(error))


def key_missing(path: Path) -> StorageError:
    """Return the error of a store without its key."""
    return StorageError(_("the journal's key is not in {path}: copy it there, or name its directory").format(path=path))


@contextmanager
def _reading(data_dir: Path) -> Iterator[tuple[Connection, SegmentReader, SegmentReader]]:
    """Hold what reads the main file, the journal and the access log."""
    main = open_main(data_dir, read_only=True)
    reader, access = (SegmentReader(Segments(data_dir / name)) for name in ("journal", ACCESS))
    try:
        yield main, reader, access
    finally:
        access.close()
        reader.close()
        close_main(main)


def _problems(
    main: Connection,
    reader: SegmentReader,
    access: SegmentReader,
    key: bytes,
    progress: Progress,
    copies: Sequence[str],
) -> Iterator[str]:
    check_schema(main)
    segments = reader.segments
    lost = [sentence for _month, sentence in findings(raw_of(main), segments)]
    damage = lost or [*_check_file(main), *leave_aside(raw_of(main), segments), *check_files("journal", reader)]
    damage += check_files(ACCESS, access)
    if damage:
        # What is read from a damaged file proves nothing; a backup must come first.
        yield from damage
        return
    yield from _check_references(main)
    removed = {row.code: row.last_seq for row in main.execute(select(journal_heads))}
    erased = marks_of(raw_of(main)).get(ERASED_MARK, 0)
    yield from compare(main, SegmentRows(reader), SegmentBlocks(access), removed, key, progress, copies, erased)


def check_schema(main: Connection) -> None:
    """Raise StorageError if the store is not of this version's schema."""
    revision = main.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision != SCHEMA:
        raise StorageError(_("the store has schema {found}: run db migrate").format(found=revision))


def compare(
    main: Connection,
    rows: JournalRows,
    access: AccessRows,
    removed: Mapping[str, int],
    key: bytes,
    progress: Progress,
    copies: Sequence[str] = (),
    erased: int = EVERYTHING,
) -> Iterator[str]:
    """Yield where ledger, projections and journal differ. `removed`: up to which seq rotation has removed entries,
    `erased`: up to which position of the ledger texts that were removed are out of the files."""
    record, marked = OnRecord(main), _marked_gaps(main)
    yield from _check_positions(main, record)
    streams = list(main.execute(select(ledger.c.stream).distinct().order_by(ledger.c.stream)).scalars())
    yield from _check_orphans(main, streams)
    yield from check_event_log(main, key, copies, record)
    gaps = record.gaps(marked)
    if gaps != marked:
        yield _("marks: the seqs that are said to be lost are not those on record")
    journal = JournalCheck(rows, removed, gaps)
    yield from check_content(rows, key)
    pieces = sum(pieces_of(rows, month) for month in on_record(rows, record))
    total, steps = len(streams) + pieces, itertools.count(1)
    yield from check_months(main, rows, key, record, gaps, lambda: progress(min(next(steps), pieces), total))
    yield from check_access(main, access, key, record)
    yield from check_held(main, key, record)
    yield from check_kept_posts(main, key, record)
    yield from journal.check_seqs(known={code for code in map(code_of, streams) if code})
    yield from _check_reach(main)
    checks = FilingCheck(main, record.filings_since), BesideCheck(main)
    removed_check = RemovedCheck(rows, erased)
    for done, stream in enumerate(streams, pieces + 1):
        yield from _check_stream(main, journal, checks, removed_check, stream)
        progress(done, total)
    for check in checks:
        yield from check.compare()


def _check_reach(main: Connection) -> Iterator[str]:
    """The followers of each channel are as many as there are rows that follow it."""
    counts = main.execute(select(follows.c.code, func.count()).group_by(follows.c.code))
    right_ones = {code: number for code, number in counts if number}
    said = {row.code: row.followers for row in main.execute(select(reach))}
    for code in sorted(right_ones.keys() | said.keys()):
        found, right = said.get(code, 0), right_ones.get(code, 0)
        if found != right:
            yield _("reach {code}: the store has {found} followers, its follows make {right}").format(
                code=code, found=found, right=right
            )


def _marked_gaps(main: Connection) -> dict[tuple[str, int], int]:
    """Return the last of each run of seqs that is said to be lost, by group and first."""
    gaps = main.execute(select(marks).where(marks.c.name.like("gap %")))
    return {(name.split()[1], int(name.split()[2])): last for name, last in gaps}


def _check_file(main: Connection) -> Iterator[str]:
    for (finding,) in main.execute(text("PRAGMA integrity_check")):
        if finding != "ok":
            yield _("main file: {finding}").format(finding=finding)


def _check_references(main: Connection) -> Iterator[str]:
    for table, _row, parent, _key in main.execute(text("PRAGMA foreign_key_check")):
        yield _("{table}: a row names nothing in {parent}").format(table=table, parent=parent)


def _check_positions(main: Connection, record: OnRecord) -> Iterator[str]:
    """Positions count from 1 without holes, batches never step back, and times not by much, but by a jump of the clock
    that is on record."""
    expected, last_batch, latest, is_behind = 1, 0, 0, False
    tolerated = max(record.jumps, default=0) + STEP_MS
    columns = select(ledger.c.position, ledger.c.batch, ledger.c.ts).order_by(ledger.c.position)
    for position, batch, ts in main.execute(columns.execution_options(yield_per=1000)):
        if ts < latest - tolerated and not is_behind:
            yield _("ledger: position {position} is dated {minutes} minutes before one that it follows").format(
                position=position, minutes=(latest - ts) // MINUTE_MS
            )
        is_behind, latest = ts < latest - tolerated, max(latest, ts)
        if position != expected:
            yield _("ledger: position {expected} is missing").format(expected=expected)
        if batch < last_batch:
            yield _("ledger: position {position} is out of order").format(position=position)
        expected, last_batch = position + 1, batch


def _check_orphans(main: Connection, streams: Iterable[str]) -> Iterator[str]:
    """Every group and account has a stream; the other tables hang on these by foreign keys."""
    known = set(streams)
    named = ((groups, groups.c.code, "group"), (accounts, accounts.c.user, "account"), (cases, cases.c.number, "case"))
    for table, column, kind in named:
        for name in main.execute(select(column)).scalars():
            if f"{kind}:{name}" not in known:
                yield _("{table}: the ledger does not have {name}").format(table=table.name, name=name)


def _check_stream(
    main: Connection,
    journal: JournalCheck,
    checks: Sequence[FilingCheck | BesideCheck],
    removed_check: RemovedCheck,
    stream: str,
) -> Iterator[str]:
    rows = main.execute(select(ledger).where(ledger.c.stream == stream).order_by(ledger.c.version)).all()
    versions = [row.version for row in rows]
    if versions != list(range(1, len(rows) + 1)):
        yield _("{stream}: its versions have a hole").format(stream=stream)
        return
    try:
        replay = _replay(stream, [recorded(row.position, row.stream, row.version, row.data) for row in rows])
    except (MsgspecError, AssertionError, LookupError) as error:
        yield _("{stream}: its events cannot be replayed: {error}").format(stream=stream, error=repr(error))
        return
    for row, one in zip(rows, replay.events, strict=True):
        if not says(dict(row._mapping), ledger_row(row.position, row.batch, stream, row.version, one.event)):
            yield _("{stream}: event {version} does not match its columns").format(stream=stream, version=row.version)
    for check in checks:
        check.take_in(replay.events, replay.state)
    yield from _check_projections(main, replay, journal)
    if isinstance(replay.state, GroupState):
        yield from journal.check_notices(replay.state.code, replay.events)
        yield from removed_check.check(replay.state.code, replay.events)


def says(stored: Values, written: Values) -> bool:
    """Say whether a row of the ledger is what would be written of its event today.

    An event may have got fields since then: those have their defaults, and the row is as right as it was.
    """
    columns = stored | {"data": None} == written | {"data": None}
    return columns and is_part(plain(stored["data"]), plain(written["data"]))


def _replay(stream: str, events: list[Recorded]) -> Replay:
    if stream == STORE_STREAM or stream.startswith((*MONTH_STREAMS, HANDLE)):
        assert all(isinstance(one.event, StoreEvent) for one in events), "event of another kind"
        return Replay(events, None)
    state = _begin(stream, events[0].event)
    for one in events[1:]:
        if isinstance(state, GroupState) and isinstance(one.event, Event):
            apply(state, one.event)
        elif isinstance(state, CaseState) and isinstance(one.event, CaseEvent):
            apply_case(state, one.event)
        else:
            assert isinstance(state, AccountState) and isinstance(one.event, AccountEvent), "event of another kind"
            apply_account(state, one.event)
    return Replay(events, state)


def _begin(stream: str, event: AnyEvent) -> GroupState | AccountState | CaseState:
    if isinstance(event, CaseEvent):
        case = opened(event)
        assert stream == f"case:{case.number}", "not opened first"
        return case
    if stream.startswith(GROUP):
        assert isinstance(event, GroupCreated) and event.code == code_of(stream), "not founded first"
        return founded(event)
    assert isinstance(event, AccountRegistered) and stream == f"account:{event.user}", "not registered first"
    return registered(event)


def _check_projections(main: Connection, replay: Replay, journal: JournalCheck) -> Iterator[str]:
    state = replay.state
    if state is None:
        return
    if isinstance(state, AccountState):
        expected = project_account(state, replay.events[-1].event)  # type: ignore[arg-type]  # an account's own
        yield from _compare_rows(main, accounts, {"user": state.user}, [_values(row) for row in expected])
        return
    if isinstance(state, CaseState):
        number = {"number": state.number}
        yield from _compare_rows(main, cases, number, [case_row(state).values])
        yield from _compare_rows(main, reporters, number, [row.values for row in reporter_rows(state)])
        return
    where = {"code": state.code}
    yield from _compare_rows(main, groups, where, [group_row(state).values])
    for name, (held, _columns) in MEMBER_TABLES.items():
        rows = [_values(member_table_row(state, name, user)) for user in held(state)]
        yield from _compare_rows(main, metadata.tables[name], where, rows)
    codes = [_values(invite_code_row(state, code_id)) for code_id in state.invite_codes]
    yield from _compare_rows(main, invite_codes, where, codes)
    yield from _compare_rows(main, reviews, where, [review_row(state, number).values for number in state.reviews])
    yield from _compare_rows(main, kept, where, [_values(row) for row in kept_rows(state)])
    yield from _compare_rows(main, words, where, [word_row(state, word).values for word in state.words])
    outliving = set(main.execute(select(kept_posts.c.seq).where(kept_posts.c.code == state.code)).scalars())
    yield from _compare_rows(main, redactions, where, _redactions(replay.events, state.code, journal, outliving))


def _values(change: object) -> Values:
    assert isinstance(change, Upsert), "what the state has is never a removal"
    return change.values


def _redactions(events: Iterable[Recorded], code: str, journal: JournalCheck, outliving: set[int]) -> list[Values]:
    """Return the redactions that must be known: of entries that rotation has not removed, and of posts that outlive
    their months."""
    removed, found = journal.removed_up_to(code), dict[int, Values]()
    for one in events:
        for seq in erased_by(one.event):
            found[seq] = {"code": code, "seq": seq, "by": one.event.by, "version": one.version, "ts": one.event.at}
        if isinstance(one.event, MeasureOverturned):
            for seq in one.event.restored:
                if found.get(seq, {}).get("version") == one.event.number:
                    del found[seq]
    return [values for seq, values in found.items() if seq > removed or seq in outliving]


def _compare_rows(main: Connection, table: Table, where: Values, expected: list[Values]) -> Iterator[str]:
    """Compare the rows of `table` that equal `where` with what the ledger says, by primary key."""
    keys = [column.name for column in table.primary_key]
    query = select(table).filter_by(**where)
    found = {tuple(row[key] for key in keys): dict(row) for row in main.execute(query).mappings()}
    wanted = {tuple(row[key] for key in keys): row for row in expected}
    for key in sorted(found.keys() | wanted.keys(), key=str):
        if found.get(key) != wanted.get(key):
            differs = _("{table} {key}: the store has {found}, the ledger {wanted}")
            yield differs.format(table=table.name, key=key, found=found.get(key), wanted=wanted.get(key))
