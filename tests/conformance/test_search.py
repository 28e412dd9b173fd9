"""The promises of `Journal.search` and `Journal.index`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance.group.events import EntryDeleted, MeasureOverturned
from folkmoot_protocol.types import Entry, EntryKind
from folkmoot_server.storage.api import Found, Store
from folkmoot_server.storage.search import index as search_index
from folkmoot_server.storage.search.text import parse_query
from folkmoot_server.storage.sql import search as sql_search
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sqlite import search as sqlite_search
from tests.builders.world import START, Group, World
from tests.conformance.conftest import Place
from tests.profile import examples

FEBRUARY, MARCH = end_of("2026-01"), end_of("2026-02")
END = 10**6
BODIES = ("群规如下", "please read the rules", "看群规 first", "Rules: 不要刷屏", "nothing to see", "rules rules 规群")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 8 entries, so that few entries make many, and few at a time."""
    postgres_search = pytest.importorskip("folkmoot_server.storage.postgres.search", reason="asyncpg is not installed")
    for name, value in {"ENTRIES": 8, "PAGE": 3, "ENTRIES_AT_FIRST": 3, "FEW": 2, "PATIENCE_S": 60}.items():
        monkeypatch.setattr(sql_search, name, value)
    for source in (sqlite_search.MonthSource, postgres_search.GroupSource):
        monkeypatch.setattr(source, "chunks_at_first", 2)


async def index_all(store: Store) -> None:
    while await store.journal.index():
        pass


async def search(store: Store, group: Group, text: str, before: int = END, limit: int = 200) -> Found:
    query = parse_query(text)
    assert query is not None
    return await store.journal.search(group.code, query, before=before, limit=limit)


def expected(group: Group, text: str, before: int = END) -> list[Entry]:
    query = parse_query(text)
    assert query is not None
    said = (one for one in reversed(group.entries) if one.seq < before and one.kind in search_index.KINDS)
    edited = {one.target for one in group.entries if one.kind is EntryKind.EDIT and not one.redacted}
    return [one for one in said if query.matches(one.body) and one.seq not in edited]


@pytest.fixture
async def group(store: Store, world: World) -> Group:
    """A group with 20 posts in each of January to March 2026, and another group that says the same."""
    group, other = world.group(), world.group()
    await store.commit([group.found(), other.found()])
    for start in (START, FEBRUARY, MARCH):
        posts = [one.post(ts=start + n, body=BODIES[n % len(BODIES)]) for n in range(20) for one in (group, other)]
        await store.commit(posts)
    return group


@pytest.mark.parametrize("indexed", ["not at all", "half", "all"])
async def test_search_is_right_however_much_is_indexed(store: Store, group: Group, indexed: str) -> None:
    if indexed == "half":
        await store.journal.index()
        last = group.entries[-1].ts
        await store.commit([group.post(ts=last + n, body=BODIES[n % 6]) for n in range(30)])
    elif indexed == "all":
        await index_all(store)
    for text in ("群规", "规", "rules", "the rules", "规群 rules", "刷屏", "没有", "owner"):
        for before in (END, 63, 42, 41, 22, 9, 2):
            found = await search(store, group, text, before)
            assert found == Found(expected(group, text, before)), (text, before)


async def test_pages_follow_each_other(store: Store, group: Group) -> None:
    await index_all(store)
    for limit in (1, 2, 7):
        before: int | None = END
        entries: list[Entry] = []
        while before is not None:
            found = await search(store, group, "rules", before, limit)
            assert len(found.entries) <= limit
            entries += found.entries
            before = found.before
        assert entries == expected(group, "rules")


