"""The promises of `EventLog`."""

from folkmoot_governance.group.events import TopicSet
from folkmoot_server.crypto.log_tree import LogKeys, grow, hash_of, unfinished
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import log_rows
from folkmoot_server.storage.rows import SignedCheckpoint
from tests.builders.world import START, World

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
