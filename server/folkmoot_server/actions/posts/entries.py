"""Edits and reactions: entries of their own that name the one they are about. They take the way of a post."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_governance.group.edit import check_edit, check_reaction
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import EntryResult, Result
from folkmoot_protocol.types import Entry, EntryKind

from ...common.i18n import N_
from ...delivery.session import Session
from ..groups.membership import NO_SUCH_ENTRY, enter_room
from .posting import Form, post_after_reading

if TYPE_CHECKING:
    from ...node import Node


Place = Callable[[int, int], Result]
"""Makes the answer from seq and ts of the new entry."""


def at_place(seq: int, ts: int) -> EntryResult:
    return EntryResult(seq, ts)


async def edit(node: "Node", session: Session, request: rq.Edit, result: Place = at_place) -> Result | Refusal | None:
    """Give an own entry another text. The old one stays in the log, the last one counts."""
    entry = await find_target(node, session, request)
    if isinstance(entry, Refusal):
        return entry
    limit = node.config.limits.body_chars
    if not 0 < len(request.body) <= limit:
        text = N_("An edit has 1 to {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, text, {"limit": limit, "length": len(request.body)})
    refusal = check_edit(entry, session.user, node.clock.now_ms(), node.group_service.policy)
    return refusal or await post_about(node, session, request, request.body, Form(EntryKind.EDIT, result, entry.seq))


async def react(node: "Node", session: Session, request: rq.React, result: Place = at_place) -> Result | Refusal | None:
    """Put an emoji to an entry, or take it away; of several by one member with one emoji the last counts."""
    entry = await find_target(node, session, request)
    if isinstance(entry, Refusal):
        return entry
    data: dict[str, object] = {"removed": True} if request.remove else {}
    form = Form(EntryKind.REACTION, result, entry.seq, data)
    return check_reaction(entry, request.reaction) or await post_about(node, session, request, request.reaction, form)


async def find_target(node: "Node", session: Session, request: rq.Edit | rq.React) -> Entry | Refusal:
    """Return the entry that a request is about."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    entry = await node.store.journal.entry(room.state.code, request.seq) if request.seq <= room.last_seq else None
    return entry or NO_SUCH_ENTRY


async def post_about(
    node: "Node", session: Session, request: rq.Edit | rq.React, body: str, form: Form
) -> Result | Refusal | None:
    """Queue the entry like a post: the same checks, the same rate, the same nonces."""
    post = rq.Post(id=request.id, group=request.group, body=body, nonce=request.nonce)
    return await post_after_reading(node, session, post, body, form)
