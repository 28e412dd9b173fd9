"""The hub: from committed news to the sockets of those whom it concerns.

An entry is encoded once per encoding. All that a group got in one turn of the event loop is joined once, and each
connection gets one write for all the entries of a turn: a `send` call costs 4 to 8 µs, so fewer calls are what makes
this fast. A connection that listens to one room alone is written to at once; others collect in their outboxes.
"""

import asyncio
from collections.abc import Callable, Sequence

from folkmoot_governance.group import events as e
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.events import AccountEvent, EntryEvent, GroupEvent, LeftEvent, TypingEvent
from folkmoot_protocol.types import Entry, LeftReason

from ..common.clock import Clock
from ..common.metrics import DELIVERIES, ENTRIES
from ..live.accounts import Account, Accounts
from ..live.rooms import Room
from ..transport.frames import make_frame
from .audience import Audience
from .live_home import LiveHome
from .notices import notice_event
from .session import Session, flush

SWEEP_S = 0.05
"""How often slow connections are looked at again."""

COUNT_S = 1.0
"""How long people may come and go before the members are told how many they are: not each time, in a rush."""

FAREWELL_S = 0.2
"""How long a connection stays open whose account was closed: the one that asked for it still gets its answer."""

REASONS: dict[type[e.Event], LeftReason] = {
    e.MemberLeft: LeftReason.LEFT,
    e.MemberDeparted: LeftReason.LEFT,
    e.MemberKicked: LeftReason.KICKED,
    e.MemberBanned: LeftReason.BANNED,
}

CLOSING = (e.GroupDissolved, e.GroupClosed)

# Events after which every member's picture of the group is out of date, and those that change one member's own fields.
SETTINGS = (
    e.GroupLocked,
    e.GroupUnlocked,
    e.SlowModeSet,
    e.LinksSet,
    e.CommentsSet,
    e.EntryPinned,
    e.EntryUnpinned,
    e.GroupRenamed,
    e.TopicSet,
    e.AnnouncementSet,
    e.AnnouncementCleared,
    e.CategorySet,
    e.JoinModeSet,
    e.MemberLimitSet,
    e.GroupSuspended,
    e.GroupRestored,
    e.OwnershipTransferred,
    e.LockEnded,
    e.SuspensionEnded,
    e.MeasureOverturned,
    e.GroupWarned,
    e.RectificationAccepted,
    e.LimitGranted,
    e.GroupGraded,
)
MEMBERSHIP = (e.MemberJoined, e.MemberLeft, e.MemberDeparted, e.MemberKicked, e.MemberBanned)
OWN_FIELDS = (
    e.MeasureOverturned,
    e.MemberPromoted,
    e.MemberDemoted,
    e.MemberMuted,
    e.MuteLifted,
    e.OwnershipTransferred,
)


LARGE = 32
"""So many listeners take longer to write to than an answer takes to its client and the next request back."""

Write = Callable[[bytes], None]


