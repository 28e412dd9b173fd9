"""Posts, history, read marks, typing. `post` is the hot path: see docs/message-path.md."""

from collections.abc import Coroutine
from typing import Any

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.line import begins_plainly
from folkmoot_protocol.results import Empty, HistoryResult, Result, SyncResult
from folkmoot_protocol.types import Entry, SyncGroup

from ..actions.app import App
from ..actions.groups.membership import NOT_A_MEMBER
from ..actions.posts.history import ANSWER_BYTES
from ..delivery.session import Session
from ..slash.line import Line, read_body
from ..slash.run import post_command
from . import media
from .channels import post_by_handle

HISTORY_PAGE = 50
SYNC_PAGE = 50
SYNC_ENTRIES = 1000
"""Entries in one answer to `sync`, all groups together; the others are told to have more."""


def post(app: App, session: Session, request: rq.Post) -> Refusal | Coroutine[Any, Any, Result | Refusal | None] | None:
    """Post to a group; a body that begins with one slash may be a command."""
    body, posting = request.body, app.posts.posting
    refusal = posting.check_length(body)
    if refusal is not None:
        return refusal
    meant = body if begins_plainly(body) else read_body(body)
    if request.media:
        return media.NO_COMMAND if isinstance(meant, Line) else media.post(app, session, request, meant)
    if not isinstance(meant, Line):
        if request.group.startswith("@"):
            return post_by_handle(app, session, request, meant)
        return posting.post(session, request, meant)
    # An entry is known by its nonce; what a command does is remembered by itself.
    if request.nonce is None:
        return post_command(app, session, request, meant)
    return app.repeats.once(session, request, lambda: post_command(app, session, request, meant))


def is_command(body: str) -> bool:
    """Say whether a posted text is taken for a command."""
    return isinstance(read_body(body), Line)


async def history(app: App, session: Session, request: rq.GetHistory) -> HistoryResult | Refusal:
    """Return a page of a group's entries, oldest first."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    limit = min(request.limit or HISTORY_PAGE, app.config.limits.history_page)
    page = await app.posts.history.read_page(room, request.before, request.after, limit)
    # Asked again, because reading took a while: who was removed meanwhile gets nothing.
    if session.user not in room.state.members:
        return NOT_A_MEMBER
    return HistoryResult(tuple(page.entries), page.more)


async def sync(app: App, session: Session, request: rq.Sync) -> SyncResult:
    """Return what came after each cursor. Groups that one is not a member of (any more) are left out."""
    found: dict[str, SyncGroup] = {}
    left, bytes_left = SYNC_ENTRIES, ANSWER_BYTES
    for text, seq in request.cursors.items():
        room = await app.membership.enter_room(session, text)
        if isinstance(room, Refusal):
            continue
        entries: list[Entry] = []
        if left and bytes_left > 0 and seq < room.last_seq:
            page = await app.posts.history.read_page(room, None, seq, min(SYNC_PAGE, left), bytes_left)
            entries = page.entries
            left -= len(entries)
            bytes_left -= sum(len(entry.body.encode()) for entry in entries)
        if session.user in room.state.members:
            last_seq = room.last_seq
            reached = entries[-1].seq if entries else seq
            found[text] = SyncGroup(entries=tuple(entries), last_seq=last_seq, more=reached < last_seq)
    return SyncResult(found)


async def mark_read(app: App, session: Session, request: rq.MarkRead) -> Empty | Refusal:
    """Remember how far one has read; going back is not remembered."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    return await app.posts.history.mark_read(room, session.account, request.seq, session) or Empty()


async def typing(app: App, session: Session, request: rq.Typing) -> Empty | Refusal:
    """Let the others know that one is typing, if one might post."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    assert session.account is not None
    return app.posts.posting.tell_typing(room, session.account) or Empty()
