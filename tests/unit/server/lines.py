"""A hub with rooms, accounts and connections whose other end is a list, to see who is sent what in which turn."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from msgspec import structs

from folkmoot_governance import GroupState, apply
from folkmoot_governance.account import AccountEvent
from folkmoot_protocol.codec import Codec
from folkmoot_protocol.events import ServerFrame
from folkmoot_protocol.types import Entry
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.deadlines import Deadlines
from folkmoot_server.config.settings import Limits, load_config
from folkmoot_server.delivery.audience import Audience
from folkmoot_server.delivery.follower import Follower
from folkmoot_server.delivery.hub import Hub
from folkmoot_server.delivery.session import Session
from folkmoot_server.live.accounts import Account, Accounts
from folkmoot_server.live.commit_queue import CommitQueue
from folkmoot_server.live.rooms import Room, Rooms, Stored
from folkmoot_server.node import Node
from folkmoot_server.storage.api import Page, StoredAccount
from folkmoot_server.storage.change_set import Asked, ChangeSet, Profile, StorageError
from folkmoot_server.transport.server import WebSocketServer
from folkmoot_server.transport.websocket import WebSocket
from tests.builders.entries import make_entry
from tests.builders.rules import NOW, make_account, make_group
from tests.integration.wire import PATIENCE_S

LIMITS = Limits(auth_seconds=1, outbox_bytes=65536)


class Line(asyncio.Transport):
    """What the peer has: `writes`, one for each call. While it is `stuck` everything waits in the buffer.

    `news` is set with each write, and when the connection is closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.stuck = False
        self.waiting = 0
        self.closing = False
        self.news = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        self.waiting += len(data) if self.stuck else 0
        self.news.set()

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


def frames_in(data: bytes, codec: Codec) -> list[ServerFrame]:
    """Return the frames of one write."""
    found = []
    while data:
        size, head = data[1], 2
        if size == 126:
            size, head = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[2:10]), 10
        frame = codec.decode_frame(data[head : head + size])
        assert frame is not None
        found.append(frame)
        data = data[head + size :]
    return found


