"""The commit queue: the one place where requests become permanent.

What was decided queues here as `PendingCommit`. Each turn takes all that is queued, commits it in one transaction
(group commit), then answers each in order. A commit that fails fails exactly what was in it, and what was decided
meanwhile on the same rooms, because that rested on what is now not so. A change set that another node overtook is
decided again, in its old place, on what the group is now.
"""

import asyncio
from collections.abc import Sequence

import structlog

from folkmoot_governance import Refusal

from ..common.background import end
from ..common.metrics import COMMIT_SECONDS, COMMITTED_WORKS
from ..storage.api import Store
from ..storage.change_set import StorageError
from .accounts import Accounts
from .once import current_once
from .pending import NOT_STORED, OVERTAKEN, PendingCommit, Storing
from .rooms import READY_S, Room, Rooms

log = structlog.get_logger()

MAX_QUEUED = 50_000
MAX_IN_BATCH = 5_000

FEW = 32
"""A commit of so many takes hardly longer than one of fewer. While groups get several posts by one commit, which go out
together, fewer than these wait two turns of the loop for others to join them."""

MAX_TRIES = 10
"""How often a change set is decided again because another node was quicker, before its author is told so."""


class CommitQueue:
    """Commits what is put into its queue, in order. `put` never blocks; `drain` waits until the queue is empty.

    `failing` is why the last commit failed, empty while all is well, and `failed` is set meanwhile. `stored` counts the
    commits that succeeded.
    """

    def __init__(self, store: Store, rooms: Rooms, accounts: Accounts) -> None:
        self._store = store
        self._rooms = rooms
        self._accounts = accounts
        self._queue: list[PendingCommit] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._starting_over: set[asyncio.Task[None]] = set()
        self._is_shared = False
        self.failing = ""
        self.failed = asyncio.Event()
        self.stored = 0

    def put(self, pending: PendingCommit) -> None:
        """Queue a decided request. The caller has asked `is_full` before it decided."""
        if pending.room is not None:
            pending.room.in_flight += 1
        self._queue.append(pending)
        self._idle.clear()
        self._wake.set()

    def is_full(self) -> bool:
        """Say whether nothing more should be decided for now."""
        return len(self._queue) >= MAX_QUEUED

    async def wait_stored(self, act: Storing | Refusal) -> Refusal | None:
        """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
        if isinstance(act, Refusal):
            return act
        once, change_set = current_once.get(), act.change_set
        if once is not None and not once.is_taken and (change_set.events or change_set.rows):
            change_set.asked = once.asked()
        outcome: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        act.on_done = lambda: outcome.set_result(None)
        act.on_fail = outcome.set_result
        self.put(act)
        # A connection that goes away must not take the outcome with it: the act is finished all the same.
        return await asyncio.shield(outcome)

    async def drain(self, within_s: float | None = None) -> bool:
        """Wait until all that was put is answered; say whether it was in time: storage may not answer for long."""
        try:
            async with asyncio.timeout(within_s):
                while self._starting_over or not self._idle.is_set():
                    await self._idle.wait()
                    if self._starting_over:
                        await asyncio.wait(self._starting_over)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """Give up what is being read again. `run` has ended before."""
        await end(self._starting_over)

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._wake.wait()
            if self._is_shared and len(self._queue) < FEW:
                # In the first turn the answers of the last commit are written, in the second what they brought is read.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            # No name for it here: it would keep rooms and accounts in memory until there is another.
            await self._commit(self._take())
            if not self._queue:
                self._wake.clear()
                self._idle.set()

    def _take(self) -> list[PendingCommit]:
        batch, self._queue = self._queue[:MAX_IN_BATCH], self._queue[MAX_IN_BATCH:]
        return batch

    async def _commit(self, batch: list[PendingCommit]) -> None:
        self._is_shared = len(batch) >= 2 * len({id(one.room) for one in batch})
        try:
            with COMMIT_SECONDS.time():
                overtaken = await self._store.commit([pending.change_set for pending in batch])
        except StorageError as error:
            log.error("commit failed", change_sets=len(batch), cause=repr(error.__cause__ or error))
            self.failing = str(error)
            self.failed.set()
            self._undo(batch, NOT_STORED)
            return
        except Exception:
            # A mistake of ours, not of the disk. Without this queue nothing works, so it must outlive this too.
            log.exception("commit broke", change_sets=len(batch))
            self._undo(batch, NOT_STORED)
            return
        self.failing = ""
        self.failed.clear()
        self.stored += 1
        COMMITTED_WORKS.inc(len(batch))
        if overtaken:
            self._undo([one for one in batch if one.change_set.stream in overtaken], None)
            batch = [one for one in batch if one.change_set.stream not in overtaken]
        for pending in batch:
            if (room := pending.room) is not None:
                room.in_flight -= 1
            if has_been_done(pending):
                pending.fail(OVERTAKEN)
                continue
            try:
                pending.done()
            except Exception:
                # It is stored all the same: one answer that cannot be given must not keep the others from theirs.
                log.exception("could not tell of a stored work", stream=pending.change_set.stream)

    def _undo(self, failed: list[PendingCommit], refusal: Refusal | None) -> None:
        """Start the rooms of failed change sets over, each with what was decided on it; see `start_over`."""
        rooms = {id(one.room): one.room for one in failed}
        for key, room in rooms.items():
            mine = [one for one in failed if id(one.room) == key]
            if room is not None:
                mine += [one for one in self._queue if one.room is room]
                self._queue = [one for one in self._queue if one.room is not room]
                room.in_flight -= len(mine)
            self.start_over(room, mine, refusal)

    def start_over(self, room: Room | None, change_sets: list[PendingCommit], refusal: Refusal | None) -> None:
        """Read a room and the accounts concerned again; then decide the change sets again, or refuse them all."""
        self.read_again(room, frozenset(user for one in change_sets for user in one.rollback()), change_sets, refusal)

    def read_again(
        self,
        room: Room | None,
        users: frozenset[str],
        change_sets: Sequence[PendingCommit] = (),
        refusal: Refusal | None = None,
    ) -> None:
        """Read a room and accounts again from storage; see `start_over`."""
        if room is not None:
            self._rooms.close_for_reading(room)
        task = asyncio.create_task(self._start_over(room, change_sets, users, refusal))
        self._starting_over.add(task)
        task.add_done_callback(self._starting_over.discard)

    async def _start_over(
        self, room: Room | None, change_sets: Sequence[PendingCommit], users: frozenset[str], refusal: Refusal | None
    ) -> None:
        def go_on() -> None:
            in_time.cancel()
            if refusal is None:
                self._retry(change_sets)
            else:
                refuse()

        def refuse() -> None:
            while refused:
                refused.pop(0).fail(refusal or NOT_STORED)

        # Who is told that something failed, and asks what is so, is to hear what storage has, if it answers in time.
        refused = [] if refusal is None else list(change_sets)
        in_time = asyncio.get_running_loop().call_later(READY_S, refuse)
        try:
            for user in users:
                await self._accounts.reread(user)
            if room is None:
                go_on()
            else:
                await self._rooms.reload(room, go_on)
        except BaseException:
            in_time.cancel()
            refuse()
            raise

    def _retry(self, change_sets: Sequence[PendingCommit]) -> None:
        for one in change_sets:
            one.tries += 1
            if one.tries > MAX_TRIES or has_been_done(one):
                one.fail(OVERTAKEN)
            else:
                one.retry()


def has_been_done(pending: PendingCommit) -> bool:
    """Say whether what a request asks for was carried out before, under its nonce: who waits for it looks that up."""
    return pending.change_set.asked is not None and pending.change_set.repeated is not None
