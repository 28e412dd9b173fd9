"""The requests of protocol version 1, one struct each, told apart by `type`.

The bounds stand on the fields, so that decoding checks them once and no handler does again. What depends on
configuration or on rules (the length of a body, the shape of a name) is for the handler.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .types import (
    MAX_INT,
    AltText,
    ChannelForm,
    Document,
    EntrySeq,
    GroupCode,
    HomeCursor,
    JoinMode,
    Line,
    LongText,
    MediaId,
    Nonce,
    NoticeId,
    PageLimit,
    Password,
    Repost,
    RequestId,
    Seq,
    ShortText,
    Token,
    User,
    Word,
)

Cursors = Annotated[dict[GroupCode, Seq], Meta(max_length=1000)]
AdminOption = Annotated[str, Meta(max_length=1024)] | Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)] | bool
AdminOptions = Annotated[dict[Word, AdminOption], Meta(max_length=16)]
FileText = Annotated[str, Meta(max_length=60_000)]
AdminLimit = Annotated[int, Meta(ge=1, le=500)]
MediaIds = Annotated[tuple[MediaId, ...], Meta(min_length=1, max_length=100)]
ByteCount = Annotated[int, Meta(ge=1, le=MAX_INT)]


class MediaRef(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """An upload of one's own that a post shows, and what is to be seen or heard in it, in words."""

    id: MediaId
    alt: AltText = ""


MediaRefs = Annotated[tuple[MediaRef, ...], Meta(max_length=10)]


class _Request(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True, tag_field="type"):
    """What all requests have: the id that the client chose and that the reply names as `re`."""

    id: RequestId


class Register(_Request, frozen=True, tag="register", kw_only=True):
    """Create an account and sign in; `agreement` is the version accepted. -> SessionResult

    `invitation`, where one needs it: the code of a group, a space, and an invite code of it. `device`: what one's own
    list of sessions calls this one.
    """

    user: User
    password: Password
    agreement: Word
    display_name: ShortText | None = None
    language: Word | None = None
    invitation: ShortText | None = None
    device: Word | None = None


class Login(_Request, frozen=True, tag="login", kw_only=True):
    """Sign in; `device` as in `register`, `language` what this session is spoken to in. -> SessionResult"""

    user: User
    password: Password
    otp: Word | None = None
    device: Word | None = None
    language: Word | None = None


class Resume(_Request, frozen=True, tag="resume", kw_only=True):
    """Sign in with the token of an earlier session; `language` as in `login`. -> SessionResult"""

    token: Token
    language: Word | None = None


class Appeal(_Request, frozen=True, tag="appeal", kw_only=True):
    """Appeal without signing in: for an account that is suspended. -> ReportResult

    Against the suspension in force, or the measure of the case number `case`; `language` as in `login`.
    """

    user: User
    password: Password
    text: LongText
    case: Word | None = None
    language: Word | None = None


class Recover(_Request, frozen=True, tag="recover", kw_only=True):
    """Have a code for `reset_password` sent to the mobile that an account was verified with, its number being `number`,
    without signing in. The answer is the same whether or not it is. -> Empty"""

    user: User
    number: Word
    language: Word | None = None


class ResetPassword(_Request, frozen=True, tag="reset_password", kw_only=True):
    """Have the password `new` by a code that staff has given or `recover` has sent, without signing in. -> Empty"""

    user: User
    code: Word
    new: Password
    language: Word | None = None


class GetNotices(_Request, frozen=True, tag="notices", kw_only=True):
    """List what one is told by oneself, the latest first, below the id `before` if given. -> NoticesResult

    Who is suspended asks without signing in, with `user` and `password`; `language` as in `login`.
    """

    user: User | None = None
    password: Password | None = None
    language: Word | None = None
    before: NoticeId | None = None
    limit: PageLimit | None = None
    unread: bool = False


class ReadNotices(_Request, frozen=True, tag="read_notices", kw_only=True):
    """Say that one has read what one is told, up to the id `up_to`; signed in or not, as `notices`. -> Empty"""

    up_to: NoticeId
    user: User | None = None
    password: Password | None = None


