"""Edits and reactions: entries of their own that name the one they are about. They take the way of a post."""

from collections.abc import Callable

from msgspec.structs import replace

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.group.edit import check_edit, check_reaction
from folkmoot_governance.published import COMMENT, PUBLICATION
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import EntryResult, Result
from folkmoot_protocol.types import Entry, EntryKind

from ...common.clock import Clock
from ...delivery.session import Session
from ...storage.api import Journal
from ..groups.membership import NO_SUCH_ENTRY, NOT_A_MEMBER, Membership
from .form import Form
from .posting import Answer, Posting, may_repeat

Place = Callable[[int, int], Result]
"""Makes the answer from seq and ts of the new entry."""

Check = Callable[[Entry], Refusal | None]
"""Refuses what may not be said of an entry."""


def at_place(seq: int, ts: int) -> EntryResult:
    """Return the place of an entry as the answer to a request."""
    return EntryResult(seq, ts)


class Editing:
    """Decides on edits and reactions and posts them."""

    def __init__(
        self, policy: Policy, clock: Clock, journal: Journal, membership: Membership, posting: Posting
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._journal = journal
        self._membership = membership
        self._posting = posting

    async def edit(self, session: Session, request: rq.Edit, result: Place = at_place) -> Answer:
        """Give an own entry another text. The old one stays in the log, the last one counts."""
        form = Form(EntryKind.EDIT, result, request.seq)

        def check(entry: Entry) -> Refusal | None:
            refusal = self._posting.check_length(request.body)
            return refusal or check_edit(entry, session.user, self._clock.now_ms(), self._policy)

        return await self._post_about(session, request, request.body, form, check)

    async def react(self, session: Session, request: rq.React, result: Place = at_place) -> Answer:
        """React with an emoji, or take that back; of several by one member with one emoji the last counts."""
        data: dict[str, object] = {"removed": True} if request.remove else {}
        form = Form(EntryKind.REACTION, result, request.seq, data)
        return await self._post_about(
            session, request, request.reaction, form, lambda entry: check_reaction(entry, request.reaction)
        )

    async def _post_about(
        self, session: Session, request: rq.Edit | rq.React, body: str, form: Form, check: Check
    ) -> Answer:
        """Queue the entry like a post, if what it is about allows it: the same checks, rate and nonces."""
        post = rq.Post(id=request.id, group=request.group, body=body, nonce=request.nonce)
        entry = await self._find_target(session, request)
        refusal = entry if isinstance(entry, Refusal) else check(entry)
        if may_repeat(refusal, post):
            # It may have been allowed when it was sent first, and what it is about has changed since.
            return await self._posting.repeat_or_refuse(session, post, body, form, refusal)
        if isinstance(entry, Entry) and entry.kind is EntryKind.POST and form.kind is EntryKind.EDIT:
            # What a channel may not publish any more it does not write anew.
            form, category = replace(form, text=PUBLICATION), (entry.data or {}).get("category")
            post = replace(post, category=category)
        elif isinstance(entry, Entry) and entry.kind is EntryKind.COMMENT and form.kind is EntryKind.EDIT:
            # Who may not comment here any more does not say anything else here, either.
            form, post = replace(form, text=COMMENT), replace(post, thread=entry.target)
        return refusal or await self._posting.post_after_reading(session, post, body, form)

    async def _find_target(self, session: Session, request: rq.Edit | rq.React) -> Entry | Refusal:
        """Return the entry that a request is about."""
        room = await self._membership.find_room(request.group, session)
        if isinstance(room, Refusal):
            return room
        is_member = session.user in room.state.members
        if not is_member and (room.state.form is None or isinstance(request, rq.React)):
            return NOT_A_MEMBER
        # What is stored counts: of what another node has just stored `room` need not know.
        entry = await self._journal.entry(room.state.code, request.seq)
        if not is_member and not (entry and entry.kind is EntryKind.COMMENT and entry.from_.user == session.user):
            # Readers of a channel edit what they wrote in it, and hear nothing of what else there is.
            return NOT_A_MEMBER
        return entry or NO_SUCH_ENTRY
