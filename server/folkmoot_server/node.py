"""A node: the place where the parts are wired together, started and stopped. Nothing here decides anything."""

import asyncio
import secrets
from functools import partial
from pathlib import Path

import structlog

from folkmoot_governance import Policy
from folkmoot_governance.duration import DAY_MS

from .actions.access_log import STORE_S, AccessLog
from .actions.accounts.credentials import Credentials
from .actions.accounts.govern import AccountService
from .actions.accounts.names import Names
from .actions.accounts.notices import NoticeBox
from .actions.accounts.recovery import PasswordRecovery
from .actions.accounts.registration import Registration
from .actions.accounts.second_factor import CodeCheck
from .actions.accounts.sessions import Sessions
from .actions.accounts.settings import OwnSettings
from .actions.accounts.sign_in import SignIn
from .actions.accounts.verifying import Verifying
from .actions.agreement import AgreementKeeper
from .actions.alarms import Alarms
from .actions.app import App, Cases, Posts
from .actions.audit import Audit
from .actions.cases.aftermath import Aftermath
from .actions.cases.appeals import Appeals
from .actions.cases.filings import Filings
from .actions.cases.govern import CaseService
from .actions.cases.measures import Measures
from .actions.cases.mediation import Mediations
from .actions.cases.public import PublicReports
from .actions.cases.reports import Reports
from .actions.cases.sanctions import Sanctions
from .actions.cases.settle import CaseSettler
from .actions.entries_log import EntriesLog
from .actions.event_log import EventLog
from .actions.exports import Exports
from .actions.groups.finding import GroupFinder
from .actions.groups.govern import GroupService
from .actions.groups.membership import Membership
from .actions.groups.raid_guard import RaidGuard
from .actions.holds import Holds
from .actions.oversight import Oversight
from .actions.posts.editing import Editing
from .actions.posts.held import HeldPosts
from .actions.posts.history import History
from .actions.posts.posting import Posting
from .actions.posts.review import Review
from .actions.posts.search import Search
from .actions.repeats import Answers, Repeats
from .actions.status import NodeStatus
from .actions.store_acts import TRY_S, StoreActs
from .actions.timekeeper import LOOK_S as CLOCK_LOOK_S
from .actions.timekeeper import Timekeeper
from .actions.witnesses import Witnesses
from .bus.api import Bus
from .bus.messages import ALL_NODES_TOPIC, BusMessage, InForceUpdate, LimitsUpdate, PresenceUpdate
from .common.background import Background, Loop, Remarks, calling
from .common.clock import Clock
from .common.i18n import translator
from .common.metrics import LOOP_LAG_SECONDS
from .config.documents import load_documents
from .config.policy import credit_of, policy_of
from .config.settings import Config
from .content.gate import Gate
from .content.group_words import GroupWords
from .content.rules_in_force import LOOK_S, ContentRules
from .content.trial import Trials
from .crypto.passwords import Passwords
from .delivery.audience import Audience
from .delivery.catch_up import CatchUp
from .delivery.follower import Follower
from .delivery.hub import Hub
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
from .jobs.journal import Erasing, Indexing, Rotation
from .jobs.lapsing import Lapsing
from .jobs.lost_flags import LostFlags
from .jobs.recovery import Recovery
from .jobs.retro_scan import RetroScanning
from .jobs.runner import Job, JobTurn, Stored, Watch, loops_of
from .jobs.sealing import Sealing
from .jobs.settling import Settling
from .jobs.succession import Succession
from .live.accounts import Accounts
from .live.commit_queue import CommitQueue
from .live.in_force import InForce
from .live.presence import REPEAT_S, Presence
from .live.rooms import Rooms
from .live.shared_limits import TELL_S, SharedLimits
from .sealed.access_records import AccessRecords
from .sealed.case_texts import CaseTexts
from .sealed.held_entries import HeldEntries
from .sealed.held_posts import HeldTexts
from .sealed.identities import Vault
from .sealed.second_factors import SecondFactors
from .storage.api import JobLock, Store
from .storage.change_set import StorageError

