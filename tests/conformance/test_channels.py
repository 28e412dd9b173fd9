"""The promises of `Channels`: who follows which, and pages of posts that are exactly the newest."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_governance.account_events import AccountClosed
from folkmoot_governance.group.events import EntryDeleted, GroupSuspended
from folkmoot_protocol.types import ChannelForm, EntryKind
from folkmoot_server.crypto.cipher import Sealed
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, Remove
from folkmoot_server.storage.changes import (
    Read,
    erasure,
    follow_row,
    kept_post_row,
    read_row,
    remove_reads,
    taken_out,
    unfollow,
)
from folkmoot_server.storage.channels import NEWEST, Place
from folkmoot_server.storage.rows import KEPT_PURPOSE, KeptPost
from folkmoot_server.storage.sql.kept_posts import KeptTexts
from folkmoot_server.storage.sql.months import end_of
from tests.builders.world import DAY, START, Group, World
from tests.conformance.backends import KEY

Wanted = list[tuple[Place, str]]
"""Posts as they are to come: where each stands, and what it says."""

OWNERS = ("alice", "bob", "carol", "dave")
HOUR = DAY // 24


async def opened(store: Store, world: World, owner: str) -> Group:
    channel = world.group()
    await store.commit([channel.open(owner)])
    return channel


def wanted_of(channels: list[Group], *, but: frozenset[tuple[str, int]] = frozenset()) -> Wanted:
    """Return the posts of channels as the naive way finds them: all of them, sorted."""
    found = [
        (Place(entry.ts, int(channel.code), entry.seq), entry.body)
        for channel in channels
        for entry in channel.entries
        if entry.kind is EntryKind.POST and not entry.redacted and (channel.code, entry.seq) not in but
    ]
    return sorted(found, reverse=True)


async def walk(store: Store, tops: dict[str, int], limit: int, now: int = START) -> Wanted:
    """Read all of home, page by page."""
    found: Wanted = []
    before, more = NEWEST, True
    while more:
        page = await store.channels.home("zoe", tops, before, limit, now)
        assert len(page.posts) <= limit
        found += [(place, entry.body) for place, entry in page.posts]
        before, more = page.end or NEWEST, page.more
        assert page.posts or not more
        assert {str(place.grp) for place, _entry in page.posts} <= page.channels.keys()
    return found


def times(seed: int) -> Iterator[int]:
    """Return times over five months; many posts of different channels have the same."""
    at, dice = START, random.Random(seed)
    while True:
        at += dice.choice((0, 0, 1, HOUR, 3 * DAY))
        yield at


@pytest.mark.parametrize("seed", [1, 2])
async def test_home_is_exactly_the_newest_posts(store: Store, world: World, seed: int) -> None:
    dice, at = random.Random(seed), times(seed)
    await store.commit([world.register("zoe")])
    channels = [await opened(store, world, owner) for owner in OWNERS]
    for _ in range(100):
        await store.commit([dice.choice(channels).publish(next(at))])
    followed = channels[1:]
    await store.commit([ChangeSet(rows=[follow_row("zoe", one.code, START) for one in followed])])
    gone = []
    for channel in followed:
        posts = [entry.seq for entry in channel.entries if entry.kind is EntryKind.POST]
        for seq in dice.sample(posts, 3):
            deleted = EntryDeleted(at=next(at), by=channel.state.owner, user=channel.state.owner, seq=seq, reason="")
            await store.commit([channel.act(deleted)])
            gone.append(seq)
        edited = next(seq for seq in posts if seq not in gone)
        await store.commit([channel.post(channel.state.owner, next(at), kind=EntryKind.EDIT, target=edited, body="E")])
        await store.commit([channel.post("zoe", next(at), kind=EntryKind.COMMENT, target=edited, body="no post")])
    wanted = [place for place, _body in wanted_of(followed)]
    right = {one.code: max(entry.ts for entry in one.entries if entry.kind is EntryKind.POST) for one in followed}
    high = {code: ts + dice.choice((0, DAY)) for code, ts in right.items()}
    for tops in ({}, right, high):
        for limit in (1, 7, 20, 200):
            found = await walk(store, tops, limit)
            assert [place for place, _body in found] == wanted
            assert sum(body == "E" for _place, body in found) == len(followed)
    page = await store.channels.home("zoe", {}, NEWEST, 200, START)
    assert page.tops == right, "what was removed counts: it may stand again"


async def test_a_post_that_stands_again_is_in_home_again(store: Store, world: World) -> None:
    await store.commit([world.register("zoe")])
    first, second = await opened(store, world, "alice"), await opened(store, world, "bob")
    await store.commit([first.publish(START), second.publish(START + 1), second.publish(START + 1)])
    await store.commit([first.publish(START + 2)])
    await store.commit([ChangeSet(rows=[follow_row("zoe", one.code, START) for one in (first, second)])])
    seq = first.entries[-1].seq
    removed = EntryDeleted(at=START + 3, by="alice", user="alice", seq=seq, reason="")
    await store.commit([first.act(removed)])
    tops = dict((await store.channels.home("zoe", {}, NEWEST, 1, START)).tops)
    gone = Remove("redactions", {"code": first.code, "seq": seq})
    await store.commit([ChangeSet(rows=[gone])])
    (place, _entry), *_ = (await store.channels.home("zoe", tops, NEWEST, 1, START)).posts
    assert (str(place.grp), place.seq) == (first.code, seq)


async def test_a_page_asks_no_more_channels_than_it_needs(store: Store, world: World) -> None:
    owners = [f"owner-{number}" for number in range(30)]
    await store.commit([world.register(user) for user in ("zoe", *owners)])
    busy, *quiet = [await opened(store, world, owner) for owner in owners]
    await store.commit([*(one.publish(START + 1) for one in quiet), *(busy.publish(START + n) for n in range(10, 20))])
    await store.commit([ChangeSet(rows=[follow_row("zoe", one.code, START) for one in (busy, *quiet)])])
    tops = {**{one.code: START + 1 for one in quiet}, busy.code: START + 19}
    page = await store.channels.home("zoe", tops, NEWEST, 5, START)
    assert len(page.posts) == 5
    assert busy.code in page.tops
    assert len(page.tops) <= 20


async def test_what_has_moved_is_found_by_time(store: Store, world: World) -> None:
    still, moving = await opened(store, world, "alice"), await opened(store, world, "bob")
    await store.commit([still.publish(START), moving.publish(START)])
    await store.commit([moving.publish(START + 40 * DAY), moving.publish(START + 41 * DAY)])
    newest = START + 41 * DAY, moving.entries[-1].seq
    assert await store.channels.moved(START - 1) == {still.code: (START, still.entries[-1].seq), moving.code: newest}
    assert await store.channels.moved(START) == {moving.code: newest}
    assert await store.channels.moved(START + 41 * DAY) == {}


async def test_a_channel_that_nobody_may_read_is_not_in_home(store: Store, world: World) -> None:
    await store.commit([world.register("zoe")])
    *shut, open_one = [await opened(store, world, owner) for owner in OWNERS]
    await store.commit([*(one.publish(START + n) for n, one in enumerate(shut, 2)), open_one.publish(START + 1)])
    await store.commit([ChangeSet(rows=[follow_row("zoe", one.code, START) for one in (*shut, open_one)])])
    ends = {one.code: START + number * DAY for number, one in enumerate(shut, 1)}
    for one in shut:
        suspended = GroupSuspended(at=START, by=one.state.owner, until_ms=ends[one.code], reason="r")
        await store.commit([one.act(suspended)])
    for limit in (1, 5):
        for now in (START, START + DAY, START + 3 * DAY):
            readable = [open_one, *(one for one in shut if ends[one.code] <= now)]
            assert await walk(store, {}, limit, now) == wanted_of(readable)


async def test_follows_are_rows_that_can_be_taken_back(store: Store, world: World) -> None:
    await store.commit([world.register("zoe"), world.register("yan")])
    channels = [await opened(store, world, owner) for owner in OWNERS]
    codes = sorted(one.code for one in channels)
    rows = [follow_row("zoe", code, START) for code in codes] + [follow_row("yan", codes[0], START)]
    await store.commit([ChangeSet(rows=rows)])
    await store.commit([ChangeSet(rows=[follow_row("zoe", codes[0], START + 1)])])
    assert await store.channels.follows("zoe") == codes
    assert await store.channels.follows("zoe", codes[0], 2) == codes[1:3]
    assert await store.channels.follows("zoe", "\x00") == await store.channels.list_public("\x00") == []
    assert await store.channels.count_follows("zoe") == 4
    assert await store.channels.count_followers(codes[0]) == 2
    await store.commit([ChangeSet(rows=[unfollow("zoe", codes[0])])])
    assert not await store.channels.is_following("zoe", codes[0])
    assert await store.channels.is_following("yan", codes[0])
    await store.commit([ChangeSet(rows=erasure("zoe", START))])
    assert await store.channels.follows("zoe") == []


async def test_a_closed_account_follows_nothing_and_begins_to_no_more(store: Store, world: World) -> None:
    await store.commit([world.register("zoe")])
    code = (await opened(store, world, "alice")).code
    closing = world.change("zoe", AccountClosed(at=START + 5, by="zoe", author_tag="~1"))
    closing.rows = [*closing.rows, *erasure("zoe", START + 5)]
    # As one of its devices asks while another closes it: in one batch with that, and after it.
    late = ChangeSet(rows=[follow_row("zoe", code, START + 6)])
    assert await store.commit([closing, late]) == set()
    await store.commit([late])
    assert (await store.channels.follows("zoe"), await store.channels.count_followers(code)) == ([], 0)


async def test_followers_are_counted_as_they_come_and_go(store: Store, world: World) -> None:
    people = [f"reader-{number}" for number in range(5)]
    await store.commit([world.register(user) for user in people])
    one, other = [(await opened(store, world, owner)).code for owner in OWNERS[:2]]

    async def counts() -> tuple[int, int]:
        return await store.channels.count_followers(one), await store.channels.count_followers(other)

    assert await counts() == (0, 0)
    await store.commit([ChangeSet(rows=[follow_row(user, code, START) for user in people for code in (one, other)])])
    assert await counts() == (5, 5)
    # Again, and at once with somebody who comes and goes: who follows already does not count.
    again = [follow_row(user, one, START + 1) for user in people[:3]]
    await store.commit([ChangeSet(rows=again), ChangeSet(rows=[unfollow(people[4], other)])])
    await store.commit([ChangeSet(rows=[unfollow(people[4], other)])])
    assert await counts() == (5, 4)
    await store.commit([ChangeSet(rows=erasure(people[0], START)), ChangeSet(rows=erasure(people[1], START))])
    assert await counts() == (3, 2)
    # What is not stored for another reason is not counted either.
    stopped = [ChangeSet("group:0", 7, rows=[follow_row(people[0], one, START)])]
    assert await store.commit(stopped) == {"group:0"}
    assert await counts() == (3, 2)


async def test_readers_of_a_day_count_once_and_are_forgotten_when_it_is_over(store: Store, world: World) -> None:
    one, other = [(await opened(store, world, owner)).code for owner in OWNERS[:2]]
    first, second = "0a" * 16, "0b" * 16

    async def read(*reads: tuple[str, int, str]) -> None:
        await store.commit([ChangeSet(rows=[read_row(Read(*one)) for one in reads])])

    async def counts(day: int) -> tuple[int, int]:
        return await store.channels.count_reads(one, day), await store.channels.count_reads(other, day)

    assert await counts(7) == (0, 0)
    await read((one, 7, first), (one, 7, second), (other, 7, first))
    await read((one, 7, first))
    assert await counts(7) == (2, 1)
    await store.commit([ChangeSet(rows=[follow_row("carol", one, START)])])
    # Those of two days at once, and one that comes late.
    await read((one, 7, "0c" * 16), (one, 8, first), (one, 8, second))
    await read((one, 7, "0d" * 16))
    assert await counts(8) == (2, 0)
    assert await counts(7) == (0, 1)
    assert await store.channels.oldest_reads(7) is None
    while oldest := await store.channels.oldest_reads(8):
        assert oldest[0] == 7
        await store.commit([ChangeSet(rows=[remove_reads(*oldest)])])
    await read((one, 8, first))
    assert await counts(8) == (2, 0)
    assert await store.channels.oldest_reads(9) == (8, 0x0A)
    assert await store.channels.count_followers(one) == 1


async def kept(store: Store, texts: KeptTexts, channel: Group, month: str) -> list[KeptPost]:
    """Keep the posts of a month of a channel, as they stand."""
    places = await store.channels.posts_of_month(month, (-1, -1, -1), 100)
    seqs = [seq for grp, _ts, seq in places if grp == int(channel.code)]
    found = await store.journal.versions(channel.code, seqs)
    rows = [texts.seal(month, channel.code, found[seq].standing) for seq in seqs]
    await store.commit([ChangeSet(rows=[kept_post_row(row) for row in rows])])
    return rows


async def test_posts_that_are_kept_outlive_their_month_and_comments_do_not(
    store: Store, world: World, tmp_path: Path
) -> None:
    files = tmp_path / "data"
    texts = KeptTexts(Sealed(files, KEPT_PURPOSE)) if files.exists() else KeptTexts.of_key(KEY)
    await store.commit([world.register("zoe")])
    channels = [await opened(store, world, owner) for owner in ("alice", "bob")]
    for number in range(3):
        await store.commit([channel.publish(START + number) for channel in channels])
    first, second, _third = (entry for entry in channels[0].entries if entry.kind is EntryKind.POST)
    await store.commit([channels[0].post("alice", START + 9, kind=EntryKind.EDIT, target=first.seq, body="edited")])
    await store.commit([channels[0].post("zoe", START + 9, kind=EntryKind.COMMENT, target=first.seq)])
    await store.commit([ChangeSet(rows=[follow_row("zoe", channel.code, START) for channel in channels])])
    later = end_of("2026-01")
    await store.commit([channel.publish(later) for channel in channels])
    place = await store.channels.posts_of_month("2026-01", (int(channels[0].code), START, first.seq), 1)
    assert place == [(int(channels[0].code), START + 1, second.seq)]
    before = await walk(store, {}, 3)
    assert len(before) == 8
    rows = [row for channel in channels for row in await kept(store, texts, channel, "2026-01")]
    assert await store.channels.kept_of_month("2026-01", ("", -1), 100) == rows
    assert await store.channels.kept_of_month("2026-01", (rows[1].code, rows[1].seq), 2) == rows[2:4]
    assert await walk(store, {}, 3) == before, "each is there once"
    seqs = [row.seq for row in rows if row.code == channels[0].code]
    assert await store.channels.kept_of_channel(channels[0].code, 0, 9) == seqs
    assert await store.channels.kept_of_channel(channels[0].code, seqs[0], 1) == seqs[1:2]
    assert [one.month for one in await store.journal.rotate(end_of("2026-07"), 6)] == ["2026-01"]
    for limit in (1, 3, 20):
        assert await walk(store, {}, limit) == before
    entry = await store.journal.entry(channels[0].code, first.seq)
    assert entry is not None
    assert (entry.body, entry.from_.user, entry.kind) == ("edited", "alice", EntryKind.POST)
    assert await store.channels.comments(channels[0].code, first.seq, 0, 10) == []
    at = [Place(0, int(channels[0].code), seq) for seq in (second.seq, second.seq + 50)]
    assert [one.body for _place, one in (await store.channels.posts_at(at, START)).posts] == [second.body]

    deleted = EntryDeleted(at=later + DAY, by="alice", user="alice", seq=second.seq, reason="")
    await store.commit([channels[0].act(deleted)])
    left = [one for one in before if one[0].seq != second.seq or one[0].grp != int(channels[0].code)]
    assert await walk(store, {}, 3) == left
    assert (await store.channels.posts_at(at, START)).posts == []
    entry = await store.journal.entry(channels[0].code, second.seq)
    assert entry is not None
    assert (entry.redacted, entry.body, entry.seq) == (True, "", second.seq)
    preserved = await store.journal.versions(channels[0].code, [second.seq], preserved=True)
    assert preserved[second.seq].standing.body == second.body
    assert await store.channels.ended_kept(later + DAY, 9) == []
    assert list(await store.channels.ended_kept(later + DAY + 1, 9)) == [(channels[0].code, second.seq)]
    await store.commit([ChangeSet(rows=[taken_out(channels[0].code, second.seq)])])
    assert second.seq not in await store.channels.kept_of_channel(channels[0].code, 0, 9)
    assert await store.channels.ended_kept(later + DAY + 1, 9) == []
    assert await walk(store, {}, 3) == left


async def test_lists_of_reposts_have_those_whose_month_is_gone(store: Store, world: World, tmp_path: Path) -> None:
    files = tmp_path / "data"
    texts = KeptTexts(Sealed(files, KEPT_PURPOSE)) if files.exists() else KeptTexts.of_key(KEY)
    original, *others = [await opened(store, world, owner) for owner in ("alice", "bob", "carol")]
    await store.commit([original.publish(START)])
    seq = original.seq
    data = {"repost": {"group": original.code, "seq": seq}}
    later = end_of("2026-01")
    for ts in (START + 1, START + 2, later):
        await store.commit([channel.publish(ts, data=data) for channel in others])

    async def reposts(limit: int) -> list[tuple[str, int]]:
        found, before = list[tuple[str, int]](), NEWEST
        while True:
            page = await store.channels.reposts(original.code, seq, before, limit, later)
            found += [(str(place.grp), place.seq) for place, _entry in page.posts]
            if page.end is None:
                return found
            before = page.end

    before = await reposts(9)
    assert len(before) == 6
    for channel in (original, *others):
        await kept(store, texts, channel, "2026-01")
    assert await reposts(2) == before, "each is there once"
    await store.journal.rotate(end_of("2026-07"), 6)
    for limit in (1, 2, 9):
        assert await reposts(limit) == before
    code, gone = before[-1]
    channel = next(one for one in others if one.code == code)
    await store.commit([channel.act(EntryDeleted(at=later + DAY, by="bob", user="bob", seq=gone, reason=""))])
    assert await reposts(2) == before[:-1]


async def test_channels_are_found_by_handle_and_groups_are_none(store: Store, world: World) -> None:
    channel, group = await opened(store, world, "alice"), world.group()
    await store.commit([group.found("bob")])
    assert await store.channels.find_channel("alice") == channel.code
    assert await store.channels.find_channel("bob") is None
    assert await store.channels.find_channel("") is None
    assert await store.channels.find_channel("a\x00") is None
    found = await store.channels.channels([channel.code, group.code])
    assert set(found) == {channel.code}
    row = found[channel.code]
    assert (row.handle, row.form, row.name) == ("alice", ChannelForm.PERSONAL, "A channel")
    loaded = await store.ledger.load_group(channel.code)
    assert loaded == channel.state


async def test_comments_come_below_their_post_in_their_order(store: Store, world: World) -> None:
    await store.commit([world.register("zoe")])
    channel = await opened(store, world, "alice")
    await store.commit([channel.publish(START), channel.publish(START)])
    first, second = (entry.seq for entry in channel.entries if entry.kind is EntryKind.POST)
    comments = [
        channel.post("zoe", START + number * 20 * DAY, kind=EntryKind.COMMENT, target=(first, second)[number % 2])
        for number in range(6)
    ]
    for comment in comments:
        await store.commit([comment])
    below = [entry for entry in channel.entries if entry.kind is EntryKind.COMMENT and entry.target == first]
    assert await store.channels.comments(channel.code, first, 0, 10) == below
    assert await store.channels.comments(channel.code, first, below[0].seq, 1) == below[1:2]
    said = [Place(one.ts, int(channel.code), one.seq) for one in channel.entries if one.kind is EntryKind.COMMENT][::-1]
    assert await store.channels.comments_by("zoe", NEWEST, 10) == said
    assert await store.channels.comments_by("zoe", said[1], 3) == said[2:5]
    assert await store.channels.comments_by("alice", NEWEST, 10) == []
    for body in ("once", "twice"):
        edit = channel.post("zoe", START + 100 * DAY, kind=EntryKind.EDIT, target=below[1].seq, body=body)
        await store.commit([edit])
    shown = await store.channels.comments(channel.code, first, 0, 10)
    assert [one.body for one in shown] == [below[0].body, "twice", below[2].body]
    assert shown[1].data is not None
    assert shown[1].data["edited"] == channel.seq


async def test_reposts_are_found_by_what_they_repeat_and_originals_by_their_places(store: Store, world: World) -> None:
    one, other = await opened(store, world, "alice"), await opened(store, world, "bob")
    await store.commit([one.publish(START, body="first"), one.publish(START + 1, body="second")])
    first, second = (entry.seq for entry in one.entries if entry.kind is EntryKind.POST)
    data = {"repost": {"group": one.code, "seq": first}}
    for day in (1, 2, 40, 41):
        await store.commit([other.publish(START + day * DAY, body=f"day {day}", data=data)])
    await store.commit(
        [other.publish(START + 42 * DAY, body="of another", data={"repost": {**data["repost"], "seq": second}})]
    )
    before, found = NEWEST, []
    for more in (True, False):
        page = await store.channels.reposts(one.code, first, before, 2, START)
        assert page.more is more
        found += [entry.body for _place, entry in page.posts]
        before = page.end or NEWEST
    assert found == ["day 41", "day 40", "day 2", "day 1"]
    here = [Place(0, int(one.code), seq) for seq in (first, second, 1, 99)] + [Place(0, 7, 1)]
    at = await store.channels.posts_at(here, START)
    assert sorted(entry.body for _place, entry in at.posts) == ["first", "second"]
    await store.commit([one.act(EntryDeleted(at=START + 43 * DAY, by="alice", user="alice", seq=first, reason=""))])
    at = await store.channels.posts_at(here, START)
    assert [entry.body for _place, entry in at.posts] == ["second"]


async def test_reposts_go_on_below_those_that_nobody_may_read(store: Store, world: World) -> None:
    one, other, shut = [await opened(store, world, owner) for owner in OWNERS[:3]]
    await store.commit([one.publish(START)])
    seq = one.entries[-1].seq
    data = {"repost": {"group": one.code, "seq": seq}}
    for number, channel in enumerate((other, other, shut, shut), 1):
        await store.commit([channel.publish(START + number, body=str(number), data=data)])
    suspended = GroupSuspended(at=START + 5, by="root", until_ms=START + DAY, reason="r")
    await store.commit([shut.act(suspended)])
    pages, before = list[list[str]](), NEWEST
    while True:
        page = await store.channels.reposts(one.code, seq, before, 2, START + 6)
        pages.append([entry.body for _place, entry in page.posts])
        if page.end is None:
            break
        before = page.end
    assert pages == [[], ["2", "1"]]