class Peer:
    """A connection, its session and what it was sent."""

    def __init__(self, session: Session, line: Line, closed: list[tuple[int, str]]) -> None:
        self.session, self.line, self.closed = session, line, closed

    @property
    def turns(self) -> list[list[ServerFrame]]:
        """The frames sent so far, write by write."""
        return [frames_in(write, self.session.codec) for write in self.line.writes]

    @property
    def frames(self) -> list[ServerFrame]:
        """The frames sent so far."""
        return [frame for turn in self.turns for frame in turn]

    def kinds(self) -> list[str]:
        """Return what kinds of frames were sent so far, and forget them."""
        found = [type(frame).__name__ for frame in self.frames]
        self.line.writes.clear()
        return found

    async def until(self, is_there: Callable[[], object]) -> None:
        """Wait until something holds, looking again at whatever is sent, and when the connection is closed."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_there():
                self.line.news.clear()
                await self.line.news.wait()

    def stick(self, waiting: int = 1) -> None:
        """Let the peer take nothing more; so many bytes wait already."""
        self.line.stuck = self.session.socket.is_backed_up = True
        self.line.waiting = waiting
        self.session.look_again()

    def take_all(self) -> None:
        """Let the peer take all that waits."""
        self.line.stuck = self.session.socket.is_backed_up = False
        self.line.waiting = 0
        self.session.look_again()


class Socket(WebSocket):
    """A connection over a line, whose close is noted."""

    __slots__ = ("closed", "line")

    def __init__(self, line: Line) -> None:
        super().__init__(cast(WebSocketServer, None))
        self.transport = self.line = line
        self.is_open = True
        self.closed: list[tuple[int, str]] = []

    def close(self, code: int, reason: str = "") -> None:
        self.is_open = False
        self.closed.append((code, reason))
        self.line.news.set()


class House:
    """A hub, its audience, and who is there. Each account is put into memory as if storage had it."""

    def __init__(self) -> None:
        self.now_s = NOW / 1000
        self.clock = Clock(lambda: self.now_s)
        self.shelf, self.bus = Shelf(), LocalBus()
        self.audience = Audience()
        self.accounts = Accounts(cast(Any, self.shelf), self.bus, LIMITS, self.clock)
        self.hub = Hub(self.accounts, self.audience, self.clock)
        self.deadlines = Deadlines(LIMITS.auth_seconds)

    def room(self, state: GroupState | None = None, last_seq: int = 0) -> Room:
        """Return the room of a group; of that of the builders if none is given."""
        return Room(Stored(state or make_group(), last_seq, {}))

    def account(self, user: str, *later: AccountEvent) -> Account:
        """Return the account, in memory from now on."""
        stored = StoredAccount(make_account(*later, user=user), Profile(user, user.title(), "", "en"), [], [], {})
        account = self.accounts._accounts[user] = Account(stored, LIMITS, self.accounts._credit, self.accounts._clock)
        return account

    def peer(self, codec: Codec, user: str = "", *rooms: Room) -> Peer:
        """Return a connection, signed in as `user` and listening to rooms."""
        line = Line()
        socket = Socket(line)
        session = Session(socket, codec, self.hub, LIMITS, self.deadlines, address="203.0.113.7", language="en")
        if user:
            account = self.accounts.get(user) or self.account(user)
            session.account = account
            self.audience.sign_in(account, session)
        for room in rooms:
            self.hub.subscribe(room, session)
        return Peer(session, line, socket.closed)


async def turn() -> None:
    """Let this turn of the event loop end."""
    await asyncio.sleep(0)


class Shelf:
    """What storage has: groups, accounts, entries by group. `broken` makes reading fail; `asked` counts it.

    `on_read` is called as a group or an account is read, for what happens meanwhile.
    """

    def __init__(self) -> None:
        self.posts: dict[str, tuple[int, int]] = {}
        self.ledger = self.journal = self.access = self.channels = self
        self.groups: dict[str, GroupState] = {}
        self.accounts: dict[str, StoredAccount] = {}
        self.entries: dict[str, list[Entry]] = {}
        self.tokens: dict[str, str] = {}
        self.nonces: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.committed: list[ChangeSet] = []
        self.broken = False
        self.asked: Counter[str] = Counter()
        self.on_read: Callable[[], None] = lambda: None
        self._news = asyncio.Event()

    async def asked_for(self, what: str, times: int) -> None:
        """Wait until something was asked for so often."""
        async with asyncio.timeout(PATIENCE_S):
            while self.asked[what] < times:
                self._news.clear()
                await self._news.wait()

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        self._news.set()
        if self.broken:
            raise StorageError("the disk is gone")

    def write(self, code: str, *seqs: int) -> list[Entry]:
        """Store entries with these seqs; return them."""
        entries = [make_entry(seq) for seq in seqs]
        self.entries.setdefault(code, []).extend(entries)
        return entries

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        """Store what a group's work says, as the stores do: see `storage.api.Store.commit`."""
        self._ask("commit")
        overtaken = {one.stream for one in batch if one.stream and one.version != self._group(one).version}
        for change_set in batch:
            if change_set.stream in overtaken:
                continue
            self.committed.append(change_set)
            if change_set.stream:
                self._store(change_set, self._group(change_set))
        return frozenset(overtaken)

    def _group(self, change_set: ChangeSet) -> GroupState:
        return self.groups[change_set.stream.removeprefix("group:")]

    def _store(self, change_set: ChangeSet, state: GroupState) -> None:
        stored = self.entries.setdefault(state.code, [])
        for new in change_set.entries[:1]:
            key = state.code, new.entry.from_.user, new.nonce or ""
            if new.nonce and key in self.nonces:
                change_set.repeated = stored[self.nonces[key][0] - 1]
                return
        for event in change_set.events:
            apply(state, event)  # type: ignore[arg-type]
        numbered = []
        for new in change_set.entries:
            entry = structs.replace(new.entry, seq=len(stored) + 1)
            stored.append(entry)
            numbered.append(structs.replace(new, entry=entry))
            if new.nonce:
                self.nonces[state.code, entry.from_.user, new.nonce] = (entry.seq, entry.ts)
        change_set.entries = numbered

    async def find_nonce(self, code: str, user: str, nonce: str, since_ms: int) -> Entry | None:
        seq, ts = self.nonces.get((code, user, nonce), (0, -1))
        return self.entries[code][seq - 1] if ts >= since_ms else None

    async def find_answer(self, user: str, code: str, nonce: str, now: int) -> Asked | None:
        return None

    async def close(self) -> None:
        """Nothing is open."""

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        return []

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        return {}

    async def load_group(self, code: str) -> GroupState | None:
        self._ask("group")
        state = deepcopy(self.groups.get(code))
        self.on_read()
        return state

    async def load_account(self, user: str) -> StoredAccount | None:
        self._ask("account")
        stored = deepcopy(self.accounts.get(user))
        self.on_read()
        return stored

    async def last_seqs(self, codes: Collection[str]) -> dict[str, int]:
        return {code: max((entry.seq for entry in self.entries.get(code, ())), default=0) for code in codes}

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        self._ask("heads")
        seqs = await self.last_seqs(codes)
        return {code: (self.groups[code].version, seqs[code]) for code in codes if code in self.groups}

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        self._ask("versions")
        return {user: self.accounts[user].state.version for user in users if user in self.accounts}

    async def find_token(self, token_hash: str, since: int = 0) -> str | None:
        self._ask("token")
        return self.tokens.get(token_hash)

    async def moved(self, since_ms: int) -> dict[str, tuple[int, int]]:
        return self.posts

    async def page(self, code: str, *, before: int | None = None, after: int | None = None, limit: int) -> Page:
        self._ask("page")
        if after is not None:
            found = [entry for entry in self.entries.get(code, ()) if entry.seq > after]
            return Page(found[:limit], len(found) > limit)
        found = [entry for entry in self.entries.get(code, ()) if before is None or entry.seq < before]
        return Page(found[-limit:], len(found) > limit)


