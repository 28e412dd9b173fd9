"""The hub: from committed news to the sockets of those whom it concerns.

An entry is encoded once per encoding. All that a group got in one turn of the event loop is joined once, and each
connection gets one write per turn: a `send` call costs 4 to 8 µs, so fewer calls are what makes this fast.
"""

import asyncio

from folkmoot_governance.account import AccountSuspended
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.events import AccountEvent, EntryEvent, GroupEvent, LeftEvent, TypingEvent
from folkmoot_protocol.types import Entry, LeftReason

from .accounts import Account, Accounts
from .bus import AccountNews, GroupNews, News, TypingNews
from .clock import Clock
from .metrics import DELIVERIES, ENTRIES
from .rooms import Room, Rooms
from .session import Session, make_frame

SWEEP_S = 0.05
"""How often slow connections are looked at again."""

REASONS: dict[type[e.Event], LeftReason] = {
    e.MemberLeft: LeftReason.LEFT,
    e.MemberKicked: LeftReason.KICKED,
    e.MemberBanned: LeftReason.BANNED,
}

CLOSING = (e.GroupDissolved, e.GroupClosed)

# Events after which every member's picture of the group is out of date, and those that change one member's own fields.
SETTINGS = (
    e.GroupLocked,
    e.GroupUnlocked,
    e.SlowModeSet,
    e.GroupRenamed,
    e.TopicSet,
    e.CategorySet,
    e.JoinModeSet,
    e.MemberLimitSet,
    e.GroupSuspended,
    e.GroupRestored,
    e.OwnershipTransferred,
)
OWN_FIELDS = (e.MemberPromoted, e.MemberDemoted, e.MemberMuted, e.MuteLifted, e.OwnershipTransferred)


