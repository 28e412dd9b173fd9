"""Posts, history, read marks, typing. `post` is the hot path: see docs/message-path.md."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from folkmoot_governance import Refusal, check_post
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import Empty, HistoryResult, Result, SyncResult
from folkmoot_protocol.types import Entry, SyncGroup

from ..actions.groups.membership import NOT_A_MEMBER, enter_room
from ..actions.posts.history import read_page
from ..actions.posts.posting import PendingPost, may_repeat, post_after_reading, post_now, repeat_or_refuse
from ..actions.stored import stored
from ..bus.messages import TypingUpdate
from ..common.i18n import N_
from ..delivery.session import Session
from ..slash import run as slash
from ..storage.changes import read_mark_row

if TYPE_CHECKING:
    from ..node import Node

HISTORY_PAGE = 50
SYNC_PAGE = 50
SYNC_ENTRIES = 1000
"""Entries in one answer to `sync`, all groups together; the others are told to have more."""


def post(
    node: "Node", session: Session, request: rq.Post
) -> Refusal | Coroutine[Any, Any, Result | Refusal | None] | None:
    """Post to a group. With the room in memory this decides and queues in one step, without an await."""
    body = request.body
    if len(body) > node.config.limits.body_chars:
        text = N_("A post has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, text, {"limit": node.config.limits.body_chars, "length": len(body)})
    if body.startswith("/"):
        if not body.startswith("//"):
            return slash.post_command(node, session, request)
        body = body[1:]
    room = node.rooms.get(request.group)
    if room is None or room.state.words:
        return post_after_reading(node, session, request, body)
    pending = PendingPost(node, session, request, room, body)
    refusal = post_now(pending)
    return repeat_or_refuse(pending, refusal) if may_repeat(refusal, request) else refusal


async def history(node: "Node", session: Session, request: rq.GetHistory) -> HistoryResult | Refusal:
    """Return a page of a group's entries, oldest first."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    limit = min(request.limit or HISTORY_PAGE, node.config.limits.history_page)
    page = await read_page(node, room, request.before, request.after, limit)
    # Asked again, because reading took a while: who was removed meanwhile gets nothing.
    if session.user not in room.state.members:
        return NOT_A_MEMBER
    return HistoryResult(tuple(page.entries), page.more)


async def sync(node: "Node", session: Session, request: rq.Sync) -> SyncResult:
    """Return what came after each cursor. Groups that one is not a member of (any more) are left out."""
    found: dict[str, SyncGroup] = {}
    left = SYNC_ENTRIES
    for text, seq in request.cursors.items():
        room = await enter_room(node, session, text)
        if isinstance(room, Refusal):
            continue
        entries: list[Entry] = []
        if left and seq < room.last_seq:
            entries = (await read_page(node, room, None, seq, min(SYNC_PAGE, left))).entries
            left -= len(entries)
        if session.user in room.state.members:
            last_seq = room.last_seq
            reached = entries[-1].seq if entries else seq
            found[text] = SyncGroup(entries=tuple(entries), last_seq=last_seq, more=reached < last_seq)
    return SyncResult(found)


async def mark_read(node: "Node", session: Session, request: rq.MarkRead) -> Empty | Refusal:
    """Remember how far one has read; going back is not remembered."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    account = session.account
    assert account is not None
    code, seq = room.state.code, min(request.seq, room.last_seq)
    if seq <= account.read_seqs.get(code, 0):
        return Empty()
    account.read_seqs[code] = seq
    refusal = await stored(node, node.group_service.store_rows(account.user, [read_mark_row(code, account.user, seq)]))
    if refusal is None:
        node.hub.tell_one(room, account.user, but=session)
    return refusal or Empty()


async def typing(node: "Node", session: Session, request: rq.Typing) -> Empty | Refusal:
    """Let the others know that one is typing, if one might post."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    account = session.account
    assert account is not None
    refusal = check_post(
        room.state, account.user, account.state.identity, node.clock.now_ms(), 0, node.group_service.policy
    )
    if refusal:
        return refusal
    node.bus.publish(TypingUpdate(room.state.code, account.user))
    return Empty()
