"""What an `ok` frame carries in `result`, one struct per shape, and which request gets which."""

from typing import Any

from msgspec import Struct

from . import requests as rq
from .types import (
    Account,
    Channel,
    ChannelPost,
    CommandInfo,
    CommentPolicy,
    Entry,
    Group,
    JoinState,
    Member,
    Notice,
    Refutation,
    SyncGroup,
)


class Empty(Struct, frozen=True, gc=False):
    """Nothing to tell beyond that it is done."""


class SessionResult(Struct, frozen=True, gc=False, kw_only=True):
    """Signed in: one's account with its private fields, the token to resume with, one's groups."""

    account: Account
    token: str
    groups: tuple[Group, ...]


class SecondFactorResult(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """What is shown once: of `begin` the secret, and the same as an `otpauth:` address; of `confirm` recovery codes."""

    secret: str = ""
    uri: str = ""
    codes: tuple[str, ...] = ()


class AccountResult(Struct, frozen=True, gc=False):
    """One account."""

    account: Account


class GroupResult(Struct, frozen=True, gc=False):
    """One group."""

    group: Group


class GroupsResult(Struct, frozen=True, gc=False):
    """One's own groups."""

    groups: tuple[Group, ...]


class JoinResult(Struct, frozen=True, omit_defaults=True, gc=False):
    """Joined, with the group; or `pending`, without it, until someone has decided."""

    state: JoinState
    group: Group | None = None


class MembersResult(Struct, frozen=True, gc=False):
    """A page of members; `more` when there are others after the last."""

    members: tuple[Member, ...]
    more: bool


class CommandResult(Struct, frozen=True, gc=False):
    """What a slash command answers: `text` for people, `data` for programs."""

    text: str
    data: dict[str, Any]


class CommandsResult(Struct, frozen=True, gc=False):
    """The slash commands."""

    commands: tuple[CommandInfo, ...]


class PostResult(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """Where a post was stored; or, when its body was a slash command, `command` alone."""

    seq: int | None = None
    ts: int | None = None
    command: CommandResult | None = None


class EntryResult(Struct, frozen=True, gc=False):
    """Where an edit or a reaction was stored."""

    seq: int
    ts: int


class HistoryResult(Struct, frozen=True, gc=False):
    """A page of entries, oldest first; `more` when there are others beyond it in the direction asked for."""

    entries: tuple[Entry, ...]
    more: bool


class SearchResult(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """Entries found, newest first. With `more`, go on below the seq `before`, even if the page is empty."""

    entries: tuple[Entry, ...]
    more: bool
    before: int | None = None


class SyncResult(Struct, frozen=True, gc=False):
    """What each group had after its cursor, by group code."""

    groups: dict[str, SyncGroup]


class NoticesResult(Struct, frozen=True, gc=False):
    """A page of what one is told, the latest first; `more` when there is something older."""

    notices: tuple[Notice, ...]
    more: bool


class ReportResult(Struct, frozen=True, omit_defaults=True, gc=False):
    """The case that a report or an appeal opened, and by when (Unix ms) it is to be answered."""

    case: str
    due_ms: int = 0


class UploadResult(Struct, frozen=True, gc=False, kw_only=True):
    """What an upload will be known by, and the path to which its bytes are to be sent, once, until a time (Unix ms)."""

    id: str
    path: str
    until_ms: int


class MediaResult(Struct, frozen=True, gc=False, kw_only=True):
    """Paths under which media can be fetched until a time (Unix ms), by id; what one may not see is left out."""

    paths: dict[str, str]
    until_ms: int


class ChannelResult(Struct, frozen=True, gc=False):
    """One channel."""

    channel: Channel


class ChannelsResult(Struct, frozen=True, gc=False):
    """Channels by their codes; `more` when there are others after the last."""

    channels: tuple[Channel, ...]
    more: bool


class HomeResult(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """Posts, the newest first, and the channels that they are of. With a `cursor`, go on below it."""

    posts: tuple[ChannelPost, ...]
    channels: tuple[Channel, ...]
    cursor: str | None = None


class ThreadResult(Struct, frozen=True, gc=False, kw_only=True):
    """A post, its channel and a page of the comments on it, oldest first; `more` when there are others after it.

    `policy` says who may comment on it: of what the channel and the post say the stricter. The first page has besides
    the comments that an editor has pinned, `featured`; a post that repeats another one has that as `original`.
    """

    channel: Channel
    post: Entry
    comments: tuple[Entry, ...]
    more: bool
    policy: CommentPolicy
    featured: tuple[Entry, ...] = ()
    original: ChannelPost | None = None
    refutation: Refutation | None = None


class AdminResult(Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """Rows of an administration request; `cursor` fetches the next page, `changed` counts changes."""

    items: tuple[dict[str, Any], ...]
    cursor: str | None = None
    changed: int | None = None
    text: str | None = None


Result = (
    Empty
    | SessionResult
    | SecondFactorResult
    | AccountResult
    | GroupResult
    | GroupsResult
    | JoinResult
    | MembersResult
    | CommandResult
    | CommandsResult
    | PostResult
    | EntryResult
    | HistoryResult
    | SearchResult
    | SyncResult
    | NoticesResult
    | ReportResult
    | UploadResult
    | MediaResult
    | ChannelResult
    | ChannelsResult
    | HomeResult
    | ThreadResult
    | AdminResult
)

#: Result type by request type.
RESULTS: dict[type[rq.Request], type[Result]] = {
    rq.Register: SessionResult,
    rq.Login: SessionResult,
    rq.Resume: SessionResult,
    rq.Appeal: ReportResult,
    rq.Recover: Empty,
    rq.ResetPassword: Empty,
    rq.GetNotices: NoticesResult,
    rq.ReadNotices: Empty,
    rq.Logout: Empty,
    rq.ChangePassword: Empty,
    rq.SecondFactor: SecondFactorResult,
    rq.AcceptAgreement: Empty,
    rq.GetAccount: AccountResult,
    rq.CreateGroup: GroupResult,
    rq.ListGroups: GroupsResult,
    rq.GetGroup: GroupResult,
    rq.JoinGroup: JoinResult,
    rq.LeaveGroup: Empty,
    rq.ListMembers: MembersResult,
    rq.RunCommand: CommandResult,
    rq.ListCommands: CommandsResult,
    rq.Post: PostResult,
    rq.Edit: EntryResult,
    rq.React: EntryResult,
    rq.GetHistory: HistoryResult,
    rq.Search: SearchResult,
    rq.Sync: SyncResult,
    rq.MarkRead: Empty,
    rq.Typing: Empty,
    rq.Report: ReportResult,
    rq.Upload: UploadResult,
    rq.GetMedia: MediaResult,
    rq.OpenChannel: GroupResult,
    rq.Apply: ReportResult,
    rq.GetChannel: ChannelResult,
    rq.Follow: ChannelResult,
    rq.Unfollow: ChannelResult,
    rq.ListFollows: ChannelsResult,
    rq.GetHome: HomeResult,
    rq.GetPosts: HomeResult,
    rq.GetThread: ThreadResult,
    rq.GetReposts: HomeResult,
    rq.Admin: AdminResult,
}
