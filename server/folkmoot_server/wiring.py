"""The services of a node, made from its parts: who needs what. Nothing here decides anything."""

from functools import partial
from pathlib import Path

from folkmoot_governance.duration import DAY_MS

from .actions.access_log import AccessLog
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
from .actions.app import App, Cases, ChannelServices, MediaServices, Posts
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
from .actions.channels.applying import Applying
from .actions.channels.badges import Badges
from .actions.channels.following import Following
from .actions.channels.granting import Granting
from .actions.channels.keeping import PostKeeping
from .actions.channels.opening import Opening
from .actions.channels.public import PublicReading
from .actions.channels.reading import Reading
from .actions.channels.reads import Reads
from .actions.channels.responses import Responses
from .actions.channels.threads import Threads
from .actions.event_log import EventLog
from .actions.exports import Exports
from .actions.groups.finding import GroupFinder
from .actions.groups.govern import GroupService
from .actions.groups.membership import Membership
from .actions.groups.raid_guard import RaidGuard
from .actions.holds import Holds
from .actions.media.finds import Finds
from .actions.media.judging import Judging
from .actions.media.showing import Showing
from .actions.media.upkeep import MediaUpkeep
from .actions.media.uploads import Uploads
from .actions.outgoing import Outgoing
from .actions.oversight import Oversight
from .actions.posts.editing import Editing
from .actions.posts.held import HeldPosts
from .actions.posts.history import History
from .actions.posts.posting import Posting
from .actions.posts.review import Review
from .actions.posts.search import Search
from .actions.repeats import Answers, Repeats
from .actions.status import NodeStatus
from .actions.store_acts import StoreActs
from .actions.timekeeper import Timekeeper
from .bus.api import Bus
from .common.background import Background, Remarks
from .common.clock import Clock
from .common.i18n import translator
from .config.documents import load_documents
from .config.policy import credit_of, policy_of
from .config.settings import Config
from .content.gate import Gate
from .content.group_words import GroupWords
from .content.rules_in_force import ContentRules
from .content.trial import Trials
from .crypto.cipher import Sealed
from .crypto.passwords import Passwords
from .delivery.audience import Audience
from .delivery.catch_up import CatchUp
from .delivery.follower import Follower
from .delivery.hub import Hub
from .live.accounts import Accounts
from .live.channels import PostTimes
from .live.commit_queue import CommitQueue
from .live.in_force import InForce
from .live.presence import Presence
from .live.rooms import Rooms
from .live.shared_limits import SharedLimits
from .media.store import MediaStore
from .sealed.access_records import AccessRecords
from .sealed.case_texts import CaseTexts
from .sealed.held_entries import HeldEntries
from .sealed.held_posts import HeldTexts
from .sealed.identities import Vault
from .sealed.media import SealedMedia
from .sealed.second_factors import SecondFactors
from .storage.api import Store
from .storage.change_set import StorageError
from .storage.rows import KEPT_PURPOSE
from .storage.sql.kept_posts import KeptTexts

MONTH_MS = 31 * DAY_MS


class Parts:
    """What a node has in memory, and what brings news to connections. `store`, `bus` and `clock` are passed in."""

    def __init__(self, config: Config, name: str, store: Store, bus: Bus, clock: Clock, limits_key: bytes) -> None:
        self.store = store
        self.bus = bus
        self.clock = clock
        self.in_cluster = bool(config.cluster.nats_url)
        self.background = Background(clock, expected=StorageError)
        self.in_force = InForce()
        credit = credit_of(config.policy)
        self.accounts = Accounts(
            store.ledger, bus, config.limits, clock, credit, config.accounts.token_days, self.in_force
        )
        self.rooms = Rooms(store, bus, clock)
        self.commit_queue = CommitQueue(store, self.rooms, self.accounts)
        self.audience = Audience()
        self.post_times = PostTimes(store.channels, clock)
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
            self.post_times,
            in_cluster=self.in_cluster,
        )
        self.passwords = Passwords()
        self.group_words = GroupWords()
        self.remarks: Remarks = {}


