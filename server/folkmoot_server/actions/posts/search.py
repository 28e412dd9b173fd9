"""Searching a group: who may, and how much at a time. What is found, and how, is storage's."""

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ...common.i18n import N_
from ...live.pending import TOO_BUSY
from ...live.rooms import Room
from ...storage.api import Found, Journal
from ...storage.search.text import parse_query
from ..groups.membership import NOT_A_MEMBER

SEARCH_PAGE = 20
MAX_CHARACTERS = 200
MAX_AT_ONCE = 16
"""Searches on their way on a node, one for each account."""

NOTHING_TO_FIND = Refusal(ErrorCode.BAD_REQUEST, N_("There is nothing in this that can be searched for."))


class Search:
    """Searches what was delivered of groups; knows who is searching now."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._searching: set[str] = set()

    async def search(self, room: Room, user: str, text: str, before: int | None, limit: int) -> Found | Refusal:
        """Search what was delivered of a group, for a member of it."""
        if len(text) > MAX_CHARACTERS:
            said = N_("A search has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARACTERS, "length": len(text)})
        query = parse_query(text)
        if query is None:
            return NOTHING_TO_FIND
        searching = self._searching
        if user in searching or len(searching) >= MAX_AT_ONCE:
            return TOO_BUSY
        below = room.last_seq + 1
        searching.add(user)
        try:
            found = await self._journal.search(room.state.code, query, before=min(before or below, below), limit=limit)
        finally:
            searching.discard(user)
        # Asked again, because searching took a while: who was removed meanwhile gets nothing.
        return found if user in room.state.members else NOT_A_MEMBER
