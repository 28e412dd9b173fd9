"""Where groups and accounts stand, in the files of SQLite: versions in the main file, last seqs in the segments."""

from collections.abc import Collection
from sqlite3 import Connection

import msgspec

from .segments import SegmentReader

_GROUPS = "SELECT code, version FROM groups WHERE code IN (SELECT value FROM json_each(?))"
_ACCOUNTS = "SELECT user, version FROM accounts WHERE user IN (SELECT value FROM json_each(?))"
_REMOVED = "SELECT last_seq FROM journal_heads WHERE code = ?"
_LAST = "SELECT max(seq) FROM entry WHERE grp = ?"
_GAPS = "SELECT name, value FROM marks WHERE name > 'gap ' AND name < 'gap!'"
_LAST_ENTRY = "SELECT seq, ts FROM entry WHERE grp = ? ORDER BY seq DESC LIMIT 1"


def heads(main: Connection, segments: SegmentReader, codes: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return (version, last seq) of those groups that exist.

    The versions first: what is committed in between may be seen in the seqs, never in the versions alone.
    """
    versions = _versions(main, _GROUPS, codes)
    seqs = last_seqs(main, segments, versions.keys())
    return {code: (version, seqs[code]) for code, version in versions.items()}


def account_versions(main: Connection, users: Collection[str]) -> dict[str, int]:
    """Return the versions of those accounts that exist."""
    return _versions(main, _ACCOUNTS, users)


def _versions(main: Connection, query: str, names: Collection[str]) -> dict[str, int]:
    return dict(main.execute(query, (msgspec.json.encode(list(names)).decode(),)).fetchall())


def last_seqs(main: Connection, segments: SegmentReader, codes: Collection[str]) -> dict[str, int]:
    """Return each group's last seq, 0 for a group without entries."""
    found: dict[str, int] = {}
    missing = set(codes)
    for _month, segment in segments.newest_first():
        for code in list(missing):
            (last,) = segment.execute(_LAST, (int(code),)).fetchone()
            if last is not None:
                found[code] = last
                missing.remove(code)
        if not missing:
            break
    found |= {code: _removed_up_to(main, code) for code in missing}
    for code, (_first, last) in gaps(main).items():
        if code in found:
            found[code] = max(found[code], last)
    return found


def last_entry(main: Connection, segments: SegmentReader, code: str) -> tuple[int, int]:
    """Return a group's last seq, and the time of that entry (0 where it is not kept any more)."""
    for _month, segment in segments.newest_first():
        row = segment.execute(_LAST_ENTRY, (int(code),)).fetchone()
        if row is not None:
            return max(row[0], gaps(main).get(code, (0, 0))[1]), row[1]
    return max(_removed_up_to(main, code), gaps(main).get(code, (0, 0))[1]), 0


def gaps(main: Connection) -> dict[str, tuple[int, int]]:
    """Return the last run of seqs (first and last) of each group that was lost, and that loss accepted."""
    found: dict[str, tuple[int, int]] = {}
    for name, last in main.execute(_GAPS):
        _gap, code, first = name.split(" ")
        if last > found.get(code, (0, 0))[1]:
            found[code] = int(first), last
    return found


def _removed_up_to(main: Connection, code: str) -> int:
    """Return the last seq that rotation has removed, 0 where it has removed none."""
    row = main.execute(_REMOVED, (code,)).fetchone()
    return int(row[0]) if row else 0
