"""The promises of `Journal`."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from folkmoot_governance.group.events import EntriesPurged, EntryDeleted, MeasureOverturned, TopicSet
from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from folkmoot_server.storage.api import Store, Versions
from folkmoot_server.storage.sql.months import end_of
from tests.builders.world import DAY, START, Group, World
from tests.conformance.conftest import Place
from tests.profile import examples

FEBRUARY, MARCH, APRIL = end_of("2026-01"), end_of("2026-02"), end_of("2026-03")
MAY, AUGUST = end_of("2026-04"), end_of("2026-07")


def place(entry: Entry | None) -> tuple[int, int]:
    assert entry is not None
    return entry.seq, entry.ts


async def months(store: Store) -> list[str]:
    return [segment.month for segment in await store.journal.segments()]


@pytest.fixture
async def group(store: Store, world: World) -> Group:
    """A founded group with 3 posts in each of January to April 2026: seqs 1 to 13."""
    group = world.group()
    await store.commit([group.found()])
    for start in (START, FEBRUARY, MARCH, APRIL):
        for day in range(3):
            await store.commit([group.post(ts=start + day * DAY, nonce=f"n{group.seq + 1}")])
    return group


async def test_an_entry_comes_back_as_it_went_in(store: Store, world: World) -> None:
    group = world.group()
    author = Author("bob", "鲍勃", Role.ADMIN, ("creator", "tag"))
    fields: list[dict[str, Any]] = [
        {"body": "", "reply_to": 1},
        {"kind": EntryKind.ACTION, "body": "waves\x00\u202e🙂", "from_": author},
        {"kind": EntryKind.REACTION, "target": 2, "data": {"emoji": "🙂", "n": [1, None, {"a": 1.5}]}},
        {"kind": EntryKind.EDIT, "target": 2, "data": {}},
    ]
    await store.commit([group.found(), *(group.post(**one) for one in fields)])
    assert (await store.journal.page(group.code)).entries == group.entries


@given(
    bound=st.one_of(st.none(), st.tuples(st.sampled_from(["before", "after"]), st.integers(-1, 16))),
    limit=st.integers(1, 15),
)
@examples(150, keep_fixtures=True)
async def test_pages_are_those_of_one_long_list(
    store: Store, group: Group, bound: tuple[str, int] | None, limit: int
) -> None:
    page = await store.journal.page(group.code, limit=limit, **dict([bound] if bound else []))
    side, seq = bound or ("before", 99)
    within = [one for one in group.entries if (one.seq < seq if side == "before" else one.seq > seq)]
    expected = within[-limit:] if side == "before" else within[:limit]
    assert page.entries == expected
    assert page.more == (len(within) > limit)


async def test_single_entries_are_found_in_any_segment(store: Store, group: Group) -> None:
    found = [await store.journal.entry(group.code, seq) for seq in range(15)]
    assert found == [None, *group.entries, None]


async def test_groups_do_not_see_each_other(store: Store, world: World, group: Group) -> None:
    other = world.group()
    await store.commit([other.found(at=APRIL), other.post(ts=APRIL)])
    assert (await store.journal.page(other.code)).entries == other.entries
    assert (await store.journal.page(group.code, limit=50)).entries == group.entries
    seqs = await store.journal.last_seqs([group.code, other.code, world.group().code])
    assert list(seqs.values()) == [13, 2, 0] or seqs == {
        group.code: 13,
        other.code: 2,
        world.groups[-1].code: 0,
    }


async def test_an_entry_goes_to_the_segment_of_its_month(store: Store, group: Group) -> None:
    assert await months(store) == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert all(segment.size > 0 for segment in await store.journal.segments())


async def test_the_first_instant_of_a_month_is_in_it(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(at=START)])
    await store.commit([group.post(ts=FEBRUARY - 1)])
    assert await months(store) == ["2026-01"]
    await store.commit([group.post(ts=FEBRUARY)])
    assert await months(store) == ["2026-01", "2026-02"]


async def test_months_without_entries_have_no_segment(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(at=START)])
    await store.commit([group.post(ts=AUGUST)])
    assert await months(store) == ["2026-01", "2026-08"]
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_a_clock_that_steps_back_writes_to_the_newest(store: Store, group: Group) -> None:
    await store.commit([group.post(ts=FEBRUARY)])
    assert await months(store) == ["2026-01", "2026-02", "2026-03", "2026-04"]
    told = replace(group.entries[-1], ts=group.entries[-2].ts)
    assert (await store.journal.page(group.code, limit=1)).entries == [told]
    assert (await store.journal.rotate(end_of("2026-09"), 6))[-1].month == "2026-03"
    assert (await store.journal.entry(group.code, 14)) == told


async def test_times_never_fall_as_seqs_rise(store: Store, world: World) -> None:
    """Neither within a batch nor after it, for posts and notices alike, whatever the clocks of nodes show."""
    group, other = world.group(), world.group()
    await store.commit([group.found(at=FEBRUARY), other.found(at=START)])
    await store.commit([group.post(ts=FEBRUARY + 300_000), group.post(ts=FEBRUARY - 1), other.post(ts=START + 7)])
    await store.commit([group.act(TopicSet(at=FEBRUARY + 1000, by="alice", topic="Tea"))])
    assert [one.ts for one in (await store.journal.page(group.code)).entries] == [FEBRUARY, *[FEBRUARY + 300_000] * 3]
    assert (await store.journal.page(other.code)).entries[-1].ts == START + 7


async def test_a_repeated_post_is_answered_with_the_time_that_it_was_stored_with(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(at=START + 5000)])
    first, again = group.post(ts=START, nonce="n"), group.post(ts=START + 10, nonce="n")
    await store.commit([first, again])
    assert isinstance(again.repeated, Entry)
    assert place(again.repeated) == (2, START + 5000)


async def test_a_batch_across_the_border_of_two_months_keeps_its_order(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(at=START)])
    batch = [group.post(ts=FEBRUARY - 1), group.post(ts=FEBRUARY), group.post(ts=FEBRUARY + 1)]
    assert await store.commit(batch) == frozenset()
    assert (await store.journal.page(group.code)).entries == group.entries
    assert await months(store) == ["2026-01", "2026-02"]


async def test_a_nonce_is_found_where_and_since_when_it_was_used(store: Store, group: Group) -> None:
    for seq in range(2, 14):
        ts = group.entries[seq - 1].ts
        assert place(await store.journal.find_nonce(group.code, "alice", f"n{seq}", START)) == (seq, ts)
        assert place(await store.journal.find_nonce(group.code, "alice", f"n{seq}", ts)) == (seq, ts)
        assert await store.journal.find_nonce(group.code, "alice", f"n{seq}", ts + 1) is None
    assert await store.journal.find_nonce(group.code, "bob", "n5", START) is None
    assert await store.journal.find_nonce(group.code, "alice", "n99", START) is None


async def test_a_nonce_used_again_is_found_at_its_latest_use(store: Store, group: Group) -> None:
    await store.commit([group.post(ts=APRIL + 9 * DAY, nonce="n3")])
    assert place(await store.journal.find_nonce(group.code, "alice", "n3", START)) == (14, APRIL + 9 * DAY)


@pytest.mark.parametrize("seq", [2, 13])
async def test_an_erased_entry_keeps_its_place_without_its_text(store: Store, group: Group, seq: int) -> None:
    await store.commit([group.act(EntryDeleted(at=APRIL + 9 * DAY, by="alice", user="alice", seq=seq))])
    entry = await store.journal.entry(group.code, seq)
    assert entry is not None
    assert (entry.body, entry.redacted, entry.seq) == ("", True, seq)
    assert entry.from_.user == "alice"
    assert (await store.journal.page(group.code)).entries == group.entries
    assert [one.redacted for one in group.entries].count(True) == 1


async def test_an_edit_goes_with_what_it_edits(store: Store, group: Group) -> None:
    at = APRIL + 9 * DAY
    await store.commit([group.post(ts=at)])
    gone = group.seq
    before, other = (group.post(ts=at, kind=EntryKind.EDIT, target=seq) for seq in (gone, 1))
    deleted = group.act(EntryDeleted(at=at, by="alice", user="alice", seq=gone))
    await store.commit([before, other, deleted])
    # Decided elsewhere before the deletion was known there.
    after = group.post(ts=at, kind=EntryKind.EDIT, target=gone)
    await store.commit([after])
    entries = (await store.journal.page(group.code, limit=9)).entries
    edits = {change_set.entries[0].entry.seq for change_set in (before, after)}
    assert {entry.seq for entry in entries if entry.redacted} == {gone, *edits}
    assert all(not entry.body for entry in entries if entry.redacted)
    edit = await store.journal.entry(group.code, min(edits))
    assert edit is not None
    assert (edit.redacted, edit.target) == (True, gone)


async def test_an_entry_can_be_erased_in_the_batch_that_brings_it(store: Store, group: Group) -> None:
    post = group.post(ts=APRIL + 8 * DAY)
    gone = group.act(EntryDeleted(at=APRIL + 9 * DAY, by="alice", user="alice", seq=group.seq))
    assert await store.commit([post, gone]) == frozenset()
    assert (await store.journal.page(group.code)).entries == group.entries


def overturned(group: Group, number: int, *seqs: int, at: int = APRIL + 10 * DAY) -> MeasureOverturned:
    """Return that the act `number` of a group, by which alice's entries went, is void."""
    measure = f"{group.code}-{number}"
    return MeasureOverturned(at=at, by="", user="alice", number=number, kind="deleted", measure=measure, restored=seqs)


