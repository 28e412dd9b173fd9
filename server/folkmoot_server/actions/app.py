"""What the doors ask: requests, slash commands, administration and pages get this, wired once by `node`.

Each action is a service with constructor arguments; who needs one service alone is given that one.
"""

from dataclasses import dataclass

from folkmoot_governance import Policy

from ..common.clock import Clock
from ..config.documents import Documents
from ..config.settings import Config
from ..content.gate import Gate
from ..content.rules_in_force import ContentRules
from ..content.trial import Trials
from ..delivery.catch_up import CatchUp
from ..live.accounts import Accounts
from ..live.rooms import Rooms
from ..live.shared_limits import SharedLimits
from ..media.store import MediaStore
from ..sealed.case_texts import CaseTexts
from ..sealed.identities import Vault
from ..storage.api import Store
from .access_log import AccessLog
from .accounts.credentials import Credentials
from .accounts.govern import AccountService
from .accounts.names import Names
from .accounts.notices import NoticeBox
from .accounts.recovery import PasswordRecovery
from .accounts.sessions import Sessions
from .accounts.settings import OwnSettings
from .accounts.sign_in import SignIn
from .accounts.verifying import Verifying
from .agreement import AgreementKeeper
from .alarms import Alarms
from .audit import Audit
from .cases.appeals import Appeals
from .cases.filings import Filings
from .cases.govern import CaseService
from .cases.measures import Measures
from .cases.mediation import Mediations
from .cases.public import PublicReports
from .cases.reports import Reports
from .cases.sanctions import Sanctions
from .cases.settle import CaseSettler
from .channels.applying import Applying
from .channels.following import Following
from .channels.granting import Granting
from .channels.keeping import PostKeeping
from .channels.opening import Opening
from .channels.public import PublicReading
from .channels.reading import Reading
from .channels.reads import Reads
from .channels.responses import Responses
from .event_log import EventLog
from .exports import Exports
from .groups.govern import GroupService
from .groups.membership import Membership
from .holds import Holds
from .media.showing import Showing
from .media.upkeep import MediaUpkeep
from .media.uploads import Uploads
from .outgoing import Outgoing
from .oversight import Oversight
from .posts.editing import Editing
from .posts.held import HeldPosts
from .posts.history import History
from .posts.posting import Posting
from .posts.search import Search
from .repeats import Repeats
from .status import NodeStatus
from .store_acts import StoreActs
from .timekeeper import Timekeeper


@dataclass(slots=True)
class Cases:
    """Reports, appeals, mediations, and measures that two of staff decide on."""

    service: CaseService
    reports: Reports
    public: PublicReports
    appeals: Appeals
    sanctions: Sanctions
    filings: Filings
    measures: Measures
    settler: CaseSettler
    mediations: Mediations
    texts: CaseTexts


@dataclass(slots=True)
class Posts:
    """Writing to groups and reading them."""

    posting: Posting
    held: HeldPosts
    editing: Editing
    history: History
    search: Search


@dataclass(slots=True)
class MediaServices:
    """Uploading and seeing pictures, sound and films; `store` has their bytes."""

    uploads: Uploads
    showing: Showing
    upkeep: MediaUpkeep
    store: MediaStore


@dataclass(slots=True)
class ChannelServices:
    """Opening channels, applying for what the platform grants to them, following them, reading them, also without an
    account."""

    opening: Opening
    applying: Applying
    granting: Granting
    following: Following
    reading: Reading
    reads: Reads
    responses: Responses
    keeping: PostKeeping
    public: PublicReading


@dataclass(slots=True)
class App:
    """The services of a node, and what is in memory. `stopping`: nothing more is accepted."""

    config: Config
    documents: Documents
    policy: Policy
    clock: Clock
    store: Store
    rooms: Rooms
    accounts: Accounts
    shared_limits: SharedLimits
    group_service: GroupService
    account_service: AccountService
    alarms: Alarms
    box: NoticeBox
    repeats: Repeats
    sign_in: SignIn
    sessions: Sessions
    credentials: Credentials
    recovery: PasswordRecovery
    own_settings: OwnSettings
    names: Names
    membership: Membership
    gate: Gate
    posts: Posts
    cases: Cases
    media: MediaServices
    channels: ChannelServices
    agreement: AgreementKeeper
    content: ContentRules
    trials: Trials
    outgoing: Outgoing
    vault: Vault
    verifying: Verifying
    catch_up: CatchUp
    store_acts: StoreActs
    holds: Holds
    timekeeper: Timekeeper
    status: NodeStatus
    event_log: EventLog
    access_log: AccessLog
    oversight: Oversight
    exports: Exports
    audit: Audit
    stopping: bool = False
