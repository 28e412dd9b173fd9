"""A nonce makes a request safe to repeat: what was carried out under it is answered again, and not carried out again.

Posts, edits and reactions are known by their entries, which have their nonces. Whatever else is asked for is remembered
with the change itself, in its transaction (`ChangeSet.asked`), sealed, for as long as posts are: so no crash, no other
connection and no other node carries it out once more.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import (
    CommandResult,
    Empty,
    GroupResult,
    JoinResult,
    PostResult,
    ReportResult,
    Result,
)
from folkmoot_protocol.types import Entry, EntryKind, JoinState

from ..common.clock import Clock
from ..common.i18n import N_
from ..crypto.cipher import Sealed
from ..delivery.session import Session
from ..live.once import Kept, Once, current_once
from ..storage.api import Store
from ..storage.change_set import Asked
from ..storage.changes import answer_row
from .accounts.govern import AccountService
from .groups.membership import Membership

Answer = Result | Refusal | None
Request = (
    rq.Post | rq.RunCommand | rq.CreateGroup | rq.JoinGroup | rq.LeaveGroup | rq.Report | rq.OpenChannel | rq.Apply
)

KEPT_MS = DAY_MS
OTHER_USE = Refusal(
    ErrorCode.BAD_REQUEST,
    N_("This nonce was used for something else: choose another one."),
    {"field": "nonce", "rule": "nonce"},
)
DONE = N_("This has been done already.")


def digest_of(*content: object) -> str:
    """Return what is the same for the same content."""
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


class Answers:
    """Seals and opens what was asked for under a nonce; keeps it for `KEPT_MS`."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._sealed = Sealed(data_dir, b"folkmoot answers")
        self._clock = clock

    def begin(self, user: str, code: str, nonce: str, digest: str) -> Once:
        """Return a use of a nonce that begins now."""
        return Once(user, code, nonce, digest, self._clock.now_ms() + KEPT_MS, self._seal)

    def _seal(self, once: Once, kept: Kept) -> str:
        return self._sealed.seal(msgspec.json.encode(kept), _bound_to(once))

    def open(self, asked: Asked) -> Kept | None:
        """Return what is kept of a use; None where it is not what was sealed under this key."""
        opened = self._sealed.open(asked.sealed, _bound_to(asked))
        return None if opened is None else msgspec.json.decode(opened, type=Kept)


def _bound_to(use: Once | Asked) -> bytes:
    return msgspec.json.encode((use.user, use.code, use.nonce))


def refusal_of(kept: Kept) -> Refusal | None:
    """Return the refusal that is kept, None where it is a result."""
    return Refusal(ErrorCode(kept.code), kept.text, kept.result or {}) if kept.code else None


