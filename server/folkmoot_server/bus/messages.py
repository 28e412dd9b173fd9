"""What nodes tell each other over the bus, and the topic that each message belongs to."""

from collections.abc import Callable

from msgspec import Struct

from folkmoot_governance.account_events import AnyAccountEvent
from folkmoot_governance.group.events import GroupEvent
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol.types import ChannelPost, Entry, Refutation


class GroupUpdate(Struct, frozen=True, gc=False, tag="group"):
    """What one change set did to a group: the entries appended, and the events behind them.

    `version` is the group's version after the events. Posts have entries only.
    """

    code: str
    entries: tuple[Entry, ...]
    version: int
    events: tuple[GroupEvent, ...] = ()


class AccountUpdate(Struct, frozen=True, gc=False, tag="account"):
    """What happened to an account; `version` is its version after the events."""

    user: str
    version: int
    events: tuple[AnyAccountEvent, ...]


class TypingUpdate(Struct, frozen=True, gc=False, tag="typing"):
    """A member is typing. Never stored."""

    code: str
    user: str


class PresenceUpdate(Struct, frozen=True, gc=False, tag="presence"):
    """How many connections an account has on a node; `asks`: the others shall tell theirs. Never stored."""

    user: str
    node: str
    connections: int
    asks: bool


class LimitsUpdate(Struct, frozen=True, gc=False, tag="shared_limits"):
    """What a node counted since it last told: see `tally`. Keys are hashes of addresses and the like. Never stored.

    `connections`: how many an address has there now. `spent`: kind -> key -> how often it was let pass.
    """

    node: str
    connections: dict[bytes, int]
    spent: dict[str, dict[bytes, int]]


class ClosedUpdate(Struct, frozen=True, gc=False, tag="closed"):
    """An account was closed: what is in memory of its entries has a name that is no more."""

    user: str


class RevokedUpdate(Struct, frozen=True, gc=False, tag="revoked"):
    """A session token of an account is valid no more; `token_hash` says which, empty: several, storage has the rest."""

    user: str
    token_hash: str


class SettingsUpdate(Struct, frozen=True, gc=False, tag="settings"):
    """An account has changed what it set for itself, in a group (`code`) or everywhere, or something of another account
    of the same person has changed; storage has it."""

    user: str
    code: str = ""


class JoinedUpdate(Struct, frozen=True, gc=False, tag="joined"):
    """An account has come into a group, which nodes that do not have the group in memory hear of by this alone."""

    user: str
    code: str


class PostUpdate(Struct, frozen=True, gc=False, tag="post"):
    """A channel has published a post, which is given as its readers see it, with what it repeats."""

    code: str
    entry: Entry
    original: ChannelPost | None = None


class RefutedUpdate(Struct, frozen=True, gc=False, tag="refuted"):
    """What is said about a post has changed; `posts` are that and those that repeat it, by channel and seq."""

    posts: tuple[tuple[str, int], ...]
    refutation: Refutation | None


class FollowUpdate(Struct, frozen=True, gc=False, tag="follow"):
    """An account follows a channel from now on, or does no more."""

    user: str
    code: str
    follows: bool


class NoticeUpdate(Struct, frozen=True, gc=False, tag="notice"):
    """What an account is told by itself. Stored, but for what is told in passing: `delivery.notices.PASSING`."""

    user: str
    notice: PersonalNotice


class InForceUpdate(Struct, frozen=True, gc=False, tag="in_force"):
    """What the operator has put into force for many at once has changed; storage has it."""


OfAccount = NoticeUpdate | AccountUpdate | PresenceUpdate | RevokedUpdate | SettingsUpdate | JoinedUpdate | FollowUpdate


BusMessage = (
    OfAccount | GroupUpdate | TypingUpdate | LimitsUpdate | ClosedUpdate | InForceUpdate | PostUpdate | RefutedUpdate
)


Listener = Callable[[BusMessage], None]


ALL_NODES_TOPIC = "shared_limits"
"""The topic that every node of a cluster follows, for what concerns them all."""


def group_topic(code: str) -> str:
    """Return the topic of a group's news."""
    return f"group.{code}"


def account_topic(user: str) -> str:
    """Return the topic of an account's news. A full stop in a user's name would divide it."""
    return f"account.{user.replace('.', '=')}"


def topic_of(message: BusMessage) -> str:
    """Return the topic that news belongs to."""
    if isinstance(message, (LimitsUpdate, ClosedUpdate, InForceUpdate, PostUpdate, RefutedUpdate)):
        return ALL_NODES_TOPIC
    return (
        group_topic(message.code) if isinstance(message, (GroupUpdate, TypingUpdate)) else account_topic(message.user)
    )
