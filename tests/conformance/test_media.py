"""Uploads: which entries show them, what they count, and what is found to be done about them."""

from typing import Any

from msgspec.structs import replace

from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.group.events import EntryDeleted
from folkmoot_governance.media import LEAST_BYTES, REFUSED_BYTES, Media, MediaState
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, Remove
from folkmoot_server.storage.changes import held_row, media_change, media_row, remove_held, remove_media
from tests.builders.world import START, World


def upload(id: str, **more: Any) -> Media:
    fields = {"user": "alice", "state": MediaState.READY, "created_ts": START, "until_ms": START + DAY_MS, **more}
    return Media(id=id, month="2026-01", **fields)


async def test_an_upload_is_known_by_its_id_and_while_it_is_waited_for_by_its_token(store: Store) -> None:
    asked = upload("a", state=MediaState.ASKED, token="t", sent=9)
    await store.commit([ChangeSet(rows=[media_row(asked)])])
    assert await store.ledger.media(["a", "b"]) == [asked]
    assert await store.ledger.media_of_token("t") == asked
    await store.commit(
        [ChangeSet(rows=[media_change("a", token="", state="ready", size=7), media_change("b", size=1)])]
    )
    assert await store.ledger.media_of_token("t") is None
    assert await store.ledger.media_of_token("") is None
    assert await store.ledger.media(["a", "b"]) == [upload("a", sent=9, size=7)]
    await store.commit([ChangeSet(rows=[remove_media(upload("a"))])])
    assert await store.ledger.media(["a"]) == []


async def test_what_no_database_holds_is_nobodys_upload(store: Store) -> None:
    await store.commit([ChangeSet(rows=[media_row(upload("a"))])])
    assert [one.id for one in await store.ledger.media(["a\x00", "a"])] == ["a"]
    assert await store.ledger.list_media("alice\x00", None, None, 9) == []
    assert await store.ledger.list_media("", None, (START + 1, "\x00"), 9) == []


async def test_each_upload_of_a_day_counts_something(store: Store) -> None:
    rows = [
        upload("a", sent=1),
        upload("b", sent=REFUSED_BYTES, created_ts=START + 1),
        upload("c", sent=1, state=MediaState.REFUSED, created_ts=START + 1),
        upload("d", sent=REFUSED_BYTES, user="bob"),
    ]
    await store.commit([ChangeSet(rows=[media_row(one) for one in rows])])
    assert await store.ledger.uploaded_bytes("alice", START - 1) == LEAST_BYTES + 2 * REFUSED_BYTES
    assert await store.ledger.uploaded_bytes("alice", START) == 2 * REFUSED_BYTES
    assert await store.ledger.uploaded_bytes("carol", 0) == 0


async def test_entries_show_uploads_under_the_number_that_the_store_gives(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([world.register("alice"), world.register("bob"), group.found()])
    late = upload("late", until_ms=START + 5)
    await store.commit([ChangeSet(rows=[media_row(one) for one in (upload("a"), upload("b"), upload("c"), late)])])
    assert [one.id for one in await store.ledger.unused_media(9)] == ["late", "a", "b", "c"]
    assert [one.id for one in await store.ledger.unused_media(1)] == ["late"]
    assert await store.ledger.pending_media(9) == []
    await store.commit([ChangeSet(rows=[media_row(replace(late, state=MediaState.PENDING))])])
    assert [one.id for one in await store.ledger.pending_media(9)] == ["late"]
    posts = [group.post("bob") for _ in range(3)]
    posts[1].media, posts[2].media = ("a", "b"), ("c",)
    for number, post in enumerate(posts):
        # As where another node has posted meanwhile: the guess is wrong.
        post.entries = [replace(one, entry=replace(one.entry, seq=77 + number)) for one in post.entries]
    assert await store.commit(posts) == frozenset()
    found = {one.id: one for one in await store.ledger.media(["a", "b", "c"])}
    shown = [(one.state, one.code, one.seq) for one in found.values()]
    last = (await store.journal.last_seqs([group.code]))[group.code]
    assert shown == [(MediaState.POSTED, group.code, seq) for seq in (last - 1, last - 1, last)]
    assert [one.id for one in await store.ledger.unused_media(9)] == ["late"]

    removed = group.act(EntryDeleted(at=START + 50, by="alice", seq=last - 1, user="bob"))
    await store.commit([removed])
    assert [one.id for one in sorted(await store.ledger.media_to_seal(0, 9), key=str)] == ["a", "b"]
    assert len(await store.ledger.media_to_seal(START + 50, 1)) == 1
    assert await store.ledger.media_to_seal(START + 51, 9) == []
    await store.commit([ChangeSet(rows=[media_change(one, state="removed") for one in "ab"])])
    assert await store.ledger.media_to_seal(0, 9) == []
    assert await store.ledger.media_to_unseal(9) == []
    await store.commit([ChangeSet(rows=[Remove("redactions", {"code": group.code, "seq": last - 1})])])
    assert {one.id for one in await store.ledger.media_to_unseal(9)} == {"a", "b"}

    before = await store.ledger.media_before(FOREVER_MS, 9)
    assert {one.id for one in before} == {"a", "b", "c"}
    assert await store.ledger.media_before(min(one.ts for one in before), 9) == []
    await store.commit([ChangeSet(rows=[held_row("h", "2026-01", group.code, last, "sealed")])])
    assert {one.id for one in await store.ledger.media_before(FOREVER_MS, 9)} == {"a", "b"}
    await store.commit([ChangeSet(rows=[remove_held("h")])])
    assert len(await store.ledger.media_before(FOREVER_MS, 9)) == 3


async def test_uploads_are_listed_the_latest_first(store: Store) -> None:
    rows = [
        upload("a"),
        upload("b", state=MediaState.REFUSED),
        upload("c", created_ts=START + 1),
        upload("d", user="bob"),
    ]
    await store.commit([ChangeSet(rows=[media_row(one) for one in rows])])

    async def listed(user: str = "", state: MediaState | None = None, before: tuple[int, str] | None = None) -> str:
        return "".join([one.id for one in await store.ledger.list_media(user, state, before, 3)])

    assert await listed() == "cdb"
    assert await listed(before=(START, "b")) == "a"
    assert await listed("alice") == "cba"
    assert await listed("alice", MediaState.REFUSED) == "b"
    assert await listed("carol") == ""