class Services:
    """Makes the services, those first that others rest on; `app` has what the doors ask."""

    def __init__(self, config: Config, name: str, parts: Parts) -> None:
        self._config, self._name, self._parts = config, name, parts
        store, bus, clock = parts.store, parts.bus, parts.clock
        self._documents = load_documents(config.server.data_dir)
        self._policy = policy = policy_of(config, self._documents)
        translate = translator(config.i18n.default_language)
        self._groups = groups = GroupService(
            parts.rooms, parts.accounts, parts.commit_queue, bus, clock, policy, config.limits, translate
        )
        self._accounts = AccountService(parts.accounts, parts.commit_queue, bus, clock, policy)
        self.raids = RaidGuard(parts.rooms, groups, policy, in_cluster=parts.in_cluster)
        self._accounts.dependents = Badges(store.channels, store.ledger, parts.rooms, groups)
        self._responses = Responses(store, parts.rooms, parts.accounts, self._accounts, bus, clock)
        groups.on_said = self._responses.note
        self._finder = GroupFinder(parts.rooms, parts.shared_limits, store.channels)
        self._content = ContentRules(config.policy.content)
        self._gate = Gate(self._content, parts.group_words, policy, clock)
        self._membership = Membership(
            store.ledger,
            parts.rooms,
            parts.accounts,
            clock,
            groups,
            parts.audience,
            parts.hub,
            parts.shared_limits,
            self._finder,
            self._content,
            self._gate,
            next(iter(config.policy.categories)),
        )
        self._gate.record = self._membership.record_broken
        self._held_texts, self._answers = HeldTexts(config.server.data_dir), Answers(config.server.data_dir, clock)
        self._store_acts = StoreActs(store.ledger, clock, self._accounts, parts.commit_queue)
        self._vault = Vault(config.server.data_dir)
        self._wire_persons()
        self._wire_records()
        self.app = self._wire()

    def _wire_persons(self) -> None:
        """Make what people do with their accounts."""
        config, parts, accounts = self._config, self._parts, self._accounts
        ledger, bus, clock = parts.store.ledger, parts.bus, parts.clock
        self._alarms = Alarms(
            ledger, clock, bus, parts.accounts, accounts, parts.in_force, parts.follower.on_bus_message
        )
        case_terms = self._policy.cases
        kept = max(kept_ms(config), case_terms.appeal_ms, case_terms.platform_appeal_ms)
        self._box = NoticeBox(ledger, clock, accounts, self._alarms, kept)
        self._sessions = Sessions(ledger, accounts, parts.audience, bus, clock)
        factors = SecondFactors(config.server.data_dir)
        code_check = CodeCheck(ledger, factors, clock)
        registration = Registration(
            config.registration,
            clock,
            parts.shared_limits,
            self._finder,
            self._groups,
            self._membership,
            parts.in_force,
        )
        self._sign_in = SignIn(
            config.limits,
            clock,
            bus,
            ledger,
            parts.rooms,
            parts.accounts,
            accounts,
            parts.passwords,
            parts.presence,
            parts.shared_limits,
            parts.audience,
            parts.hub,
            parts.follower,
            registration,
            self._box,
            self._sessions,
            code_check,
            in_cluster=parts.in_cluster,
        )
        self._credentials = Credentials(
            self._sign_in, ledger, accounts, parts.passwords, bus, clock, factors, code_check
        )
        self._own_settings = OwnSettings(parts.accounts, accounts, parts.audience, bus, clock)
        self._verifying = Verifying(config, clock, ledger, self._vault, parts.accounts, parts.shared_limits, accounts)
        self._recovery = PasswordRecovery(
            self._sign_in, self._credentials, self._verifying, self._vault, ledger, accounts, parts.shared_limits
        )

    def _wire_records(self) -> None:
        """Make what keeps records, and shows that nobody changed them."""
        config, parts, name = self._config, self._parts, self._name
        store, clock, place = parts.store, parts.clock, self._config.server.data_dir
        self._status = NodeStatus(name, clock, parts.audience, parts.background, parts.remarks)
        self._timekeeper = Timekeeper(name, store.ledger, clock, parts.remarks, self._store_acts)
        self._event_log = EventLog(
            store.ledger,
            clock,
            partial(self._accounts.store_rows, ""),
            place,
            config.retention.log_origin,
            Path(config.retention.checkpoint_dir) if config.retention.checkpoint_dir else None,
            config.retention.log_key,
        )
        self._audit = Audit(config, name, store.ledger, clock, self._accounts, self._event_log, parts.remarks)
        records = AccessRecords(place)
        self._access_log = AccessLog(store.access, records, clock, name, self._audit.heard)
        self._holds = Holds(store, clock, self._policy.cases, self._store_acts, HeldEntries(place), records)

    def _wire(self) -> App:
        config, parts, store, clock = self._config, self._parts, self._parts.store, self._parts.clock
        cases, posts = self._wire_cases(), self._wire_posts()
        return App(
            config=config,
            documents=self._documents,
            policy=self._policy,
            clock=clock,
            store=store,
            rooms=parts.rooms,
            accounts=parts.accounts,
            shared_limits=parts.shared_limits,
            group_service=self._groups,
            account_service=self._accounts,
            alarms=self._alarms,
            sign_in=self._sign_in,
            sessions=self._sessions,
            credentials=self._credentials,
            recovery=self._recovery,
            box=self._box,
            repeats=Repeats(store, clock, self._answers, self._accounts, self._membership),
            own_settings=self._own_settings,
            names=Names(store.ledger, parts.accounts, clock, self._own_settings, self._gate),
            membership=self._membership,
            gate=self._gate,
            posts=posts,
            cases=cases,
            media=self._wire_media(cases.reports),
            channels=self._wire_channels(cases),
            agreement=AgreementKeeper(store.ledger, clock, self._accounts, self._documents.agreement),
            content=self._content,
            trials=Trials(store.journal),
            outgoing=self._wire_outgoing(posts),
            vault=self._vault,
            verifying=self._verifying,
            catch_up=parts.catch_up,
            store_acts=self._store_acts,
            holds=self._holds,
            timekeeper=self._timekeeper,
            status=self._status,
            event_log=self._event_log,
            access_log=self._access_log,
            oversight=Oversight(config, self._policy, clock, store, self._content, self._status),
            exports=Exports(clock),
            audit=self._audit,
        )

    def _wire_posts(self) -> Posts:
        config, parts, policy, groups = self._config, self._parts, self._policy, self._groups
        accounts, content, held_texts, answers = self._accounts, self._content, self._held_texts, self._answers
        body_chars, journal, clock = config.limits.body_chars, parts.store.journal, parts.clock
        review = Review(parts.rooms, clock, groups, content, held_texts, kept_ms(config), answers)
        posting = Posting(
            body_chars,
            policy,
            clock,
            parts.bus,
            parts.store,
            parts.rooms,
            self._finder,
            parts.commit_queue,
            accounts,
            content,
            parts.group_words,
            self.raids,
            review,
            answers,
            parts.in_force,
            Threads(parts.store.channels, journal, self._finder),
            self._responses,
        )
        editing = Editing(policy, clock, journal, self._membership, posting)
        held = HeldPosts(parts.store.ledger, parts.accounts, clock, policy, held_texts)
        return Posts(posting, held, editing, History(journal, parts.bus, parts.hub, accounts), Search(journal))

    def _wire_outgoing(self, posts: Posts) -> Outgoing:
        config, parts = self._config, self._parts
        return Outgoing(
            config.hooks,
            parts.store.ledger,
            parts.rooms,
            parts.accounts,
            self._accounts,
            posts.history,
            posts.posting,
            parts.bus,
            parts.clock,
            config.server.data_dir,
            config.i18n.default_language,
        )

    def _wire_media(self, reports: Reports) -> MediaServices:
        config, parts, ledger, place = self._config, self._parts, self._parts.store.ledger, self._config.server.data_dir
        store = MediaStore(config.media.store, place)
        uploads = Uploads(
            config.media,
            self._policy,
            parts.clock,
            ledger,
            self._accounts,
            store,
            Judging(config.media, parts.clock, place),
            Finds(reports, self._policy),
            place,
            is_shared=bool(config.media.store) or not parts.in_cluster,
        )
        showing = Showing(parts.clock, parts.store, parts.rooms, parts.accounts, self._sign_in, place)
        upkeep = MediaUpkeep(ledger, parts.store.journal, self._accounts, store, SealedMedia(place))
        return MediaServices(uploads, showing, upkeep, store)

    def _wire_channels(self, cases: Cases) -> ChannelServices:
        parts, channels = self._parts, self._parts.store.channels
        following = Following(
            channels, self._finder, self._accounts, self._groups, parts.bus, parts.clock, self._policy
        )
        reading = Reading(channels, parts.store.journal, parts.post_times, parts.hub.live_home, parts.clock, parts.bus)
        applying = Applying(
            parts.store,
            parts.accounts,
            parts.clock,
            self._policy,
            self._vault,
            self._groups,
            self._membership,
            cases.service,
            cases.texts,
        )
        self._membership.quota_for = applying.quota_for
        granting = Granting(parts.rooms, cases.service, self._groups)
        opening = Opening(channels, self._groups, self._membership)
        reads = Reads(channels, self._accounts, parts.clock, self._config.server.data_dir)
        public = PublicReading(channels, self._finder, reading)
        keeping = PostKeeping(
            parts.store,
            parts.clock,
            self._policy.cases,
            self._store_acts,
            KeptTexts(Sealed(self._config.server.data_dir, KEPT_PURPOSE)),
            keeps=self._config.retention.posts == "keep",
        )
        return ChannelServices(opening, applying, granting, following, reading, reads, self._responses, keeping, public)

    def _wire_cases(self) -> Cases:
        config, parts, policy, groups, accounts = self._config, self._parts, self._policy, self._groups, self._accounts
        ledger, clock = parts.store.ledger, parts.clock
        texts = CaseTexts(config.server.data_dir, kept_ms(config))
        cases = CaseService(parts.commit_queue, parts.bus, clock, policy)
        aftermath = Aftermath(ledger, parts.rooms, parts.accounts, groups, accounts)
        journal = parts.store.journal
        measures = Measures(
            ledger, journal, parts.rooms, parts.accounts, groups, accounts, aftermath, self._held_texts, cases
        )
        settler = CaseSettler(ledger, journal, parts.accounts, accounts, cases, measures, policy.cases)
        reports = Reports(parts.store, parts.accounts, clock, self._membership, cases, texts)
        appeals = Appeals(ledger, parts.rooms, clock, cases, texts, measures, settler)
        mediations = Mediations(ledger, parts.rooms, parts.accounts, clock, cases, texts, self._gate)
        sanctions = Sanctions(ledger, parts.rooms, parts.accounts, cases, groups, accounts)
        filings = Filings(config.operator, config.server.data_dir, clock, ledger, self._vault, accounts)
        public = PublicReports(ledger, parts.accounts, clock, policy, texts, reports, appeals)
        return Cases(cases, reports, public, appeals, sanctions, filings, measures, settler, mediations, texts)


def kept_ms(config: Config) -> int:
    """Return how long entries are kept."""
    return config.retention.months * MONTH_MS
