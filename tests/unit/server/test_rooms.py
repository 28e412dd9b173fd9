"""Groups in memory: what their members are shown, what is read of them, when they are forgotten."""

import asyncio

import pytest

from folkmoot_governance import apply
from folkmoot_governance.group import events as e
from folkmoot_protocol.types import EntryKind, LinkRule, Notify
from folkmoot_server.bus.messages import group_topic
from folkmoot_server.common.clock import Ticks
from folkmoot_server.live import rooms as rooms_module
from folkmoot_server.live.accounts import IDLE_MS
from folkmoot_server.storage.change_set import MemberSettings, StorageError
from tests.builders.entries import make_entry
from tests.builders.rules import NOW, SOON, make_group
from tests.unit.server.lines import Following, turn

CODE, OTHER = "482190673352", "591827364505"


@pytest.fixture
async def house() -> Following:
    return Following()


# What is shown


async def test_a_member_is_shown_what_is_its_own(house: Following) -> None:
    room = await house.open(make_group(e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON)), last_seq=3)
    mia, olga, gus = [house.account(user) for user in ("mia", "olga", "gus")]
    mia.read_seqs[CODE] = 2
    mia.settings[CODE] = MemberSettings(notify=Notify.MENTIONS)
    seen = room.view(NOW, mia)
    assert (seen.last_seq, seen.role, seen.read_seq, seen.muted_until_ms) == (3, "member", 2, SOON)
    assert (seen.notify, seen.members, seen.id) == (Notify.MENTIONS, 4, CODE)
    assert room.view(SOON, mia).muted_until_ms == 0
    seen = room.view(NOW, olga)
    assert (seen.role, seen.read_seq, seen.muted_until_ms, seen.notify) == ("owner", 0, 0, Notify.ON)
    assert room.view(NOW, gus) == room.view(NOW)
    assert (room.view(NOW).role, room.view(NOW).last_seq) == (None, None)


async def test_what_is_inside_is_for_members_alone(house: Following) -> None:
    pins = [e.EntryPinned(at=NOW + at, by="olga", user="mia", seq=seq) for at, seq in ((1, 7), (2, 3), (2, 5))]
    room = await house.open(
        make_group(
            *pins,
            e.GroupLocked(at=NOW, by="olga", until_ms=SOON),
            e.LinksSet(at=NOW, by="olga", links=LinkRule.OFF),
            e.AnnouncementSet(at=NOW, by="olga", announcement="Welcome"),
        )
    )
    inside = room.view(NOW, inside=True)
    assert (inside.pins, inside.locked_until_ms, inside.links, inside.announcement) == (
        (5, 3, 7),
        SOON,
        LinkRule.OFF,
        "Welcome",
    )
    assert inside.role is None
    assert room.view(SOON, inside=True).locked_until_ms == 0
    own = room.view(NOW, house.account("mia"))
    assert (own.pins, own.locked_until_ms, own.links, own.announcement) == ((5, 3, 7), SOON, LinkRule.OFF, "Welcome")
    outside = room.view(NOW)
    assert (outside.pins, outside.locked_until_ms, outside.links, outside.announcement) == ((), 0, LinkRule.ON, "")


async def test_anyone_is_shown_the_public_part(house: Following) -> None:
    state = make_group(
        e.TopicSet(at=NOW, by="olga", topic="Tea"),
        e.SlowModeSet(at=NOW, by="olga", slow_ms=5000),
        e.OwnershipTransferred(at=NOW, by="mia", user="mia", previous="olga"),
        grade="large",
        category="music",
        member_limit=77,
    )
    shown = (await house.open(state)).view(NOW)
    for name in ("name", "topic", "category", "grade", "join_mode", "member_limit", "created_ts", "owner", "creator"):
        assert getattr(shown, name) == getattr(state, name), name
    assert (shown.owner, shown.creator, shown.slow_ms, shown.state) == ("mia", "olga", 5000, "active")


async def test_an_author_is_as_the_group_has_it_until_somebody_governs(house: Following) -> None:
    tag = e.TagSet(at=NOW, by="olga", user="olga", tag="cook")
    room = await house.open(make_group(tag))
    olga, gus = house.account("olga"), house.account("gus")
    olga.settings[CODE] = MemberSettings(nick="Boss")
    author = room.author(olga)
    assert (author.user, author.display_name, author.role, author.tags) == (
        "olga",
        "Boss",
        "owner",
        ("creator", "cook"),
    )
    assert room.author(olga) is author
    assert room.author(gus).role == "member"


# What is read


def posts(house: Following, *kinds: EntryKind | str, **fields: object) -> None:
    """Store an entry a second, each by the user named like its kind."""
    house.shelf.entries[CODE] = [
        make_entry(seq, str(kind), ts=NOW + seq, kind=EntryKind(kind), **fields) for seq, kind in enumerate(kinds, 1)
    ]
    house.now_s = (NOW + 100) / 1000


SLOW = e.SlowModeSet(at=NOW, by="olga", slow_ms=5000)


