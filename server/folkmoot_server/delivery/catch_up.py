"""The watch: looks in storage for what no news told of, so that a lost message delays somebody, but never for good."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import structlog

from ..common.metrics import STORAGE_UP
from ..live.accounts import Account
from ..live.rooms import Room
from ..storage.change_set import StorageError

if TYPE_CHECKING:
    from ..node import Node

log = structlog.get_logger()

CALM_S = 5.0
"""How often to look while the bus is connected: only the last message of a group can be missing unnoticed."""

ALARMED_S = 0.5
"""How often to look while it is not: this bounds how late the other nodes' entries are."""

AT_ONCE = 500

T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into runs of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


class CatchUp:
    """Compares the rooms and accounts in use with storage, again and again. `run` ends when it is cancelled.

    `can_read` tells whether storage answered when it was last asked.
    """

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._breaks = node.bus.breaks
        self.can_read = True
        STORAGE_UP.set(self.can_read)

    async def run(self) -> None:
        """Sleep, look, sleep: at once when news may have been lost, and again after that has ended."""
        loop, bus = asyncio.get_running_loop(), self._node.bus
        looked = loop.time()
        while True:
            await asyncio.sleep(ALARMED_S)
            connected, breaks = bus.connected, bus.breaks
            alarmed = not connected or breaks != self._breaks or not self.can_read
            if not alarmed and loop.time() < looked + CALM_S:
                continue
            looked = loop.time()
            try:
                await self.look()
                if alarmed:
                    await self._look_at_memberships()
            except StorageError as error:
                self.can_read = False
                log.warning("could not look for news", cause=repr(error.__cause__ or error))
            else:
                self.can_read = True
                # Until the bus is back, what is read now may be out of date when it is.
                self._breaks = breaks if connected else self._breaks
            STORAGE_UP.set(self.can_read)

    async def look(self) -> None:
        """Read again what has moved on without this node hearing of it."""
        node = self._node
        await node.store.ledger.heads([""])  # Also where nobody is: whether storage answers is told to balancers.
        for rooms in chunks(node.rooms.in_use(), AT_ONCE):
            heads = await node.store.ledger.heads([room.state.code for room in rooms])
            for room in rooms:
                if room.state.code in heads:
                    self._compare(room, *heads[room.state.code])
        for accounts in chunks(node.accounts.with_sessions(), AT_ONCE):
            versions = await node.store.ledger.account_versions([account.user for account in accounts])
            for account in accounts:
                if versions.get(account.user, 0) > account.state.version:
                    await node.follower.refresh(account)

    def _compare(self, room: Room, version: int, last_seq: int) -> None:
        # While change sets of this node are on their way, what they learn from storage is newer than this.
        if room.in_flight or not room.ready.is_set():
            return
        if version > room.state.version:
            self._node.commit_queue.read_again(room, frozenset())
        elif last_seq > room.last_seq:
            self._node.follower.fill(room)

    async def _look_at_memberships(self) -> None:
        """Find the groups that accounts signed in here have come into elsewhere, while nobody could tell."""
        for account in self._node.accounts.with_sessions():
            await self._node.follower.look_after(account)
            await self._close_revoked(account)

    async def _close_revoked(self, account: Account) -> None:
        """Close the connections whose token was revoked elsewhere, while nobody could tell."""
        for token_hash in {session.token_hash for session in account.sessions}:
            if await self._node.store.ledger.find_token(token_hash) is None:
                self._node.hub.close_token(account, token_hash)
