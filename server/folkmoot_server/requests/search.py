"""Searching a group."""

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import SearchResult

from ..actions.app import App
from ..actions.posts.search import SEARCH_PAGE
from ..delivery.session import Session


async def search(app: App, session: Session, request: rq.Search) -> SearchResult | Refusal:
    """Return entries of a group that have all words of a text, newest first."""
    room = await app.membership.room_for(session, request)
    if isinstance(room, Refusal):
        return room
    limit = min(request.limit or SEARCH_PAGE, app.config.limits.history_page)
    found = await app.posts.search.search(room, session.user, request.text, request.before, limit)
    if isinstance(found, Refusal):
        return found
    return SearchResult(entries=tuple(found.entries), more=found.before is not None, before=found.before)