class Repeats:
    """Carries out once what is asked for under a nonce."""

    def __init__(
        self, store: Store, clock: Clock, answers: Answers, account_service: AccountService, membership: Membership
    ) -> None:
        self._store = store
        self._clock = clock
        self._answers = answers
        self._account_service = account_service
        self._membership = membership
        # A lock is there while somebody has it or waits for it.
        self._turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    async def once(self, session: Session, request: Request, act: Callable[[], Awaitable[Answer] | Answer]) -> Answer:
        """Carry out a request by `act`, unless that was done before under its nonce: then answer as it was answered.

        What is refused leaves no trace, and may be tried again.
        """
        assert request.nonce is not None
        code = parse_group_code(request.group or "") or "" if hasattr(request, "group") else ""
        once = self._answers.begin(session.user, code, request.nonce, content_of(request))
        # On this node the first try is waited for; what another node is about to store, storage finds.
        async with self._turns.setdefault((once.user, once.code, once.nonce), asyncio.Lock()):
            found = await self._find(session, request, once)
            if found is not None:
                return found
            answer = await self._carry_out(once, act)
            if answer is OTHER_USE:
                return answer
            if isinstance(answer, Refusal) and answer.code is not ErrorCode.RATE_LIMITED:
                again = await self._find(session, request, once) or await self._find_entry(session, request, once)
                return again or answer
            if once.is_taken and once.keep is None and answer is not None and not isinstance(answer, Refusal):
                # The answer could not be known before; who asks in between is told that it was done.
                asked = once.answered(keep_result(answer))
                await self._account_service.store_rows(session.user, [answer_row(asked)])
            return answer

    async def _carry_out(self, once: Once, act: Callable[[], Awaitable[Answer] | Answer]) -> Answer:
        token = current_once.set(once)
        try:
            answer = act()
            if isinstance(answer, Awaitable):
                answer = await answer
        finally:
            current_once.reset(token)
        # What was queued answers by itself when it is stored.
        return await once.outcome if answer is None and once.outcome is not None else answer

    async def _find(self, session: Session, request: Request, once: Once) -> Answer:
        """Return the answer to what was carried out before; None when nothing was."""
        found = await self._store.ledger.find_answer(once.user, once.code, once.nonce, self._clock.now_ms())
        kept = self._answers.open(found) if found else None
        if kept is None:
            return None
        if kept.digest != once.digest:
            return OTHER_USE
        return refusal_of(kept) or await self._answer(session, request, kept)

    async def _answer(self, session: Session, request: Request, kept: Kept) -> Answer:
        """Return a result as it was; a group is shown as it is now."""
        if isinstance(request, rq.LeaveGroup):
            return Empty()
        if isinstance(request, rq.CreateGroup | rq.JoinGroup | rq.OpenChannel):
            return await self._show_group(session, request, kept)
        if kept.result is None:
            kept.result = (
                {"case": ""} if isinstance(request, rq.Report | rq.Apply) else {"text": session.say(DONE), "data": {}}
            )
        if isinstance(request, rq.Report | rq.Apply):
            return msgspec.convert(kept.result, ReportResult)
        result = msgspec.convert(kept.result, CommandResult)
        return PostResult(command=result) if isinstance(request, rq.Post) else result

    async def _show_group(
        self, session: Session, request: rq.CreateGroup | rq.JoinGroup | rq.OpenChannel, kept: Kept
    ) -> Answer:
        result = kept.result or {}
        if result.get("state") == JoinState.PENDING:
            return JoinResult(JoinState.PENDING)
        group = result.get("group")
        code = group.get("id") if isinstance(group, dict) else group
        room = await self._membership.find_room(str(code), session)
        if isinstance(room, Refusal):
            return room
        view = self._membership.view_for(room, session)
        return JoinResult(JoinState.MEMBER, view) if isinstance(request, rq.JoinGroup) else GroupResult(view)

    async def _find_entry(self, session: Session, request: Request, once: Once) -> Answer:
        """Return the place of the entry that a command posted before (`/me`, `/edit`, `/react`), though it would be
        refused by now; and refuse what has a post's nonce."""
        if not once.code:
            return None
        since = self._clock.now_ms() - KEPT_MS
        entry = await self._store.journal.find_nonce(once.code, once.user, once.nonce, since)
        if entry is None:
            return None
        line = line_of(request)
        if line is None or not _wrote(line, entry):
            return OTHER_USE
        result = CommandResult("", {"seq": entry.seq, "ts": entry.ts})
        return PostResult(command=result) if isinstance(request, rq.Post) else result


def line_of(request: Request) -> str | None:
    """Return the slash command line that a request has."""
    if isinstance(request, rq.Post):
        return request.body
    return request.line if isinstance(request, rq.RunCommand) else None


def content_of(request: Request) -> str:
    """Return what is the same for the same request; a line is the same however it is sent."""
    line = line_of(request)
    if line is not None:
        return digest_of("line", line.strip(), request.reply_to if isinstance(request, rq.Post) else None)
    return digest_of(msgspec.structs.replace(request, id=1, nonce=None))


def keep_result(answer: Result) -> dict[str, Any]:
    """Return a result as it is kept."""
    result: dict[str, Any] = msgspec.to_builtins(answer.command if isinstance(answer, PostResult) else answer)
    return result


def _wrote(line: str, entry: Entry) -> bool:
    """Say whether a command line may have written an entry; of one that was removed, the text is not known any more."""
    if entry.kind is EntryKind.REACTION:
        takes_away = bool((entry.data or {}).get("removed"))
        return entry.body in line.split() and line.rstrip().endswith("off") == takes_away
    return entry.kind in (EntryKind.ACTION, EntryKind.EDIT) and line.rstrip().endswith(entry.body)