@pytest.mark.parametrize("at", [APRIL + 10 * DAY, MAY], ids=["open", "closed"])
@pytest.mark.parametrize("seq", [2, 13])
async def test_an_entry_whose_removal_is_overturned_is_as_it_was(place: Place, group: Group, seq: int, at: int) -> None:
    """Of a month that was over when it was removed, and of one that was over when it came back."""
    store, data = place.store, {"mentions": ["alice"]}
    edit = group.post(ts=APRIL + 8 * DAY, kind=EntryKind.EDIT, target=seq, body="edited", data=data)
    reaction = group.post(ts=APRIL + 8 * DAY, kind=EntryKind.REACTION, target=1, body="👍")
    await store.commit([edit, reaction])
    before = list(group.entries)
    seqs = (seq, reaction.entries[0].entry.seq)
    await store.commit([group.act(EntriesPurged(at=APRIL + 9 * DAY, by="bob", seqs=seqs, count=2, users=("alice",)))])
    number = group.state.version
    assert (await store.journal.page(group.code)).entries[seq - 1].redacted
    await store.commit([group.post(ts=at)])
    await store.commit([group.act(overturned(group, number, *seqs, at=at))])
    for _ in range(2):
        page = await store.journal.page(group.code)
        assert page.entries == group.entries
        assert page.entries[: len(before)] == before
        found = await store.journal.versions(group.code, [seq])
        assert found[seq] == Versions(before[seq - 1], (edit.entries[0].entry,))
        assert await store.journal.reactions(group.code, 1, "👍", 5) == [reaction.entries[0].entry]
        store = await place.reopen()
    await store.commit([group.act(EntryDeleted(at=at, by="bob", user="alice", seq=seq))])
    assert (await store.journal.entry(group.code, seq)) == group.entries[seq - 1]
    await store.commit([group.act(overturned(group, group.state.version, seq, at=at))])
    assert (await store.journal.entry(group.code, seq)) == before[seq - 1]