class Logout(_Request, frozen=True, tag="logout", kw_only=True):
    """Revoke the session's token. -> Empty"""


class ChangePassword(_Request, frozen=True, tag="change_password", kw_only=True):
    """Have the password `new` from now on; all other sessions of the account end. -> Empty"""

    password: Password
    new: Password


class SecondFactor(_Request, frozen=True, tag="second_factor", kw_only=True):
    """Have signing in ask for a code as well: `begin` with the password, `confirm` with a code, `end` with both.
    -> SecondFactorResult"""

    act: Literal["begin", "confirm", "end"]
    password: Password | None = None
    code: Word | None = None


class AcceptAgreement(_Request, frozen=True, tag="accept_agreement", kw_only=True):
    """Accept a version of the agreement. -> Empty"""

    version: Word


class GetAccount(_Request, frozen=True, tag="account", kw_only=True):
    """Look an account up, one's own when `user` is absent. -> AccountResult"""

    user: User | None = None


class CreateGroup(_Request, frozen=True, tag="create_group", kw_only=True):
    """Create a group and become its owner; a repeat with the same `nonce` creates none. -> GroupResult"""

    name: ShortText
    category: Word | None = None
    topic: LongText | None = None
    join_mode: JoinMode | None = None
    nonce: Nonce | None = None


class ListGroups(_Request, frozen=True, tag="groups", kw_only=True):
    """List the groups that one is a member of. -> GroupsResult"""


class GetGroup(_Request, frozen=True, tag="group", kw_only=True):
    """Look a group up; a non-member gets its public part. -> GroupResult"""

    group: GroupCode


class JoinGroup(_Request, frozen=True, tag="join", kw_only=True):
    """Join a group or ask to; `answer` is for the question that it may put. -> JoinResult"""

    group: GroupCode
    answer: LongText | None = None
    nonce: Nonce | None = None


class LeaveGroup(_Request, frozen=True, tag="leave", kw_only=True):
    """Leave a group. -> Empty"""

    group: GroupCode
    nonce: Nonce | None = None


class ListMembers(_Request, frozen=True, tag="members", kw_only=True):
    """List members, from the one after the user `after`. -> MembersResult"""

    group: GroupCode
    after: User | None = None
    limit: PageLimit | None = None


class RunCommand(_Request, frozen=True, tag="command", kw_only=True):
    """Run a slash command line, in a group or outside; one `nonce` runs it once. -> CommandResult"""

    group: GroupCode | None = None
    line: Line
    nonce: Nonce | None = None


class ListCommands(_Request, frozen=True, tag="commands", kw_only=True):
    """List the slash commands and which of them one may use. -> CommandsResult"""

    group: GroupCode | None = None


class Post(_Request, frozen=True, tag="post", kw_only=True):
    """Post to a group; a repeat with the same `nonce` adds nothing. -> PostResult

    The body is bounded by the frame here and by the server's `limits.body_chars` in its handler; with `media` it may be
    empty. In a channel it is a post of the channel or, with `thread`, a comment on the post of that seq; with `repost`
    it repeats another post, alone or with a text. `category`: that of a post of a channel, where it is another than the
    channel's.
    """

    group: GroupCode
    body: str
    nonce: Nonce | None = None
    reply_to: EntrySeq | None = None
    media: MediaRefs | None = None
    thread: EntrySeq | None = None
    category: Word | None = None
    repost: Repost | None = None


class Edit(_Request, frozen=True, tag="edit", kw_only=True):
    """Give an own entry another text; what it said before stays in the log. -> PostResult"""

    group: GroupCode
    seq: EntrySeq
    body: str
    nonce: Nonce | None = None


class React(_Request, frozen=True, tag="react", kw_only=True):
    """React to an entry with an emoji, or take that back again. -> PostResult"""

    group: GroupCode
    seq: EntrySeq
    reaction: Word
    remove: bool = False
    nonce: Nonce | None = None


