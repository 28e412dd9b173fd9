"""The things that requests, results and events carry: Account, Group, Member, Entry and their parts.

Every struct is frozen. A field with a default is optional on the wire: it is left out when it has its
default, and a reader that doesn't find it assumes the default. Fields without a default are always there.
`gc=False` keeps the structs out of the cycle collector: they hold decoded data, which has no cycles.
"""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct, field

#: The largest integer that JavaScript keeps exact, hence the largest of the protocol.
MAX_INT = 2**53 - 1

# What a client may send, bounded. Names get more room here than the rules give them, so that a name that is a
# little too long is refused by the rule, which can explain itself, and not by its type.
RequestId = Annotated[int, Meta(ge=1, le=MAX_INT)]
Seq = Annotated[int, Meta(ge=0, le=MAX_INT)]
EntrySeq = Annotated[int, Meta(ge=1, le=MAX_INT)]
User = Annotated[str, Meta(max_length=64)]
Password = Annotated[str, Meta(max_length=1024)]
GroupCode = Annotated[str, Meta(max_length=40)]
Nonce = Annotated[str, Meta(min_length=1, max_length=64)]
Line = Annotated[str, Meta(max_length=8192)]
Token = Annotated[str, Meta(max_length=256)]
PageLimit = Annotated[int, Meta(ge=1, le=200)]
Word = Annotated[str, Meta(max_length=64)]
ShortText = Annotated[str, Meta(max_length=256)]
NoticeId = Annotated[str, Meta(max_length=256)]
LongText = Annotated[str, Meta(max_length=4000)]
AltText = Annotated[str, Meta(max_length=1000)]
MediaId = Annotated[str, Meta(max_length=64)]
HomeCursor = Annotated[str, Meta(max_length=64)]


class PlatformRole(StrEnum):
    """Roles of the operator's staff (G14). They are duties, not ranks: see `permissions.PLATFORM_RULES`."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    MODERATOR = "moderator"
    SAFETY_OFFICER = "safety_officer"
    SUPERADMIN = "superadmin"
    INSPECTOR = "inspector"


class Role(StrEnum):
    """What a member is in its group, highest first."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class JoinMode(StrEnum):
    """How one becomes a member of a group."""

    OPEN = "open"
    APPROVAL = "approval"
    QUESTION = "question"
    INVITE = "invite"
    CLOSED = "closed"


class GroupStatus(StrEnum):
    """The `state` of a group, as the platform sees it."""

    ACTIVE = "active"
    WARNED = "warned"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class EntryKind(StrEnum):
    """What an entry of a group's log is. A notice tells of a governance event, which `data.event` names."""

    TEXT = "text"
    ACTION = "action"
    NOTICE = "notice"
    ANNOUNCEMENT = "announcement"
    REDACTION = "redaction"
    EDIT = "edit"
    REACTION = "reaction"
    POST = "post"
    COMMENT = "comment"


SAID = frozenset({EntryKind.TEXT, EntryKind.ACTION, EntryKind.POST, EntryKind.COMMENT})
"""What people say themselves, in groups and in channels: what each can edit, delete and report."""


class ChannelForm(StrEnum):
    """What a channel is: a person's own, or a public account, which is opened after a review."""

    PERSONAL = "personal"
    PUBLIC = "public"


class CommentPolicy(StrEnum):
    """Who may comment in a channel, or on one of its posts, the most first: everybody, who follows it, everybody but
    an editor looks first, nobody."""

    OPEN = "open"
    FOLLOWERS = "followers"
    APPROVAL = "approval"
    CLOSED = "closed"


class LinkRule(StrEnum):
    """Which links plain members may post in a group: any, none to media files, or none at all."""

    ON = "on"
    NOMEDIA = "nomedia"
    OFF = "off"


class Notify(StrEnum):
    """Which entries of a group a member wants its clients to call for."""

    ON = "on"
    MENTIONS = "mentions"
    OFF = "off"


class Identity(StrEnum):
    """Which check of identity an account has passed, never with what."""

    NONE = "none"
    MOBILE = "mobile"
    PERSON = "person"
    ORGANISATION = "organisation"


class LeftReason(StrEnum):
    """Why one is no longer a member."""

    LEFT = "left"
    KICKED = "kicked"
    BANNED = "banned"
    CLOSED = "closed"


class JoinState(StrEnum):
    """What came of a request to join."""

    MEMBER = "member"
    PENDING = "pending"


class Credit(Struct, frozen=True, gc=False):
    """An account's credit: the named level and the score behind it. Only the account's owner sees it."""

    level: str
    score: int


