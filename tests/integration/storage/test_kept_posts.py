"""Posts of channels that are kept when their month goes, on files that are broken off anywhere (P16, W16)."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from folkmoot_governance.group.events import EntryDeleted, GroupClosed
from folkmoot_governance.holds import appeal_term
from folkmoot_protocol.types import EntryKind
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import follow_row
from folkmoot_server.storage.channels import NEWEST
from folkmoot_server.storage.check.tools import verify
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import DAY, START, Group, World
from tests.integration.storage.kit import opened, tamper
from tests.integration.storage.test_holds import GOES, RULES, Keeper

MAIN = "folkmoot.sqlite3"


async def filled(store: SqliteStore) -> list[Group]:
    """Fill a store with two channels that have posts and comments in January and later; zoe follows both."""
    world = World()
    await store.commit([world.register(user) for user in ("alice", "bob", "zoe")])
    channels = [world.group(), world.group()]
    await store.commit([channel.open(owner) for channel, owner in zip(channels, ("alice", "bob"), strict=True)])
    for number in range(3):
        for channel in channels:
            await store.commit([channel.publish(START + number)])
            await store.commit([channel.post("zoe", START + number, kind=EntryKind.COMMENT, target=channel.seq)])
    first = next(entry.seq for entry in channels[0].entries if entry.kind is EntryKind.POST)
    await store.commit([channels[0].post("alice", START + 9, kind=EntryKind.EDIT, target=first, body="edited")])
    for month in range(1, 7):
        await store.commit([channel.publish(end_of(f"2026-{month:02}")) for channel in channels])
    await store.commit([ChangeSet(rows=[follow_row("zoe", channel.code, START) for channel in channels])])
    return channels


async def home(store: SqliteStore, now: int = GOES, limit: int = 3) -> list[str]:
    """Return what all posts that zoe follows say, read page by page."""
    found: list[str] = []
    before, more = NEWEST, True
    while more:
        page = await store.channels.home("zoe", {}, before, limit, now)
        found += [f"{entry.from_.user}: {entry.body}" for _place, entry in page.posts]
        before, more = page.end or NEWEST, page.more
    return found


async def go(keeper: Keeper, *times: int) -> None:
    for keeper.now in times:
        await keeper.job.do_round()


async def test_wherever_it_is_broken_off_no_post_is_lost_or_there_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process leaves that is killed is what its files are: they are copied before and after each commit, and
    when the month's file is to go."""
    copies: list[Path] = []

    def copy() -> None:
        copies.append(tmp_path / f"copy{len(copies)}")
        shutil.copytree(tmp_path / "data", copies[-1])

    async with opened(tmp_path / "data") as store:
        await filled(store)
        before = await home(store)
        assert len(before) == 18
        keeper = Keeper(store, tmp_path / "data")
        await go(keeper, GOES - 1)
        commit, unlink = store.commit, "folkmoot_server.storage.sqlite.writer.set_aside"

        async def copied(batch: Sequence[ChangeSet]) -> frozenset[str]:
            copy()
            return await commit(batch)

        with monkeypatch.context() as patch:
            patch.setattr(store, "commit", copied)
            patch.setattr("folkmoot_server.actions.channels.keeping.PAGE", 2)
            patch.setattr(unlink, lambda path: (copy(), path.unlink()))
            await go(keeper, GOES)
        assert (await store.journal.segments())[0].month == "2026-02"
        assert await home(store) == before
    assert verify(tmp_path / "data") == []
    assert len(copies) > 6
    for place in copies:
        async with opened(place) as store:
            assert await home(store) == before
            keeper = Keeper(store, place)
            await go(keeper, GOES)
            assert (await store.journal.segments())[0].month == "2026-02"
            assert await home(store) == before
        assert verify(place) == [], place


TAMPERING = (
    "DELETE FROM kept_posts WHERE seq = (SELECT min(seq) FROM kept_posts)",
    "UPDATE kept_posts SET ts = ts + 1",
    "UPDATE kept_posts SET seq = seq + 100 WHERE seq = (SELECT min(seq) FROM kept_posts)",
    "UPDATE kept_posts SET sealed = ''",
    "UPDATE kept_posts SET month = '2026-02'",
    "UPDATE kept_posts SET digest = 'x'",
    "UPDATE kept_posts SET of_code = code, of_seq = 1",
    "UPDATE kept_posts SET sealed = (SELECT sealed FROM kept_posts LIMIT 1)",
    "DELETE FROM kept_posts",
)


async def test_what_is_removed_later_goes_and_what_was_changed_otherwise_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        channel, other = await filled(store)
        posts = [entry for entry in channel.entries if entry.kind is EntryKind.POST]
        gone, late = posts[0], posts[1]
        keeper = Keeper(store, tmp_path)
        await go(keeper, GOES - 1, GOES)
        loaded = await store.journal.entry(channel.code, gone.seq)
        assert loaded is not None
        assert (loaded.body, loaded.from_.user) == ("edited", "alice")
        assert (await store.journal.versions(channel.code, [late.seq]))[late.seq].standing.body == late.body
        comment = gone.seq + 1
        assert await store.journal.entry(channel.code, comment) is None
        assert await store.channels.comments(channel.code, gone.seq, 0, 10) == []

    assert verify(tmp_path) == []
    kept = (tmp_path / MAIN).read_bytes()
    for statement in TAMPERING:
        tamper(tmp_path / MAIN, statement)
        assert any(problem.startswith("kept_posts ") for problem in verify(tmp_path)), statement
        for name in (f"{MAIN}-wal", f"{MAIN}-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / MAIN).write_bytes(kept)

    async with opened(tmp_path) as store:
        keeper = Keeper(store, tmp_path)
        removed_ts = end_of("2026-08") - DAY
        deleted = EntryDeleted(at=removed_ts, by="alice", user="alice", seq=gone.seq, reason="")
        await store.commit([channel.act(deleted)])
        texts = await home(store)
        assert len(texts) == 17
        assert "alice: edited" not in texts
        # The next month goes, and with it what is known of removals in it: this post stays removed.
        keeper.now = end_of("2026-08") + DAY
        await keeper.job.do_round()
        assert (await store.journal.segments())[0].month == "2026-03"
        assert await home(store, keeper.now) == texts
        assert (await store.channels.kept_of_month("2026-01", ("", -1), 1))[0].sealed
        keeper.now = removed_ts + appeal_term(RULES) + 1
        await keeper.posts.take_out()
        taken = [one for one in await store.channels.kept_of_month("2026-01", ("", -1), 10) if not one.sealed]
        assert [(one.code, one.seq) for one in taken] == [(channel.code, gone.seq)]
        closed = GroupClosed(at=keeper.now, by="bob", reason="over")
        await store.commit([other.act(closed)])
        await keeper.posts.take_out()
        left = [one for one in await store.channels.kept_of_month("2026-01", ("", -1), 10) if one.sealed]
        assert [(one.code, one.seq) for one in left] == [(channel.code, one.seq) for one in posts[1:3]]
    assert verify(tmp_path) == []