class GetHistory(_Request, frozen=True, tag="history", kw_only=True):
    """Read entries before or after a seq, the newest page with neither. -> HistoryResult"""

    group: GroupCode
    before: Seq | None = None
    after: Seq | None = None
    limit: PageLimit | None = None

    def __post_init__(self) -> None:
        if self.before is not None and self.after is not None:
            raise ValueError("`before` and `after` exclude each other")


class Search(_Request, frozen=True, tag="search", kw_only=True):
    """Find entries of a group that have all words of `text`, below the seq `before` if given. -> SearchResult"""

    group: GroupCode
    text: LongText
    before: EntrySeq | None = None
    limit: PageLimit | None = None


class Sync(_Request, frozen=True, tag="sync", kw_only=True):
    """Ask many groups at once for what came after the seq that one has. -> SyncResult"""

    cursors: Cursors


class MarkRead(_Request, frozen=True, tag="mark_read", kw_only=True):
    """Say that one has read up to `seq`. -> Empty"""

    group: GroupCode
    seq: Seq


class Typing(_Request, frozen=True, tag="typing", kw_only=True):
    """Let the others know that one is typing. -> Empty"""

    group: GroupCode


class Report(_Request, frozen=True, tag="report", kw_only=True):
    """Report a group, an entry of it, or an account; `reason` is a configured code. -> ReportResult"""

    group: GroupCode | None = None
    seq: EntrySeq | None = None
    user: User | None = None
    reason: Word
    text: LongText | None = None
    nonce: Nonce | None = None


class Upload(_Request, frozen=True, tag="upload", kw_only=True):
    """Ask for an address to which a picture, sound or film of `size` bytes can be sent, once. -> UploadResult"""

    size: ByteCount


class GetMedia(_Request, frozen=True, tag="media", kw_only=True):
    """Ask for addresses under which media of one's groups can be fetched for a while. -> MediaResult"""

    ids: MediaIds


class OpenChannel(_Request, frozen=True, tag="open_channel", kw_only=True):
    """Open a channel and become its owner; one's own, of the form `personal`, is there once, and carries one's user
    name as its handle. A `public` account has a handle of its own, and opens when the platform has approved the
    application that this makes, with `documents` and a `text` for who decides. -> GroupResult"""

    form: ChannelForm = ChannelForm.PERSONAL
    handle: User | None = None
    name: ShortText | None = None
    topic: LongText | None = None
    category: Word | None = None
    documents: tuple[Document, ...] = ()
    text: LongText | None = None
    nonce: Nonce | None = None


class Apply(_Request, frozen=True, tag="apply", kw_only=True):
    """Apply for a `badge` or a `licence` for one's channel `group`, or for a `quota` of more public accounts.

    `name` is whom the badge is to name, or the licence's number; a licence is for a `category`, to `publish` or only to
    `relay` (`scope`), and ends at `until_ms`. `count`: so many public accounts. -> ReportResult
    """

    what: Literal["badge", "licence", "quota"]
    group: GroupCode | None = None
    name: ShortText | None = None
    category: Word | None = None
    scope: Literal["publish", "relay"] | None = None
    until_ms: Seq | None = None
    count: Annotated[int, Meta(ge=1, le=1000)] | None = None
    documents: tuple[Document, ...] = ()
    text: LongText | None = None
    nonce: Nonce | None = None


class GetChannel(_Request, frozen=True, tag="channel", kw_only=True):
    """Look a channel up, by its code or by `@` and its handle. -> ChannelResult"""

    group: GroupCode


class Follow(_Request, frozen=True, tag="follow", kw_only=True):
    """Follow a channel: its posts stand in one's home from then on. -> ChannelResult"""

    group: GroupCode


class Unfollow(_Request, frozen=True, tag="unfollow", kw_only=True):
    """Follow a channel no more. -> ChannelResult"""

    group: GroupCode


class ListFollows(_Request, frozen=True, tag="follows", kw_only=True):
    """List the channels that one follows, from the one after the code `after`. -> ChannelsResult"""

    after: GroupCode | None = None
    limit: PageLimit | None = None


