"""The bus: how committed news reaches the nodes whose connections must hear of it."""

from collections.abc import Callable
from typing import Protocol

import structlog
from msgspec import Struct

from folkmoot_governance.account import AnyAccountEvent
from folkmoot_governance.group.events import GroupEvent
from folkmoot_protocol.types import Entry

log = structlog.get_logger()


class GroupNews(Struct, frozen=True, gc=False, tag="group"):
    """What one work did to a group: the entries appended, and the events behind them.

    `version` is the group's version after the events. Posts have entries only.
    """

    code: str
    entries: tuple[Entry, ...]
    version: int
    events: tuple[GroupEvent, ...] = ()


class AccountNews(Struct, frozen=True, gc=False, tag="account"):
    """What happened to an account; `version` is its version after the events."""

    user: str
    version: int
    events: tuple[AnyAccountEvent, ...]


class TypingNews(Struct, frozen=True, gc=False, tag="typing"):
    """A member is typing. Never stored."""

    code: str
    user: str


class PresenceNews(Struct, frozen=True, gc=False, tag="presence"):
    """How many connections an account has on a node; `asks`: the others shall tell theirs. Never stored."""

    user: str
    node: str
    connections: int
    asks: bool


class RevokedNews(Struct, frozen=True, gc=False, tag="revoked"):
    """A session token of an account is valid no more; `token_hash` says which."""

    user: str
    token_hash: str


News = GroupNews | AccountNews | TypingNews | PresenceNews | RevokedNews
Listener = Callable[[News], None]


class Bus(Protocol):
    """Carries news to every listener of every node, the publishing node's own included.

    Promises: news published by one node is heard by that node's own listeners in the order of publishing, before
    `publish` returns. To others it may come late, in another order, or not at all: a listener that finds a hole in
    `seq` or `version` reads what is missing from storage. Nothing is heard twice. `publish` never waits and never
    raises.
    """

    @property
    def connected(self) -> bool:
        """Whether news reaches other nodes now, as far as is known; while not, they must look in storage."""
        ...

    def publish(self, news: News) -> None:
        """Tell all listeners."""
        ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; return the function that removes it."""
        ...

    async def close(self) -> None:
        """Let go of all connections; news on the way is dropped."""
        ...


class LocalBus:
    """The bus of a single node: a call."""

    connected = True

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, news: News) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception:
                # What is published is stored: whoever cannot take it must not keep it from the others.
                log.exception("a listener of the bus failed", news=type(news).__name__)

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        self._listeners.clear()
