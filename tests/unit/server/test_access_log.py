"""The access log of a node: what is noted waits, is stored in blocks, and is bounded while storage fails."""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from folkmoot_server.actions import access_log
from folkmoot_server.actions.access_log import LATE_MS, AccessLog
from folkmoot_server.common.clock import Clock
from folkmoot_server.delivery.session import Session
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.storage.api import BEHIND, AccessBlock, Segment
from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.sql.access_blocks import USER
from folkmoot_server.storage.sql.months import end_of


class Place:
    """Storage of the access log that can fail (a fake of the disk's failing alone)."""

    def __init__(self) -> None:
        self.stored: dict[str, list[AccessBlock]] = {}
        self.fails = False

    async def append(self, month: str, block: AccessBlock) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise StorageError("full")
        self.stored.setdefault(month, []).append(block)

    async def blocks(self, month: str, user: str = "", before: int = BEHIND, limit: int = 1) -> Sequence[AccessBlock]:
        blocks = list(enumerate(self.stored[month]))[::-1]
        named = [(at, one) for at, one in blocks if at < before and (not user or user in one.users)]
        return [structs.replace(one, users=(), number=at) for at, one in named[:limit]]

    async def blocks_after(self, month: str, number: int, limit: int) -> Sequence[AccessBlock]:
        raise NotImplementedError

    async def segments(self) -> Sequence[Segment]:
        return [Segment(month, 1) for month in sorted(self.stored)]

    async def remove(self, months: Collection[str]) -> None:
        raise NotImplementedError


class Peer:
    """A connection as the log sees it."""

    user, number, address = "ann", 7, "192.0.2.9"

    class socket:  # as the attribute is called
        port = 4711


PEER = cast(Session, Peer())
ALL = frozenset(AccessKind)


class Bench:
    def __init__(self, path: Path) -> None:
        self.now = end_of("2026-05") - 2
        self.place = Place()
        self.records = AccessRecords(path)
        self.log = AccessLog(cast(Any, self.place), self.records, Clock(lambda: self.now / 1000), "here")

    async def told(self, limit: int = 9, before: str = "") -> tuple[list[str], str]:
        found, more = await self.log.read("ann", ALL, limit, before)
        return [one.detail for one in found], more


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_comes_after_the_end_of_a_month_goes_to_the_next(bench: Bench) -> None:
    for detail in "abcd":
        bench.log.note(AccessKind.CONNECTED, PEER, detail=detail)
        bench.now += 1
    await bench.log.store()
    assert {month: [one.records for one in blocks] for month, blocks in bench.place.stored.items()} == {
        "2026-05": [2],
        "2026-06": [2],
    }
    assert await bench.told() == (["d", "c", "b", "a"], "")


async def test_nothing_comes_to_a_month_that_may_be_sealed(bench: Bench) -> None:
    """*What could not be stored for days was put into its month when that was over, and so was what a clock said that
    had stepped back: both would look like something slipped in.*"""
    bench.place.fails = True
    bench.log.note(AccessKind.CONNECTED, PEER, detail="late")
    with pytest.raises(StorageError):
        await bench.log.store()
    bench.place.fails, bench.now = False, end_of("2026-05") + LATE_MS
    await bench.log.store()
    bench.now = end_of("2026-05") - 1
    bench.log.note(AccessKind.CONNECTED, PEER, detail="stepped back")
    await bench.log.store()
    assert list(bench.place.stored) == ["2026-06"]
    # After a start, too.
    again = AccessLog(cast(Any, bench.place), bench.records, Clock(lambda: bench.now / 1000), "here")
    again.note(AccessKind.CONNECTED, PEER, detail="started")
    await again.store()
    assert list(bench.place.stored) == ["2026-06"]
    assert await bench.told() == (["started", "stepped back", "late"], "")


async def test_pages_go_on_where_the_last_one_ended(bench: Bench) -> None:
    for detail in "abc":
        bench.log.note(AccessKind.CONNECTED, PEER, detail=detail)
        await bench.log.store()
    found, more = await bench.told(2)
    assert found == ["c", "b"]
    assert await bench.told(2, more) == (["a"], "")
    assert await bench.told(2, "nonsense") == (["c", "b"], more)


async def test_what_two_store_at_once_is_stored_once(bench: Bench) -> None:
    bench.log.note(AccessKind.CONNECTED, PEER, detail="a")
    await asyncio.gather(bench.log.store(), bench.told(), bench.log.store())
    assert await bench.told() == (["a"], "")


async def test_while_storage_fails_it_waits_up_to_a_bound(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "MAX_WAITING", 3)
    bench.place.fails = True
    for detail in "abcde":
        bench.log.note(AccessKind.CONNECTED, PEER, detail=detail)
    with pytest.raises(StorageError):
        await bench.log.store()
    await bench.log.store_last()
    bench.place.fails = False
    assert await bench.told() == (["c", "b", "a"], "")


async def test_a_block_that_was_changed_is_not_opened(bench: Bench) -> None:
    bench.log.note(AccessKind.CONNECTED, PEER, detail="a")
    await bench.log.store()
    (block,) = bench.place.stored["2026-05"]
    bench.place.stored["2026-05"] = [structs.replace(block, node="there")]
    assert await bench.told() == ([], "")


def test_storage_knows_where_a_record_has_its_account() -> None:
    assert AccessRecord.__struct_fields__[USER] == "user"
