"""Rooms: the groups in memory, each with its governed state, its place in the journal and its listeners."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from folkmoot_governance import GroupState
from folkmoot_governance.closed_names import is_tag, named_outside
from folkmoot_governance.group.events import Event, MemberLeft, SlowModeSet
from folkmoot_governance.raid import RaidWatch
from folkmoot_protocol.types import SAID, Author, Entry, EntryKind, Group, Notify, Role

from ..bus.api import Bus
from ..bus.messages import group_topic
from ..common.clock import Clock, Ticks
from ..storage.api import Store
from ..storage.change_set import StorageError, group_stream
from .accounts import IDLE_MS, RETRY_S, Account
from .recent_entries import RecentEntries

POSTS = SAID
"""Entries that somebody posted."""
SLOW_PAGE, SLOW_PAGES = 200, 25
"""How far back to look for who has posted lately in a group in slow mode."""
LEAVING_PAGE = 100
MAX_LEFT = 1000

SLOW_MODE_SET = str(SlowModeSet.__struct_config__.tag)
LANDING_S = 0.005
"""How often a room that is to be read again is asked whether all is stored, or not, that was decided on it."""
READY_S = 2
"""How long a request waits for a group that is being read again."""


class Stored(NamedTuple):
    """What storage has of a group: its state, its last seq, and when (ticks) who has posted in slow mode."""

    state: GroupState
    last_seq: int
    last_posts: dict[str, Ticks]
    tags: Mapping[str, str] = MappingProxyType({})


class Room:
    """A group in memory.

    `last_seq` is the last one delivered; what is on its way to disk has no seq yet, the store numbers it. `held_back`
    are entries, by seq, that wait for those before them; `known_version` is the latest that news told of. `listening`
    counts the connections that listen here: which they are, `delivery.audience` knows. `left`: who has left lately, and
    when. `last_posts` has when each one's latest post in slow mode was, in ticks. While `ready` is not set the room is
    being read again and must not be decided on; `reloads` is how many have asked for that, `after_reading` what follows
    for those who have begun. `tags` has what is left of the names of those in the group's state who have closed their
    accounts, whoever of them is in memory.
    """

    __slots__ = (
        "after_reading",
        "authors",
        "held_back",
        "in_flight",
        "known_version",
        "last_posts",
        "last_seq",
        "left",
        "listening",
        "raid_watch",
        "ready",
        "recent",
        "recent_posts",
        "reloads",
        "state",
        "stream",
        "tags",
        "used_at",
    )

    def __init__(self, stored: Stored) -> None:
        self.listening = 0
        self.held_back: dict[int, Entry] = {}
        self.known_version = 0
        self.recent_posts: dict[str, deque[tuple[int, int]]] = {}
        self.raid_watch = RaidWatch()
        self.ready = asyncio.Event()
        self.after_reading: list[Callable[[], None]] = []
        self.reloads = 0
        self.in_flight = 0
        self.used_at = Ticks(0)
        self.left: dict[str, int] = {}
        self.stream = group_stream(stored.state.code)
        self.last_seq = stored.last_seq
        self.recent = RecentEntries()
        self.renew(stored)

    def renew(self, stored: Stored) -> None:
        """Take over what storage has. `last_seq` stays: what listeners lack is delivered to them in order."""
        self.state = stored.state
        self.tags = dict(stored.tags)
        self.recent.clear()
        self.authors: dict[str, Author] = {}
        self.last_posts = stored.last_posts
        self.ready.set()

    def note_leaving(self, event: Event) -> None:
        """Note who has left, here or on another node: the last `MAX_LEFT` of them."""
        if isinstance(event, MemberLeft):
            self.left.pop(event.user, None)
            self.left[event.user] = event.at
            if len(self.left) > MAX_LEFT:
                del self.left[next(iter(self.left))]

    def note_posts(self, entries: Sequence[Entry], ticks: Ticks) -> None:
        """Note who has posted just now, here or on another node. For slow mode."""
        for entry in entries:
            if is_slowed(entry):
                self.last_posts[entry.from_.user] = ticks

    def last_post_ms(self, user: str, now: int, ticks: Ticks) -> int:
        """Return when `user` last posted in slow mode, 0 for never, by a clock that shows `now` and was never set."""
        at = self.last_posts.get(user)
        return 0 if at is None else now - (ticks - at)

    def user_of(self, name: str) -> str:
        """Return whom a name means in this group: what is left of a closed account's name is told for it here."""
        return next((user for user, tag in self.tags.items() if tag == name), name) if is_tag(name) else name

    def author(self, account: Account) -> Author:
        """Return the account as the author of an entry of now: name, role, tags (G8.3)."""
        author = self.authors.get(account.user)
        if author is None:
            role = self.state.role_of(account.user) or Role.MEMBER
            tags = tuple(self.state.tags_of(account.user))
            author = Author(account.user, account.name_in(self.state.code), role, tags)
            self.authors[account.user] = author
        return author

    def is_idle(self) -> bool:
        """Say whether nobody listens and nothing is on its way to disk."""
        return not (self.in_flight or self.listening) and self.ready.is_set()

    def view(self, now: int, reader: Account | None = None, *, inside: bool = False) -> Group:
        """Return the group as `reader` sees it: a member gets its own fields too, anyone else the public part, with
        `inside` also what is the same for all members."""
        state = self.state
        own: dict[str, Any] = self._inside(now) if inside else {}
        if reader is not None and reader.user in state.members:
            mute = state.mute_of(reader.user, now)
            own = {
                "last_seq": self.last_seq,
                "role": state.members[reader.user].role,
                "read_seq": reader.read_seqs.get(state.code, 0),
                "muted_until_ms": mute.until_ms if mute else 0,
                "notify": reader.settings[state.code].notify if state.code in reader.settings else Notify.ON,
                **self._inside(now),
            }
        return public_part(state, len(state.members), now, self.tags, **own)

    def _inside(self, now: int) -> dict[str, Any]:
        """Return what all members see alike and nobody else does."""
        state = self.state
        latest_first = sorted(state.pins.values(), key=lambda pin: (-pin.ts, -pin.seq))
        return {
            "locked_until_ms": state.locked_until_ms if state.locked_until_ms > now else 0,
            "links": state.links,
            "announcement": state.announcement,
            "pins": tuple(pin.seq for pin in latest_first),
        }


