"""Stores of earlier versions, made by those: opened, they are what they were, and nothing is held against them.

`tests/data/stores/make.py` has made them.
"""

import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.storage.check.tools import migrate
from folkmoot_server.storage.check.verify import says, verify
from folkmoot_server.storage.sql.tables import SCHEMA
from tests.integration.server import Server
from tests.integration.storage.kit import opened, tamper

STORES = sorted((Path(__file__).parents[2] / "data" / "stores").glob("*.tar.xz"))
ENTRIES = "SELECT grp, seq, ts, kind, user, display_name, body, version, nonce FROM entry ORDER BY grp, seq"
LEDGER = "SELECT position, batch, stream, version, ts, type, actor, data FROM ledger ORDER BY position"


def test_there_are_enough_of_them() -> None:
    assert len(STORES) >= 5


@pytest.fixture(params=STORES, ids=lambda path: path.name.partition(".")[0])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The data directory of an old store."""
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "data"


def rows(path: Path, query: str) -> list[Any]:
    with sqlite3.connect(path) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def contents(data: Path) -> tuple[list[Any], list[Any]]:
    """Return all of ledger and journal."""
    entries = [row for path in sorted((data / "journal").glob("*.sqlite3")) for row in rows(path, ENTRIES)]
    return rows(data / "folkmoot.sqlite3", LEDGER), entries


def test_what_was_stored_stays_as_it_was_and_nothing_is_held_against_it(data: Path) -> None:
    before = contents(data)
    assert len(before[0]) > 15
    assert len(before[1]) > 15
    assert migrate(data) == SCHEMA
    assert contents(data) == before
    assert verify(data) == []


async def test_a_server_goes_on_with_it(data: Path) -> None:
    ledger, entries = contents(data)
    code = max({row[0] for row in entries}, key=[row[0] for row in entries].count)
    async with opened(data) as store:
        state = await store.ledger.load_group(str(code))
        assert state is not None
        assert state.topic == "Tea and cake"
        (page,) = [await store.journal.page(str(code), after=0, limit=1000)]
        assert [one.seq for one in page.entries] == [row[1] for row in entries if row[0] == code]
    assert verify(data) == []
    assert contents(data) == (ledger, entries)


def test_a_store_whose_events_were_changed_is_still_found_out(data: Path) -> None:
    migrate(data)
    tamper(data / "folkmoot.sqlite3", "UPDATE ledger SET actor = 'mallory' WHERE type = 'topic_changed'")
    assert any("does not match its columns" in problem for problem in verify(data))


@pytest.mark.parametrize(
    ("stored", "is_right"),
    [
        ('{"a":1}', True),
        ('{"a":1,"b":[{"c":2}]}', True),
        ('{"a":1,"z":0}', False),
        ('{"a":true}', False),
        ('{"a":1,"b":[]}', False),
    ],
)
def test_a_row_may_lack_what_came_later_and_nothing_else(stored: str, is_right: bool) -> None:
    written = {"ts": 1, "data": '{"a":1,"b":[{"c":2,"d":0}],"e":""}'}
    assert says({"ts": 1, "data": stored}, written) is is_right
    assert not says({"ts": 2, "data": stored}, written)


async def test_a_server_of_today_serves_it_to_those_who_were_there(data: Path, tmp_path: Path) -> None:
    server = Server(tmp_path, {})
    server.start()
    try:
        async with await server.connect(json=True) as wire:
            session = await wire.register("newcomer", "correct horse battery")
            assert session.account.user == "newcomer"
            await wire.ask(rq.ListGroups)
    finally:
        assert server.terminate() == 0, server.stderr()
    assert verify(data) == []
