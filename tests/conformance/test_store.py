"""The promises of `Store`: what `commit` stores, and what it leaves out."""

import asyncio

import pytest
from msgspec.structs import replace

from folkmoot_governance import PlatformRole
from folkmoot_governance.account import RoleGranted
from folkmoot_governance.group.events import GroupClosed, GroupRenamed, MemberJoined, TopicSet
from folkmoot_protocol.types import Entry
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import (
    Asked,
    ChangeSet,
    NewEntry,
    QuotaGuard,
    StorageError,
    Upsert,
    group_stream,
)
from folkmoot_server.storage.changes import erasure, read_mark_row, remove_ended_answers, token_row
from tests.builders.world import DAY, START, Group, World
from tests.conformance.conftest import Place


async def test_what_is_committed_survives_a_restart(place: Place, world: World) -> None:
    group = world.group()
    await place.store.commit([group.found(), group.post(), group.act(TopicSet(at=START, by="alice", topic="t"))])
    store = await place.reopen()
    assert await store.ledger.load_group(group.code) == group.state
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_a_restarted_store_goes_on_where_it_stopped(place: Place, world: World) -> None:
    group = world.group()
    await place.store.commit([group.found(), group.post()])
    store = await place.reopen()
    assert await store.commit([group.post(), group.act(GroupRenamed(at=START, by="alice", name="B"))]) == frozenset()
    assert [one.position for one in await store.ledger.scan()] == list(range(1, 7))
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_works_of_one_stream_follow_each_other_in_a_batch(store: Store, world: World) -> None:
    group = world.group()
    batch = [group.found(), group.post(), group.act(MemberJoined(at=START, by="bob", user="bob", via="open"))]
    assert await store.commit([*batch, group.post("bob")]) == frozenset()
    assert await store.ledger.load_group(group.code) == group.state
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_a_conflict_of_versions_leaves_the_others_stored(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    await store.commit([one.found(), other.found()])
    late = one.act(GroupRenamed(at=START, by="alice", name="Late"))
    late.version -= 1
    conflicts = await store.commit([other.post(), late, other.post()])
    assert conflicts == {late.stream}
    assert (await store.journal.page(other.code)).entries == other.entries
    stored = await store.ledger.load_group(one.code)
    assert stored is not None
    assert (stored.name, stored.version) == ("Group", 1)
    assert (await store.journal.last_seqs([one.code]))[one.code] == 1


@pytest.mark.parametrize("guess", [0, 1, 7])
async def test_the_store_numbers_entries(store: Store, world: World, guess: int) -> None:
    group = world.group()
    await store.commit([group.found(), group.post()])
    change_set = group.post()
    (new,) = change_set.entries
    change_set.entries = [replace(new, entry=replace(new.entry, seq=guess))]
    assert await store.commit([change_set]) == frozenset()
    assert [numbered.entry for numbered in change_set.entries] == group.entries[2:]
    assert (await store.journal.page(group.code)).entries == group.entries


def place_of(change_set: ChangeSet) -> tuple[int, int]:
    (new,) = change_set.entries
    return new.entry.seq, new.entry.ts


def repeated(change_set: ChangeSet) -> tuple[int, int] | None:
    """Return the place of the post that a change set repeats."""
    return (change_set.repeated.seq, change_set.repeated.ts) if isinstance(change_set.repeated, Entry) else None


async def test_a_nonce_stores_a_post_once(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    first = group.post(nonce="n", ts=START)
    await store.commit([first])
    again, next_one = group.post(nonce="n", ts=START + DAY - 1), group.post(nonce="m", ts=START + DAY - 1)
    assert await store.commit([again, next_one]) == frozenset()
    assert (repeated(again), repeated(next_one)) == (place_of(first), None)
    assert place_of(next_one)[0] == place_of(first)[0] + 1
    assert (await store.journal.last_seqs([group.code])) == {group.code: place_of(next_one)[0]}


async def test_a_repeated_post_alone_in_its_batch_adds_nothing(store: Store, world: World) -> None:
    group = world.group()
    founded, first, again = group.found(), group.post(nonce="n"), group.post(nonce="n")
    await store.commit([founded, first])
    assert await store.commit([again]) == frozenset()
    assert repeated(again) == place_of(first)
    assert (await store.journal.last_seqs([group.code])) == {group.code: place_of(first)[0]}


async def test_a_nonce_counts_within_a_batch_and_for_its_user_only(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    first, other, again = group.post(nonce="n"), group.post("bob", nonce="n"), group.post(nonce="n")
    assert await store.commit([first, other, again]) == frozenset()
    assert (repeated(first), repeated(other), repeated(again)) == (None, None, place_of(first))


async def test_a_nonce_is_free_again_after_a_day(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(), group.post(nonce="n", ts=START)])
    late = group.post(nonce="n", ts=START + DAY + 1)
    assert await store.commit([late]) == frozenset()
    assert late.repeated is None


async def test_each_nonce_of_a_batch_counts_for_its_own_day(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found(), group.post(nonce="n", ts=START), group.post(nonce="m", ts=START)])
    first, second = group.post(nonce="n", ts=START + DAY), group.post(nonce="m", ts=START + DAY + 1)
    assert await store.commit([first, second]) == frozenset()
    assert (repeated(first), repeated(second)) == ((2, START), None)


async def test_a_nonce_counts_across_the_border_of_months(store: Store, world: World) -> None:
    group = world.group()
    founded, before = group.found(), group.post(nonce="n", ts=START + 31 * DAY - 1)
    await store.commit([founded, before])
    await store.commit([group.post(nonce="m", ts=START + 31 * DAY)])
    again = [group.post(nonce=nonce, ts=START + 31 * DAY + 1) for nonce in ("n", "m", "new")]
    assert await store.commit(again) == frozenset()
    assert [repeated(change_set) for change_set in again] == [place_of(before), (3, START + 31 * DAY), None]


async def test_a_batch_of_many_posts_is_stored_whole_and_once(store: Store, world: World) -> None:
    """More than one statement takes, of several kinds."""
    group = world.group()
    await store.commit([group.found()])
    posts = [group.post(nonce=f"n{number}" if number % 3 else None) for number in range(400)]
    assert await store.commit(posts) == frozenset()
    assert (await store.journal.page(group.code, after=1, limit=500)).entries == group.entries[1:]
    with_nonce = [change_set for change_set in posts if change_set.entries[0].nonce]
    again = [replace(change_set, entries=[replace(change_set.entries[0])]) for change_set in with_nonce]
    assert await store.commit(again) == frozenset()
    assert [repeated(change_set) for change_set in again] == [place_of(change_set) for change_set in with_nonce]


async def test_claims_hold_across_groups_and_within_a_batch(store: Store, world: World) -> None:
    groups = [world.group() for _ in range(4)]
    await store.commit([group.found() for group in groups])
    change_sets = [group.act(MemberJoined(at=START, by="bob", user="bob", via="open")) for group in groups]
    for change_set in change_sets:
        change_set.quota_guards = [QuotaGuard("bob", groups_joined=2)]
    assert await store.commit(change_sets[:1]) == frozenset()
    assert await store.commit(change_sets[1:]) == {change_sets[2].stream, change_sets[3].stream}
    account = await store.ledger.load_account("bob")
    assert account is not None
    assert account.groups == sorted(group.code for group in groups[:2])


async def test_claims_count_for_all_accounts_of_a_person(store: Store, world: World) -> None:
    rows = [identity_of(user, blind) for user, blind in (("alice", "x"), ("bob", "x"), ("bob", "y"), ("carol", "z"))]
    await store.commit([ChangeSet(rows=rows)])
    groups = [world.group() for _ in range(4)]
    await store.commit([group.found() for group in groups[:3]])

    def join(group: Group, user: str, most: int) -> ChangeSet:
        change_set = group.act(MemberJoined(at=START, by=user, user=user, via="open"))
        change_set.quota_guards = [QuotaGuard(user, groups_joined=most)]
        return change_set

    # Alice is in three groups; bob is the same person, carol is not.
    assert await store.commit([join(groups[0], "bob", 4), join(groups[1], "carol", 1)]) == frozenset()
    assert await store.commit([join(groups[2], "bob", 4)]) == {group_stream(groups[2].code)}
    late = groups[3].found()
    late.quota_guards = [QuotaGuard("alice", groups_joined=9, groups_created=3)]
    assert await store.commit([late]) == {group_stream(groups[3].code)}
    account = await store.ledger.load_account("bob")
    assert account is not None
    (other,) = account.others
    assert (other.user, other.joined, other.created, other.credit) == ("alice", 3, 3, 100)
    alone = await store.ledger.load_account("carol")
    assert alone is not None
    assert alone.others == []


def identity_of(user: str, blind: str) -> Upsert:
    values = {"user": user, "identity": f"level {blind}", "sealed": "s", "blind": blind, "ts": START}
    return Upsert("identities", values)


async def test_what_rests_on_another_stream_fits_only_while_that_stands(store: Store, world: World) -> None:
    def role(user: str, on: str, version: int) -> ChangeSet:
        change_set = world.change(user, RoleGranted(at=START, by=on, role=PlatformRole.VIEWER, reason="r"))
        change_set.rests_on = f"account:{on}", version
        return change_set

    version = world.accounts["alice"].version
    assert await store.commit([role("bob", "alice", version + 1)]) == {"account:bob"}
    world.accounts["bob"].version -= 1
    assert await store.commit([role("bob", "alice", version)]) == frozenset()
    # Each takes the other's: whichever comes first, the other rests on what is no more so.
    alice, bob = (world.accounts[user].version for user in ("alice", "bob"))
    assert await store.commit([role("bob", "alice", alice), role("alice", "bob", bob)]) == {"account:alice"}


async def test_what_is_stored_together_is_stored_whole_or_not_at_all(store: Store, world: World) -> None:
    """Whichever of them does not fit, and whatever else of the batch is on their streams."""

    def role(user: str, late: int = 0) -> ChangeSet:
        change_set = world.change(user, RoleGranted(at=START, by="x", role=PlatformRole.VIEWER, reason="r"))
        change_set.version -= late
        world.accounts[user].version -= 1
        return change_set

    async def has_role(user: str) -> bool:
        account = await store.ledger.load_account(user)
        return account is not None and account.state.platform is not None

    group = world.group()
    await store.commit([group.found()])
    for main_late, also_late in ((1, 0), (0, 1)):
        post = group.post()
        pair = role("alice", main_late)
        pair.also = [role("bob", also_late)]
        assert await store.commit([post, pair]) == {"account:alice"}
        assert not await has_role("alice") and not await has_role("bob")
    # What comes later in the batch, on either stream, and does not fit takes both out.
    for user in ("alice", "bob"):
        pair = role("alice")
        pair.also = [role("bob")]
        assert await store.commit([pair, role(user, 1)]) == {"account:alice", "account:bob"}
        assert not await has_role("alice") and not await has_role("bob")
    pair = role("alice")
    pair.also = [role("bob")]
    assert await store.commit([group.post(), pair, group.post()]) == frozenset()
    assert await has_role("alice") and await has_role("bob")
    assert len((await store.journal.page(group.code, after=1)).entries) == 4


async def test_a_claim_counts_living_groups_created(store: Store, world: World) -> None:
    one, two = world.group(), world.group()
    await store.commit([one.found()])
    late = two.found()
    late.quota_guards = [QuotaGuard("alice", groups_joined=9, groups_created=1)]
    assert await store.commit([late]) == {late.stream}
    await store.commit([one.act(GroupClosed(at=START, by="root", reason="r"))])
    assert await store.commit([late]) == frozenset()


async def test_one_bad_work_takes_all_of_its_stream_out(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    change_sets = [group.post(), group.act(TopicSet(at=START, by="alice", topic="new")), group.post()]
    change_sets[-1].version += 1
    assert await store.commit(change_sets) == {change_sets[0].stream}
    stored = await store.ledger.load_group(group.code)
    assert stored is not None
    assert (stored.topic, stored.version) == ("", 1)
    assert (await store.journal.last_seqs([group.code])) == {group.code: 1}


async def test_a_second_registration_of_a_name_is_a_conflict(store: Store, world: World) -> None:
    again = World().register("alice", display_name="Mallory")
    assert await store.commit([again]) == {again.stream}
    account = await store.ledger.load_account("alice")
    assert account is not None
    assert account.profile.display_name == "Alice"


async def test_rows_alone_are_never_in_conflict(store: Store, world: World) -> None:
    group = world.group()
    bad = group.found()
    bad.version = 7
    rows = ChangeSet(rows=[token_row("h", "alice", START)])
    assert await store.commit([bad, rows]) == {bad.stream}
    assert await store.ledger.find_token("h") == "alice"


async def test_a_failure_leaves_nothing_of_the_batch(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    post = group.post()
    broken = ChangeSet(rows=[read_mark_row(group.code, "nobody", 1)])
    with pytest.raises(StorageError) as failure:
        await store.commit([post, ChangeSet(rows=[token_row("h", "alice", START)]), broken])
    assert failure.value.__cause__ is not None
    assert await store.ledger.find_token("h") is None
    assert await store.journal.last_seqs([group.code]) == {group.code: 1}
    assert await store.commit([post]) == frozenset()
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_a_failure_halfway_leaves_nothing_of_the_batch(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    renamed = group.act(GroupRenamed(at=START, by="alice", name="Renamed"))
    renamed.rows = [*renamed.rows, Upsert("members", {"code": group.code, "user": "bob"})]
    with pytest.raises(StorageError):
        await store.commit([renamed])
    assert [one.version for one in await store.ledger.events(renamed.stream)] == [1]
    renamed.rows = renamed.rows[:-1]
    assert await store.commit([renamed]) == frozenset()
    assert await store.ledger.load_group(group.code) == group.state


async def test_a_notice_is_stored_once_per_version(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    change_set = group.post()
    (new,) = change_set.entries
    change_set.entries = [NewEntry(new.entry, version=1)]
    with pytest.raises(StorageError):
        await store.commit([change_set])
    assert await store.journal.last_seqs([group.code]) == {group.code: 1}


async def test_reads_beside_commits_see_whole_batches(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(60):
            await store.commit([group.post() for _ in range(5)])
        done.set()

    async def read() -> int:
        seen = 0
        while not done.is_set():
            entries = (await store.journal.page(group.code, limit=7)).entries
            seqs = [entry.seq for entry in entries]
            assert seqs == list(range(seqs[0], seqs[-1] + 1))
            assert (seqs[-1] - 1) % 5 == 0
            assert seqs[-1] >= seen
            seen = seqs[-1]
        return seen

    _, *seen = await asyncio.gather(write(), read(), read(), read())
    assert all(seen)
    assert (await store.journal.last_seqs([group.code])) == {group.code: 301}


async def test_a_batch_of_nothing_is_stored_as_nothing(store: Store, world: World) -> None:
    assert await store.commit([]) == frozenset()
    assert len(await store.ledger.scan()) == len(world.accounts)


def asked(user: str, nonce: str, until_ms: int, code: str = "", sealed: str = "sealed") -> Asked:
    return Asked(user, code, nonce, sealed, until_ms)


async def test_what_is_asked_for_under_a_nonce_is_stored_with_it_once(store: Store, world: World) -> None:
    group = world.group()
    await store.commit([group.found()])
    first = group.act(TopicSet(at=START, by="alice", topic="one"))
    use = first.asked = asked("alice", "n", START + DAY, group.code)
    assert await store.commit([first]) == frozenset()
    for now in (START, START + DAY - 1):
        assert await store.ledger.find_answer("alice", group.code, "n", now) == use
    assert await store.ledger.find_answer("alice", group.code, "n", START + DAY) is None
    assert await store.ledger.find_answer("bob", group.code, "n", START) is None
    assert await store.ledger.find_answer("alice", "", "n", START) is None
    again = replace(first, version=group.state.version, repeated=None)
    again.asked = asked("alice", "n", START + 2 * DAY - 1, group.code, "another")
    # What was decided is in memory: the group is read again.
    assert await store.commit([again]) == {group_stream(group.code)}
    assert again.repeated == use
    assert await store.ledger.find_answer("alice", group.code, "n", START) == use
    stored = await store.ledger.load_group(group.code)
    assert stored is not None and stored.version == group.state.version
    late = group.act(TopicSet(at=START + DAY, by="alice", topic="two"))
    late.asked = asked("alice", "n", START + 2 * DAY, group.code)
    assert await store.commit([late]) == frozenset()


async def test_a_nonce_is_one_for_posts_and_all_else(store: Store, world: World) -> None:
    group, other = world.group(), world.group()
    await store.commit([group.found(), other.found()])
    post = group.post(nonce="p")
    await store.commit([post])
    act = group.act(TopicSet(at=START, by="alice", topic="one"))
    act.asked = asked("alice", "p", START + DAY, group.code)
    assert await store.commit([act]) == {group_stream(group.code)}
    assert act.repeated == post.entries[0].entry
    use = act.asked = asked("alice", "a", START + DAY, group.code)
    act.repeated = None
    assert await store.commit([act]) == frozenset()
    again, elsewhere = group.post(nonce="a"), other.post(nonce="a")
    assert await store.commit([again, elsewhere]) == frozenset()
    assert (again.repeated, elsewhere.repeated) == (use, None)


async def test_rows_alone_are_stored_once_too(store: Store, world: World) -> None:
    use = asked("alice", "n", START + DAY)
    first = ChangeSet(rows=[token_row("first", "alice", START)], asked=use)
    again = ChangeSet(rows=[token_row("again", "alice", START)], asked=use)
    assert await store.commit([first]) == frozenset()
    assert await store.commit([again]) == frozenset()
    assert again.repeated == use
    assert await store.ledger.find_token("first") == "alice"
    assert await store.ledger.find_token("again") is None


async def test_answers_are_forgotten_when_their_time_is_over_and_with_their_account(store: Store, world: World) -> None:
    for user in ("alice", "bob"):
        for nonce, until in (("old", START + 1), ("new", START + DAY)):
            await store.commit([ChangeSet(asked=asked(user, nonce, until))])
    await store.commit([ChangeSet(rows=[remove_ended_answers(START + 1)])])
    found = [await store.ledger.find_answer("bob", "", nonce, 0) for nonce in ("old", "new")]
    assert [bool(one) for one in found] == [False, True]
    await store.commit([ChangeSet(rows=erasure("bob", START))])
    assert await store.ledger.find_answer("bob", "", "new", 0) is None
    assert await store.ledger.find_answer("alice", "", "new", 0) is not None


async def test_what_was_asked_for_is_known_after_a_restart(place: Place, world: World) -> None:
    group = world.group()
    act = group.found()
    use = act.asked = asked("alice", "a", START + DAY, group.code)
    await place.store.commit([act])
    store = await place.reopen()
    again, other = group.post(nonce="a"), group.post("bob", nonce="a")
    assert await store.commit([again, other]) == frozenset()
    assert (again.repeated, other.repeated) == (use, None)