class Hub:
    """Listens to the bus and writes to sessions. Every method returns at once."""

    def __init__(self, rooms: Rooms, accounts: Accounts, clock: Clock) -> None:
        self._rooms = rooms
        self._accounts = accounts
        self._clock = clock
        self._dirty_rooms: list[Room] = []
        self._dirty_sessions: list[Session] = []
        self._scheduled = False
        self._lagging: set[Session] = set()

    def on_news(self, news: News) -> None:
        """Take news from the bus."""
        match news:
            case GroupNews():
                room = self._rooms.find(news.code)
                if room is not None:
                    self._on_group(room, news)
            case TypingNews():
                room = self._rooms.find(news.code)
                if room is not None:
                    self._on_typing(room, news.user)
            case AccountNews():
                account = self._accounts.get(news.user)
                if account is not None:
                    self._on_account(account, news)

    def _on_group(self, room: Room, news: GroupNews) -> None:
        if news.events:
            for event in news.events:
                self._admit(room, event)
                self._dismiss(room, event)
        self._deliver(room, news.entries)
        for event in news.events:
            self._tell_change(room, event)

    def _deliver(self, room: Room, entries: tuple[Entry, ...]) -> None:
        """Encode entries for the encodings that somebody listens in; they are written at the end of the turn."""
        if not entries:
            return
        code = room.state.code
        if not room.outgoing_from:
            room.outgoing_from = entries[0].seq
            self._dirty_rooms.append(room)
            self._schedule()
        for entry in entries:
            event = EntryEvent(group=code, entry=entry)
            for codec, listeners in room.listeners.items():
                if listeners:
                    room.outgoing[codec].append(make_frame(codec.encode(event), binary=codec.binary))
        room.last_seq = entries[-1].seq
        ENTRIES.inc(len(entries))

    def _settle(self, room: Room) -> None:
        """Move what a room has to say into the outboxes of those who listen now."""
        first = room.outgoing_from
        if not first:
            return
        room.outgoing_from = 0
        code, last = room.state.code, room.last_seq
        for codec, frames in room.outgoing.items():
            if not frames:
                continue
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            listeners = room.listeners[codec]
            for session in listeners:
                session.deliver(code, data, first, last)
            DELIVERIES.inc(len(listeners) * len(frames))
            frames.clear()

    def _admit(self, room: Room, event: e.Event) -> None:
        """Let the connections of a new member listen, and tell them of the group."""
        if isinstance(event, e.MemberJoined):
            account = self._accounts.get(event.user)
        elif isinstance(event, e.GroupCreated):
            account = self._accounts.get(event.by)
        else:
            return
        for session in account.sessions if account else ():
            self.subscribe(room, session)
            session.send(GroupEvent(group=room.view(self._clock.now_ms(), account)))

    def _dismiss(self, room: Room, event: e.Event) -> None:
        """Silence the room for the connections of somebody who is no longer a member."""
        reason = REASONS.get(type(event))
        account = self._accounts.get(event.user) if reason and isinstance(event, e.MemberEvent) else None
        for session in account.sessions if account else ():
            self._unsubscribe(room, session, reason or LeftReason.LEFT)

    def _tell_change(self, room: Room, event: e.Event) -> None:
        if isinstance(event, CLOSING):
            for session in room.all_listeners():
                self._unsubscribe(room, session, LeftReason.CLOSED)
        if isinstance(event, SETTINGS):
            self._tell_all(room)
        if isinstance(event, OWN_FIELDS):
            self._tell_one(room, event.user)
        if isinstance(event, e.OwnershipTransferred):
            self._tell_one(room, event.previous)

    def _tell_all(self, room: Room) -> None:
        """Send the public part to every listener, encoded once: members know their own fields."""
        event = GroupEvent(group=room.view(self._clock.now_ms()))
        for codec, listeners in room.listeners.items():
            if listeners:
                frame = make_frame(codec.encode(event), binary=codec.binary)
                for session in listeners:
                    session.push(frame)

    def _tell_one(self, room: Room, user: str) -> None:
        account = self._accounts.get(user)
        for session in account.sessions if account else ():
            session.send(GroupEvent(group=room.view(self._clock.now_ms(), account)))

    def _on_account(self, account: Account, news: AccountNews) -> None:
        """Tell an account's connections what changed; close them if it was suspended (G11.2)."""
        suspended = any(isinstance(event, AccountSuspended) for event in news.events)
        for session in list(account.sessions):
            session.send(AccountEvent(account=account.view()))
            if suspended:
                session.close(CloseCode.FORBIDDEN)

    def _on_typing(self, room: Room, user: str) -> None:
        event = TypingEvent(group=room.state.code, user=user)
        for codec, listeners in room.listeners.items():
            if listeners:
                frame = make_frame(codec.encode(event), binary=codec.binary)
                for session in listeners:
                    if session.user != user:
                        session.push_if_quick(frame)

    def subscribe(self, room: Room, session: Session) -> None:
        """Let a connection hear what the room delivers after this moment."""
        self._settle(room)
        room.add_listener(session)
        session.rooms.add(room)

    def _unsubscribe(self, room: Room, session: Session, reason: LeftReason) -> None:
        self._settle(room)
        room.remove_listener(session)
        session.rooms.discard(room)
        session.forget_lag(room.state.code)
        session.send(LeftEvent(group=room.state.code, reason=reason))

    def detach(self, session: Session) -> None:
        """Forget a connection."""
        if session.account is not None:
            session.account.sessions.discard(session)
        for room in session.rooms:
            room.remove_listener(session)
        session.rooms.clear()
        self._lagging.discard(session)

    def touch(self, session: Session) -> None:
        """Note that a session has something to write this turn."""
        self._dirty_sessions.append(session)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        rooms, self._dirty_rooms = self._dirty_rooms, []
        for room in rooms:
            self._settle(room)
        sessions, self._dirty_sessions = self._dirty_sessions, []
        for session in sessions:
            session.flush()
        self._scheduled = False

    def lagging(self, session: Session) -> None:
        """Look after a slow connection until it has been told what it missed."""
        if not self._lagging:
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        self._lagging.add(session)

    def _sweep(self) -> None:
        self._lagging = {session for session in self._lagging if not session.catch_up()}
        if self._lagging:
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
