"""A store with a little of everything in it, for tests that break it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from folkmoot_governance.account import CreditChanged, FilingApproved
from folkmoot_governance.case.state import ReportOpened
from folkmoot_governance.case.state import opened as case_opened
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.filing import apply_filing, corrected, drafted
from folkmoot_governance.group.events import (
    EntryDeleted,
    Invited,
    MemberBanned,
    MemberJoined,
    MemberMuted,
    MutesEnded,
    TopicSet,
)
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, case_stream
from folkmoot_server.storage.changes import filing_row, token_row
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_case
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import DAY, START, Group, World

FEBRUARY = end_of("2026-01")


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[SqliteStore]:
    """A store, closed at the end of the block."""
    store = await SqliteStore.open(data_dir, say=translator("en"))
    try:
        yield store
    finally:
        await store.close()


def case_work(event: ReportOpened) -> ChangeSet:
    """Return the work that opens a case."""
    return ChangeSet(case_stream(event.number), 0, [event], project_case(case_opened(event), event))


def given_back(world: World) -> ChangeSet:
    """Return the work that gives carol's credit back, and corrects the report that it was taken."""
    fields: dict[str, Any] = {"at": START + 1, "by": "", "case": "r-1", "reason": "no noise"}
    work = world.change("carol", CreditChanged(cause="restored", points=5, score=100, **fields))
    taken = CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
    filing = drafted(taken, "@carol-2", user="carol")
    assert filing is not None
    return replace(work, rows=[*work.rows, filing_row(corrected(filing, "no noise", START + 1))])


def approved(world: World) -> ChangeSet:
    """Return the work by which alice approves the report that bob's credit was taken."""
    taken = CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
    filing = drafted(taken, "@bob-2", user="bob")
    event = FilingApproved(at=START + 1, by="alice", case="@bob-2", identity=False, is_last=True)
    assert filing is not None
    work = world.change("alice", event)
    return replace(work, rows=[*work.rows, filing_row(apply_filing(filing, event))])


async def filled(data_dir: Path) -> Group:
    """Make a store in files and `fill` it; return the group."""
    async with opened(data_dir) as store:
        return await fill(store)


async def fill(store: Store) -> Group:
    """Store two months of a group: members, a ban, a mute, a deletion; return the group."""
    world = World()
    group = world.group()
    change_sets = [world.register(user) for user in ("alice", "bob", "carol", "dave")]
    change_sets += [
        world.change(
            "bob", CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
        ),
        world.change(
            "carol", CreditChanged(at=START, by="", cause="penalty", points=-5, score=95, case="r-1", reason="noise")
        ),
        given_back(world),
        approved(world),
        case_work(ReportOpened(at=START, by="alice", number="r-1", reason="spam", severity=Severity.LOW, due_ms=9)),
        group.found(),
        group.act(MemberJoined(at=START, by="bob", user="bob", via="open")),
        group.post("bob", nonce="n"),
        group.act(MemberBanned(at=START + 1, by="alice", user="carol", until_ms=START + DAY, reason="r")),
        group.act(Invited(at=START + 2, by="alice", user="dave", until_ms=START + DAY)),
        ChangeSet(rows=[token_row("h", "alice", START)]),
    ]
    later = [
        group.post("bob", ts=FEBRUARY),
        group.act(MemberMuted(at=FEBRUARY, by="alice", user="bob", until_ms=FEBRUARY + DAY, reason="loud")),
        group.act(EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=3)),
        group.act(EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=5)),
        group.act(MemberMuted(at=FEBRUARY, by="alice", user="alice", until_ms=FEBRUARY + 1)),
        group.act(MutesEnded(at=FEBRUARY + 1, by="", users=("alice",))),
        group.act(TopicSet(at=FEBRUARY, by="alice", topic="t")),
    ]
    for batch in (change_sets, later):
        assert await store.commit(batch) == frozenset()
    return group


def tamper(path: Path, statement: str) -> None:
    """Change a file behind the store's back; the statement must hit something."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount > 0
    connection.close()