async def test_time_is_limited_and_search_goes_on_where_it_stopped(
    store: Store, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index_all(store)
    monkeypatch.setattr(sql_search, "PATIENCE_S", 0)
    before: int | None = END
    entries: list[Entry] = []
    calls = 0
    while before is not None:
        found = await search(store, group, "规群 rules", before)
        assert found.before is None or found.before < before
        before = found.before
        entries += found.entries
        calls += 1
    assert calls > 2
    assert entries == expected(group, "规群 rules")


@pytest.mark.parametrize("seq", [2, 30, 55, 61])
async def test_a_removed_text_is_not_found_at_once_nor_kept_by_the_index(
    store: Store, group: Group, seq: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index_all(store)
    before = {text: expected(group, text) for text in ("群规", "rules", "see", "刷屏")}
    gone = group.entries[seq - 1]
    await store.commit([group.act(EntryDeleted(at=MARCH + 99, by="alice", user="alice", seq=seq))])
    for text, entries in before.items():
        assert (await search(store, group, text)).entries == [one for one in entries if one.seq != seq]
    read = watch_candidates(monkeypatch)
    await index_all(store)
    for text in before:
        assert (await search(store, group, text)).entries == [one for one in before[text] if one.seq != seq]
    assert read, "the index was asked"
    assert seq not in read
    assert gone.body


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("seq", [2, 55, 61])
async def test_a_restored_text_is_found_again(store: Store, group: Group, seq: int, indexed: bool) -> None:
    """Also where another is removed meanwhile, so that as many are gone as before."""
    if indexed:
        await index_all(store)
    await store.commit([group.act(EntryDeleted(at=MARCH + 99, by="bob", user="alice", seq=seq))])
    number, other = group.state.version, seq - 1
    if indexed:
        await index_all(store)
    back = MeasureOverturned(at=MARCH + 99, by="", user="alice", number=number, kind="", measure="", restored=(seq,))
    await store.commit([group.act(back), group.act(EntryDeleted(at=MARCH + 100, by="alice", user="alice", seq=other))])
    if indexed:
        await index_all(store)
    assert group.entries[seq - 1].body
    for text in ("群规", "rules", "see", "刷屏"):
        assert (await search(store, group, text)).entries == expected(group, text)


def watch_candidates(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return a set that will have every seq that the index offers."""
    offered: set[int] = set()
    real = search_index.candidates

    def watched(*args: object) -> list[int]:
        seqs = real(*args)  # type: ignore[arg-type]
        offered.update(seqs)
        return seqs

    monkeypatch.setattr(sql_search, "candidates", watched)
    return offered


@pytest.mark.parametrize("indexed", [True, False])
async def test_an_edit_goes_with_what_it_edits(
    store: Store, group: Group, monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    edited = group.seq
    edit = EntryKind.EDIT
    posts = [group.post(ts=MARCH + n, body="padding") for n in range(30)]
    posts.insert(20, group.post(ts=MARCH, kind=edit, target=edited, body="another telephone"))
    await store.commit(posts)
    if indexed:
        await index_all(store)
    assert len((await search(store, group, "telephone")).entries) == 1
    await store.commit([group.act(EntryDeleted(at=MARCH + 99, by="alice", user="alice", seq=edited))])
    assert (await search(store, group, "telephone")).entries == []
    await index_all(store)
    offered = watch_candidates(monkeypatch)
    assert (await search(store, group, "telephone")).entries == []
    assert not offered


@pytest.mark.parametrize("indexed", ["not at all", "before", "after"])
async def test_what_was_edited_away_is_not_found_and_what_it_says_now_is(
    store: Store, group: Group, indexed: str
) -> None:
    if indexed == "before":
        await index_all(store)
    old, across = group.seq - 3, 2
    first, last = group.entries[old - 1], group.entries[across - 1]
    edits = [(old, "telephone one"), (across, "from January"), (old, "telephone two")]
    posts = [group.post(ts=MARCH + n, body="padding") for n in range(30)]
    kind = EntryKind.EDIT
    posts[5:5] = [group.post(ts=MARCH, kind=kind, target=target, body=body) for target, body in edits]
    await store.commit(posts)
    if indexed == "after":
        await index_all(store)
    for gone in (first.body, last.body):
        assert not {old, across} & {one.seq for one in (await search(store, group, gone)).entries}
    assert (await search(store, group, '"telephone one"')).entries == []
    found = (await search(store, group, "telephone")).entries
    assert [(one.seq, one.kind, one.body, one.ts) for one in found] == [(old, "text", "telephone two", first.ts)]
    (january,) = (await search(store, group, "January")).entries
    assert (january.seq, january.ts) == (across, last.ts)


async def test_paging_goes_on_below_the_text_that_stands(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(), *(group.post(body=f"tea {n}") for n in range(6))])
    first = 2
    await store.commit([group.post(kind=EntryKind.EDIT, target=first, body="tea at last")])
    await store.commit([group.post(body="tea again")])
    seqs: list[int] = []
    before: int | None = END
    while before is not None:
        found = await search(store, group, "tea", before, 2)
        seqs += [one.seq for one in found.entries]
        before = found.before
    assert seqs == [9, first, 7, 6, 5, 4, 3]


async def test_what_is_indexed_stays_so_after_a_restart(place: Place, group: Group) -> None:
    await index_all(place.store)
    store = await place.reopen()
    assert not await store.journal.index()
    assert (await search(store, group, "群规")).entries == expected(group, "群规")


async def test_a_month_that_is_over_is_indexed_to_its_end(
    store: Store, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index_all(store)
    offered = watch_candidates(monkeypatch)
    await search(store, group, "rules")
    ended = [one.seq for one in expected(group, "rules") if one.ts < MARCH]
    assert offered.issuperset(ended)
    await store.commit([group.post(ts=end_of("2026-03"))])
    await index_all(store)
    await search(store, group, "rules")
    assert offered.issuperset(one.seq for one in expected(group, "rules"))


async def test_a_month_goes_with_its_index(store: Store, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    await index_all(store)
    assert [one.month for one in await store.journal.rotate(end_of("2026-07"), 6)] == ["2026-01"]
    kept = [one for one in expected(group, "rules") if one.ts >= FEBRUARY]
    offered = watch_candidates(monkeypatch)
    assert (await search(store, group, "rules")).entries == kept
    assert min(offered) == kept[-1].seq
    assert not await store.journal.index()


async def test_long_texts_make_short_chunks(store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "CHARACTERS", 50)
    group = world.group()
    await store.commit([group.found(), *(group.post(body=f"word{n} " + "长" * 20) for n in range(30))])
    await index_all(store)
    for n in range(30):
        assert (await search(store, group, f"word{n}")).entries == expected(group, f"word{n}") != []


async def test_notices_are_not_searched_and_what_people_say_in_other_ways_is(store: Store, world: World) -> None:
    group = world.group()
    kinds = (EntryKind.ACTION, EntryKind.ANNOUNCEMENT, EntryKind.EDIT, EntryKind.NOTICE, EntryKind.REACTION)
    await store.commit([group.found(name="Tea"), *(group.post(kind=kind, body="tea") for kind in kinds)])
    assert [one.kind for one in (await search(store, group, "tea")).entries] == list(reversed(kinds[:3]))


@given(
    posts=st.lists(st.tuples(st.sampled_from(BODIES), st.integers(0, 2)), min_size=1, max_size=25),
    gone=st.lists(st.integers(1, 26), max_size=4),
    text=st.sampled_from(["群规", "规", "rules", "rules 规群"]),
    limit=st.integers(1, 30),
)
@examples(25, keep_fixtures=True)
async def test_any_order_of_posting_removing_and_indexing(
    store: Store, world: World, posts: list[tuple[str, int]], gone: list[int], text: str, limit: int
) -> None:
    group = world.group()
    await store.commit([group.found()])
    for body, step in posts:
        await store.commit([group.post(body=body)])
        if step == 0:
            await store.journal.index()
        if step == 1 and gone and gone[-1] <= group.seq and not group.entries[gone[-1] - 1].redacted:
            seq = gone.pop()
            await store.commit([group.act(EntryDeleted(at=START, by="alice", user="alice", seq=seq))])
    wanted = expected(group, text)
    found = await search(store, group, text, limit=limit)
    assert found.entries == wanted[:limit]
    assert (found.before is not None) == (len(wanted) > limit)