async def test_of_a_group_in_slow_mode_it_is_read_who_posted_when(house: Following) -> None:
    posts(house, "text", "action", "edit", "notice", "text")
    room = await house.open(make_group(SLOW))
    assert room.last_posts == {"text": NOW + 5, "action": NOW + 2}
    quick = await house.open(make_group(code=OTHER))
    assert (quick.last_posts, house.shelf.asked["page"]) == ({}, 1)


async def test_a_post_of_the_future_makes_nobody_wait_longer_than_slow_mode_asks(house: Following) -> None:
    house.shelf.entries[CODE] = [make_entry(1, "mia", ts=NOW + 86_400_000)]
    room = await house.open(make_group(SLOW))
    assert room.last_posts == {"mia": NOW}


async def test_what_was_posted_too_long_ago_does_not_count(house: Following) -> None:
    posts(house, "text", "action")
    house.now_s = (NOW + 5001) / 1000
    assert (await house.open(make_group(SLOW))).last_posts == {"action": NOW + 2}


async def test_what_was_posted_before_slow_mode_was_set_does_not_count(house: Following) -> None:
    house.now_s = (NOW + 100) / 1000
    told = make_entry(2, "olga", ts=NOW + 2, kind=EntryKind.NOTICE, data={"event": "slow_mode"})
    house.shelf.entries[CODE] = [make_entry(1, "mia", ts=NOW + 1), told, make_entry(3, "max", ts=NOW + 3)]
    assert rooms_module.begins_slow_mode(told)
    assert (await house.open(make_group(SLOW))).last_posts == {"max": NOW + 3}


@pytest.mark.parametrize(
    ("data", "kind"), [({"event": "topic"}, "notice"), (None, "notice"), ({"event": "slow_mode"}, "text")]
)
def test_other_entries_do_not_begin_slow_mode(data: dict[str, object] | None, kind: str) -> None:
    assert not rooms_module.begins_slow_mode(make_entry(kind=EntryKind(kind), data=data))


async def test_posts_are_looked_for_so_far_back_and_no_further(
    house: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "SLOW_PAGE", 2)
    monkeypatch.setattr(rooms_module, "SLOW_PAGES", 3)
    house.shelf.entries[CODE] = [make_entry(seq, f"u{seq}", ts=NOW + seq) for seq in range(1, 10)]
    assert set((await house.open(make_group(SLOW))).last_posts) == {f"u{seq}" for seq in range(4, 10)}
    assert house.shelf.asked["page"] == 3
    house.shelf.entries[OTHER] = [make_entry(seq, f"u{seq}", ts=NOW + seq) for seq in range(1, 4)]
    assert len((await house.open(make_group(SLOW, code=OTHER))).last_posts) == 3
    assert house.shelf.asked["page"] == 5


async def test_a_group_is_read_once_for_all_who_ask(house: Following) -> None:
    house.shelf.groups[CODE] = make_group()
    house.shelf.write(CODE, 1, 2)
    first, second = await asyncio.gather(house.rooms.load(CODE), house.rooms.load(CODE))
    assert first is second is house.rooms.get(CODE) is house.rooms.find(CODE)
    assert first is not None
    assert (house.shelf.asked["group"], len(house.rooms), first.last_seq, first.used_at) == (1, 1, 2, NOW)
    house.now_s += 1
    await house.rooms.load(CODE)
    assert (first.used_at, house.shelf.asked["group"]) == (NOW + 1000, 1)
    assert await house.rooms.load(OTHER) is None
    assert (house.rooms.get(OTHER), house.rooms._loading) == (None, {})


async def test_a_group_that_was_founded_just_now_is_in_memory(house: Following) -> None:
    room = house.rooms.add(make_group())
    assert house.rooms.get(CODE) is room
    assert (room.last_seq, room.used_at, room.last_posts, room.is_idle()) == (0, NOW, {}, True)


# Reading again


async def test_who_asks_for_a_group_that_is_being_read_waits_for_it(house: Following) -> None:
    room = await house.open()
    room.ready.clear()
    assert (house.rooms.get(CODE), house.rooms.find(CODE), room.is_idle()) == (None, room, False)
    loading = asyncio.create_task(house.rooms.load(CODE))
    await turn()
    assert not loading.done()
    room.ready.set()
    assert await loading is room


async def test_who_waits_too_long_is_told(house: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "READY_S", 0.01)
    room = await house.open()
    room.ready.clear()
    with pytest.raises(StorageError):
        await house.rooms.load(CODE)


async def test_reading_again_takes_over_what_storage_has(house: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "RETRY_S", 0.001)
    room = await house.open(make_group(SLOW), last_seq=2)
    room.author(house.account("mia"))
    room.recent.append([make_entry(2)])
    told: list[object] = []
    house.rooms.on_reload = lambda one: told.append((one, room.ready.is_set()))
    apply(house.shelf.groups[CODE], e.TopicSet(at=NOW, by="olga", topic="Tea"))
    posts(house, "text", "text", "text")
    house.shelf.broken = True
    reading = asyncio.create_task(house.rooms.reload(room, lambda: told.append("then")))
    await house.shelf.asked_for("group", 3)
    assert (told, room.ready.is_set()) == ([], False)
    house.shelf.broken = False
    await reading
    assert (told, room.state.topic, room.last_posts) == ([(room, True), "then"], "Tea", {"text": NOW + 3})
    assert (room.last_seq, room.authors, room.recent.page(None, 1, 9)) == (2, {}, None)


