"""A flag that was lost between the entry and its record is found again, once."""

from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.actions.posts.review import Review
from folkmoot_server.jobs.lost_flags import LostFlags
from folkmoot_server.storage.change_set import ChangeSet, Upsert
from tests.unit.server.stores import Stage, staged


async def post_flagged(stage: Stage, **fields: object) -> int:
    """Let a member post what the group's own word flags; return its seq."""
    ann, bob, _ = stage.seats[0]
    await (await stage.connect(ann)).run("/word add flag darn", ann.code)
    wire = await stage.connect(bob)
    return int((await wire.ask(rq.Post, group=ann.code, body="darn it", **fields)).seq)


async def sweep(stage: Stage) -> list[int]:
    """Look for lost flags; return the seqs of the entries that wait for review."""
    await stage.job(LostFlags).sweep(stage.node.clock.now_ms() + 1)
    room = stage.node.rooms.get(stage.seats[0][0].code)
    assert room is not None
    return [review.seq for review in room.state.reviews.values()]


@pytest.mark.parametrize("fields", [{}, {"nonce": "once"}], ids=["plain", "nonce"])
async def test_a_flag_that_was_lost_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, object]
) -> None:
    monkeypatch.setattr(Review, "flag", lambda *arguments: None)
    async with staged(tmp_path) as stage:
        seq = await post_flagged(stage, **fields)
        assert len(await stage.store.ledger.open_flags(stage.node.clock.now_ms() + 1, 9)) == 1
        assert await sweep(stage) == [seq]
        assert await stage.store.ledger.open_flags(stage.node.clock.now_ms() + 1, 9) == []
        assert await sweep(stage) == [seq]


async def test_a_flag_on_record_leaves_no_mark(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        seq = await post_flagged(stage)
        await stage.node.commit_queue.drain()
        assert await stage.store.ledger.open_flags(stage.node.clock.now_ms() + 1, 9) == []
        assert await sweep(stage) == [seq]


async def test_a_mark_without_an_entry_goes(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ann = stage.seats[0][0]
        await (await stage.connect(ann)).group(ann.code)
        names = {"code": ann.code, "user": ann.user, "nonce": "gone", "rule": "mild", "severity": "low"}
        assert await stage.store.commit([ChangeSet(rows=[Upsert("open_flags", {**names, "ts": 1})])]) == frozenset()
        assert await sweep(stage) == []
        assert await stage.store.ledger.open_flags(stage.node.clock.now_ms(), 9) == []
