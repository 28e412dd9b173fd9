"""A node: what it does in rounds, how it starts and stops. `wiring` makes its parts and services."""

import asyncio
import secrets
from functools import partial

import structlog

from folkmoot_protocol.events import PostEvent, RefutedEvent

from .actions.access_log import STORE_S
from .actions.channels.reads import STORE_S as READS_S
from .actions.channels.responses import STORE_S as RESPONSES_S
from .actions.entries_log import EntriesLog
from .actions.store_acts import TRY_S
from .actions.timekeeper import LOOK_S as CLOCK_LOOK_S
from .actions.witnesses import Witnesses
from .actions.words import Words
from .bus.api import Bus
from .bus.messages import (
    ALL_NODES_TOPIC,
    BusMessage,
    GroupUpdate,
    InForceUpdate,
    LimitsUpdate,
    PostUpdate,
    PresenceUpdate,
    RefutedUpdate,
)
from .common.background import Loop, calling
from .common.clock import Clock
from .common.metrics import LOOP_LAG_SECONDS
from .config.settings import Config
from .content.rules_in_force import LOOK_S
from .jobs.auditing import Auditing
from .jobs.checkpoints import Checkpoints, Witnessing
from .jobs.closing import Closing
from .jobs.dates import COUNT_S, Dates, OverdueFigures
from .jobs.duties import Duties
from .jobs.entries import Entries
from .jobs.expiry import Expiry
from .jobs.filing import Sending
from .jobs.forgetting import Forgetting
from .jobs.freeing import Freeing
from .jobs.grading import Grading
from .jobs.hooks import Calling
from .jobs.journal import Erasing, Indexing, Rotation
from .jobs.lapsing import Lapsing
from .jobs.lost_flags import LostFlags
from .jobs.media import MediaJob
from .jobs.recovery import Recovery
from .jobs.retro_scan import RetroScanning
from .jobs.runner import Job, JobTurn, Stored, Watch, loops_of
from .jobs.sealing import Sealing
from .jobs.settling import Settling
from .jobs.succession import Succession
from .live.presence import REPEAT_S
from .live.shared_limits import TELL_S
from .storage.api import JobLock, Store
from .storage.change_set import StorageError
from .wiring import Parts, Services

log = structlog.get_logger()

FINISH_S = 12.0
"""How long a node that stops waits for what was accepted: longer than a commit takes whose connection was lost."""

LAST_S = 1.0
"""How long it waits then for what follows from that."""

SWEEP_S = 30
IN_FORCE_S = 0.5
"""How often a node of several looks for emergencies: one holds everywhere within a second, though news get lost."""
TICK_S = 0.5