class Account(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """An account as others see it; `credit`, `ignored` (whom it does not want to hear) and `staff` (the acts that its
    role on the platform covers) are for its owner alone. A `bot` alone has that field: who answers for it, empty where
    nobody does."""

    user: str
    display_name: str
    identity: Identity
    created_ts: int
    badges: tuple[str, ...]
    credit: Credit | None = None
    ignored: tuple[str, ...] = ()
    bot: str | None = None
    staff: tuple[str, ...] = ()


class Group(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A group. The fields with a default are for its members; the rest is its public part.

    `role`, `read_seq`, `muted_until_ms` and `notify` are the reader's own. `pins` are the seqs of pinned entries, the
    latest pin first; `locked_until_ms` is until when only owner and admins may post; `announcement` is what the owner
    has put up. With a `form` and a `handle` it is a channel, and its members are the editors.
    """

    id: str
    name: str
    topic: str
    category: str
    grade: str
    join_mode: JoinMode
    state: GroupStatus
    members: int
    member_limit: int
    created_ts: int
    owner: str
    creator: str
    slow_ms: int
    last_seq: int | None = None
    role: Role | None = None
    read_seq: int | None = None
    muted_until_ms: int | None = None
    notify: Notify = Notify.ON
    locked_until_ms: int = 0
    links: LinkRule = LinkRule.ON
    pins: tuple[int, ...] = ()
    announcement: str = ""
    form: ChannelForm | None = None
    handle: str = ""


class Credential(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """What the platform has granted to a channel until `until_ms`: a `badge`, which names who it is, a `label`, or a
    `licence` of the number `name` for a `category`, to `publish` or only to `relay` (`scope`)."""

    kind: str
    name: str
    until_ms: int
    category: str = ""
    scope: str = ""


class Document(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A document that goes with an application: its kind, and its number or what it says."""

    kind: Annotated[str, Meta(min_length=1, max_length=32)]
    number: ShortText
    text: ShortText = ""


class Channel(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A channel as its readers see it. `state` is how the platform sees it; `followers` is how many it has, `reads`
    how many accounts have opened it today (UTC), which its editors alone are told, and `following` whether the reader
    is one of those who follow; `comments` says who may comment. `labels` are what the platform has
    granted to it. `pending`: it waits for its review, and nobody but its editors knows of it."""

    id: str
    handle: str
    form: ChannelForm
    name: str
    topic: str
    category: str
    state: GroupStatus
    created_ts: int
    followers: int = 0
    reads: int | None = None
    following: bool = False
    comments: CommentPolicy = CommentPolicy.OPEN
    labels: tuple[Credential, ...] = ()
    pending: bool = False


class Member(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A member of a group, under the name that it carries there. `permissions` is there for admins."""

    user: str
    display_name: str
    role: Role
    tags: tuple[str, ...]
    joined_ts: int
    muted_until_ms: int | None = None
    permissions: tuple[str, ...] | None = None


class Notice(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """What an account is told by itself: a measure that hit it, or what became of what it asked for.

    `id` tells it from others, and later ones have greater ids; `kind` says what it is, `text` in words; `case` is the
    act or case that it is about, `group` where that was. `read_ts` is when it was read. `data` has, where they apply,
    `reason`, `until_ms`, `seq`, the `name` of the group and until when one may appeal (`appeal_until_ms`). `acts` are
    the lines that one can answer with, `…` standing for what one writes oneself.
    """

    id: str
    ts: int
    kind: str
    case: str
    text: str
    group: str = ""
    read_ts: int = 0
    data: dict[str, Any] = {}
    acts: tuple[str, ...] = ()


class Author(Struct, frozen=True, omit_defaults=True, gc=False):
    """Who an entry is from, as of the moment it was stored."""

    user: str
    display_name: str
    role: Role
    tags: tuple[str, ...] = ()


class Entry(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """One line of a group's log. `seq` counts from 1 without gaps; `ts` is when it was stored.

    `reply_to` and `target` are seqs of the same group. A redacted entry keeps its seq and has an empty body.
    """

    seq: int
    ts: int
    kind: EntryKind
    from_: Author = field(name="from")
    body: str
    reply_to: int | None = None
    target: int | None = None
    data: dict[str, Any] | None = None
    redacted: bool = False


class Repost(Struct, frozen=True, gc=False):
    """The post of a channel that another one repeats: `group` is the channel's code, or `@` and its handle."""

    group: GroupCode
    seq: EntrySeq


class Refutation(Struct, frozen=True, gc=False):
    """What the platform says about a post that is not so; the post can be read all the same. `case` names the act."""

    text: str
    ts: int
    case: str


class ChannelPost(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A post of the channel `group`, as it stands: to readers it is from the channel, `entry.from.user` its handle.

    What repeats another post has that as its `original`, as it stands now; where it is gone there is none.
    What the platform has refuted has a `refutation`.
    """

    group: str
    entry: Entry
    original: "ChannelPost | None" = None
    refutation: Refutation | None = None


class ArgumentKind(StrEnum):
    """What an argument of a slash command is, for completion."""

    USER = "user"
    SEQ = "seq"
    DURATION = "duration"
    NUMBER = "number"
    GROUP = "group"
    COMMAND = "command"
    CHOICE = "choice"
    TEXT = "text"


class CommandArgument(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """One argument, `name` as the syntax shows it; `choices` are the words that fit, where they are few.

    `rest`: it takes what is left of the line. `reply`: an entry that the command replies to supplies it.
    """

    name: str
    kind: ArgumentKind
    optional: bool = False
    rest: bool = False
    reply: bool = False
    choices: tuple[str, ...] = ()


class CommandInfo(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """A slash command for help and completion; `allowed` says whether the asker may use it now, `why` why not."""

    name: str
    aliases: tuple[str, ...]
    syntax: str
    summary: str
    allowed: bool
    why: str = ""
    arguments: tuple[CommandArgument, ...] = ()


class Limits(Struct, frozen=True, gc=False, kw_only=True):
    """What the server announces that it will take: bytes, characters, seconds, entries."""

    frame_bytes: int
    body_chars: int
    auth_seconds: int
    history_page: int


class Agreement(Struct, frozen=True, gc=False, kw_only=True):
    """The agreement to accept: its version, the SHA-256 of its text in hex, the path that serves it."""

    version: str
    sha256: str
    url: str


class SyncGroup(Struct, frozen=True, gc=False, kw_only=True):
    """What one group had after a cursor: entries oldest first; `more` when `history` has others."""

    entries: tuple[Entry, ...]
    last_seq: int
    more: bool
