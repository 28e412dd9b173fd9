"""The promises of `EventLog`."""

from msgspec.structs import replace

from folkmoot_governance.account import AccountClosed
from folkmoot_governance.group.events import JoinRequested, TopicSet
from folkmoot_server.crypto.log_tree import LogKeys, grow, hash_of, unfinished
from folkmoot_server.crypto.words import words_of
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import erased_words_row, forget_logged, log_rows, logged_row
from folkmoot_server.storage.rows import SignedCheckpoint
from folkmoot_server.storage.sql.months import month_of
from tests.builders.world import DAY, START, World

KEYS = LogKeys.derive(bytes(32))


async def test_events_are_read_as_they_stand_and_in_their_order(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(), *(group.act(TopicSet(at=START, by="alice", topic=str(n))) for n in range(3))])
    rows = await store.ledger.ledger_rows(0, 100)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert await store.ledger.ledger_rows(1, 2) == rows[1:3]
    assert await store.ledger.ledger_rows(len(rows), 100) == []
    last = rows[-1]
    assert (last.stream, last.actor, last.type) == (f"group:{group.code}", "alice", "topic_changed")
    assert await store.ledger.ledger_row(last.stream, last.version) == last
    assert await store.ledger.ledger_row(last.stream, last.version + 1) is None
    assert await store.ledger.ledger_row("group:\x00", 1) is None
    own = [row for row in rows if row.stream == last.stream]
    assert await store.ledger.stream_rows(last.stream, 0, 100) == own
    assert await store.ledger.stream_rows(last.stream, own[0].version, 1) == own[1:2]
    assert await store.ledger.stream_rows("group:\x00", 0, 100) == []


async def test_answers_of_closed_accounts_are_found_and_erased(store: Store, world: World) -> None:
    group = world.group()
    asked = [
        JoinRequested(at=START, by=user, user=user, until_ms=START + DAY, answer="12 Secret Street")
        for user in ("bob", "alice")
    ]
    await store.commit([group.found(), *map(group.act, asked)])
    assert await store.ledger.words_of_closed("join_requested", 0, 9) == []
    assert not await store.ledger.is_closed_since(1)
    await store.commit([world.change("bob", AccountClosed(at=START + 5, by="bob", author_tag="~b0b"))])
    assert await store.ledger.is_closed_since(START + 5)
    assert not await store.ledger.is_closed_since(START + 6)
    (row,) = await store.ledger.words_of_closed("join_requested", 0, 9)
    assert (row.actor, words_of(row.data)["answer"].text) == ("bob", "12 Secret Street")
    assert await store.ledger.words_of_closed("join_requested", row.position, 9) == []
    await store.commit([ChangeSet(rows=[erased_words_row(row)])])
    (less,) = await store.ledger.words_of_closed("join_requested", 0, 9)
    assert "Secret" not in less.data
    assert hash_of(less, KEYS.salts) == hash_of(row, KEYS.salts)
    (read,) = [one.event for one in await store.ledger.events(row.stream) if one.version == row.version]
    assert read == replace(asked[0], answer="")


async def test_hashes_and_checkpoints_come_back(store: Store, world: World) -> None:
    assert await store.ledger.checkpoint() is None
    group = world.group()
    await store.commit([group.found()])
    events = await store.ledger.ledger_rows(0, 100)
    grown = grow(0, [hash_of(event, KEYS.salts) for event in events], {})
    checkpoint = SignedCheckpoint(len(events), START, "a note\n")
    for _ in range(2):
        # Two nodes may store the same.
        await store.commit([ChangeSet(rows=log_rows(grown, checkpoint))])
    ((level, first, end),) = unfinished(len(events))
    assert await store.ledger.log_hashes(level, first, end) == [grown[0, number] for number in range(first, end)]
    assert await store.ledger.log_hashes(1, 0, 9) == []
    assert await store.ledger.checkpoint() == checkpoint
    newer = SignedCheckpoint(len(events) + 1, START + 1, "another\n")
    await store.commit([ChangeSet(rows=log_rows({}, newer))])
    assert await store.ledger.checkpoint() == newer


async def test_what_was_logged_of_a_month_comes_back_until_it_is_forgotten(store: Store) -> None:
    rows = [logged_row("journal", "2026-01", number, f"[{number}]") for number in (2, 1)]
    await store.commit([ChangeSet(rows=[*rows, logged_row("access", "2026-01", 1, "[]")])])
    assert await store.ledger.logged_ranges("journal", "2026-01") == ["[1]", "[2]"]
    assert await store.ledger.logged_ranges("journal", "2026-02") == []
    assert sorted(await store.ledger.logged_months()) == [("access", "2026-01"), ("journal", "2026-01")]
    await store.commit([ChangeSet(rows=[forget_logged("journal", "2026-01")])])
    assert await store.ledger.logged_months() == [("access", "2026-01")]


async def test_the_last_seq_of_each_group_in_a_month(store: Store, world: World) -> None:
    month = month_of(START)
    assert await store.journal.ends(month) == {}
    one, other = world.group(), world.group()
    await store.commit([one.found(), other.found(), *(one.post("alice") for _ in range(3))])
    assert await store.journal.ends(month) == {int(one.code): one.seq, int(other.code): other.seq}
    assert await store.journal.ends("2020-01") == {}
