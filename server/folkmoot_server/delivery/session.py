"""One connection: its codec, its account, its outbox."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Protocol

from folkmoot_governance import Refusal
from folkmoot_governance.refusal import explained
from folkmoot_protocol.codec import Codec
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.events import Error, LagEvent, Ok, ServerFrame
from folkmoot_protocol.results import Result

from ..common.clock import Ticks
from ..common.deadlines import Deadlines
from ..common.i18n import LANGUAGES, Translate, translator
from ..common.metrics import ERRORS, LAGS
from ..common.rate_limit import Bucket
from ..config.settings import Limits
from ..live.accounts import Account
from ..live.rooms import Room
from ..transport.frames import make_frame
from ..transport.websocket import WebSocket

NUMBERS = count(1)
"""Of the connections of this process, for the log."""

PACE_PER_S, PACE_AT_ONCE = 5, 30
"""Requests of a connection that nobody has signed in to, well formed or not. After that: what takes a while, each of it
counted as `LONG_COST`; more begins only as others leave room."""
LONG_COST = 5

MAX_IN_FLIGHT = 1000
"""Requests of one connection on their way to disk; more are not read until some are answered."""


class Writes(Protocol):
    """What a session asks of the hub."""

    def touch(self, session: "Session") -> None:
        """Write the session's outbox at the end of this turn."""
        ...

    def lagging(self, session: "Session") -> None:
        """Look after a slow session until it has been told what it missed."""
        ...