async def test_what_another_act_has_removed_stays_removed(store: Store, group: Group) -> None:
    for user in ("bob", "alice"):
        await store.commit([group.act(EntryDeleted(at=APRIL + 9 * DAY, by=user, user="alice", seq=13))])
    await store.commit([group.act(overturned(group, group.state.version - 1, 13))])
    entry = await store.journal.entry(group.code, 13)
    assert entry is not None
    assert (entry.body, entry.redacted) == ("", True)


async def test_an_erased_entry_of_the_past_is_erased_after_a_restart(place: Place, group: Group) -> None:
    await place.store.commit([group.act(EntryDeleted(at=APRIL + 9 * DAY, by="alice", user="alice", seq=2))])
    store = await place.reopen()
    assert (await store.journal.page(group.code)).entries == group.entries


@pytest.mark.parametrize(
    ("now", "removed"),
    [
        (AUGUST - 1, []),
        (AUGUST, ["2026-01"]),
        (end_of("2026-08") - 1, ["2026-01"]),
        (end_of("2026-08"), ["2026-01", "2026-02"]),
        (end_of("2030-01"), ["2026-01", "2026-02", "2026-03"]),
    ],
)
async def test_rotation_removes_months_six_full_months_old_and_never_the_newest(
    store: Store, group: Group, now: int, removed: list[str]
) -> None:
    before = await store.journal.segments()
    assert await store.journal.rotate(now, 6) == before[: len(removed)]
    assert [one.month for one in before[: len(removed)]] == removed
    assert await store.journal.segments() == before[len(removed) :]
    assert await store.journal.rotate(now, 6) == []


async def test_history_after_rotation_begins_with_what_is_left(store: Store, group: Group) -> None:
    await store.journal.page(group.code)
    await store.journal.rotate(AUGUST, 6)
    page = await store.journal.page(group.code, limit=50)
    assert (page.entries, page.more) == (group.entries[4:], False)
    assert (await store.journal.page(group.code, after=0, limit=3)).entries == group.entries[4:7]
    assert await store.journal.entry(group.code, 4) is None
    assert await store.journal.find_nonce(group.code, "alice", "n3", 0) is None