class Following(House):
    """A house whose rooms and accounts follow a bus, and read from a shelf what they miss."""

    def __init__(self) -> None:
        super().__init__()
        store = cast(Any, self.shelf)
        self.rooms = Rooms(store, self.bus, self.clock)
        self.queue = CommitQueue(store, self.rooms, self.accounts)
        self.follower = Follower(self.rooms, self.accounts, store, self.hub, self.audience, self.queue)
        self.bus.listen(self.follower.on_bus_message)

    async def open(self, state: GroupState | None = None, last_seq: int = 0) -> Room:
        """Return a room with what storage has: a group of the builders with so many entries."""
        state = state or make_group()
        self.shelf.groups[state.code] = deepcopy(state)
        self.shelf.write(state.code, *range(1, last_seq + 1))
        room = await self.rooms.load(state.code)
        assert room is not None
        return room

    async def enter(self, codec: Codec, user: str, *rooms: Room) -> Peer:
        """Return a connection of an account that storage has, in the groups of these rooms."""
        codes = [room.state.code for room in rooms]
        self.shelf.accounts.setdefault(user, stored_account(user, *codes))
        await self.accounts.load(user)
        return self.peer(codec, user, *rooms)


class Wired(Following):
    """As `Following`, wired as a node is: what is asked of its app is decided, committed to the shelf and told."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        super().__init__()
        given = {key.replace("__", "."): value for key, value in settings.items()}
        config = load_config(None, {}, {"profile": "open", "server.data_dir": str(data_dir), **given})
        self.bus = LocalBus()
        self.node = node = Node(config, cast(Any, self.shelf), self.bus, self.clock)
        self.accounts, self.audience, self.hub, self.rooms = node.accounts, node.audience, node.hub, node.rooms
        self.queue, self.follower = node.commit_queue, node.follower
        # All else that a node starts looks at storage in rounds.
        self.bus.listen(node._on_bus_message)
        self._committing = asyncio.create_task(self.queue.run())

    async def close(self) -> None:
        """End it after what was accepted."""
        await self.queue.drain()
        # A node that stops stores how far its people have read.
        await self.node.stop()
        self._committing.cancel()


def stored_account(user: str, *codes: str) -> StoredAccount:
    """Return what storage has of an account in these groups."""
    return StoredAccount(make_account(user=user), Profile(user, user.title(), "", "en"), list(codes), [], {})
