"""Who reads home live here, and how a new post gets to them.

A post is encoded once for each encoding, and written to `SLICE` connections in a turn of the event loop, so that chat
goes between: a star's post keeps nobody waiting.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

from folkmoot_protocol.codec import Codec
from folkmoot_protocol.events import LagEvent, PostEvent, RefutedEvent

from ..transport.frames import make_frame
from .session import Session

SLICE = 200
"""Connections that get a post in one turn of the event loop."""

MAX_WAITING = 1000
"""Posts that wait to be written; of more it is told that they were left out: home has them."""


class LiveHome:
    """The connections that read home live, by the channels that their accounts follow."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[Session, None]] = {}
        self._channels: dict[Session, set[str]] = {}
        self._waiting: deque[Piece] = deque()
        self._missed: dict[str, tuple[int, int]] = {}

    def listen(self, session: Session, codes: Iterable[str]) -> None:
        """Let a connection hear of new posts of these channels, and of no others."""
        self.forget(session)
        self._channels[session] = set()
        for code in codes:
            self._add(session, code)

    def forget(self, session: Session) -> None:
        """Let a connection hear of new posts no more."""
        for code in self._channels.pop(session, ()):
            self._drop(session, code)

    def changed(self, session: Session, code: str, *, follows: bool) -> None:
        """Take in that the account of a connection follows a channel from now on, or does no more."""
        if session in self._channels:
            if follows:
                self._add(session, code)
            elif code in self._channels[session]:
                self._channels[session].remove(code)
                self._drop(session, code)

    def _add(self, session: Session, code: str) -> None:
        self._channels[session].add(code)
        self._listeners.setdefault(code, {})[session] = None

    def _drop(self, session: Session, code: str) -> None:
        listeners = self._listeners[code]
        del listeners[session]
        if not listeners:
            del self._listeners[code]

    def deliver(self, event: PostEvent) -> None:
        """Write a post to those who listen now, the first of them at once; where too many wait, tell of it later."""
        code, seq = event.group, event.entry.seq
        if len(self._waiting) >= MAX_WAITING:
            self._missed[code] = (self._missed.get(code, (seq, seq))[0], seq)
        else:
            self._queue(Piece(code, seq, seq, event))

    def left_out(self, posts: Mapping[str, int]) -> None:
        """Tell those who listen now that posts of these channels, up to such a seq, were not written: home has them."""
        for code, seq in posts.items():
            if code in self._listeners:
                self._missed[code] = (self._missed.get(code, (seq, seq))[0], seq)
        if not self._waiting:
            self._tell_missed()

    def tell(self, event: RefutedEvent) -> None:
        """Write to those who listen now what is said about a post, if not too many wait: a page says it as well."""
        if len(self._waiting) < MAX_WAITING:
            self._queue(Piece(event.group, event.seq, event.seq, event))

    def _queue(self, piece: "Piece") -> None:
        listeners = self._listeners.get(piece.code)
        if listeners:
            piece.sessions = list(listeners)
            if not self._waiting:
                asyncio.get_running_loop().call_soon(self._write)
            self._waiting.append(piece)

    def _write(self) -> None:
        """Write to the next few, and let others have their turn."""
        piece = self._waiting[0]
        for session in piece.sessions[:SLICE]:
            # Who has gone or turned away meanwhile is left out.
            if piece.code in self._channels.get(session, ()):
                session.deliver_slowly(piece.code, piece.frame(session.codec), piece.first, piece.last)
        del piece.sessions[:SLICE]
        if not piece.sessions:
            self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
            return
        self._tell_missed()

    def _tell_missed(self) -> None:
        missed, self._missed = self._missed, {}
        for code, (first, last) in missed.items():
            self._queue(Piece(code, first, last, LagEvent(group=code, from_=first, to=last)))


class Piece:
    """Something to write, a post, or that some were left out (`first` to `last`, seqs), and to whom it is to go."""

    __slots__ = ("_event", "_frames", "code", "first", "last", "sessions")

    def __init__(self, code: str, first: int, last: int, event: PostEvent | RefutedEvent | LagEvent) -> None:
        self.code = code
        self.first = first
        self.last = last
        self.sessions: list[Session] = []
        self._event = event
        self._frames: dict[Codec, bytes] = {}

    def frame(self, codec: Codec) -> bytes:
        """Return it as a finished frame, made once for each encoding."""
        frame = self._frames.get(codec)
        if frame is None:
            frame = self._frames[codec] = make_frame(codec.encode(self._event), binary=codec.binary)
        return frame
