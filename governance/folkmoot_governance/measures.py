"""The measures of the platform: one table of what it may do to accounts, groups and entries (G10, G11).

A row says who of staff may, how long, what it stops, what becomes of it in a statement of reasons, and what is told to
whom it hits. What is asked before somebody posts, joins, creates or manages reads this table (`measure_checks`), and so
do the commands of staff, the notices, `docs/measures.md`, and a test that plays every row. For each subject the rows
stand in the order of the ladder, the mildest first.
"""

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import (
    AccountClosing,
    AccountRestricted,
    AccountSuspended,
    CreditChanged,
    IdentityAttested,
    NamesRemoved,
)
from .duration import DAY_MS, FOREVER_MS
from .group.events import LimitDenied
from .group.events_platform import (
    CredentialRevoked,
    EntriesRemoved,
    GroupClosed,
    GroupRestricted,
    GroupSuspended,
    GroupWarned,
    PostRefuted,
    TextRemoved,
)
from .group.removed_texts import REMOVABLE_TEXTS
from .policy import meets
from .restrictions import SCOPES, Measure, Power, Subject
from .text import N_

YEAR_MS = 365 * DAY_MS
EVERYTHING = frozenset(Power)


class Row(Struct, frozen=True):
    """A measure. `act` is the row of `permissions.PLATFORM_RULES` that it takes, `event` what records it. `part` is
    which text of a group it takes away (`removed_texts.GroupText`), empty for other measures.

    `of_channels`: it takes a function from a channel, and is against channels alone.

    `default_ms` is how long it lasts where staff does not say, `longest_ms` how long at most; both 0: it has no end.
    `statement` is its field and code in a statement of reasons. `notice` is the kind of notice that it is, `text` its
    sentence; `over` and `free` are those of its end, where that is told by itself. `code` and `refused` are what who
    is stopped by it is told. `four_eyes`: the operator may ask for a second administrator.
    """

    subject: Subject
    measure: Measure
    act: str
    event: type[Struct]
    notice: str
    text: str
    statement: tuple[str, str]
    default_ms: int = 0
    longest_ms: int = 0
    stops: frozenset[Power] = frozenset()
    over: str = ""
    free: str = ""
    code: ErrorCode = ErrorCode.FORBIDDEN
    refused: str = ""
    four_eyes: bool = True
    part: str = ""
    of_channels: bool = False

    @property
    def name(self) -> str:
        """What settings and documents call it: `account_mute`, `topic_remove`."""
        return f"{self.part or self.subject}_{self.measure}"

    def is_of(self, event: object) -> bool:
        """Say whether an event is this measure: some types record several measures, or what is none."""
        if type(event) is not self.event:
            return False
        match event:
            case AccountRestricted(measure=measure) | GroupRestricted(measure=measure):
                return measure is self.measure
            case CreditChanged(points=points):
                return points < 0
            case IdentityAttested():
                return is_withdrawn(event)
            case TextRemoved(what=what):
                return what == self.part
            case _:
                return True


def is_withdrawn(event: IdentityAttested) -> bool:
    """Say whether an account is known at a lower level of identity than before."""
    return event.was is not None and not meets(event.identity, event.was)


SUSPENDED_IN_PART = ("decision_provision", "DECISION_PROVISION_PARTIAL_SUSPENSION")
REMOVED = ("decision_visibility", "DECISION_VISIBILITY_CONTENT_REMOVED")
OTHER = ("decision_visibility", "DECISION_VISIBILITY_OTHER")


def _function(measure: Measure, power: Power, notice: str, text: str, refused: str, over: str, free: str) -> Row:
    """Return the row of a function that is taken from a channel for a time (P11, P12)."""
    return Row(
        Subject.GROUP,
        measure,
        "suspend_group",
        GroupRestricted,
        notice,
        text,
        SUSPENDED_IN_PART,
        default_ms=7 * DAY_MS,
        longest_ms=YEAR_MS,
        stops=frozenset({power}),
        over=over,
        free=free,
        code=ErrorCode.FUNCTION_LIMITED,
        refused=refused,
        of_channels=True,
    )


