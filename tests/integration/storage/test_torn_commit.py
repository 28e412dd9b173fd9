"""A crash between the two files of a commit: events in the ledger whose notices never reached the journal."""

import shutil
from pathlib import Path

from folkmoot_governance.group.events import EntryDeleted, Invited, MemberMuted, TopicSet
from folkmoot_server.storage.check.tools import verify
from tests.builders.world import DAY, Group
from tests.integration.storage.kit import FEBRUARY, filled, opened

NEWEST = "journal/2026-02.sqlite3"


async def tear(data_dir: Path, group: Group, *events: TopicSet | MemberMuted | EntryDeleted | Invited) -> None:
    """Store an act and a post in one batch, then put the journal back as it was before."""
    shutil.copy2(data_dir / NEWEST, data_dir / "before")
    async with opened(data_dir) as store:
        posts = [group.post("alice", ts=FEBRUARY, body="never acknowledged")]
        assert await store.commit([*posts, group.act(*events)]) == frozenset()
    (data_dir / "before").replace(data_dir / NEWEST)


async def test_the_next_start_tells_what_the_crash_cut_off(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    kept = group.seq
    muted = MemberMuted(at=FEBRUARY, by="alice", user="bob", until_ms=FEBRUARY + DAY, reason="again")
    await tear(tmp_path, group, TopicSet(at=FEBRUARY, by="alice", topic="torn"), muted)
    told = group.entries[kept + 1 :]
    async with opened(tmp_path) as store:
        page = await store.journal.page(group.code, after=kept)
        assert await store.ledger.load_group(group.code) == group.state
        assert await store.journal.last_seqs([group.code]) == {group.code: kept + 2}
    assert [entry.seq for entry in page.entries] == [kept + 1, kept + 2]
    assert [(one.body, one.data, one.from_, one.ts) for one in page.entries] == [
        (one.body, one.data, one.from_, one.ts) for one in told
    ]
    assert verify(tmp_path) == []


async def test_a_torn_deletion_takes_effect(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.commit([group.post("bob", ts=FEBRUARY, body="to be deleted")])
    target = group.seq
    await tear(tmp_path, group, EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=target))
    async with opened(tmp_path) as store:
        gone, notice = (await store.journal.page(group.code, after=target - 1)).entries
    assert (gone.body, gone.redacted) == ("", True)
    assert (notice.kind, notice.target, notice.seq) == ("redaction", target, target + 1)
    assert b"to be deleted" not in (tmp_path / NEWEST).read_bytes()
    assert verify(tmp_path) == []


async def test_what_the_group_is_not_told_needs_no_repair(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    kept = group.seq
    await tear(tmp_path, group, Invited(at=FEBRUARY, by="alice", user="carol", until_ms=FEBRUARY + DAY))
    async with opened(tmp_path) as store:
        assert await store.journal.last_seqs([group.code]) == {group.code: kept}
    assert verify(tmp_path) == []


async def test_repair_is_done_once(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    await tear(tmp_path, group, TopicSet(at=FEBRUARY, by="alice", topic="torn"))
    lengths = []
    for _ in range(3):
        async with opened(tmp_path) as store:
            lengths.append((await store.journal.last_seqs([group.code]))[group.code])
    assert len(set(lengths)) == 1


async def test_a_repaired_group_goes_on(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    await tear(tmp_path, group, TopicSet(at=FEBRUARY, by="alice", topic="torn"))
    async with opened(tmp_path) as store:
        group.seq = (await store.journal.last_seqs([group.code]))[group.code]
        assert await store.commit([group.post("bob", ts=FEBRUARY, body="on we go")]) == frozenset()
        assert (await store.journal.page(group.code, limit=1)).entries[0].body == "on we go"
    assert verify(tmp_path) == []