class GetHome(_Request, frozen=True, tag="home", kw_only=True):
    """Read the posts of the channels that one follows, the newest first, below the cursor `before` if given. With
    `live`, new ones come as events from now on, until `live` is false. -> HomeResult"""

    before: HomeCursor | None = None
    limit: PageLimit | None = None
    live: bool | None = None


class GetPosts(_Request, frozen=True, tag="posts", kw_only=True):
    """Read a channel's posts, the newest first, below the cursor `before` if given. -> HomeResult"""

    group: GroupCode
    before: HomeCursor | None = None
    limit: PageLimit | None = None


class GetThread(_Request, frozen=True, tag="thread", kw_only=True):
    """Read a post of a channel and the comments on it, oldest first, after the seq `after`. -> ThreadResult"""

    group: GroupCode
    seq: EntrySeq
    after: Seq | None = None
    limit: PageLimit | None = None


class GetReposts(_Request, frozen=True, tag="reposts", kw_only=True):
    """Read what repeats a post of a channel, the newest first, below the cursor `before` if given. -> HomeResult"""

    group: GroupCode
    seq: EntrySeq
    before: HomeCursor | None = None
    limit: PageLimit | None = None


class Admin(_Request, frozen=True, tag="admin", kw_only=True):
    """Platform administration: `verb` on a `noun`, `target` being a user name or a group code. -> AdminResult

    `text` is that of a file which the verb asks for. With `dry_run` the answer tells what would change, and nothing
    does.
    """

    noun: Word
    verb: Word
    target: Word | None = None
    reason: LongText | None = None
    options: AdminOptions | None = None
    limit: AdminLimit | None = None
    cursor: ShortText | None = None
    dry_run: bool = False
    text: FileText | None = None


Request = (
    Register
    | Login
    | Resume
    | Appeal
    | Recover
    | ResetPassword
    | GetNotices
    | ReadNotices
    | Logout
    | ChangePassword
    | SecondFactor
    | AcceptAgreement
    | GetAccount
    | CreateGroup
    | ListGroups
    | GetGroup
    | JoinGroup
    | LeaveGroup
    | ListMembers
    | RunCommand
    | ListCommands
    | Post
    | Edit
    | React
    | GetHistory
    | Search
    | Sync
    | MarkRead
    | Typing
    | Report
    | Upload
    | GetMedia
    | OpenChannel
    | Apply
    | GetChannel
    | Follow
    | Unfollow
    | ListFollows
    | GetHome
    | GetPosts
    | GetThread
    | GetReposts
    | Admin
)

#: Request type by wire name, in the order of the protocol's page.
REQUESTS: dict[str, type[Request]] = {
    "register": Register,
    "login": Login,
    "resume": Resume,
    "appeal": Appeal,
    "recover": Recover,
    "reset_password": ResetPassword,
    "notices": GetNotices,
    "read_notices": ReadNotices,
    "logout": Logout,
    "change_password": ChangePassword,
    "second_factor": SecondFactor,
    "accept_agreement": AcceptAgreement,
    "account": GetAccount,
    "create_group": CreateGroup,
    "groups": ListGroups,
    "group": GetGroup,
    "join": JoinGroup,
    "leave": LeaveGroup,
    "members": ListMembers,
    "command": RunCommand,
    "commands": ListCommands,
    "post": Post,
    "edit": Edit,
    "react": React,
    "history": GetHistory,
    "search": Search,
    "sync": Sync,
    "mark_read": MarkRead,
    "typing": Typing,
    "report": Report,
    "upload": Upload,
    "media": GetMedia,
    "open_channel": OpenChannel,
    "apply": Apply,
    "channel": GetChannel,
    "follow": Follow,
    "unfollow": Unfollow,
    "follows": ListFollows,
    "home": GetHome,
    "posts": GetPosts,
    "thread": GetThread,
    "reposts": GetReposts,
    "admin": Admin,
}
