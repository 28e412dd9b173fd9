"""Searching a group: who may, and how much at a time. What is found, and how, is storage's."""

import asyncio

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ...common.i18n import N_
from ...common.turns import Turns
from ...live.pending import TOO_BUSY
from ...live.rooms import Room
from ...storage.api import Found, Journal
from ...storage.search.text import parse_query
from ..groups.membership import NOT_A_MEMBER

SEARCH_PAGE = 20
MAX_CHARACTERS = 200
MAX_AT_ONCE = 16
"""Searches on their way on a node, one for each account; the others wait for their turn."""
MAX_BEGUN = 256
"""Searches on their way or waiting on a node: each takes a fifth of a second at most."""

NOTHING_TO_FIND = Refusal(ErrorCode.BAD_REQUEST, N_("There is nothing to search for in this."))


class Search:
    """Searches what was delivered of groups, the searches of one account one after the other."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._places = asyncio.Semaphore(MAX_AT_ONCE)
        self._turns = Turns()
        self._begun = 0

    async def search(self, room: Room, user: str, text: str, before: int | None, limit: int) -> Found | Refusal:
        """Search what was delivered of a group, for a member of it."""
        if len(text) > MAX_CHARACTERS:
            said = N_("A search has at most {limit} characters; this one has {length}.")
            return Refusal(ErrorCode.TOO_LONG, said, {"limit": MAX_CHARACTERS, "length": len(text)})
        query = parse_query(text)
        if query is None:
            return NOTHING_TO_FIND
        if self._begun >= MAX_BEGUN:
            return TOO_BUSY
        self._begun += 1
        try:
            # A second device of an account is not refused; it waits, and takes nobody else's place.
            async with self._turns.of(user), self._places:
                before = min(before or room.last_seq + 1, room.last_seq + 1)
                found = await self._journal.search(room.state.code, query, before=before, limit=limit)
        finally:
            self._begun -= 1
        # Asked again, because searching took a while: who was removed meanwhile gets nothing.
        return found if user in room.state.members else NOT_A_MEMBER
