"""Finding the notices that a crash has cut off from their events, and making them again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from sqlite3 import Connection as RawConnection

from sqlalchemy import Connection, select

from folkmoot_governance import GroupState, apply, case_number, founded
from folkmoot_governance.group.events import Event, GroupCreated, erased_by
from folkmoot_governance.notice_entry import Translate, author_of, is_told, notice_of

from ..change_set import ChangeSet, NewEntry, Recorded
from ..sql.fetch import fetch_plain, raw_of
from ..sql.sequencer import code_of
from ..sql.streams import EVENTS, last_version, recorded
from ..sql.tables import accounts, profiles
from .segments import SegmentReader

EVERYTHING = 2**31
_NEWEST = "SELECT position, stream, version, data, batch FROM ledger ORDER BY position DESC"


def events_after(main: Connection, batch: int) -> list[Recorded]:
    """Return the events that were committed after `batch`."""
    found = []
    # Row by row from the end: the ledger has no index of batches, and mostly there are few.
    for *event, of_batch in raw_of(main).execute(_NEWEST):
        if of_batch <= batch:
            break
        found.append(recorded(*event))
    return found[::-1]


def missing_notices(
    main: Connection, reader: SegmentReader, events: Iterable[Recorded], say: Translate
) -> list[ChangeSet]:
    """Return change sets that append the notices which the journal lacks of `events`, and erase what those tell of.

    Each group's go to the end of its journal: whatever was numbered there before the crash was never
    acknowledged.
    """
    told: dict[str, list[int]] = defaultdict(list)
    for one in events:
        if is_told(one.event):
            told[one.stream].append(one.version)
    change_sets = []
    for stream, versions in told.items():
        code = code_of(stream)
        assert code is not None, "only groups are told of events"
        missing = [version for version in versions if not has_notice(reader, code, version)]
        if missing:
            change_sets.append(_retell(main, reader, code, stream, missing, say))
    return change_sets


def last_told_batch(newest_first: Iterable[tuple[str, RawConnection]]) -> int:
    """Return the last batch of the ledger whose notices the journal, given by month, is known to have; 0 for none.

    A crash may have left the newest file without its tables; then the one before it tells.
    """
    for _month, segment in newest_first:
        if segment.execute("SELECT 1 FROM sqlite_master WHERE name = 'segment'").fetchone():
            row = segment.execute("SELECT batch FROM segment").fetchone()
            if row is not None:
                return int(row[0])
    return 0


def has_notice(reader: SegmentReader, code: str, version: int) -> bool:
    """Say whether the journal has the notice of the event that made `version` of a group."""
    query = "SELECT 1 FROM entry WHERE grp = ? AND version = ?"
    return any(
        segment.execute(query, (int(code), version)).fetchone() is not None for _month, segment in reader.newest_first()
    )


def _retell(
    main: Connection, reader: SegmentReader, code: str, stream: str, missing: Sequence[int], say: Translate
) -> ChangeSet:
    """Make the notices of `missing` versions again, each by its author as it stood after the event."""
    entries: list[NewEntry] = []
    erase: list[int] = []
    for version, event, state in _replayed(main, stream):
        if version not in missing:
            continue
        author = author_of(state, event, _display_name(main, event.by))
        entry = notice_of(event, case=case_number(code, version), author=author, say=say)
        assert entry is not None, "only events that are told are asked for"
        entries.append(NewEntry(entry, version=version))
        erase += erased_by(event)
    return ChangeSet(stream, last_version(main, stream), entries=entries, erase=erase)


def _display_name(main: Connection, user: str) -> str:
    query = (
        select(profiles.c.display_name)
        .join(accounts, accounts.c.user == profiles.c.user)
        .where(profiles.c.user == user, accounts.c.names_removed_ms == 0)
    )
    return main.execute(query).scalar() or user


def _replayed(main: Connection, stream: str) -> Iterable[tuple[int, Event, GroupState]]:
    """Yield (version, event, the state after it) of a group's stream; the state is one that moves on."""
    state: GroupState | None = None
    for row in fetch_plain(main, EVENTS, stream=stream, after=0, limit=EVERYTHING):
        one = recorded(*row)
        event = one.event
        assert isinstance(event, Event), "a group's stream has events of groups"
        if isinstance(event, GroupCreated):
            state = founded(event)
        else:
            assert state is not None, "a group's stream begins with its founding"
            apply(state, event)
        yield one.version, event, state