class Session:
    """A connection as the rest of the server sees it.

    Frames are collected in an outbox and written once per turn of the event loop (`flush`, which the hub calls).
    While nothing has to wait (one room to listen to, an empty outbox, a peer that takes all) there is `write`, by which
    the hub writes entries at once. When more than `outbox_bytes` wait for a slow peer, entries are no longer added but
    noted in `lagged`, and named by a `lag` event once the outbox has drained to half: slowness costs its own connection
    only. So are groups whose picture has changed, in `stale`; of answers there are no more, for nothing is read then;
    and whoever has twice as much waiting all the same is closed.

    `in_flight`: requests on their way to disk.
    """

    __slots__ = (
        "_closing",
        "_deadlines",
        "_drained",
        "_hub",
        "_outbox_bytes",
        "account",
        "address",
        "asked_language",
        "codec",
        "floods",
        "floods_since",
        "in_flight",
        "lagged",
        "language",
        "number",
        "opened_ms",
        "outbox",
        "overdue",
        "pace",
        "rooms",
        "say",
        "socket",
        "stale",
        "token_hash",
        "write",
    )

    def __init__(
        self,
        socket: WebSocket,
        codec: Codec,
        hub: Writes,
        limits: Limits,
        deadlines: Deadlines,
        *,
        address: str,
        language: str,
        opened_ms: int = 0,
    ) -> None:
        self.number = next(NUMBERS)
        self.opened_ms = opened_ms
        self.socket = socket
        self.codec = codec
        self.address = address
        self.account: Account | None = None
        self.token_hash = ""
        self.floods = 0
        self.floods_since = Ticks(0)
        self.pace = Bucket(PACE_PER_S, PACE_AT_ONCE)
        self.overdue = False
        self.rooms: set[Room] = set()
        self.speak(language)
        self.asked_language = ""
        self._hub = hub
        self._outbox_bytes = limits.outbox_bytes
        self._deadlines = deadlines
        self.outbox: list[bytes] = []
        self.in_flight = 0
        self.lagged: dict[str, tuple[int, int]] = {}
        self.stale: dict[Room, None] = {}
        # Made when somebody waits: an event has room for many who do, and most connections never have one.
        self._drained: asyncio.Event | None = None
        self._closing = False
        self.write: Callable[[bytes], None] | None = None

    @property
    def user(self) -> str:
        """The user signed in, empty before that."""
        return self.account.user if self.account else ""

    @property
    def is_gone(self) -> bool:
        """Whether the connection has ended. A request of it is carried out all the same: to be asked after whatever
        was waited for, before anything is to hold on to the connection."""
        return not self.socket.is_open

    def signed_in(self) -> None:
        """Note that the connection has an account now: the deadline for signing in is off."""
        self._deadlines.drop(self)

    def signed_out(self) -> None:
        """Note that the account is gone: a new deadline for signing in starts."""
        self.start_deadline()

    def start_deadline(self) -> None:
        """Close the connection with 4401 unless it signs in within `auth_seconds`, or by a request sent by then."""
        self.overdue = False
        self._deadlines.set(self, self._give_up)

    def _give_up(self) -> None:
        # Who has asked in time and waits for an answer, because thousands came at once, is not to come again; but that
        # answer is the last one.
        self.overdue = True
        if not self.socket.is_busy:
            self.close(CloseCode.NOT_AUTHENTICATED)

    def ask_language(self, language: str | None) -> None:
        """Note the language that who is about to sign in wants; one that there is not changes nothing."""
        if language in LANGUAGES:
            self.asked_language = language
            self.speak(language)

    def speak(self, language: str) -> None:
        """Choose the language of messages to people."""
        self.language = language
        self.say: Translate = translator(language)

    def send(self, frame: ServerFrame) -> None:
        """Put one frame into the outbox."""
        self.push(make_frame(self.codec.encode(frame), binary=self.codec.binary))

    def push(self, data: bytes) -> None:
        """Put finished frames into the outbox. Who does not take what it is sent, and gets more and more, is closed."""
        if self.socket.is_backed_up and self._waiting() > 2 * self._outbox_bytes:
            self.close(CloseCode.FLOODING)
            return
        if not self.outbox:
            self.write = None
            self._hub.touch(self)
        self.outbox.append(data)

    def push_view(self, room: Room, data: bytes) -> None:
        """Put the picture of a group, as a finished frame, into the outbox; a slow peer gets a later one instead."""
        if self.stale or (self.socket.is_backed_up and self._waiting() + len(data) > self._outbox_bytes):
            self.stale[room] = None
            self._hub.lagging(self)
        else:
            self.push(data)

    def look_again(self) -> None:
        """Find out anew whether entries can be written at once: to be called when any of the reasons has changed."""
        socket = self.socket
        if self._drained is not None:
            self._drained.set()
        ready = socket.is_open and not (socket.is_backed_up or self.outbox or self.lagged) and len(self.rooms) == 1
        self.write = socket.transport.write if ready else None

    @property
    def closing(self) -> bool:
        """Whether the server has decided to close the connection: nothing more of it is carried out."""
        return self._closing

    def push_if_quick(self, data: bytes) -> None:
        """Put frames into the outbox that may as well be dropped, unless the peer is slow."""
        if not self.lagged and not self.socket.is_backed_up:
            self.push(data)

    def reply(self, re: int, result: Result) -> None:
        """Answer request `re` with its result."""
        self.send(Ok(re=re, result=result))

    def refuse(self, re: int, refusal: Refusal) -> None:
        """Answer request `re` with an error, in the session's language; with the rule and what helps."""
        ERRORS.labels(refusal.code).inc()
        message = self.say(refusal.text, refusal.detail)
        self.send(Error(re=re, code=refusal.code, message=message, detail=explained(refusal)))

    def give(self, re: int, answer: Result | Refusal) -> None:
        """Answer request `re`, one way or the other."""
        if isinstance(answer, Refusal):
            self.refuse(re, answer)
        else:
            self.reply(re, answer)

    def deliver_slowly(self, code: str, data: bytes, first: int, last: int) -> None:
        """Put the entries `first` to `last` of a group, as finished frames, into the outbox, or note them as lag.

        For a peer that has not taken all so far. One that has is not slow, however much there is this time: the hub
        puts entries into its outbox without asking.
        """
        lagged = self.lagged.get(code)
        if lagged is not None:
            self.lagged[code] = (lagged[0], last)
        elif self.lagged or self._waiting() + len(data) > self._outbox_bytes:
            self.lagged[code] = (first, last)
            self._hub.lagging(self)
        else:
            self.push(data)

    def catch_up(self) -> bool:
        """Tell of what was left out if there is room again; say whether nothing is left to tell."""
        if self._waiting() > self._outbox_bytes // 2:
            return False
        lagged, self.lagged = self.lagged, {}
        for code, (first, last) in lagged.items():
            LAGS.inc()
            self.send(LagEvent(group=code, from_=first, to=last))
        return True

    def forget_lag(self, room: Room) -> None:
        """Drop what was noted of a group that the account is no longer in."""
        self.lagged.pop(room.state.code, None)
        self.stale.pop(room, None)
        self.look_again()

    def _waiting(self) -> int:
        """Return how many bytes wait, in the outbox and in the transport."""
        return sum(map(len, self.outbox)) + self.socket.transport.get_write_buffer_size()

    def begin(self) -> None:
        """Count a request as on its way to disk."""
        self.in_flight += 1

    def finish(self) -> None:
        """Count it as settled."""
        self.in_flight -= 1
        if self._drained is not None and self.in_flight == MAX_IN_FLIGHT - 1:
            self._drained.set()

    def is_behind(self) -> bool:
        """Say whether reading more requests should wait: too many are open, or their answers are not taken."""
        if self.in_flight >= MAX_IN_FLIGHT:
            return True
        return bool(self.outbox or self.socket.is_backed_up) and self._waiting() > self._outbox_bytes

    async def wait_for_room(self) -> None:
        """Wait until the session is not behind any more. A peer that never reads is closed by the keepalive."""
        drained = self._drained = asyncio.Event()
        while self.is_behind() and self.socket.is_open:
            drained.clear()
            # A peer that takes some of what waits is not told of before it has taken all.
            with suppress(TimeoutError):
                await asyncio.wait_for(drained.wait(), 0.05)
        self._drained = None

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection with a code of the protocol, after what is in the outbox."""
        if not self._closing:
            self._closing = True
            if self.outbox:
                flush([self])
            self.socket.close(code, reason)


def flush(sessions: Iterable[Session]) -> None:
    """Write the outboxes: one write for each session, whatever its outbox holds; none where it holds nothing."""
    for session in sessions:
        outbox, socket = session.outbox, session.socket
        if socket.is_open and outbox:
            socket.transport.write(outbox[0] if len(outbox) == 1 else b"".join(outbox))
        outbox.clear()
        session.look_again()