def is_slowed(entry: Entry) -> bool:
    """Say whether slow mode counts an entry: posts, but no edits and reactions."""
    return entry.kind in POSTS


def begins_slow_mode(entry: Entry) -> bool:
    """Say whether an entry tells that slow mode was set: what was posted before does not count."""
    return entry.kind is EntryKind.NOTICE and (entry.data or {}).get("event") == SLOW_MODE_SET


def public_part(state: GroupState, members: int, now: int, tags: Mapping[str, str], **own: Any) -> Group:
    """Return what anyone may know of a group; `members` is how many it has, `tags` what is left of who is closed.

    `own`: the fields beyond that, for who may see them.
    """
    return Group(
        id=state.code,
        name=state.name,
        topic=state.topic,
        category=state.category,
        grade=state.grade,
        join_mode=state.join_mode,
        state=state.standing(now),
        members=members,
        member_limit=state.member_limit,
        created_ts=state.created_ts,
        owner=tags.get(state.owner, state.owner),
        creator=tags.get(state.creator, state.creator),
        slow_ms=state.slow_ms,
        form=state.form,
        handle=state.handle,
        **own,
    )


class Rooms:
    """Loads groups on demand, keeps those that are in use, and follows the news of what is in memory."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._rooms: dict[str, Room] = {}
        self._loading: dict[str, asyncio.Task[Room | None]] = {}
        self.on_reload: Callable[[Room], None] = lambda room: None

    def get(self, code: str) -> Room | None:
        """Return the room if it is in memory and can be decided on."""
        room = self._rooms.get(code)
        return room if room is not None and room.ready.is_set() else None

    def find(self, code: str) -> Room | None:
        """Return the room if it is in memory, ready or not."""
        return self._rooms.get(code)

    def add(self, state: GroupState) -> Room:
        """Open the room of a group that was founded just now."""
        room = self._rooms[state.code] = Room(Stored(state, 0, {}))
        self._bus.follow(group_topic(state.code))
        room.used_at = self._clock.ticks()
        return room

    async def load(self, code: str) -> Room | None:
        """Return the room, from storage if need be; None if there is no such group. Raises StorageError."""
        room = self._rooms.get(code)
        if room is None:
            if code not in self._loading:
                task = self._loading[code] = asyncio.create_task(self._open(code))
                task.add_done_callback(lambda _: self._loading.pop(code, None))
            room = await asyncio.shield(self._loading[code])
        if room is not None and not room.ready.is_set():
            try:
                await asyncio.wait_for(room.ready.wait(), READY_S)
            except TimeoutError as error:
                raise StorageError("the group could not be read again in time") from error
            return await self.load(code)
        if room is not None:
            room.used_at = self._clock.ticks()
        return room

    async def _open(self, code: str) -> Room | None:
        # What is told after this is heard, what was told before it is read: in between nothing gets lost.
        await self._bus.follow(group_topic(code))
        try:
            stored = await self._read(code)
            if stored is not None:
                self._rooms[code] = Room(stored)
        finally:
            room = self._rooms.get(code)
            if room is None:
                self._bus.unfollow(group_topic(code))
        return room

    async def _read(self, code: str) -> Stored | None:
        state = await self._store.ledger.load_group(code)
        if state is None:
            return None
        seqs = await self._store.journal.last_seqs([code])
        posts = await self._last_posts(code, state.slow_ms) if state.slow_ms else {}
        tags = await self._store.ledger.author_tags(named_outside(state) | await self._leaving(state))
        return Stored(state, seqs[code], posts, tags)

    async def _leaving(self, state: GroupState) -> set[str]:
        """Return the members whose accounts are closed, and who are about to depart."""
        found: set[str] = set()
        after, more = "", True
        while more:
            page = await self._store.ledger.list_leaving(after, LEAVING_PAGE)
            found.update(user for user in page if user in state.members)
            after, more = (page[-1], True) if len(page) == LEAVING_PAGE else ("", False)
        return found

    async def _last_posts(self, code: str, slow_ms: int) -> dict[str, Ticks]:
        """Return who has posted in the last `slow_ms`, but not before slow mode was set, and when last.

        Entries may be of the future, if a clock was wrong: nobody waits longer for that than slow mode asks.
        """
        now, ticks = self._clock.now_ms(), self._clock.ticks()
        since = now - slow_ms
        found: dict[str, Ticks] = {}
        before: int | None = None
        for _ in range(SLOW_PAGES):
            page = await self._store.journal.page(code, before=before, limit=SLOW_PAGE)
            for entry in reversed(page.entries):
                if entry.ts <= since or begins_slow_mode(entry):
                    return found
                if is_slowed(entry):
                    found.setdefault(entry.from_.user, Ticks(ticks - max(0, now - entry.ts)))
            if not page.more:
                break
            before = page.entries[0].seq
        return found

    def close_for_reading(self, room: Room) -> None:
        """Let nobody decide on a room until it was read again, by a `reload` that is sure to follow."""
        room.ready.clear()
        room.reloads += 1

    async def reload(self, room: Room, then: Callable[[], None]) -> None:
        """Read a room again because what was decided on it could not be stored; then call `then`.

        Nobody can decide on the room until that is done, and `then` comes before all who wait for it. Of several who
        want it read the last one reads for all: were it open in between, what was decided then would be on its way
        while it is read once more, and be taken back by what was read before it was stored.
        """
        room.ready.clear()
        waiting = room.after_reading
        waiting.append(then)
        number = len(waiting)
        while True:
            # What is on its way to disk may be stored after the room was read, and be missing then.
            if room.in_flight:
                await asyncio.sleep(LANDING_S)
                continue
            try:
                stored = await self._read(room.state.code)
            except StorageError:
                await asyncio.sleep(RETRY_S)
                continue
            if waiting is not room.after_reading or number < max(room.reloads, len(waiting)):
                return
            # What was told of while storage was read may not be in what was read: then it is read once more.
            if stored is None or stored.state.version >= room.known_version:
                break
        room.reloads, room.after_reading = 0, []
        if stored is None:
            self._forget(room.state.code)
            room.ready.set()
        else:
            room.renew(stored)
            self.on_reload(room)
        for one in waiting:
            one()

    def in_use(self) -> list[Room]:
        """Return the rooms that somebody listens to."""
        return [room for room in self._rooms.values() if room.listening]

    def forget_tails(self) -> None:
        """Read history from the journal again: it has changed who some entries are from, and whom they name."""
        for room in self._rooms.values():
            room.recent.clear()

    def forget_author(self, user: str) -> None:
        """Ask again under which name an account is shown, also with what it wrote: the platform has removed its names,
        or given them back."""
        for room in self._rooms.values():
            if room.authors.pop(user, None) or user in room.state.members:
                room.recent.clear()

    async def forget_name(self, user: str) -> None:
        """Show an account that was closed by its tag in the groups that name it. Raises StorageError."""
        tags = await self._store.ledger.author_tags([user])
        for room in self._rooms.values():
            if user in room.state.members or user in named_outside(room.state):
                room.tags |= tags

    def forget_idle(self) -> None:
        """Drop the rooms that nobody has listened to for a while."""
        before = self._clock.ticks() - IDLE_MS
        for code, room in list(self._rooms.items()):
            if room.used_at < before and room.is_idle():
                self._forget(code)

    def _forget(self, code: str) -> None:
        del self._rooms[code]
        self._bus.unfollow(group_topic(code))

    def __len__(self) -> int:
        return len(self._rooms)