MEASURES: tuple[Row, ...] = (
    Row(
        Subject.ACCOUNT,
        Measure.UNNAME,
        "remove_entry",
        NamesRemoved,
        "names_removed",
        N_("The platform removed the names that you had chosen: your user name is shown instead"),
        REMOVED,
        # What must be gone at once (G10) does not wait for a second pair of eyes.
        four_eyes=False,
    ),
    Row(
        Subject.ACCOUNT,
        Measure.UNVERIFY,
        "attest_identity",
        IdentityAttested,
        "verification_withdrawn",
        N_("From now on, your identity counts as verified only as: {identity}"),
        SUSPENDED_IN_PART,
        four_eyes=False,
    ),
    Row(
        Subject.ACCOUNT,
        Measure.MANAGE,
        "withdraw_rights",
        AccountRestricted,
        "management_suspended",
        N_("The platform suspended your rights as owner and admin of groups {until}"),
        SUSPENDED_IN_PART,
        default_ms=30 * DAY_MS,
        longest_ms=FOREVER_MS,
        stops=frozenset({Power.MANAGE, Power.CREATE}),
        over="management_restored",
        free=N_("Your rights as owner and admin of groups are restored"),
        refused=N_("The platform has suspended your rights to manage groups {until}, case {case}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.CREATE,
        "withdraw_rights",
        AccountRestricted,
        "creation_withdrawn",
        N_("The platform does not let you create groups {until}"),
        SUSPENDED_IN_PART,
        default_ms=30 * DAY_MS,
        longest_ms=FOREVER_MS,
        stops=frozenset({Power.CREATE}),
        over="creation_restored",
        free=N_("You may create groups again"),
        refused=N_("The platform does not let you create groups {until}, case {case}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.STAFF,
        "suspend_staff",
        AccountRestricted,
        "staff_suspended",
        N_("Your role on the platform is suspended {until}"),
        SUSPENDED_IN_PART,
        default_ms=7 * DAY_MS,
        longest_ms=YEAR_MS,
        stops=frozenset({Power.WORK}),
        over="staff_restored",
        free=N_("Your role on the platform is restored"),
        refused=N_("Your role on the platform is suspended {until}, case {case}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.MUTE,
        "restrict_account",
        AccountRestricted,
        "platform_muted",
        N_("The platform muted you in all groups {until}"),
        SUSPENDED_IN_PART,
        default_ms=DAY_MS,
        longest_ms=YEAR_MS,
        stops=frozenset({Power.POST}),
        over="platform_unmuted",
        free=N_("You may post again: the platform's mute is over"),
        code=ErrorCode.MUTED,
        refused=N_("The platform has muted you in all groups {until}, case {case}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.JOIN,
        "restrict_account",
        AccountRestricted,
        "joins_stopped",
        N_("The platform does not let you join groups {until}"),
        SUSPENDED_IN_PART,
        default_ms=7 * DAY_MS,
        longest_ms=YEAR_MS,
        stops=frozenset({Power.JOIN}),
        over="joins_allowed",
        free=N_("You may join groups again"),
        refused=N_("The platform does not let @{user} join groups {until}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.CREDIT,
        "set_credit",
        CreditChanged,
        "credit_lowered",
        N_("Your credit changed by {points} to {score}"),
        SUSPENDED_IN_PART,
    ),
    Row(
        Subject.ACCOUNT,
        Measure.BLACKLIST,
        "withdraw_rights",
        AccountRestricted,
        "blacklisted",
        N_("The platform put you on its blacklist {until}"),
        SUSPENDED_IN_PART,
        default_ms=YEAR_MS,
        longest_ms=FOREVER_MS,
        stops=frozenset(SCOPES),
        over="blacklist_over",
        free=N_("You are no longer on the platform's blacklist"),
        code=ErrorCode.BLACKLISTED,
        refused=N_("The platform's blacklist bars you from this {until}, case {case}."),
    ),
    Row(
        Subject.ACCOUNT,
        Measure.SUSPEND,
        "suspend_account",
        AccountSuspended,
        "account_suspended",
        N_("The platform suspended your account {until}"),
        ("decision_account", "DECISION_ACCOUNT_SUSPENDED"),
        default_ms=7 * DAY_MS,
        longest_ms=FOREVER_MS,
        stops=EVERYTHING,
    ),
    Row(
        Subject.ACCOUNT,
        Measure.CLOSE,
        "close_account",
        AccountClosing,
        "account_closing",
        N_("The platform is closing your account: you can appeal, {until}; then it is erased"),
        ("decision_account", "DECISION_ACCOUNT_TERMINATED"),
        stops=EVERYTHING,
    ),
    Row(
        Subject.GROUP,
        Measure.SIZE,
        "review_group",
        LimitDenied,
        "limit_denied",
        N_("The platform does not let your group {name} grow to {limit} members"),
        OTHER,
        four_eyes=False,
    ),
    Row(
        Subject.GROUP,
        Measure.REVOKE,
        "withdraw_rights",
        CredentialRevoked,
        "credential_revoked",
        N_("The platform withdrew what it had granted to your channel {name}: {credential}"),
        SUSPENDED_IN_PART,
        # A badge whose identity has changed goes at once (W10.1).
        four_eyes=False,
    ),
    Row(
        Subject.GROUP,
        Measure.WARN,
        "warn_group",
        GroupWarned,
        "group_warned",
        N_("The platform has warned your group {name}. Time to put right what it named, {until}"),
        OTHER,
        default_ms=7 * DAY_MS,
        longest_ms=FOREVER_MS,
    ),
    Row(
        Subject.GROUP,
        Measure.JOIN,
        "suspend_group",
        GroupRestricted,
        "group_joins_stopped",
        N_("The platform has closed your group {name} to newcomers {until}"),
        SUSPENDED_IN_PART,
        default_ms=7 * DAY_MS,
        longest_ms=YEAR_MS,
        stops=frozenset({Power.JOIN}),
        over="group_joins_allowed",
        free=N_("People may join your group {name} again"),
        code=ErrorCode.JOIN_CLOSED,
        refused=N_("The platform has closed this group to newcomers {until}."),
    ),
    _function(
        Measure.FOLLOWS,
        Power.FOLLOW,
        "follows_limited",
        N_("The platform has closed your channel {name} to new followers {until}"),
        N_("The platform has closed this channel to new followers {until}, case {case}."),
        "follows_allowed",
        N_("People may follow your channel {name} again"),
    ),
    _function(
        Measure.REPOSTS,
        Power.REPOST,
        "reposts_limited",
        N_("Your channel {name} may not repost, and nobody may repost its posts, {until}: a measure of the platform"),
        N_(
            "This channel may not repost, and nobody may repost its posts, {until}: a measure of the "
            "platform, case {case}."
        ),
        "reposts_allowed",
        N_("Your channel {name} may repost and be reposted again"),
    ),
    _function(
        Measure.COMMENTS,
        Power.COMMENT,
        "comments_limited",
        N_("The platform has closed comments in your channel {name} {until}"),
        N_("The platform has closed comments in this channel {until}, case {case}."),
        "comments_allowed",
        N_("People may comment in your channel {name} again"),
    ),
    _function(
        Measure.PUBLISH,
        Power.PUBLISH,
        "publishing_limited",
        N_("The platform does not let your channel {name} publish {until}"),
        N_("The platform does not let this channel publish {until}, case {case}."),
        "publishing_allowed",
        N_("Your channel {name} may publish again"),
    ),
    Row(
        Subject.GROUP,
        Measure.BLACKLIST,
        "suspend_group",
        GroupRestricted,
        "group_blacklisted",
        N_("The platform put your group {name} on its blacklist {until}"),
        SUSPENDED_IN_PART,
        default_ms=YEAR_MS,
        longest_ms=FOREVER_MS,
        stops=frozenset({Power.POST, Power.JOIN, Power.MANAGE}),
        over="group_blacklist_over",
        free=N_("Your group {name} is no longer on the platform's blacklist"),
        code=ErrorCode.BLACKLISTED,
        refused=N_("The platform's blacklist bars this group from that {until}, case {case}."),
    ),
    Row(
        Subject.GROUP,
        Measure.SUSPEND,
        "suspend_group",
        GroupSuspended,
        "group_suspended",
        N_("The platform suspended your group {name} {until}"),
        SUSPENDED_IN_PART,
        default_ms=7 * DAY_MS,
        longest_ms=FOREVER_MS,
        stops=frozenset({Power.POST, Power.JOIN}),
    ),
    Row(
        Subject.GROUP,
        Measure.CLOSE,
        "close_group",
        GroupClosed,
        "group_closed",
        N_("The platform closed your group {name}"),
        ("decision_provision", "DECISION_PROVISION_TOTAL_TERMINATION"),
        stops=frozenset({Power.POST, Power.JOIN, Power.MANAGE}),
    ),
    Row(
        Subject.ENTRY,
        Measure.REFUTE,
        "remove_entry",
        PostRefuted,
        "post_refuted",
        N_("The platform refuted your post #{seq} in {name}: {text}"),
        ("decision_visibility", "DECISION_VISIBILITY_CONTENT_LABELLED"),
        four_eyes=False,
        of_channels=True,
    ),
    Row(
        Subject.ENTRY,
        Measure.REMOVE,
        "remove_entry",
        EntriesRemoved,
        "removed",
        N_("The platform removed what you wrote in {name}"),
        REMOVED,
        four_eyes=False,
    ),
    *(
        Row(
            Subject.TEXT,
            Measure.REMOVE,
            "remove_entry",
            TextRemoved,
            f"{what}_removed",
            text.told_leaders,
            REMOVED,
            four_eyes=False,
            part=what.value,
        )
        for what, text in REMOVABLE_TEXTS.items()
    ),
)

BY_NAME: dict[str, Row] = {row.name: row for row in MEASURES}


def row_for(subject: Subject, measure: Measure) -> Row | None:
    """Return the row of a measure against a kind of subject, None where there is none."""
    return BY_NAME.get(f"{subject}_{measure}")


def row_of(event: object) -> Row | None:
    """Return the row of the measure that an event is; None where it is none."""
    return next((row for row in _BY_EVENT.get(type(event), ()) if row.is_of(event)), None)


def rows_of(event: type[Struct]) -> list[Row]:
    """Return the rows that a type of event records."""
    return [row for row in MEASURES if row.event is event]


_BY_EVENT: dict[type, list[Row]] = {row.event: rows_of(row.event) for row in MEASURES}