class Hub:
    """Writes to sessions what the follower brings. Every method returns at once."""

    def __init__(self, accounts: Accounts, audience: Audience, clock: Clock) -> None:
        self._accounts = accounts
        self._audience = audience
        self._clock = clock
        self._dirty_rooms: list[Room] = []
        self._dirty_sessions: list[Session] = []
        self._scheduled = False
        self._lagging: set[Session] = set()
        self._recount: set[Room] = set()
        self.live_home = LiveHome()

    def deliver(self, room: Room, entries: Sequence[Entry]) -> None:
        """Encode entries for the encodings that somebody listens in; they are written at the end of the turn.

        The entries follow the room's last delivered one.
        """
        listening = self._audience.rooms.get(room)
        if listening is not None:
            if not listening.outgoing_from:
                listening.outgoing_from = entries[0].seq
                self._dirty_rooms.append(room)
                self._schedule()
            code = room.state.code
            for entry in entries:
                event = EntryEvent(group=code, entry=entry)
                for codec, listeners in listening.by_codec.items():
                    if listeners:
                        listening.outgoing[codec].append(make_frame(codec.encode(event), binary=codec.binary))
        for entry in entries:
            account = self._accounts.get(entry.from_.user)
            if account is not None:
                account.posted(room.state.code, entry.seq)
        room.last_seq = entries[-1].seq
        room.recent.append(entries)
        if room.state.slow_ms:
            room.note_posts(entries, self._clock.ticks())
        ENTRIES.count += len(entries)

    def _flush_room(self, room: Room) -> None:
        """Move what a room has to say into the outboxes of those who listen now."""
        listening = self._audience.rooms.get(room)
        if listening is None or not listening.outgoing_from:
            return
        first, listening.outgoing_from = listening.outgoing_from, 0
        code, last = room.state.code, room.last_seq
        dirty = self._dirty_sessions
        self._schedule()
        for codec, frames in listening.outgoing.items():
            if not frames:
                continue
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            listeners = listening.by_codec[codec]
            is_large = len(listeners) >= LARGE
            others: list[Write] = []
            answered: list[Session] = []
            for session in listeners:
                write = session.write
                if write is not None:
                    if is_large:
                        others.append(write)
                    else:
                        write(data)
                elif session.lagged or session.socket.is_backed_up:
                    session.deliver_slowly(code, data, first, last)
                else:
                    if not session.outbox:
                        dirty.append(session)
                    session.outbox.append(data)
                    if is_large and len(session.rooms) == 1:
                        answered.append(session)
            # Who gets an answer as well goes first: it can ask for more while the others are written to.
            flush(answered)
            for write in others:
                write(data)
            DELIVERIES.count += len(listeners) * len(frames)
            frames.clear()

    def admit(self, room: Room, user: str) -> None:
        """Let the connections of a new member listen, and tell them of the group."""
        account = self._accounts.get(user)
        for session in self._audience.sessions_of(account):
            self.subscribe(room, session)
            session.send(GroupEvent(group=room.view(self._clock.now_ms(), account)))

    def dismiss(self, room: Room, user: str, reason: LeftReason) -> None:
        """Silence the room for the connections of somebody who is no longer a member."""
        for session in self._audience.sessions_of(self._accounts.get(user)):
            self.unsubscribe(room, session, reason)

    def tell_members(self, room: Room, event: e.Event) -> None:
        """Tell of a membership that began or ended, before the entry that tells of it is delivered.

        The room may be further than the event, which then is not how things stand: what came later holds.
        """
        if isinstance(event, (e.MemberJoined, e.GroupCreated)):
            user = event.user if isinstance(event, e.MemberJoined) else event.by
            if user in room.state.members:
                self.admit(room, user)
        elif isinstance(event, e.MeasureOverturned) and event.reopens:
            for user in room.state.members:
                self.admit(room, user)
        elif type(event) in REASONS and isinstance(event, e.MemberEvent):
            if event.user not in room.state.members:
                self.dismiss(room, event.user, REASONS[type(event)])

    def tell_change(self, room: Room, event: e.Event) -> None:
        """Tell of a change of the group or of somebody's place in it, after the entry that tells of it."""
        self._flush_room(room)
        if isinstance(event, CLOSING):
            for session in self._audience.listening_to(room):
                self.unsubscribe(room, session, LeftReason.CLOSED)
        if isinstance(event, SETTINGS):
            self._tell_all(room)
        if isinstance(event, MEMBERSHIP):
            self._count_soon(room)
        if isinstance(event, OWN_FIELDS):
            self.tell_one(room, event.user)
        if isinstance(event, e.OwnershipTransferred):
            self.tell_one(room, event.previous)
        if isinstance(event, e.MutesEnded):
            for user in event.users:
                self.tell_one(room, user)

    def _count_soon(self, room: Room) -> None:
        """Tell the members in a while how many they are."""
        if not self._recount:
            asyncio.get_running_loop().call_later(COUNT_S, self._tell_counts)
        self._recount.add(room)

    def _tell_counts(self) -> None:
        rooms, self._recount = self._recount, set()
        for room in rooms:
            self._tell_all(room)

    def _tell_all(self, room: Room) -> None:
        """Send what all members see alike to every listener, encoded once: members know their own fields."""
        listening = self._audience.rooms.get(room)
        if listening is None:
            return
        event = GroupEvent(group=room.view(self._clock.now_ms(), inside=True))
        for codec, listeners in listening.by_codec.items():
            if listeners:
                frame = make_frame(codec.encode(event), binary=codec.binary)
                for session in listeners:
                    session.push_view(room, frame)

    def tell_one(self, room: Room, user: str, but: Session | None = None) -> None:
        """Tell a member's connections, `but` one that knows, of the group as it is for that member now.

        Those that do not listen yet are left out: to them, `last_seq` would promise entries that they do not get.
        """
        account = self._accounts.get(user)
        for session in self._audience.sessions_of(account):
            if room in session.rooms and session is not but:
                self._tell_view(room, session, account)

    def _tell_view(self, room: Room, session: Session, account: Account | None) -> None:
        """Send a group as the account of a connection sees it now."""
        event = GroupEvent(group=room.view(self._clock.now_ms(), account))
        session.push_view(room, make_frame(session.codec.encode(event), binary=session.codec.binary))

    def tell_account(self, account: Account) -> None:
        """Tell an account's connections what changed; close them if it is suspended (G11.2), or closed itself."""
        suspended, closed = account.shut_until_ms > self._clock.now_ms(), account.state.closed_ts
        for session in self._audience.sessions_of(account):
            session.send(AccountEvent(account=account.own_view()))
            if closed:
                self.detach(session)
                session.account = None
                asyncio.get_running_loop().call_later(FAREWELL_S, session.close, CloseCode.FORBIDDEN)
            elif suspended:
                session.close(CloseCode.FORBIDDEN)

    def tell_notice(self, account: Account, notice: PersonalNotice) -> None:
        """Tell an account's connections what it is told by itself."""
        for session in self._audience.sessions_of(account):
            session.send(notice_event(notice, session.say))

    def close_token(self, account: Account, token_hash: str) -> None:
        """Close the connections that were opened with a token that is valid no more."""
        for session in self._audience.sessions_of(account):
            if session.token_hash == token_hash:
                session.close(CloseCode.FORBIDDEN)

    def tell_typing(self, room: Room, user: str) -> None:
        """Tell the others that a member is typing."""
        listening = self._audience.rooms.get(room)
        if listening is None:
            return
        event = TypingEvent(group=room.state.code, user=user)
        for codec, listeners in listening.by_codec.items():
            if listeners:
                frame = make_frame(codec.encode(event), binary=codec.binary)
                for session in listeners:
                    if session.user != user:
                        session.push_if_quick(frame)

    def subscribe(self, room: Room, session: Session) -> None:
        """Let a connection hear what the room delivers after this moment."""
        self._flush_room(room)
        self._audience.listen(room, session)
        session.look_again()

    def unsubscribe(self, room: Room, session: Session, reason: LeftReason) -> None:
        """Let a connection hear the room no more, and tell it why."""
        self._flush_room(room)
        self._audience.unlisten(room, session)
        # This looks again, too.
        session.forget_lag(room)
        session.send(LeftEvent(group=room.state.code, reason=reason))

    def detach(self, session: Session) -> None:
        """Forget a connection."""
        if session.account is not None:
            self._audience.sign_out(session.account, session)
        for room in tuple(session.rooms):
            self._audience.unlisten(room, session)
        self.live_home.forget(session)
        session.look_again()
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
        try:
            rooms, self._dirty_rooms = self._dirty_rooms, []
            for room in rooms:
                self._flush_room(room)
            sessions, self._dirty_sessions = self._dirty_sessions, []
            flush(sessions)
        finally:
            self._scheduled = False

    def lagging(self, session: Session) -> None:
        """Look after a slow connection until it has been told what it missed."""
        if not self._lagging:
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        self._lagging.add(session)

    def _catch_up(self, session: Session) -> bool:
        """Tell a connection what it missed, if there is room for that now; say whether nothing is left to tell."""
        if not session.catch_up():
            return False
        stale, session.stale = session.stale, {}
        for room in stale.keys() & session.rooms:
            self._tell_view(room, session, session.account)
        return not session.stale

    def _sweep(self) -> None:
        self._lagging = {session for session in self._lagging if not self._catch_up(session)}
        if self._lagging:
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
