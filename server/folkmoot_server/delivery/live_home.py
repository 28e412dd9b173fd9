"""Who reads home live here, and how a new post gets to them.

A post is encoded once for each encoding, and written to `SLICE` connections in a turn of the event loop, so that chat
goes between: a star's post keeps nobody waiting.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import islice

from folkmoot_protocol.codec import Codec
from folkmoot_protocol.events import PostEvent

from ..transport.frames import make_frame
from .session import Session

SLICE = 200
"""Connections that get a post in one turn of the event loop."""


class LiveHome:
    """The connections that read home live, by the channels that their accounts follow."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[Session, None]] = {}
        self._channels: dict[Session, set[str]] = {}
        self._waiting: deque[tuple[PostEvent, dict[Codec, bytes], list[Session]]] = deque()

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
        """Write a post to those who listen now, the first of them at once."""
        listeners = self._listeners.get(event.group)
        if listeners:
            if not self._waiting:
                asyncio.get_running_loop().call_soon(self._write)
            self._waiting.append((event, {}, list(listeners)))

    def _write(self) -> None:
        """Write to the next few, and let others have their turn."""
        event, frames, sessions = self._waiting[0]
        for session in islice(sessions, SLICE):
            # Who has gone or turned away meanwhile is left out.
            if event.group in self._channels.get(session, ()):
                codec = session.codec
                if codec not in frames:
                    frames[codec] = make_frame(codec.encode(event), binary=codec.binary)
                seq = event.entry.seq
                session.deliver_slowly(event.group, frames[codec], seq, seq)
        del sessions[:SLICE]
        if not sessions:
            self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
