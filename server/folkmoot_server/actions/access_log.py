"""Noting who connects, from where, and signs in as whom (G13), and reading that again.

What is noted waits in memory for a moment and is stored a block at a time, sealed, off the event loop.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import structlog

from folkmoot_governance import Refusal

from ..common.clock import Clock
from ..common.metrics import ACCESS_LOST
from ..delivery.session import Session
from ..sealed.access_records import AccessKind, AccessRecord, AccessRecords
from ..storage.api import BEHIND
from ..storage.api import AccessLog as Stored
from ..storage.change_set import StorageError
from ..storage.sql.months import SEAL_GRACE_MS, month_of

log = structlog.get_logger()

Tried = TypeVar("Tried")

STORE_S = 1.0
"""How long records wait to be stored with others."""
MAX_WAITING = 100_000
"""Records that wait while storage fails; those beyond are counted and gone."""
AT_ONCE = 5_000
"""Records in a block."""
LATE_MS = SEAL_GRACE_MS // 2
"""For how long what is of a month that is over is still put there; nothing may come once it is sealed."""
BLOCKS = 50
"""Blocks that are opened for one answer."""


class AccessLog:
    """The access log of a node: notes, stores, reads what any node has stored. `heard` is told of each record, in no
    time."""

    def __init__(
        self,
        stored: Stored,
        records: AccessRecords,
        clock: Clock,
        node: str,
        heard: Callable[[AccessRecord], None] = lambda record: None,
    ) -> None:
        self._stored = stored
        self._records = records
        self._clock = clock
        self._node = node
        self._waiting: list[AccessRecord] = []
        self._newest = ""
        self._lost = 0
        self._storing = asyncio.Lock()
        self._heard = heard

    def note(self, kind: AccessKind, session: Session, user: str = "", detail: str = "") -> None:
        """Note something of a connection; `user` is whom it is about where nobody has signed in to it."""
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            ACCESS_LOST.inc()
            return
        record = AccessRecord(
            self._clock.now_ms(),
            kind,
            user or session.user,
            session.number,
            session.address,
            session.socket.port,
            detail,
        )
        self._waiting.append(record)
        self._heard(record)

    def tried(self, kind: AccessKind, session: Session, user: str, outcome: Tried, detail: str = "") -> Tried:
        """Note that somebody signed in, or could not; return how that went."""
        if isinstance(outcome, Refusal):
            self.note(AccessKind.FAILED, session, user, outcome.code.value)
        else:
            self.note(kind, session, user, detail)
        return outcome

    async def store(self) -> None:
        """Store what waits, each in the file of its month, or of a later one that has begun: clocks step back, and
        what is late may belong to a month that is sealed. Raises StorageError; it waits on then."""
        async with self._storing:
            if self._waiting and not self._newest:
                self._newest = max((one.month for one in await self._stored.segments()), default="")
            while waiting := self._waiting[:AT_ONCE]:
                month = month_of(waiting[0].ts)
                if month_of(waiting[-1].ts) != month:
                    waiting = [one for one in waiting if month_of(one.ts) == month]
                block = await asyncio.to_thread(self._records.seal, self._node, waiting)
                self._newest = max(self._newest, month, month_of(self._clock.now_ms() - LATE_MS))
                await self._stored.append(self._newest, block)
                del self._waiting[: len(waiting)]
        if self._lost:
            log.warning("records of the access log were lost while storage failed", records=self._lost)
            self._lost = 0

    async def store_last(self) -> None:
        """Store what waits, when the node stops."""
        try:
            await self.store()
        except StorageError as error:
            log.warning("the access log could not be stored", records=len(self._waiting), cause=str(error))

    async def read(
        self, user: str, kinds: Collection[AccessKind], limit: int, before: str = ""
    ) -> tuple[list[AccessRecord], str]:
        """Return up to `limit` or a few more records of an account, the newest first, and where to go on: `before` of
        the next call, empty at the end. Raises StorageError."""
        await self.store()
        found: list[AccessRecord] = []
        opened = 0
        for month, first in await self._places(before):
            number = first
            while blocks := await self._stored.blocks(month, user, number, 1):
                block, number = blocks[0], blocks[0].number
                records = await asyncio.to_thread(self._records.open, block)
                if records is None:
                    log.error("a block of the access log cannot be opened", month=month, number=number)
                found += [one for one in reversed(records or ()) if one.user == user and one.kind in kinds]
                opened += 1
                if len(found) >= limit or opened >= BLOCKS:
                    return found, f"{month}:{number}"
        return found, ""

    async def _places(self, before: str) -> Sequence[tuple[str, int]]:
        """Return the months to look through, the newest first, each with the number of the block to begin before."""
        month, _, number = before.partition(":")
        months = [one.month for one in reversed(await self._stored.segments())]
        if not number.isascii() or not number.isdigit():
            return [(one, BEHIND) for one in months]
        return [(one, int(number[:18]) if one == month else BEHIND) for one in months if one <= month]
