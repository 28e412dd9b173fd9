"""Catching up: looks in storage for what no news told of: a lost message delays somebody, but never for good."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TypeVar

import structlog

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code

from ..bus.api import Bus
from ..common.metrics import STORAGE_UP
from ..live.accounts import Account, Accounts
from ..live.channels import PostTimes
from ..live.commit_queue import CommitQueue
from ..live.rooms import Room, Rooms
from ..storage.api import Ledger
from ..storage.change_set import StorageError
from .audience import Audience
from .follower import Follower
from .hub import Hub

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


OF_THE_GROUP = frozenset(
    {
        ErrorCode.NOT_A_MEMBER,
        ErrorCode.ALREADY_MEMBER,
        ErrorCode.FORBIDDEN,
        ErrorCode.OUTRANKED,
        ErrorCode.BANNED,
        ErrorCode.MUTED,
        ErrorCode.GROUP_MUTED,
        ErrorCode.SLOW_MODE,
        ErrorCode.GROUP_SUSPENDED,
        ErrorCode.GROUP_FULL,
        ErrorCode.JOIN_CLOSED,
        ErrorCode.NO_SUCH_USER,
        ErrorCode.CONFLICT,
    }
)
"""Refusals that rest on a group's state."""


class CatchUp:
    """Compares the rooms and accounts in use with storage, again and again. `run` ends when it is cancelled.

    `can_read` tells whether storage answered when it was last asked.
    """

    def __init__(
        self,
        ledger: Ledger,
        bus: Bus,
        rooms: Rooms,
        accounts: Accounts,
        audience: Audience,
        commit_queue: CommitQueue,
        hub: Hub,
        follower: Follower,
        post_times: PostTimes,
        *,
        in_cluster: bool,
    ) -> None:
        self._ledger = ledger
        self._bus = bus
        self._rooms = rooms
        self._accounts = accounts
        self._audience = audience
        self._commit_queue = commit_queue
        self._hub = hub
        self._follower = follower
        self._post_times = post_times
        self._breaks = bus.breaks
        self.in_cluster = in_cluster
        self.can_read = True
        STORAGE_UP.set(self.can_read)

    async def run(self) -> None:
        """Sleep, look, sleep: at once when news may have been lost, and again after that has ended."""
        loop, bus = asyncio.get_running_loop(), self._bus
        looked = loop.time()
        while True:
            await asyncio.sleep(ALARMED_S)
            connected, breaks = bus.connected, bus.breaks
            alarmed = not connected or breaks != self._breaks or not self.can_read
            if not alarmed and loop.time() < looked + CALM_S:
                continue
            looked = loop.time()
            try:
                posts = await self.look()
                if alarmed:
                    self._hub.live_home.left_out(posts)
                    await self._look_at_memberships()
            except StorageError as error:
                self.can_read = False
                log.warning("could not look for news", cause=repr(error.__cause__ or error))
            else:
                self.can_read = True
                # Until the bus is back, what is read now may be out of date when it is.
                self._breaks = breaks if connected else self._breaks
            STORAGE_UP.set(self.can_read)

    async def look(self) -> dict[str, int]:
        """Read again what has moved on without this node hearing of it; return the newest posts of channels that it
        has not heard of yet, by code and seq."""
        await self._ledger.heads([""])  # Also where nobody is: whether storage answers is told to balancers.
        posts = await self._post_times.look()
        for rooms in chunks(self._rooms.in_use(), AT_ONCE):
            heads = await self._ledger.heads([room.state.code for room in rooms])
            for room in rooms:
                if room.state.code in heads:
                    self._compare(room, *heads[room.state.code])
        for accounts in chunks(self._accounts.with_sessions(), AT_ONCE):
            versions = await self._ledger.account_versions([account.user for account in accounts])
            for account in accounts:
                if versions.get(account.user, 0) > account.state.version:
                    await self._follower.refresh(account)
        return posts

    def _compare(self, room: Room, version: int, last_seq: int) -> None:
        # While change sets of this node are on their way, what they learn from storage is newer than this.
        if room.in_flight or not room.ready.is_set():
            return
        if version > room.state.version:
            self._commit_queue.read_again(room, frozenset())
        elif last_seq > room.last_seq:
            self._follower.fill(room)

    async def _look_at_memberships(self) -> None:
        """Find the groups that accounts signed in here have come into elsewhere, while nobody could tell."""
        for account in self._accounts.with_sessions():
            await self._follower.look_after(account)
            await self._close_revoked(account)

    async def _close_revoked(self, account: Account) -> None:
        """Close the connections whose token was revoked elsewhere, while nobody could tell."""
        for token_hash in {session.token_hash for session in self._audience.sessions_of(account)}:
            if await self._ledger.find_token(token_hash) is None:
                self._hub.close_token(account, token_hash)

    async def has_moved_on(self, group: str | None, code: ErrorCode) -> bool:
        """Say whether a group was found changed by another node since this one last heard of it; it is up to date then.

        Asked before a request is refused for what the group is, so that a client that changed it on another node a
        moment ago is not told otherwise here. On a single node nothing moves without it. Raises StorageError.
        """
        if not group or not self.in_cluster or code not in OF_THE_GROUP:
            return False
        parsed = parse_group_code(group)
        room = self._rooms.find(parsed) if parsed else None
        if parsed is None or room is None or room.in_flight:
            return False
        judged = room.state.version
        heads = await self._ledger.heads([parsed])
        if parsed not in heads or heads[parsed][0] <= judged:
            return False
        # The news may have come while storage was asked.
        if heads[parsed][0] > room.state.version and room.ready.is_set():
            self._commit_queue.read_again(room, frozenset())
        await self._rooms.load(parsed)
        return True
