"""Searching a group: who may, how much at a time. What is found, and how, is storage's and `search_text`'s."""

from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import SearchResult

from ..actions.groups.membership import enter_room
from ..actions.posts.search import SEARCH_PAGE, search_room
from ..delivery.session import Session

if TYPE_CHECKING:
    from ..node import Node


async def search(node: "Node", session: Session, request: rq.Search) -> SearchResult | Refusal:
    """Return entries of a group that have all words of a text, newest first."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    limit = min(request.limit or SEARCH_PAGE, node.config.limits.history_page)
    found = await search_room(node, session, room, request.text, request.before, limit)
    if isinstance(found, Refusal):
        return found
    return SearchResult(entries=tuple(found.entries), more=found.before is not None, before=found.before)