class Slow:
    """Has a room read at once, and what was read known when a gate is opened: `gates` has one for each reading."""

    def __init__(self, house: Following) -> None:
        self.gates: list[asyncio.Event] = []
        self._read = house.rooms._read
        house.rooms._read = self.read  # type: ignore[method-assign]

    async def read(self, code: str) -> rooms_module.Stored | None:
        self.gates.append(asyncio.Event())
        gate, stored = self.gates[-1], await self._read(code)
        await gate.wait()
        return stored


async def test_what_was_decided_after_a_reading_is_not_taken_back_by_an_older_one(house: Following) -> None:
    """Of two readings the one that began first may end last: a member who joined in between would be none."""
    room, slow = await house.open(make_group()), Slow(house)
    told: list[str] = []
    first = asyncio.create_task(house.rooms.reload(room, lambda: told.append("first")))
    await turn()
    second = asyncio.create_task(house.rooms.reload(room, lambda: told.append("second")))
    await turn()
    older, newer = slow.gates
    newer.set()
    await second
    assert (told, house.rooms.get(CODE)) == (["first", "second"], room)
    apply(room.state, e.TopicSet(at=NOW, by="olga", topic="Tea"))
    older.set()
    await first
    assert (told, room.state.topic, room.ready.is_set()) == (["first", "second"], "Tea", True)


async def test_a_room_does_not_open_while_somebody_is_still_to_read_it(
    house: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts are read again first, which may take a while: what is decided meanwhile would be taken back."""
    room, slow, gate = await house.open(make_group()), Slow(house), asyncio.Event()

    async def reread(user: str) -> None:
        await gate.wait()

    monkeypatch.setattr(house.accounts, "reread", reread)
    house.queue.read_again(room, frozenset())
    await turn()
    house.queue.read_again(room, frozenset({"mia"}))
    slow.gates[0].set()
    await turn()
    await turn()
    assert (house.rooms.get(CODE), len(slow.gates)) == (None, 1)
    gate.set()
    while len(slow.gates) < 2:
        await turn()
    slow.gates[1].set()
    await house.queue.drain()
    assert (house.rooms.get(CODE), room.reloads, room.after_reading) == (room, 0, [])


async def test_a_room_is_read_again_after_what_was_on_its_way_to_disk(house: Following) -> None:
    """What was decided before may be stored after the room was read: it must not be missing for that."""
    room, slow = await house.open(make_group()), Slow(house)
    room.in_flight = 1
    reading = asyncio.create_task(house.rooms.reload(room, lambda: None))
    for _ in range(100):
        await turn()
    assert (house.rooms.get(CODE), slow.gates) == (None, [])
    room.in_flight = 0
    while not slow.gates:
        await turn()
    slow.gates[0].set()
    await reading
    assert (house.rooms.get(CODE), len(slow.gates)) == (room, 1)


async def test_a_group_that_storage_does_not_have_is_forgotten(house: Following) -> None:
    room = house.rooms.add(make_group())
    told: list[str] = []
    house.rooms.on_reload = lambda _: told.append("reload")
    await house.rooms.reload(room, lambda: told.append("then"))
    assert (house.rooms.find(CODE), room.ready.is_set(), told) == (None, True, ["then"])


# Forgetting


async def test_a_group_that_nobody_uses_is_forgotten_after_a_while(house: Following) -> None:
    room = await house.open()
    house.now_s += IDLE_MS / 1000
    house.rooms.forget_idle()
    assert house.rooms.find(CODE) is room
    house.now_s += 0.001
    for name in ("in_flight", "listening"):
        setattr(room, name, 1)
        house.rooms.forget_idle()
        assert house.rooms.find(CODE) is room
        setattr(room, name, 0)
    room.ready.clear()
    house.rooms.forget_idle()
    assert house.rooms.find(CODE) is room
    room.ready.set()
    house.rooms.forget_idle()
    assert (house.rooms.find(CODE), len(house.rooms)) == (None, 0)


async def test_rooms_in_use_are_those_that_somebody_listens_to(house: Following) -> None:
    first, _ = await house.open(), await house.open(make_group(code=OTHER))
    first.listening = 1
    assert house.rooms.in_use() == [first]


async def test_what_is_remembered_of_posts_is_the_latest_of_each(house: Following) -> None:
    room = await house.open(make_group(SLOW))
    room.note_posts([make_entry(1, "mia"), make_entry(3, "max", kind=EntryKind.EDIT, target=1)], Ticks(5))
    assert room.last_posts == {"mia": 5}
    assert room.last_post_ms("mia", NOW, Ticks(8)) == NOW - 3
    assert room.last_post_ms("max", NOW, Ticks(8)) == 0
    assert (room.held_back, room.known_version, room.recent_posts, room.stream) == ({}, 0, {}, f"group:{CODE}")
    assert group_topic(CODE) == f"group.{CODE}"
