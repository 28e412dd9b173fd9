"""What the operator has set, as the rules take it. The shell fills it from configuration."""

from msgspec import Struct, field

from folkmoot_protocol.types import Identity

from .case.rules import CaseRules
from .classification import Grade
from .credentials import Scope
from .credit import CreditRules, Quota, level_of
from .duration import DAY_MS, HOUR_MS, MINUTE_MS
from .ladder import DEFAULT_LADDER

IDENTITY_ORDER = (Identity.NONE, Identity.MOBILE, Identity.PERSON, Identity.ORGANISATION)


class Policy(Struct, frozen=True):
    """Limits that the rules enforce (G8.1, G8.3). Durations in milliseconds.

    `grades` stand in the order of their sizes, the smallest first; there is at least one.
    `raid_joins` joins, or `raid_repeats` posts of one text by new members, within a minute are a raid; 0: never.
    Staff is to look within `inspect_ms` at what a warned group says is mended. A group that has not mended it in time
    is suspended for `overdue_suspend_ms`; 0: that is proposed to staff and no more.
    Who goes within `quiet_ms` of coming, or comes back within it, does so without a notice.
    `four_eyes` names the measures (`measures.BY_NAME`) that two of staff decide on, the second within `proposal_ms`;
    `durations` says how long one of them lasts where staff does not, and its row has another length.
    A check of identity counts for `reverify_ms` (0: for good) and a grace of `reverify_grace_ms`; one of before
    `reverify_from_ms` (Unix ms) counts from then.
    A one-time code may be missed `code_tries` times.
    `require_second_factor`: staff acts only from accounts that have one.
    One subject has at most `channels_per_person` public accounts, or `channels_per_organisation`; 0: any number. A
    post in one of the categories `licences` takes a licence of that scope. `documents` names the kinds of documents
    that go with an application, by what it is for (`case.events_application.WishKind`). `features` rest until they
    are assessed (`features.Feature`).
    `ladder` is what follows on warnings where a group has not set its own, as `ladder.parse_ladder` reads it.
    """

    credit: CreditRules = CreditRules()
    cases: CaseRules = CaseRules()
    four_eyes: frozenset[str] = frozenset()
    proposal_ms: int = DAY_MS
    durations: dict[str, int] = field(default_factory=dict)
    grades: tuple[Grade, ...] = (Grade(),)
    admins_per_group: int = 50
    bans_per_group: int = 10_000
    bots_per_group: int = 20
    requests_per_group: int = 1_000
    invitations_per_group: int = 1_000
    to_post: Identity = Identity.NONE
    to_create_group: Identity = Identity.NONE
    reverify_ms: int = 0
    reverify_grace_ms: int = 14 * DAY_MS
    reverify_from_ms: int = 0
    code_tries: int = 5
    delete_own_ms: int = 120_000
    edit_own_ms: int = 15 * MINUTE_MS
    warning_ms: int = 30 * DAY_MS
    warnings_per_member: int = 20
    ladder: str = DEFAULT_LADDER
    pins_per_group: int = 50
    invite_ms: int = 7 * DAY_MS
    request_ms: int = 7 * DAY_MS
    transfer_ms: int = 48 * HOUR_MS
    slow_max_ms: int = 6 * HOUR_MS
    absence_ms: int = 7 * DAY_MS
    kick_wait_ms: int = 10 * MINUTE_MS
    quiet_ms: int = 10 * MINUTE_MS
    denial_wait_ms: int = DAY_MS
    raid_joins: int = 20
    raid_repeats: int = 3
    newcomer_ms: int = 10 * MINUTE_MS
    antiraid_ms: int = 30 * MINUTE_MS
    words_per_group: int = 200
    reviews_per_group: int = 200
    reviews_per_member: int = 20
    review_ms: int = 7 * DAY_MS
    categories: frozenset[str] = frozenset({"general"})
    channels_per_person: int = 1
    channels_per_organisation: int = 2
    licences: dict[str, Scope] = field(default_factory=dict)
    documents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    features: frozenset[str] = frozenset()
    inspect_ms: int = 3 * DAY_MS
    overdue_suspend_ms: int = 0
    require_second_factor: bool = False
    agreement: str = ""
    agreement_sha256: str = ""

    def channels_of(self, identity: Identity) -> int:
        """Return how many public accounts a subject of this kind may have (P7.3), 0 for any number."""
        is_one = identity is not Identity.ORGANISATION
        return self.channels_per_person if is_one else self.channels_per_organisation

    def quota_of(self, credit: int) -> Quota:
        """Return what an account with so much credit may have (G7.2)."""
        return level_of(self.credit, credit).quota

    @property
    def members_per_group(self) -> int:
        """The members that a group of the largest grade may have."""
        return self.grades[-1].up_to_members


def meets(identity: Identity, needed: Identity) -> bool:
    """Say whether a passed check of level `identity` is enough where `needed` is asked for (G6)."""
    return IDENTITY_ORDER.index(identity) >= IDENTITY_ORDER.index(needed)