class Node(Parts):
    """A process. `store`, `bus` and `clock` are passed in; tests pass their own.

    What the doors ask is `app`; the other attributes are what starting, stopping and delivery need.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        bus: Bus,
        clock: Clock,
        job_lock: JobLock | None = None,
        limits_key: bytes = b"",
    ) -> None:
        name = config.cluster.node_name or secrets.token_hex(6)
        super().__init__(config, name, store, bus, clock, limits_key)
        self._job_turn = JobTurn(job_lock)
        self._finish_s = FINISH_S
        services = Services(config, name, self)
        self.app, self.raids = services.app, services.raids

    def start(self) -> None:
        """Start the commit queue, what this node does in rounds, and the jobs."""
        self.bus.listen(self._on_bus_message)
        if self.in_cluster:
            self.bus.follow(ALL_NODES_TOPIC)
        self.background.start(self.loops())

    def loops(self) -> list[Loop]:
        """Return what this node does in rounds, and the jobs."""
        content = self.app.content
        # What a single node has not stored itself nobody has.
        stored: Stored = None if self.in_cluster else lambda: self.commit_queue.stored
        overdue = OverdueFigures(self.store.ledger, self.clock)
        words = Watch(stored, self.clock).over(partial(content.load_words, self.store.ledger))
        loops = [
            Loop("commit_queue", self.commit_queue.run, 0),
            Loop("idle_rooms", calling(self.rooms.forget_idle), SWEEP_S, first_rest_s=SWEEP_S),
            Loop("idle_accounts", calling(self.accounts.forget_idle), SWEEP_S, first_rest_s=SWEEP_S),
            Loop("idle_exports", self.app.exports.forget_idle, SWEEP_S, first_rest_s=SWEEP_S),
            Loop("clock", self.app.timekeeper.look, CLOCK_LOOK_S),
            Loop("storing", self.app.store_acts.try_storing, TRY_S),
            Loop("own_reads", self.app.account_service.store_own_reads, SWEEP_S, first_rest_s=SWEEP_S),
            Loop("channel_reads", self.app.channels.reads.store, READS_S, first_rest_s=READS_S),
            Loop("responses", self.app.channels.responses.tell, RESPONSES_S, first_rest_s=RESPONSES_S),
            Loop("sessions", self.app.sessions.store_seen, SWEEP_S, first_rest_s=SWEEP_S),
            Loop("access_log", self.app.access_log.store, STORE_S, first_rest_s=STORE_S),
            Loop("audit_access", self.app.audit.send_access, STORE_S, first_rest_s=STORE_S),
            Loop("loop_lag", measure_lag, 0),
            Loop("content_rules", content.load_changed, LOOK_S, first_rest_s=LOOK_S),
            Loop("platform_words", words, LOOK_S),
            Loop("overdue", Watch(stored, self.clock).over(overdue.count), COUNT_S),
            *loops_of(self.jobs(), self._job_turn, self.clock, stored),
            *loops_of([Duties(self.app.oversight)], JobTurn(None), self.clock, stored),
        ]
        if self.in_cluster:
            look_again = partial(self.in_force.load, self.store.ledger, self.clock)
            loops += [
                Loop("in_force", look_again, IN_FORCE_S),
                Loop("shared_limits", calling(self.shared_limits.tell), TELL_S, first_rest_s=TELL_S),
                Loop("catch_up", self.catch_up.run, 0),
                Loop("presence", calling(self.presence.repeat), REPEAT_S, first_rest_s=REPEAT_S),
            ]
        return loops

    async def finish(self) -> None:
        """Store and answer what was accepted, as far as storage answers. Who has no answer does not know, and asks.

        Storage that did not answer in time is not waited for again.
        """
        if self._finish_s and not await self.commit_queue.drain(self._finish_s):
            self._finish_s = 0
            log.warning("storage does not answer: what was not stored yet stays unanswered")

    async def stop(self) -> None:
        """Finish what was accepted, then stop everything, whatever fails. Connections are closed before.

        What fails here is logged and no more: all that was acknowledged is stored.
        """
        self.shared_limits.tell()
        # Queued in a task: where storage does not answer, `finish` waits for it no longer than for anything else.
        stores = (
            self.app.account_service.store_own_reads,
            self.app.channels.reads.store,
            self.app.channels.responses.tell,
        )
        last = [asyncio.create_task(store()) for store in stores]
        await asyncio.sleep(0)
        await self.finish()
        # Whom entries concern is read first; if storage answers, that takes a moment.
        await asyncio.wait(last, timeout=LAST_S if self._finish_s else 0)
        for task in last:
            task.cancel()
        for ended in await asyncio.gather(*last, return_exceptions=True):
            if isinstance(ended, Exception):
                traceback = None if isinstance(ended, StorageError) else ended
                log.warning("could not store what came last", cause=repr(ended), exc_info=traceback)
        for closing in (
            self.background.stop,
            self.commit_queue.stop,
            self.app.box.stop,
            self.app.recovery.stop,
            self.in_force.stop,
            self.follower.stop,
            calling(self.passwords.close),
            calling(self.group_words.close),
            calling(self.app.outgoing.close),
            self._job_turn.close,
            self.app.access_log.store_last,
            self.app.audit.close,
            self.bus.close,
            self.store.close,
        ):
            try:
                await closing()
            except Exception as error:
                traceback = None if isinstance(error, (StorageError, OSError)) else error
                log.warning("could not close in good order", cause=repr(error), exc_info=traceback)

    def jobs(self) -> list[Job]:
        """Return what one node at a time does."""
        app, ledger, clock = self.app, self.store.ledger, self.clock
        groups, accounts, kept = app.group_service, app.account_service, app.config.retention
        return [
            Rotation(
                self.store,
                clock,
                kept.months,
                kept.access_log_months,
                self.remarks,
                accounts,
                app.store_acts,
                app.holds,
                app.channels.keeping,
            ),
            Sealing(self.store, clock, app.store_acts),
            Indexing(self.store.journal),
            Erasing(self.store.journal),
            Expiry(ledger, clock, self.rooms, groups),
            Dates(ledger, clock, app.policy, self.rooms, self.accounts, groups, accounts, app.cases.service),
            Succession(
                ledger, clock, app.policy, self.rooms, self.accounts, groups, accounts, app.membership.quota_for
            ),
            LostFlags(self.store, clock, self.rooms, groups, accounts, in_cluster=self.in_cluster),
            Grading(ledger, clock, app.policy, self.rooms, groups, accounts),
            Recovery(ledger, clock, app.policy, self.accounts, accounts),
            Settling(ledger, clock, app.cases.settler),
            Closing(ledger, clock, self.accounts, accounts),
            Freeing(ledger, clock, self.accounts, accounts),
            Lapsing(ledger, clock, app.cases.sanctions),
            Sending(ledger, clock, app.cases.filings),
            Checkpoints(app.event_log),
            Auditing(app.audit, clock),
            *([Witnessing(Witnesses(app.event_log, kept.witnesses, self.remarks), clock)] if kept.witnesses else []),
            Entries(EntriesLog(self.store, clock, accounts, app.store_acts), clock),
            MediaJob(app.media.upkeep, app.media.uploads, clock),
            Calling(app.outgoing),
            RetroScanning(self.store, clock, app.content, accounts),
            Forgetting(
                clock,
                accounts,
                ledger,
                app.channels.reads,
                Words(ledger, clock, app.store_acts),
                app.policy.cases,
                app.config.accounts.token_days,
            ),
        ]

    def _on_bus_message(self, message: BusMessage) -> None:
        # A struct that is not of a type takes `isinstance` ten times as long as one that is. Posts come first.
        if type(message) is GroupUpdate:
            self.follower.on_bus_message(message)
            self.raids.on_bus_message(message)
        elif type(message) is PresenceUpdate:
            self.presence.on_bus_message(message)
        elif type(message) is LimitsUpdate:
            self.shared_limits.on_bus_message(message)
        elif type(message) is PostUpdate:
            self.post_times.posted(message.code, message.entry.ts)
            self.hub.live_home.deliver(PostEvent(group=message.code, entry=message.entry, original=message.original))
        elif type(message) is RefutedUpdate:
            for code, seq in message.posts:
                self.hub.live_home.tell(RefutedEvent(group=code, seq=seq, refutation=message.refutation))
        elif type(message) is InForceUpdate:
            self.in_force.look(self.store.ledger, self.clock)
        else:
            self.follower.on_bus_message(message)
            self.raids.on_bus_message(message)


async def measure_lag() -> None:
    """Measure once how late the event loop is."""
    loop = asyncio.get_running_loop()
    due = loop.time() + TICK_S
    await asyncio.sleep(TICK_S)
    LOOP_LAG_SECONDS.set(max(0.0, loop.time() - due))
