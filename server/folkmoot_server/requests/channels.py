"""Channels: open, look up, follow, read home, posts and threads, publish by handle."""

from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_governance.case.events_application import Wish, WishKind
from folkmoot_governance.credentials import Scope
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_group_name, check_topic, fold_user_name
from folkmoot_protocol.results import (
    ChannelResult,
    ChannelsResult,
    GroupResult,
    HomeResult,
    ReportResult,
    Result,
    ThreadResult,
)
from folkmoot_protocol.types import ChannelForm

from ..actions.app import App
from ..actions.channels.following import view_of
from ..actions.posts.form import TEXT, Form
from ..common.i18n import N_
from ..delivery.session import Session
from ..storage.channels import ChannelRow

POSTS_PAGE = 20
MOST_POSTS = 50
FOLLOWS_PAGE = 100

HANDLE_IS_NAME = Refusal(
    ErrorCode.BAD_REQUEST, N_("Your own channel has your user name as its handle."), {"field": "handle"}
)


async def open_channel(app: App, session: Session, request: rq.OpenChannel) -> GroupResult | Refusal | None:
    """Open one's own channel (W2), or a public account, which waits for its review (I7.1, P7.1)."""
    assert session.account is not None
    account = session.account
    is_own = request.form is ChannelForm.PERSONAL
    if is_own and request.handle and fold_user_name(request.handle) != account.user:
        return HANDLE_IS_NAME
    try:
        name = check_group_name(request.name) if request.name else ""
        topic = check_topic(request.topic or "")
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    if not is_own:
        opened = await app.channels.applying.open(
            account,
            request.handle or "",
            name,
            topic=topic,
            category=request.category or "",
            text=request.text or "",
            documents=request.documents,
        )
        return opened if isinstance(opened, Refusal) else GroupResult(app.membership.view_for(opened[0], session))
    asked = {"name": name, "topic": topic, "category": request.category or ""}
    act = await app.channels.opening.open(account, **asked)
    if isinstance(act, Refusal):
        return act
    room, code = act.room, act.room.state.code
    app.group_service.queue_answer(
        session,
        request.id,
        act,
        lambda: GroupResult(app.membership.view_for(room, session)),
        lambda: {"group": code},
    )
    return None


async def apply(app: App, session: Session, request: rq.Apply) -> ReportResult | Refusal:
    """Apply for a badge, a licence, or more public accounts (P7.3, P8, W8)."""
    assert session.account is not None
    scope = Scope(request.scope) if request.scope else None
    wish = Wish(
        WishKind(request.what),
        request.name or "",
        request.category or "",
        scope,
        request.until_ms or 0,
        request.count or 0,
    )
    room = await app.membership.find_room(request.group, session) if request.group else None
    if isinstance(room, Refusal):
        return room
    case = await app.channels.applying.apply(session.account, wish, room, request.text or "", request.documents)
    return case if isinstance(case, Refusal) else ReportResult(case.number, case.due_ms)


async def get_channel(app: App, session: Session, request: rq.GetChannel) -> ChannelResult | Refusal:
    """Return a channel as its readers see it."""
    row = await app.channels.following.find_readable(request.group, session)
    if isinstance(row, Refusal):
        return row
    view = await app.channels.following.view(row, session.user)
    is_editor = session.account is not None and row.code in session.account.groups
    return ChannelResult(replace(view, reads=await app.channels.reads.count(row.code)) if is_editor else view)


async def follow(app: App, session: Session, request: rq.Follow) -> ChannelResult | Refusal:
    """Follow a channel (W2)."""
    assert session.account is not None
    following = app.channels.following
    row = await following.find_readable(request.group, session)
    if isinstance(row, Refusal):
        return row
    return await following.follow(session.account, row) or ChannelResult(await following.view(row, session.user))


async def unfollow(app: App, session: Session, request: rq.Unfollow) -> ChannelResult | Refusal:
    """Follow a channel no more."""
    assert session.account is not None
    following = app.channels.following
    row = await following.find(request.group, session)
    if isinstance(row, Refusal):
        return row
    return await following.unfollow(session.account, row) or ChannelResult(await following.view(row, session.user))


async def list_follows(app: App, session: Session, request: rq.ListFollows) -> ChannelsResult:
    """Return the channels that one follows."""
    limit, channels = request.limit or FOLLOWS_PAGE, app.store.channels
    codes = await channels.follows(session.user, request.after or "", limit + 1)
    rows, now = await channels.channels(codes[:limit]), app.clock.now_ms()
    views = [view_of(rows[code], now, following=True) for code in codes[:limit] if code in rows]
    return ChannelsResult(tuple(views), len(codes) > limit)


async def home(app: App, session: Session, request: rq.GetHome) -> HomeResult | Refusal:
    """Return a page of home, the newest posts first."""
    limit = min(request.limit or POSTS_PAGE, MOST_POSTS)
    return await app.channels.reading.home(session, request.before, limit, request.live)


async def posts(app: App, session: Session, request: rq.GetPosts) -> HomeResult | Refusal:
    """Return a page of a channel's posts, the newest first."""
    row = await app.channels.following.find_readable(request.group, session)
    if isinstance(row, Refusal):
        return row
    note_read(app, session, row)
    return await app.channels.reading.posts(row, request.before, min(request.limit or POSTS_PAGE, MOST_POSTS))


def note_read(app: App, session: Session, row: ChannelRow) -> None:
    """Note that somebody has opened a channel."""
    if session.account is not None:
        app.channels.reads.note(session.account, row.code)


async def thread(app: App, session: Session, request: rq.GetThread) -> ThreadResult | Refusal:
    """Return a post and the comments on it."""
    row = await app.channels.following.find_readable(request.group, session)
    if isinstance(row, Refusal):
        return row
    limit = min(request.limit or POSTS_PAGE, MOST_POSTS)
    room = await app.membership.find_room(row.code)
    if isinstance(room, Refusal):
        return room
    note_read(app, session, row)
    return await app.channels.reading.thread(room, row, request.seq, request.after or 0, limit)


async def reposts(app: App, session: Session, request: rq.GetReposts) -> HomeResult | Refusal:
    """Return what repeats a post."""
    row = await app.channels.following.find_readable(request.group, session)
    if isinstance(row, Refusal):
        return row
    limit = min(request.limit or POSTS_PAGE, MOST_POSTS)
    return await app.channels.reading.reposts(row, request.seq, request.before, limit)


async def post_by_handle(
    app: App, session: Session, request: rq.Post, body: str, form: Form = TEXT
) -> Result | Refusal | None:
    """Publish in the channel that `group` names by its handle; one's own is opened by the first post."""
    room = await app.channels.opening.room_of(request.group, session)
    if isinstance(room, Refusal):
        return room
    return await app.posts.posting.post_after_reading(session, replace(request, group=room.state.code), body, form)
