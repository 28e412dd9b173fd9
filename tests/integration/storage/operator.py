"""What somebody who runs a server could try, to hide what was done: the store it is tried on, and the ways.

The store has two months of a group, one of them sealed; a removed message, a mute and its end, a report that is late,
reports to the authority; and an access log. All of it is in the ledger's log, and a checkpoint was copied.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from folkmoot_governance import Refusal
from folkmoot_server.actions.accounts.govern import AccountService
from folkmoot_server.actions.entries_log import EntriesLog
from folkmoot_server.actions.event_log import EventLog
from folkmoot_server.actions.store_acts import StoreActs
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.sealing import Sealing
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, RowChange
from folkmoot_server.storage.sql.months import SEAL_GRACE_MS, end_of
from tests.builders.world import Group
from tests.integration.storage.kit import fill

JANUARY, FEBRUARY = "2026-01", "2026-02"
OVER = end_of(JANUARY)
LATER = OVER + SEAL_GRACE_MS


class Service:
    """What stores for the log: no other account, no queue, nobody to be told."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def store(self, user: str, change_set: ChangeSet) -> Refusal | None:
        assert await self._store.commit([change_set]) == frozenset()
        return None

    async def store_rows(self, user: str, rows: Sequence[RowChange]) -> Refusal | None:
        return await self.store(user, ChangeSet(rows=rows))