async def test_seqs_go_on_after_all_of_a_groups_entries_are_gone(place: Place, world: World, group: Group) -> None:
    quiet = world.group()
    await place.store.commit([quiet.found(at=APRIL), quiet.post(ts=APRIL), quiet.post(ts=APRIL)])
    await place.store.commit([group.post(ts=end_of("2027-01"))])
    assert len(await place.store.journal.rotate(end_of("2027-01"), 6)) == 4
    assert await place.store.journal.last_seqs([quiet.code, group.code]) == {quiet.code: 3, group.code: 14}
    store = await place.reopen()
    assert await store.journal.last_seqs([quiet.code]) == {quiet.code: 3}
    assert (await store.journal.page(quiet.code)).entries == []
    assert await store.commit([quiet.post(ts=end_of("2027-01"))]) == frozenset()
    assert [entry.seq for entry in (await store.journal.page(quiet.code)).entries] == [4]


async def test_seqs_have_no_hole_whatever_is_mixed(store: Store, group: Group) -> None:
    change_sets = []
    for number in range(30):
        ts = APRIL + 5 * DAY + number * 3 * DAY
        change_sets += [group.post(ts=ts), group.act(TopicSet(at=ts, by="alice", topic=str(number)))]
    for start in range(0, len(change_sets), 7):
        await store.commit(change_sets[start : start + 7])
    entries: list[Entry] = []
    after, more = 0, True
    while more:
        page = await store.journal.page(group.code, after=after, limit=11)
        entries, more = entries + page.entries, page.more
        after = entries[-1].seq
    assert entries == group.entries
    assert all(one.seq + 1 == other.seq for one, other in pairwise(entries))


async def test_an_entry_comes_with_its_edits_whichever_number_names_it(store: Store, group: Group) -> None:
    """In whatever month: an edit may be of a later one than what it edits."""
    original, other = group.entries[2], group.entries[5]
    kind = EntryKind.EDIT
    edits = [group.post(ts=ts, kind=kind, target=original.seq, body=f"at {ts}") for ts in (APRIL + 4 * DAY, MAY)]
    reaction = group.post(ts=MAY, kind=EntryKind.REACTION, target=original.seq, body="👍")
    await store.commit([*edits, reaction])
    seqs = [change_set.entries[0].entry.seq for change_set in edits]
    wanted = Versions(original, tuple(change_set.entries[0].entry for change_set in edits))
    found = await store.journal.versions(group.code, [original.seq, seqs[0], other.seq, 999])
    assert found == {original.seq: wanted, seqs[0]: wanted, other.seq: Versions(other)}
    assert (wanted.standing.seq, wanted.standing.body, wanted.stands_at) == (original.seq, f"at {MAY}", seqs[1])
    assert [one["body"] for one in wanted.texts()] == [original.body, f"at {APRIL + 4 * DAY}", f"at {MAY}"]
    assert await store.journal.versions(group.code, []) == {}
    put = reaction.entries[0].entry
    assert await store.journal.reactions(group.code, original.seq, "👍", 10) == [put]
    assert await store.journal.reactions(group.code, original.seq, "👎", 10) == []
    await store.commit([group.act(EntryDeleted(at=MAY, by="alice", user="alice", seq=original.seq))])
    gone = (await store.journal.versions(group.code, [seqs[1]]))[seqs[1]]
    assert [one["body"] for one in gone.texts()] == ["", "", ""]
    assert gone.standing.redacted


async def test_what_was_removed_is_preserved_for_those_who_judge(store: Store, group: Group) -> None:
    """Of a month that is over, and of the one that is written to."""
    await store.commit([group.post(ts=MAY), group.post(ts=MAY, kind=EntryKind.EDIT, target=2, body="edited")])
    before = {seq: group.entries[seq - 1] for seq in (2, group.seq - 1, group.seq)}
    for seq in (2, group.seq - 1):
        await store.commit([group.act(EntryDeleted(at=MAY, by="alice", user="alice", seq=seq))])
    seqs = list(before)
    preserved = await store.journal.versions(group.code, seqs, preserved=True)
    edit = before[seqs[2]]
    assert preserved == {2: Versions(before[2], (edit,)), seqs[1]: Versions(before[seqs[1]]), seqs[2]: preserved[2]}
    assert all(one.standing.redacted for one in (await store.journal.versions(group.code, seqs)).values())


async def test_a_notice_is_found_by_the_act_that_it_tells_of(store: Store, group: Group) -> None:
    acts = [group.act(TopicSet(at=at, by="alice", topic="t")) for at in (APRIL + 9 * DAY, MAY)]
    await store.commit(acts)
    told = {one.version + 1: one.entries[0].entry.seq for one in acts}
    assert await store.journal.notices_of(group.code, [*told, 999]) == told
    assert await store.journal.notices_of(group.code, []) == {}
