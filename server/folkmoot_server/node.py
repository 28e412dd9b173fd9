"""A node: the place where the parts are wired together. Nothing here decides anything."""

import asyncio
import contextlib
import secrets
from typing import Final

from folkmoot_governance import Refusal
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code

from .actions.cases.govern import CaseService
from .actions.groups.govern import GroupService
from .actions.groups.raid_guard import RaidGuard
from .bus.api import Bus
from .bus.messages import ALL_NODES_TOPIC, BusMessage, LimitsUpdate, PresenceUpdate
from .common.clock import Clock
from .common.i18n import N_, translator
from .common.metrics import LOOP_LAG_SECONDS
from .common.rate_limit import Buckets
from .config.documents import load_documents
from .config.policy import policy_of
from .config.settings import Config
from .content.group_words import OwnWords
from .content.rules_in_force import ContentRules
from .crypto.passwords import Passwords
from .delivery.catch_up import CatchUp
from .delivery.flood import limit
from .delivery.follower import Follower
from .delivery.hub import Hub
from .delivery.session import Session
from .http.group_page import VIEWS_AT_ONCE, VIEWS_PER_SECOND
from .jobs.expiry import Expiry
from .jobs.grading import Grading
from .jobs.journal import Indexing, Rotation
from .jobs.lost_flags import LostFlags
from .jobs.recovery import Recovery
from .jobs.runner import Job, every
from .jobs.settling import Settling
from .jobs.succession import Succession
from .live.accounts import Accounts
from .live.commit_queue import CommitQueue
from .live.presence import REPEAT_S, Presence
from .live.rooms import Rooms
from .live.shared_limits import TELL_S, SharedLimits
from .sealed.case_texts import Evidence
from .sealed.held_posts import HeldTexts
from .sealed.identities import Vault
from .storage.api import JobLock, Store

SWEEP_S = 30
SIGN_IN_SLOTS = 8
"""Sign-ins by token that are carried out at the same time. More would not be done sooner: measured with 5,000 waiting,
all of them together took twice the CPU, and posts between them 20 times as long."""
MONTH_MS = 31 * DAY_MS

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
TICK_S = 0.5


JOBS: Final[tuple[type[Job], ...]] = (Rotation, Indexing, Expiry, Succession, LostFlags, Grading, Recovery, Settling)
"""What one node at a time does."""


class Node:
    """Everything that handlers need, wired once. `store`, `bus` and `clock` are passed in; tests pass their own."""

    def __init__(
        self,
        config: Config,
        store: Store,
        bus: Bus,
        clock: Clock,
        job_lock: JobLock | None = None,
        tally_key: bytes = b"",
    ) -> None:
        self.config = config
        self.store = store
        self.bus = bus
        self.clock = clock
        self.in_cluster = bool(config.cluster.nats_url)
        self.stopping = False
        self.sessions: set[Session] = set()
        self.sign_in_slots = asyncio.Semaphore(SIGN_IN_SLOTS)
        self.searching: set[str] = set()
        self.documents = load_documents(config.server.data_dir)
        self.default_category = next(iter(config.policy.categories))
        policy = policy_of(config, self.documents)
        self.accounts = Accounts(store.ledger, bus, config.limits, clock, policy.credit)
        self.rooms = Rooms(store, bus, clock)
        self.commit_queue = CommitQueue(store, self.rooms, self.accounts)
        self.hub = Hub(self.rooms, self.accounts, clock)
        self.follower = Follower(self.rooms, self.accounts, store, self.hub, self.commit_queue)
        say = translator(config.i18n.default_language)
        self.group_service = GroupService(self.rooms, self.accounts, self.commit_queue, bus, clock, policy, say)
        self.content = ContentRules(config.policy.content)
        self.own_words = OwnWords()
        self.held_texts = HeldTexts(config.server.data_dir)
        self.vault = Vault(config.server.data_dir)
        self.raids = RaidGuard(self.rooms, self.group_service, in_cluster=self.in_cluster)
        self.evidence = Evidence(config.server.data_dir, config.retention.months * MONTH_MS)
        self.case_service = CaseService(self.commit_queue, bus, clock, policy)
        self.passwords = Passwords()
        self.page_views = Buckets(VIEWS_PER_SECOND, VIEWS_AT_ONCE)
        name = config.cluster.node_name or secrets.token_hex(6)
        self.presence = Presence(name, bus, self.accounts, config.limits, clock)
        self.shared_limits = SharedLimits(name, bus, config, clock, tally_key)
        self.watch = CatchUp(self)
        self._job_lock = job_lock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the commit queue, what this node does in rounds, and the jobs."""
        self.bus.listen(self._on_bus_message)
        loops = [
            self.commit_queue.run(),
            every(SWEEP_S, self.rooms.forget_idle),
            every(SWEEP_S, self.accounts.forget_idle),
            self._watch_loop(),
            self.content.watch(self.store.ledger),
            every(TELL_S, self.shared_limits.tell),
            *(job(self).run() for job in JOBS),
        ]
        if self.in_cluster:
            self.bus.follow(ALL_NODES_TOPIC)
            loops += [self.watch.run(), every(REPEAT_S, self.presence.repeat)]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Finish what was accepted, then stop everything. Connections are closed before."""
        self.shared_limits.tell()
        await self.commit_queue.drain()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.passwords.close()
        self.own_words.close()
        if self._job_lock is not None:
            await self._job_lock.close()
        await self.bus.close()
        await self.store.close()

    def check_post_rate(self, session: Session, now: int) -> Refusal | None:
        """Refuse an account that posts faster than `limits.posts_per_second`, or than its credit allows."""
        account = session.account
        assert account is not None
        wait = account.posts.take(now)
        refusal = limit(session, wait, now) if wait or session.floods else None
        if refusal is None and (wait := account.by_minute.take(now)):
            return account.too_many(
                "posts_per_minute", N_("Your credit allows {limit} posts a minute: wait {wait}."), wait
            )
        return refusal

    async def has_moved_on(self, group: str | None, code: ErrorCode) -> bool:
        """Say whether a group was found changed by another node since this one last heard of it; it is up to date then.

        Asked before a request is refused for what the group is, so that a client that changed it on another node a
        moment ago is not told otherwise here. On a single node nothing moves without it.
        """
        if not group or not self.in_cluster or code not in OF_THE_GROUP:
            return False
        parsed = parse_group_code(group)
        room = self.rooms.find(parsed) if parsed else None
        if parsed is None or room is None or room.in_flight:
            return False
        judged = room.state.version
        heads = await self.store.ledger.heads([parsed])
        if parsed not in heads or heads[parsed][0] <= judged:
            return False
        # The news may have come while storage was asked.
        if heads[parsed][0] > room.state.version and room.ready.is_set():
            self.commit_queue.read_again(room, frozenset())
        await self.rooms.load(parsed)
        return True

    async def has_jobs(self) -> bool:
        """Say whether the jobs that one node at a time does are this one's now. Raises StorageError."""
        return self._job_lock is None or await self._job_lock.is_mine()

    async def _watch_loop(self) -> None:
        """Measure how late the event loop is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            LOOP_LAG_SECONDS.set(max(0.0, loop.time() - due))

    def _on_bus_message(self, message: BusMessage) -> None:
        # A struct that is not of a type takes `isinstance` ten times as long as one that is.
        if type(message) is PresenceUpdate:
            self.presence.on_bus_message(message)
        elif type(message) is LimitsUpdate:
            self.shared_limits.on_bus_message(message)
        else:
            self.follower.on_bus_message(message)
            self.raids.on_bus_message(message)