class Keeper:
    """The jobs that seal and log, done when the test says so. `data_dir` has the keys."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self.now = LATER
        clock, service = Clock(lambda: self.now / 1000), cast(AccountService, Service(store))
        self.store_acts = StoreActs(store.ledger, clock, service, cast(Any, None))
        self.sealing = Sealing(store, clock, self.store_acts)
        self.entries_log = EntriesLog(store, clock, service, self.store_acts)
        self.event_log = EventLog(store.ledger, clock, partial(service.store_rows, ""), data_dir, "folkmoot", None)

    async def keep(self) -> None:
        """Take in all that there is."""
        await self.event_log.take_in()
        while await self.entries_log.take_in(lambda took_s: 0):
            pass
        await self.event_log.take_in()


async def tell(store: Store, data_dir: Path) -> tuple[Group, list[str]]:
    """Fill a store with the story; return the group, and the checkpoints that somebody has copied."""
    group, keeper = await fill(store), Keeper(store, data_dir)
    records = AccessRecords(data_dir)
    for number in range(5):
        month, ts = (FEBRUARY, LATER + number) if number < 4 else (JANUARY, OVER - 1)
        who = AccessRecord(
            ts, AccessKind.SIGNED_IN, ("alice", "bob")[number % 2], number, "192.0.2.1", 5000 + number, "phone"
        )
        await store.access.append(month, records.seal("node", [who]))
    await keeper.keep()
    while await keeper.sealing.do_round() == 0:
        pass
    return group, await keep(store, data_dir)


async def keep(store: Store, data_dir: Path) -> list[str]:
    """Take in all that there is; return the newest checkpoint, as it may be copied."""
    await Keeper(store, data_dir).keep()
    newest = await store.ledger.checkpoint()
    assert newest is not None
    return [newest.note]


class Way(NamedTuple):
    """Something to try: where (`main`, or a part and its month), the statements, and what is found."""

    where: str
    statements: tuple[str, ...]
    finding: str


MUTED = "(SELECT position FROM ledger WHERE type = 'muted' AND data LIKE '%loud%')"
TOPIC = "(SELECT position FROM ledger WHERE type = 'topic_changed')"
LAST = "(SELECT max(position) FROM ledger)"
ENDED = (
    "INSERT INTO ledger (position, batch, stream, version, ts, type, actor, data) SELECT {position},"
    " (SELECT max(batch) FROM ledger), stream, (SELECT max(version) + 1 FROM ledger o WHERE o.stream = l.stream),"
    " ts, 'mutes_ended', '', replace(replace(data, '\"event\":\"muted\"', '\"event\":\"mutes_ended\"'),"
    " '\"reason\":\"loud\"', '\"users\":[\"bob\"]') FROM ledger l WHERE type = 'muted' AND data LIKE '%loud%'"
)
CUT = ("DELETE FROM ledger WHERE position > 10",)

WAYS: dict[str, Way] = {
    "change an event": Way(
        "main",
        ("UPDATE ledger SET data = replace(data, 'loud', 'calm') WHERE type = 'muted'",),
        "log: the event at position",
    ),
    "change who acted": Way(
        "main", ("UPDATE ledger SET actor = 'bob' WHERE type = 'muted'",), "log: the event at position"
    ),
    "backdate an event": Way(
        "main",
        ("UPDATE ledger SET ts = ts - 86400000 WHERE type = 'report_opened'",),
        "log: the event at position",
    ),
    "delete an event": Way("main", (f"DELETE FROM ledger WHERE position = {MUTED}",), "is missing"),
    "delete an event and close the gap": Way(
        "main",
        (
            f"UPDATE ledger SET position = -(position - 1) WHERE position >= {TOPIC}",
            "DELETE FROM ledger WHERE type = 'topic_changed'",
            "UPDATE ledger SET position = -position WHERE position < 0",
        ),
        "log: ",
    ),
    "insert an event": Way(
        "main",
        (
            f"UPDATE ledger SET position = -(position + 1) WHERE position > {MUTED}",
            "UPDATE ledger SET position = -position WHERE position < 0",
            ENDED.format(position=f"{MUTED} + 1"),
        ),
        "log: the event at position",
    ),
    "add an event that is dated back": Way("main", (ENDED.format(position=f"{LAST} + 1"),), "minutes before one"),
    "put events in another order": Way(
        "main",
        (
            "UPDATE ledger SET position = -1 WHERE position = 3",
            "UPDATE ledger SET position = 3 WHERE position = 4",
            "UPDATE ledger SET position = 4 WHERE position = -1",
        ),
        "log: the event at position 3",
    ),
    "cut off the last events": Way("main", CUT, "log: it has"),
    "throw the log away, for another to be made": Way(
        "main", ("DELETE FROM log_hashes", "DELETE FROM checkpoints"), "log: it has 0 events, and had"
    ),
    "forge a checkpoint": Way(
        "main",
        ("UPDATE checkpoints SET note = replace(note, 'A', 'B')",),
        "checkpoint ",
    ),
    "change a hash of the log": Way(
        "main",
        ("UPDATE log_hashes SET hash = (SELECT hash FROM log_hashes WHERE number = 6) WHERE number = 5",),
        "log: the event",
    ),
    "take a sanction back in the tables alone": Way("main", ("DELETE FROM mutes",), "mutes "),
    "leave a sanction standing that was lifted": Way(
        "main",
        ('INSERT INTO mutes SELECT code, \'alice\', until_ms, "by", reason, "case" FROM mutes',),
        "mutes ",
    ),
    "show a removed message again, or hide another": Way(
        "main", ("UPDATE redactions SET seq = 9 WHERE seq = 3",), "redactions "
    ),
    "give a late report more time": Way("main", ("UPDATE cases SET due_ms = due_ms + 86400000",), "cases "),
    "change a report to the authority": Way(
        "main", ("UPDATE filings SET statement = replace(statement, 'noise', 'voice')",), "filings "
    ),
    "delete reports to the authority as if they were older than the duty": Way(
        "main",
        (
            f"UPDATE marks SET value = {LAST} WHERE name = 'filings'",
            "DELETE FROM filings",
        ),
        "marks: reports are said to begin",
    ),
    "change a message": Way(
        f"journal {FEBRUARY}", ("UPDATE entry SET display_name = 'Alice' WHERE seq = 5",), "are not as they were logged"
    ),
    "delete the last messages of a month": Way(
        f"journal {FEBRUARY}",
        ("DELETE FROM entry WHERE version IS NULL AND seq = 5", "UPDATE entry SET seq = seq - 1 WHERE seq > 5"),
        "are not as they were logged",
    ),
    "add to a message that was removed": Way(
        f"journal {FEBRUARY}", ("UPDATE entry SET data = '{{}}' WHERE seq = 5",), "are not as they were logged"
    ),
    "destroy what a removed message said": Way(
        f"journal {FEBRUARY}", ("DELETE FROM restricted",), "are not as they were logged"
    ),
    "change a message of a month that is over": Way(
        f"journal {JANUARY}",
        ("UPDATE entry SET body = 'other' WHERE seq = 3",),
        f"journal {JANUARY}: it is not as it was",
    ),
    "slip a message into a month that is over": Way(
        f"journal {JANUARY}",
        (
            'INSERT INTO entry SELECT {month}grp, 0, ts, kind, "user", display_name, role, tags, body, reply_to,'
            " target, data, NULL, NULL FROM entry WHERE seq = 3",
        ),
        "entries, ",
    ),
    "forge the seal of a month as well": Way(
        "main",
        ("UPDATE ledger SET data = replace(data, '\"entries\":', '\"entries\":1') WHERE type = 'month_sealed'",),
        "log: the event at position",
    ),
    "excuse a missing message as lost": Way(
        "main",
        ("INSERT INTO marks SELECT 'gap ' || code || ' 3', 3 FROM groups",),
        "marks: the seqs that are said to be lost",
    ),
    "change what was logged of messages": Way(
        "main", ("UPDATE logged_ranges SET ranges = '[]' WHERE part = 'journal'",), "logged_ranges journal"
    ),
    "delete who connected": Way(
        f"access {FEBRUARY}", ("DELETE FROM {block} WHERE number = 2",), "are not as they were logged"
    ),
    "change when somebody connected": Way(
        f"access {FEBRUARY}", ("UPDATE {block} SET first_ts = first_ts - 1 WHERE number = 3",), "block 3 does not open"
    ),
    "slip a connection into a month that is over": Way(
        f"access {JANUARY}",
        (
            "INSERT INTO {block} ({month}number, first_ts, last_ts, node, records, sealed)"
            " SELECT {month}number + 90, first_ts, last_ts, node, records, sealed FROM {block}"
            f" WHERE last_ts < {OVER}",
        ),
        f"access {JANUARY}: 2 blocks, 1 were sealed",
    ),
    "make a connection somebody else's": Way(
        f"access {FEBRUARY}",
        ("UPDATE {who} SET \"user\" = 'carol' WHERE \"user\" = 'bob' AND number = 2",),
        "block 2 does not name those it is about",
    ),
}
"""What is tried on both databases, in SQL; for PostgreSQL with the partition's column in place."""
