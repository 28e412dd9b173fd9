"""The seal of a month on every backend: the same for the same entries, whatever was removed since, and no other."""

from hashlib import sha256

import msgspec
import pytest

from folkmoot_governance.group.events import EntryDeleted
from folkmoot_protocol.types import Entry
from folkmoot_server.crypto.merkle import leaf_hash, root
from folkmoot_server.jobs import sealing
from folkmoot_server.jobs.sealing import make_access_seal, make_seal
from folkmoot_server.storage.api import AccessBlock, Store
from folkmoot_server.storage.sql.access_blocks import line_of
from folkmoot_server.storage.sql.months import end_of, month_of
from folkmoot_server.storage.sql.seals import Seal
from tests.builders.world import START, World

JANUARY = month_of(START)
FEBRUARY = end_of(JANUARY)


def at_once(took_s: float) -> float:
    return 0


def line(code: str, one: Entry) -> bytes:
    tags = msgspec.json.encode(one.from_.tags).decode() if one.from_.tags else None
    data = None if one.data is None else msgspec.json.encode(one.data).decode()
    author = one.from_.user, one.from_.display_name, one.from_.role.value
    row = [int(code), one.seq, one.ts, one.kind.value, *author, tags, one.body, one.reply_to, one.target, data]
    return msgspec.json.encode(row)


async def test_a_seal_is_of_what_was_written_in_the_order_of_groups_and_seqs(store: Store) -> None:
    world = World()
    groups = world.group(), world.group()
    await store.commit([world.register("alice"), *(group.found() for group in reversed(groups))])
    for number in range(3):
        await store.commit([group.post(body=f"post {number}, with «ünï»", ts=START + number) for group in groups])
    lines = [line(group.code, one) for group in groups for one in group.entries]
    assert await make_seal(store.journal, JANUARY, at_once) == Seal(
        len(lines),
        sha256(b"".join(one + b"\n" for one in lines)).hexdigest(),
        root(len(lines), lambda level, number: fold_of([leaf_hash(one) for one in lines], level, number)).hex(),
    )
    assert await make_seal(store.journal, "2031-01", at_once) == Seal(0, sha256().hexdigest(), sha256().hexdigest())


async def test_a_seal_of_the_access_log_is_of_its_blocks_in_their_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (2, 0, 1):
        await store.access.append(JANUARY, AccessBlock(number, number, "here", 3, ("ann",), b"sealed %d" % number))
    lines = [line_of(one).text for one in await store.access.blocks_after(JANUARY, 0, 9)]
    assert [msgspec.json.decode(one)[1] for one in lines] == [2, 0, 1]
    # However many are read at once.
    for piece in (1, 3, 20):
        monkeypatch.setattr(sealing, "BLOCKS_PIECE", piece)
        assert await make_access_seal(store.access, JANUARY, at_once) == Seal(
            3,
            sha256(b"".join(one + b"\n" for one in lines)).hexdigest(),
            root(3, lambda level, number: fold_of([leaf_hash(one) for one in lines], level, number)).hex(),
        )


def fold_of(leaves: list[bytes], level: int, number: int) -> bytes:
    if level == 0:
        return leaves[number]
    left, right = (fold_of(leaves, level - 1, 2 * number + one) for one in (0, 1))
    return sha256(b"\x01" + left + right).digest()


async def test_what_is_removed_later_changes_no_seal(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    group = world.group()
    await store.commit([world.register("alice"), group.found(), *(group.post(data={"n": 1}) for _ in range(5))])
    before = await make_seal(store.journal, JANUARY, at_once)
    await store.commit([group.post(ts=FEBRUARY)])
    await store.commit([group.act(EntryDeleted(at=FEBRUARY, by="alice", user="alice", seq=3))])
    assert await make_seal(store.journal, JANUARY, at_once) == before
    # Piece by piece it is the same.
    monkeypatch.setattr(sealing, "PIECE", 2)
    assert await make_seal(store.journal, JANUARY, at_once) == before
