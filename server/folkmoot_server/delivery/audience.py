"""Who listens: the connections of each group that somebody listens to here, and of each account signed in here.

What is in memory of groups and accounts (`live/`) knows only how many they are.
"""

from collections import defaultdict
from collections.abc import Collection

from folkmoot_protocol.codec import Codec

from ..live.accounts import Account
from ..live.rooms import Room
from .session import Session


class Listeners:
    """The connections that listen to one group, by encoding, and the frames that go to them at the end of this turn.

    `outgoing_from` is the seq of the first entry in these frames, 0 when there are none.
    """

    __slots__ = ("by_codec", "outgoing", "outgoing_from")

    def __init__(self) -> None:
        self.by_codec: dict[Codec, dict[Session, None]] = defaultdict(dict)
        self.outgoing: dict[Codec, list[bytes]] = defaultdict(list)
        self.outgoing_from = 0


class Audience:
    """Keeps who listens to which room and which connections an account has, and their numbers in room and account.

    `sessions` are all open connections, signed in or not; `rooms` has the rooms that somebody listens to.
    """

    def __init__(self) -> None:
        self.sessions: set[Session] = set()
        self.rooms: dict[Room, Listeners] = {}
        self._accounts: dict[Account, set[Session]] = {}

    def listening_to(self, room: Room) -> list[Session]:
        """Return the connections that listen to a room, in a list of its own."""
        found = self.rooms.get(room)
        return [session for listeners in found.by_codec.values() for session in listeners] if found else []

    def sessions_of(self, account: Account | None) -> Collection[Session]:
        """Return the connections of an account, in a collection of its own; none of None."""
        return tuple(self._accounts.get(account, ())) if account is not None else ()

    def is_connected(self, account: Account, session: Session) -> bool:
        """Say whether a connection is signed in to this very account in memory."""
        return session in self._accounts.get(account, ())

    def listen(self, room: Room, session: Session) -> None:
        """Let a connection hear what is delivered to a room from now on."""
        found = self.rooms.get(room)
        if found is None:
            found = self.rooms[room] = Listeners()
        listeners = found.by_codec[session.codec]
        if session not in listeners:
            listeners[session] = None
            room.listening += 1
        session.rooms.add(room)

    def unlisten(self, room: Room, session: Session) -> None:
        """Let a connection hear a room no more. What waits for it in the room is to be flushed before."""
        session.rooms.discard(room)
        found = self.rooms.get(room)
        if found is not None and session in found.by_codec[session.codec]:
            del found.by_codec[session.codec][session]
            room.listening -= 1
            if not room.listening:
                del self.rooms[room]

    def sign_in(self, account: Account, session: Session) -> None:
        """Note that a connection belongs to an account now."""
        sessions = self._accounts.setdefault(account, set())
        sessions.add(session)
        account.connections = len(sessions)

    def sign_out(self, account: Account, session: Session) -> None:
        """Note that it does no more."""
        sessions = self._accounts.get(account)
        if sessions is not None:
            sessions.discard(session)
            account.connections = len(sessions)
            if not sessions:
                del self._accounts[account]
