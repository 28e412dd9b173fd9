"""The bus: how committed news reaches the nodes whose connections must hear of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from msgspec import Struct

from folkmoot_governance.account_events import AnyAccountEvent
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


class TallyNews(Struct, frozen=True, gc=False, tag="tally"):
    """What a node counted since it last told: see `tally`. Keys are hashes of addresses and the like. Never stored.

    `connections`: how many an address has there now. `spent`: kind -> key -> how often it was let pass.
    """

    node: str
    connections: dict[bytes, int]
    spent: dict[str, dict[bytes, int]]


class ClosedNews(Struct, frozen=True, gc=False, tag="closed"):
    """An account was closed: what is in memory of its entries has a name that is no more."""

    user: str


class RevokedNews(Struct, frozen=True, gc=False, tag="revoked"):
    """A session token of an account is valid no more; `token_hash` says which."""

    user: str
    token_hash: str


class SettingsNews(Struct, frozen=True, gc=False, tag="settings"):
    """An account has changed what it set for itself, in a group (`code`) or everywhere; storage has it."""

    user: str
    code: str = ""


class JoinedNews(Struct, frozen=True, gc=False, tag="joined"):
    """An account has come into a group, which nodes that do not have the group in memory hear of by this alone."""

    user: str
    code: str


class AnswerNews(Struct, frozen=True, gc=False, tag="answer"):
    """What became of what an account asked for: to join the group `name`, to have its identity verified at the level
    `name`, a report or an appeal. `case` is the act that decided, or the number of the report or appeal.

    `state` is a key of `delivery.hub.ANSWERS`.
    """

    user: str
    case: str
    state: str
    name: str = ""
    reason: str = ""


OfAccount = AnswerNews | AccountNews | PresenceNews | RevokedNews | SettingsNews | JoinedNews
News = OfAccount | GroupNews | TypingNews | TallyNews | ClosedNews
Listener = Callable[[News], None]


TALLY_TOPIC = "tally"
"""The topic that every node of a cluster follows, for what concerns them all."""


def group_topic(code: str) -> str:
    """Return the topic of a group's news."""
    return f"group.{code}"


def account_topic(user: str) -> str:
    """Return the topic of an account's news. A full stop in a user's name would divide it."""
    return f"account.{user.replace('.', '=')}"


def topic_of(news: News) -> str:
    """Return the topic that news belongs to."""
    if isinstance(news, (TallyNews, ClosedNews)):
        return TALLY_TOPIC
    return group_topic(news.code) if isinstance(news, (GroupNews, TypingNews)) else account_topic(news.user)


def done() -> asyncio.Future[None]:
    """Return a future that is done."""
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


class Bus(Protocol):
    """Carries news to every listener of every node that follows its topic, the publishing node's own included.

    Promises: news published by one node is heard by that node's own listeners in the order of publishing, before
    `publish` returns, whatever it follows. To others it may come late, in another order, or not at all: a listener that
    finds a hole in `seq` or `version` reads what is missing from storage. Nothing is heard twice. `publish` never waits
    and never raises.
    """

    @property
    def connected(self) -> bool:
        """Whether news reaches other nodes now, as far as is known; while not, they must look in storage."""
        ...

    @property
    def breaks(self) -> int:
        """How often it was cut off, or had to drop what came, since it began: news may have been lost each time."""
        ...

    def follow(self, topic: str) -> Awaitable[None]:
        """Have the news of a topic brought to this node from now on.

        What is returned is done when every later news will be sent here, or when the bus is not connected; it may be
        dropped by who need not know. Following twice is following once.
        """
        ...

    def unfollow(self, topic: str) -> None:
        """Have the news of a topic brought here no more."""
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
    breaks = 0

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def follow(self, topic: str) -> Awaitable[None]:
        return done()

    def unfollow(self, topic: str) -> None:
        """Nothing to do: what is said here is heard here."""

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
