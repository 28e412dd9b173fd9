"""What every post or page asks the journal's file goes straight to its rows, however many others there are."""

import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.check.seed import fill
from folkmoot_server.storage.check.tools import migrate
from folkmoot_server.storage.sql.cases import list_statements
from folkmoot_server.storage.sql.fetch import compiled
from folkmoot_server.storage.sqlite import heads, nonces
from folkmoot_server.storage.sqlite import journal as sqlite_journal
from folkmoot_server.storage.sqlite.segments import inserts
from folkmoot_server.storage.sqlite.store import SqliteStore

PLANS = {
    "_NONCE": "USING INDEX entry_nonce (grp=? AND user=? AND nonce=?)",
    "_BELOW": "USING PRIMARY KEY (grp=? AND seq<?)",
    "_ABOVE": "USING PRIMARY KEY (grp=? AND seq>?)",
    "_ONE": "USING PRIMARY KEY (grp=? AND seq=?)",
    "_LAST": "USING PRIMARY KEY (grp=?)",
}


async def test_statements_of_the_hot_path_use_their_index(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path, say=translator("en"))
    try:
        await fill(store, 1, 1, tmp_path / "tokens")
        (segment,) = await store.journal.segments()
    finally:
        await store.close()
    file = sqlite3.connect(tmp_path / "journal" / f"{segment.month}.sqlite3")
    for name, plan in PLANS.items():
        statement = getattr(sqlite_journal, name, None) or getattr(heads, name)
        values = [1] * statement.count("?")
        step = file.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchone()
        assert plan in step[3], name
    lookup = file.execute(f"EXPLAIN QUERY PLAN {nonces.lookup('entry', 3)}", [1] * 10).fetchall()
    assert [step[3] for step in lookup if "entry_nonce" in step[3]] == [f"SEARCH e {PLANS['_NONCE']}"]
    assert not any(step[3].startswith("SCAN e") for step in lookup)
    # A month that goes costs as much as it has groups, however many entries.
    steps = [step[3] for step in file.execute(f"EXPLAIN QUERY PLAN {sqlite_journal.ENDS}")]
    assert [step for step in steps if step.startswith("SCAN e")] == ["SCAN each", "SCAN each"]
    file.close()


async def test_many_posts_at_once_keep_no_copies_of_what_they_change(tmp_path: Path) -> None:
    """*An index that calls a function had SQLite copy each page that a batch of posts changes: twice as much was
    written.*"""
    store = await SqliteStore.open(tmp_path, say=translator("en"))
    try:
        await fill(store, 1, 1, tmp_path / "tokens")
        (segment,) = await store.journal.segments()
    finally:
        await store.close()
    seen: set[str] = set()

    def look() -> int:
        for number in os.listdir("/proc/self/fd"):
            with suppress(OSError):
                seen.add(Path(f"/proc/self/fd/{number}").readlink().name)
        return 0

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        raw.execute("ATTACH DATABASE ? AS journal", (str(tmp_path / "journal" / f"{segment.month}.sqlite3"),))
        raw.set_progress_handler(look, 500)
        for seq in range(20):
            author = ("ada", "Ada", "member", "word " * 150)
            rows = [(grp, seq, 1, "text", *author, *[None] * 4, f"{grp} {seq}", None) for grp in range(128)]
            raw.execute("BEGIN")
            for statement, values in inserts(rows):
                raw.execute(statement, values)
            raw.execute("COMMIT")
    assert f"{segment.month}.sqlite3" in seen
    assert not [one for one in seen if one.startswith("etilqs_")]


@pytest.mark.parametrize(
    ("names", "is_open", "newest", "index"),
    [
        ({"kind"}, True, False, "cases_open (kind=? AND (due_ms,number)>(?,?))"),
        ({"kind"}, False, False, "cases_decided (kind=? AND (due_ms,number)>(?,?))"),
        ({"kind"}, None, False, "cases_kind_due_ms_number (kind=? AND (due_ms,number)>(?,?))"),
        ({"kind", "code"}, True, False, "cases_code_outcome_due_ms_number (code=? AND outcome=?"),
        ({"kind", "code", "seq", "user"}, None, True, "cases_user_code_seq (user=? AND code=? AND seq=?)"),
    ],
)
def test_lists_of_cases_use_their_index(
    tmp_path: Path, names: set[str], is_open: bool | None, newest: bool, index: str
) -> None:
    migrate(tmp_path)
    file = sqlite3.connect(tmp_path / "folkmoot.sqlite3")
    query, _ = list_statements(frozenset(names), is_open=is_open, newest=newest, by_due=False)
    statement, known = compiled(query)
    values = {name: known.get(name, 1) for name in re.findall(r":(\w+)", statement)}
    first = file.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchone()
    assert index in first[3]
    file.close()
