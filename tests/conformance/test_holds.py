"""What a hold names is found in a month, and what is kept is read again, on every backend."""

import importlib
from typing import Any

import msgspec
import pytest

from folkmoot_governance.group.events import EntryDeleted
from folkmoot_governance.holds import Hold
from folkmoot_protocol.types import EntryKind
from folkmoot_server.storage.api import HeldRow, Store
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import held_row, remove_held
from folkmoot_server.storage.sql.months import end_of, month_of
from tests.builders.world import START, World

JANUARY = month_of(START)
FEBRUARY = end_of(JANUARY)
ANY: dict[str, Any] = {"number": "h1", "case": "c", "until_ms": FEBRUARY}


async def held(store: Store, hold: Hold) -> list[tuple[int, int, str]]:
    """Return group, seq and text of what is held of January."""
    found: list[tuple[int, int, str]] = []
    after: tuple[int, int] | None = (-1, -1)
    while after is not None:
        lines, after = await store.journal.held(JANUARY, hold, after)
        found += [(line.grp, line.seq, msgspec.json.decode(line.text)[8]) for line in lines]
    return found


async def test_exactly_what_a_hold_names_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(importlib.import_module(f"folkmoot_server.storage.{module}.journal"), "WINDOW", 3)
    world = World()
    one, other = world.group(), world.group()
    said: list[tuple[int, int, str, str]] = []
    await store.commit([world.register("alice"), world.register("bob"), one.found(), other.found()])
    for number in range(4):
        for group in (one, other):
            for user in ("alice", "bob"):
                await store.commit([group.post(user, ts=START + number, body=f"{user} {number}")])
                said.append((int(group.code), group.seq, user, f"{user} {number}"))
    seq = said[1][1]
    edit = one.post("bob", ts=START + 9, body="edited", kind=EntryKind.EDIT, target=seq)
    await store.commit([edit])
    await store.commit([one.post("bob", ts=FEBRUARY, body="later")])
    await store.commit([one.act(EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=seq))])
    edited = int(one.code), edit.entries[0].entry.seq, "edited"

    def of(*which: object) -> list[tuple[int, int, str]]:
        return sorted((grp, place, text) for grp, place, user, text in said if {grp, user} >= set(which))

    assert await held(store, Hold(**ANY, code=one.code, users=("bob",))) == [*of(int(one.code), "bob"), edited]
    assert await held(store, Hold(**ANY, users=("alice",), since_ms=START + 1)) == [
        row for row in of("alice") if row[2] != "alice 0"
    ]
    in_time = await held(store, Hold(**ANY, code=other.code, since_ms=START + 1, till_ms=START + 3))
    assert in_time == [row for row in of(int(other.code)) if row[2].split()[1] in "12"]
    # What was removed is held as it was written, with its edits.
    assert await held(store, Hold(**ANY, code=one.code, seq=seq)) == [(int(one.code), seq, "bob 0"), edited]
    assert await held(store, Hold(**ANY, users=("carol",))) == []


async def test_what_is_kept_is_counted_and_read_by_hold(store: Store) -> None:
    rows = [
        held_row(hold, month, code, seq, f"{hold} {seq}")
        for hold in ("h1", "r-1")
        for month, code, seq in ((JANUARY, "1", 2), (JANUARY, "1", 10), (JANUARY, "", 3), ("2026-02", "0", 1))
    ]
    await store.commit([ChangeSet(rows=rows)])
    assert await store.ledger.held_counts() == {"h1": 4, "r-1": 4}
    first = await store.ledger.held_rows("h1", ("", "", -1), 2)
    assert first == [HeldRow("h1", JANUARY, "", 3, "h1 3"), HeldRow("h1", JANUARY, "1", 2, "h1 2")]
    rest = await store.ledger.held_rows("h1", (JANUARY, "1", 2), 9)
    assert [(row.month, row.seq) for row in rest] == [(JANUARY, 10), ("2026-02", 1)]
    await store.commit([ChangeSet(rows=[remove_held("h1")])])
    assert await store.ledger.held_counts() == {"r-1": 4}
