"""The frames that the server sends: hello, the two replies, and the events."""

from typing import Any

from msgspec import Struct, field

from .types import Account, Agreement, ChannelPost, Entry, Group, LeftReason, Limits, Notice, Refutation

PROTOCOL_VERSION = 1


class _Frame(Struct, frozen=True, gc=False, kw_only=True, tag_field="type"):
    """What all server frames have: a `type`."""


class Hello(_Frame, frozen=True, tag="hello", kw_only=True):
    """The server's first frame."""

    protocol: int
    server: str
    ts: int
    limits: Limits
    agreement: Agreement
    languages: tuple[str, ...]


class Ok(_Frame, frozen=True, tag="ok"):
    """The reply to a request that was carried out.

    The writer puts one of the structs of `results` into `result`. A reader gets a plain map, because the
    frame alone doesn't say which request it answers: `codec.read_result` turns it into the struct.
    """

    re: int
    result: Any


class Error(_Frame, frozen=True, tag="error"):
    """The reply to a request that was refused or failed. `code` is an `ErrorCode` or a newer one."""

    re: int
    code: str
    message: str
    detail: dict[str, Any]


class EntryEvent(_Frame, frozen=True, tag="entry"):
    """Something was appended to a group that one is a member of."""

    group: str
    entry: Entry


class GroupEvent(_Frame, frozen=True, tag="group"):
    """A group's settings or state, or one's own role in it, changed; or one joined it from another device."""

    group: Group


class LeftEvent(_Frame, frozen=True, tag="left"):
    """One is no longer a member."""

    group: str
    reason: LeftReason


class TypingEvent(_Frame, frozen=True, tag="typing"):
    """A member is typing."""

    group: str
    user: str


class LagEvent(_Frame, frozen=True, tag="lag"):
    """The connection was too slow: the entries with seq `from_` to `to`, both included, were not sent."""

    group: str
    from_: int = field(name="from")
    to: int


class AccountEvent(_Frame, frozen=True, tag="account"):
    """One's own account changed."""

    account: Account


class CaseEvent(_Frame, frozen=True, omit_defaults=True, tag="case"):
    """One is told something: of a measure, or of what became of a report, an appeal or a request.

    `notice` is what the request `notices` lists of it; without one it is told now and never again.
    """

    case: str
    state: str
    text: str
    notice: Notice | None = None


class PostEvent(_Frame, frozen=True, omit_defaults=True, tag="post"):
    """A channel that one follows has published a post; what that repeats is its `original`, as it stands now."""

    group: str
    entry: Entry
    original: ChannelPost | None = None


class RefutedEvent(_Frame, frozen=True, omit_defaults=True, tag="refuted"):
    """A post of a channel that one follows, or what it repeats, was refuted; without a `refutation`: that is void."""

    group: str
    seq: int
    refutation: Refutation | None = None


Event = (
    EntryEvent | GroupEvent | LeftEvent | TypingEvent | LagEvent | AccountEvent | CaseEvent | PostEvent | RefutedEvent
)
ServerFrame = Hello | Ok | Error | Event

#: Event type by wire name, in the order of the protocol's page.
EVENTS: dict[str, type[Event]] = {
    "entry": EntryEvent,
    "group": GroupEvent,
    "left": LeftEvent,
    "typing": TypingEvent,
    "lag": LagEvent,
    "account": AccountEvent,
    "case": CaseEvent,
    "post": PostEvent,
    "refuted": RefutedEvent,
}

#: Every frame that a server sends, by wire name.
FRAMES: dict[str, type[ServerFrame]] = {"hello": Hello, "ok": Ok, "error": Error, **EVENTS}