log = structlog.get_logger()

FINISH_S = 12.0
"""How long a node that stops waits for what was accepted: longer than a commit takes whose connection was lost."""

SWEEP_S = 30
IN_FORCE_S = 0.5
"""How often a node of several looks for emergencies: one holds everywhere within a second, though news get lost."""
TICK_S = 0.5
MONTH_MS = 31 * DAY_MS


class Node:
    """All parts of a process, wired once. `store`, `bus` and `clock` are passed in; tests pass their own.

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
        self.store = store
        self.bus = bus
        self.clock = clock
        self.in_cluster = bool(config.cluster.nats_url)
        self.background = Background(clock, expected=StorageError)
        self._job_turn = JobTurn(job_lock)
        self._finish_s = FINISH_S
        name = config.cluster.node_name or secrets.token_hex(6)

        self.in_force = InForce()
        credit = credit_of(config.policy)
        self.accounts = Accounts(
            store.ledger, bus, config.limits, clock, credit, config.accounts.token_days, self.in_force
        )
        self.rooms = Rooms(store, bus, clock)
        self.commit_queue = CommitQueue(store, self.rooms, self.accounts)
        self.audience = Audience()
        self.hub = Hub(self.accounts, self.audience, clock)
        self.follower = Follower(self.rooms, self.accounts, store, self.hub, self.audience, self.commit_queue)
        self.presence = Presence(name, bus, self.accounts, config.limits, clock, in_cluster=self.in_cluster)
        self.shared_limits = SharedLimits(name, bus, config, clock, limits_key)
        self.catch_up = CatchUp(
            store.ledger,
            bus,
            self.rooms,
            self.accounts,
            self.audience,
            self.commit_queue,
            self.hub,
            self.follower,
            in_cluster=self.in_cluster,
        )
        self.passwords = Passwords()
        self._group_words = GroupWords()

        self._remarks: Remarks = {}
        self.app = self._wire(config, name)

    def _wire(self, config: Config, name: str) -> App:
        """Make the services, those first that others rest on."""
        store, bus, clock = self.store, self.bus, self.clock
        documents = load_documents(config.server.data_dir)
        policy = policy_of(config, documents)
        translate = translator(config.i18n.default_language)
        groups = GroupService(
            self.rooms, self.accounts, self.commit_queue, bus, clock, policy, config.limits, translate
        )
        accounts = AccountService(self.accounts, self.commit_queue, bus, clock, policy)
        self._raids = RaidGuard(self.rooms, groups, policy, in_cluster=self.in_cluster)
        finder = GroupFinder(self.rooms, self.shared_limits)
        content = ContentRules(config.policy.content)
        gate = Gate(content, self._group_words, policy, clock)
        membership = Membership(
            store.ledger,
            self.rooms,
            self.accounts,
            clock,
            groups,
            self.audience,
            self.hub,
            self.shared_limits,
            finder,
            content,
            gate,
            next(iter(config.policy.categories)),
        )
        gate.record = membership.record_broken
        held_texts, answers = HeldTexts(config.server.data_dir), Answers(config.server.data_dir, clock)
        store_acts = StoreActs(store.ledger, clock, accounts, self.commit_queue)
        registration = Registration(
            config.registration, clock, self.shared_limits, finder, groups, membership, self.in_force
        )
        alarms = Alarms(store.ledger, clock, bus, self.accounts, accounts, self.in_force, self.follower.on_bus_message)
        self._box = NoticeBox(
            store.ledger,
            clock,
            accounts,
            alarms,
            max(kept_ms(config), policy.cases.appeal_ms, policy.cases.platform_appeal_ms),
        )
        status = NodeStatus(name, clock, self.audience, self.background, self._remarks)
        sessions = Sessions(store.ledger, accounts, self.audience, bus, clock)
        secrets = SecondFactors(config.server.data_dir)
        code_check = CodeCheck(store.ledger, secrets, clock)
        sign_in = self._wire_sign_in(config, accounts, registration, sessions, code_check)
        credentials = Credentials(sign_in, store.ledger, accounts, self.passwords, bus, clock, secrets, code_check)
        own_settings = OwnSettings(self.accounts, accounts, self.audience, bus, clock)
        vault = Vault(config.server.data_dir)
        verifying = Verifying(config, clock, store.ledger, vault, self.accounts, self.shared_limits, accounts)
        self._recovery = PasswordRecovery(
            sign_in, credentials, verifying, vault, store.ledger, accounts, self.shared_limits
        )
        event_log = EventLog(
            store.ledger,
            clock,
            partial(accounts.store_rows, ""),
            config.server.data_dir,
            config.retention.log_origin,
            Path(config.retention.checkpoint_dir) if config.retention.checkpoint_dir else None,
            config.retention.log_key,
        )
        audit = Audit(config, name, store.ledger, clock, accounts, event_log, self._remarks)
        return App(
            config=config,
            documents=documents,
            policy=policy,
            clock=clock,
            store=store,
            rooms=self.rooms,
            accounts=self.accounts,
            shared_limits=self.shared_limits,
            group_service=groups,
            account_service=accounts,
            alarms=alarms,
            sign_in=sign_in,
            sessions=sessions,
            credentials=credentials,
            recovery=self._recovery,
            box=self._box,
            repeats=Repeats(store, clock, answers, accounts, membership),
            own_settings=own_settings,
            names=Names(store.ledger, self.accounts, clock, own_settings, gate),
            membership=membership,
            gate=gate,
            posts=self._wire_posts(config, policy, groups, accounts, membership, finder, content, held_texts, answers),
            cases=self._wire_cases(config, policy, groups, accounts, membership, held_texts, gate),
            agreement=AgreementKeeper(store.ledger, clock, accounts, documents.agreement),
            content=content,
            trials=Trials(store.journal),
            vault=vault,
            verifying=verifying,
            catch_up=self.catch_up,
            store_acts=store_acts,
            holds=Holds(
                store,
                clock,
                policy.cases,
                store_acts,
                HeldEntries(config.server.data_dir),
                AccessRecords(config.server.data_dir),
            ),
            timekeeper=Timekeeper(name, store.ledger, clock, self._remarks, store_acts),
            status=status,
            event_log=event_log,
            access_log=AccessLog(store.access, AccessRecords(config.server.data_dir), clock, name, audit.heard),
            oversight=Oversight(config, policy, clock, store, content, status),
            exports=Exports(clock),
            audit=audit,
        )

    def _wire_sign_in(
        self,
        config: Config,
        accounts: AccountService,
        registration: Registration,
        sessions: Sessions,
        code_check: CodeCheck,
    ) -> SignIn:
        return SignIn(
            config.limits,
            self.clock,
            self.bus,
            self.store.ledger,
            self.rooms,
            self.accounts,
            accounts,
            self.passwords,
            self.presence,
            self.shared_limits,
            self.audience,
            self.hub,
            self.follower,
            registration,
            self._box,
            sessions,
            code_check,
            in_cluster=self.in_cluster,
        )

    def _wire_posts(
        self,
        config: Config,
        policy: Policy,
        groups: GroupService,
        accounts: AccountService,
        membership: Membership,
        finder: GroupFinder,
        content: ContentRules,
        held_texts: HeldTexts,
        answers: Answers,
    ) -> Posts:
        body_chars, journal, clock = config.limits.body_chars, self.store.journal, self.clock
        review = Review(self.rooms, clock, groups, content, held_texts, kept_ms(config), answers)
        posting = Posting(
            body_chars,
            policy,
            clock,
            self.bus,
            self.store,
            self.rooms,
            finder,
            self.commit_queue,
            accounts,
            content,
            self._group_words,
            self._raids,
            review,
            answers,
            self.in_force,
        )
        editing = Editing(policy, clock, journal, membership, posting)
        held = HeldPosts(self.store.ledger, self.accounts, clock, held_texts)
        return Posts(posting, held, editing, History(journal, self.bus, self.hub, accounts), Search(journal))

    def _wire_cases(
        self,
        config: Config,
        policy: Policy,
        groups: GroupService,
        accounts: AccountService,
        membership: Membership,
        held_texts: HeldTexts,
        gate: Gate,
    ) -> Cases:
        ledger, clock = self.store.ledger, self.clock
        texts = CaseTexts(config.server.data_dir, kept_ms(config))
        cases = CaseService(self.commit_queue, self.bus, clock, policy)
        aftermath = Aftermath(ledger, self.rooms, self.accounts, groups, accounts)
        journal = self.store.journal
        measures = Measures(ledger, journal, self.rooms, self.accounts, groups, accounts, aftermath, held_texts, cases)
        settler = CaseSettler(ledger, self.accounts, accounts, cases, measures)
        reports = Reports(self.store, self.accounts, clock, membership, cases, texts)
        appeals = Appeals(ledger, self.rooms, clock, cases, texts, measures, settler)
        mediations = Mediations(ledger, self.rooms, self.accounts, clock, cases, texts, gate)
        sanctions = Sanctions(ledger, self.rooms, self.accounts, cases, groups, accounts)
        filings = Filings(
            config.operator, config.server.data_dir, clock, ledger, Vault(config.server.data_dir), accounts
        )
        public = PublicReports(ledger, self.accounts, clock, policy, texts, reports, appeals)
        return Cases(cases, reports, public, appeals, sanctions, filings, measures, settler, mediations, texts)

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
            Loop("clock", self.app.timekeeper.look, CLOCK_LOOK_S),
            Loop("storing", self.app.store_acts.try_storing, TRY_S),
            Loop("own_reads", self.app.account_service.store_own_reads, SWEEP_S, first_rest_s=SWEEP_S),
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
        reads = asyncio.create_task(self.app.account_service.store_own_reads())
        await asyncio.sleep(0)
        await self.finish()
        reads.cancel()
        for closing in (
            self.background.stop,
            self.commit_queue.stop,
            self._box.stop,
            self._recovery.stop,
            self.in_force.stop,
            self.follower.stop,
            calling(self.passwords.close),
            calling(self._group_words.close),
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
                self._remarks,
                accounts,
                app.store_acts,
                app.holds,
            ),
            Sealing(self.store.journal, clock, app.store_acts),
            Indexing(self.store.journal),
            Erasing(self.store.journal),
            Expiry(ledger, clock, self.rooms, groups),
            Dates(ledger, clock, app.policy, self.rooms, self.accounts, groups, accounts, app.cases.service),
            Succession(ledger, clock, app.policy, self.rooms, self.accounts, groups, accounts),
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
            *([Witnessing(Witnesses(app.event_log, kept.witnesses, self._remarks), clock)] if kept.witnesses else []),
            Entries(EntriesLog(self.store, clock, accounts, app.store_acts), clock),
            RetroScanning(self.store, clock, app.content, accounts),
            Forgetting(clock, accounts, ledger, app.policy.cases, app.config.accounts.token_days),
        ]

    def _on_bus_message(self, message: BusMessage) -> None:
        # A struct that is not of a type takes `isinstance` ten times as long as one that is.
        if type(message) is PresenceUpdate:
            self.presence.on_bus_message(message)
        elif type(message) is LimitsUpdate:
            self.shared_limits.on_bus_message(message)
        elif type(message) is InForceUpdate:
            self.in_force.look(self.store.ledger, self.clock)
        else:
            self.follower.on_bus_message(message)
            self._raids.on_bus_message(message)


async def measure_lag() -> None:
    """Measure once how late the event loop is."""
    loop = asyncio.get_running_loop()
    due = loop.time() + TICK_S
    await asyncio.sleep(TICK_S)
    LOOP_LAG_SECONDS.set(max(0.0, loop.time() - due))


def kept_ms(config: Config) -> int:
    """Return how long entries are kept."""
    return config.retention.months * MONTH_MS
