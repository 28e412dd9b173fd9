"""Going on without what was lost of the journal, when somebody has said so: what `folkmoot db accept-loss` does."""

import time
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

from folkmoot_governance.notice_entry import Translate
from folkmoot_governance.store_acts import LossAccepted

from ..change_set import STORE_STREAM, ChangeSet
from ..changes import mark
from ..sql.months import month_of
from ..sql.streams import last_version
from ..sqlite.database import connect_raw, locked
from ..sqlite.repair import events_after
from ..sqlite.segments import SegmentReader, Segments
from ..sqlite.whole import TOLD_BEFORE_MARK, findings, gap_mark, key_of, month_mark, write_marks
from ..sqlite.writer import Writer

ASIDE = ".lost"
_RANGES = "SELECT grp, min(seq), max(seq) FROM entry GROUP BY grp"
_REMOVED = "SELECT code, last_seq FROM journal_heads"
# All that the main file knows of seqs that a group had. There may have been more, but nobody is known to have read it.
_SEEN = """SELECT code, max(seq) FROM (
    SELECT code, seq FROM read_marks UNION ALL SELECT code, seq FROM redactions UNION ALL SELECT code, seq FROM activity
    UNION ALL SELECT CAST(json_extract(value, '$[0]') AS TEXT), json_extract(value, '$[2]')
    FROM logged_ranges, json_each(ranges) WHERE part = 'journal') GROUP BY code"""


class Loss:
    """What is lost: `sentences` of it, the months whose files are of no use, and runs of seqs."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.months: set[str] = set()
        self.gaps: list[tuple[str, int, int]] = []

    def accept(self, main: Connection, segments: Segments) -> None:
        """Put aside what is damaged, and remember the rest no more. See `whole.Accept`."""
        found = list(findings(main, segments))
        self.sentences = [sentence for _month, sentence in found]
        self.months = {month for month, _sentence in found if month}
        for month in set(segments.months) - self.months:
            drop_log(segments.path(month))
        main.execute("BEGIN IMMEDIATE")
        for month in self.months:
            put_aside(segments.path(month))
            main.execute("DELETE FROM marks WHERE name = ?", (month_mark(month),))
        segments.drop(self.months)
        self.gaps = list(_gaps(main, segments)) if found else []
        gaps = (mark(gap_mark(code, first), last) for code, first, last in self.gaps)
        write_marks(main, mark(TOLD_BEFORE_MARK, 0), *gaps)
        main.commit()


def drop_log(path: Path) -> None:
    """Write into a file what of its log is in force, and drop the log: what stands behind a damaged place is lost."""
    if path.with_name(f"{path.name}-wal").exists():
        raw = connect_raw(path, read_only=False)
        try:
            raw.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def put_aside(path: Path) -> None:
    """Give a file, and what SQLite has put beside it, a name under which nobody looks for it."""
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(file.with_name(file.name + ASIDE))


def accept_loss(data_dir: Path, reason: str, say: Translate) -> list[str]:
    """Go on without what was lost; return what that was, a sentence each, nothing if nothing was.

    Damaged files are put aside. Seqs that are known to have been given are not given again, notices are made again
    from the ledger, and the ledger says that this was done. Raises StorageError.
    """
    with locked(data_dir):
        segments, loss = Segments(data_dir / "journal", key_of(data_dir)), Loss()
        writer = Writer(data_dir, segments, say, loss.accept)
        try:
            if loss.sentences:
                _go_on(writer, loss, reason)
        finally:
            writer.close()
    return loss.sentences


def _go_on(writer: Writer, loss: Loss, reason: str) -> None:
    main = writer.main
    event = LossAccepted(
        at=int(time.time() * 1000),
        by="",
        findings=tuple(loss.sentences),
        reason=reason,
        months=tuple(sorted(loss.months)),
        gaps=tuple(loss.gaps),
    )
    # What the newest month told of has been told again as after any crash; this is for those before it.
    writer.retell([one for one in events_after(main, 0) if month_of(one.event.at) in loss.months])
    writer.commit([ChangeSet(STORE_STREAM, last_version(main, STORE_STREAM), [event])])


def _gaps(main: Connection, segments: Segments) -> Iterator[tuple[str, int, int]]:
    """Yield code, first and last of each run of seqs that is missing and was given."""
    last: dict[str, int] = dict(main.execute(_REMOVED))
    reader = SegmentReader(segments)
    for _month, segment in reader.oldest_first():
        for grp, low, high in segment.execute(_RANGES):
            code = str(grp)
            if low > last.get(code, 0) + 1:
                yield code, last.get(code, 0) + 1, low - 1
            last[code] = max(high, last.get(code, 0))
    reader.close()
    for code, seen in main.execute(_SEEN).fetchall():
        if seen > last.get(code, 0):
            yield code, last.get(code, 0) + 1, seen
