"""The writer: the one place where requests become permanent.

What handlers have decided queues here as `Pending`. Each turn takes all that is queued, commits it in one transaction
(group commit), then settles each in order. A commit that fails fails exactly what was in it, and what was decided
meanwhile on the same rooms, because that rested on what is now not so.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from .i18n import N_
from .metrics import COMMIT_SECONDS, COMMITTED_WORKS
from .rooms import Room
from .storage.api import StorageError, Store, Work

log = structlog.get_logger()

MOST_QUEUED = 50_000
MOST_IN_BATCH = 5_000

NOT_STORED = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("The server could not store this; try again in a moment."),
    {"retry_after_ms": 1000},
)
TOO_BUSY = Refusal(
    ErrorCode.UNAVAILABLE, N_("The server is too busy; try again in a moment."), {"retry_after_ms": 1000}
)
OVERTAKEN = Refusal(ErrorCode.CONFLICT, N_("Somebody changed this at the same moment; try again."))


class Pending(Protocol):
    """A decided request on its way to disk. `room` is the room that it was decided on, if any."""

    work: Work
    room: Room | None

    def done(self) -> None:
        """Answer and tell: the work is on stable storage."""
        ...

    def fail(self, refusal: Refusal) -> None:
        """Answer that it was not stored, and take back what was counted for it."""
        ...


class Writer:
    """Commits what is put into its queue, in order. `put` never blocks; `drain` waits until the queue is empty."""

    def __init__(self, store: Store, reload: Callable[[Room], None]) -> None:
        self._store = store
        self._reload = reload
        self._queue: list[Pending] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, pending: Pending) -> None:
        """Queue a decided request. The caller has asked `is_full` before it decided."""
        if pending.room is not None:
            pending.room.unsettled += 1
        self._queue.append(pending)
        self._idle.clear()
        self._wake.set()

    def is_full(self) -> bool:
        """Say whether nothing more should be decided for now."""
        return len(self._queue) >= MOST_QUEUED

    async def drain(self) -> None:
        """Wait until all that was put is settled."""
        await self._idle.wait()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._wake.wait()
            batch, self._queue = self._queue[:MOST_IN_BATCH], self._queue[MOST_IN_BATCH:]
            await self._commit(batch)
            if not self._queue:
                self._wake.clear()
                self._idle.set()

    async def _commit(self, batch: list[Pending]) -> None:
        try:
            with COMMIT_SECONDS.time():
                overtaken = await self._store.commit([pending.work for pending in batch])
        except StorageError as error:
            log.error("commit failed", works=len(batch), cause=repr(error.__cause__ or error))
            self._fail(batch, NOT_STORED)
            return
        except Exception:
            # A mistake of ours, not of the disk. Without the writer nothing works, so it must outlive this too.
            log.exception("commit broke", works=len(batch))
            self._fail(batch, NOT_STORED)
            return
        COMMITTED_WORKS.inc(len(batch))
        if overtaken:
            self._fail((one for one in batch if one.work.stream in overtaken), OVERTAKEN)
            batch = [one for one in batch if one.work.stream not in overtaken]
        for pending in batch:
            if pending.room is not None:
                pending.room.unsettled -= 1
            self._settle(pending)

    def _settle(self, pending: Pending) -> None:
        try:
            pending.done()
        except Exception:
            # It is stored all the same: one answer that cannot be given must not keep the others from theirs.
            log.exception("could not tell of a stored work", stream=pending.work.stream)

    def _fail(self, failed: Iterable[Pending], refusal: Refusal) -> None:
        failed = list(failed)
        rooms = {id(one.room): one.room for one in failed if one.room is not None}
        failed += [one for one in self._queue if id(one.room) in rooms]
        self._queue = [one for one in self._queue if id(one.room) not in rooms]
        for pending in failed:
            if pending.room is not None:
                pending.room.unsettled -= 1
            pending.fail(refusal)
        for room in rooms.values():
            self._reload(room)
