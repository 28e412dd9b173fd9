"""What happened to a group. Events are the ledger's content: their names and fields never change meaning.

Each has `at` (Unix ms) and `by` (the user who did it). The tag (`event`) is what clients see in
`data.event` of a notice. Fields `was_…` say what was before, for `undo` alone: they are not told, and older events have
none of them.
"""

from collections.abc import Iterable
from typing import Literal

from folkmoot_protocol.types import ChannelForm, CommentPolicy, JoinMode, LinkRule, Role

from ..content.kinds import Action, Severity
from ..roles import Permission
from .events_base import Event as Event
from .events_base import MemberEvent as MemberEvent
from .events_base import PinWas as PinWas
from .events_base import PlatformMeasure as PlatformMeasure
from .events_platform import ChannelReviewed as ChannelReviewed
from .events_platform import CredentialGranted as CredentialGranted
from .events_platform import CredentialRevoked as CredentialRevoked
from .events_platform import CredentialsEnded as CredentialsEnded
from .events_platform import EntriesRemoved as EntriesRemoved
from .events_platform import GroupClosed as GroupClosed
from .events_platform import GroupRestored as GroupRestored
from .events_platform import GroupRestricted as GroupRestricted
from .events_platform import GroupRestrictionEnded as GroupRestrictionEnded
from .events_platform import GroupSuspended as GroupSuspended
from .events_platform import GroupWarned as GroupWarned
from .events_platform import HeldRejected as HeldRejected
from .events_platform import HeldReleased as HeldReleased
from .events_platform import InspectionDueSoon as InspectionDueSoon
from .events_platform import InspectionOverdue as InspectionOverdue
from .events_platform import KeptLetGo as KeptLetGo
from .events_platform import KeptLonger as KeptLonger
from .events_platform import MeasureOverturned as MeasureOverturned
from .events_platform import MendingDueSoon as MendingDueSoon
from .events_platform import MendingOverdue as MendingOverdue
from .events_platform import PostRefuted as PostRefuted
from .events_platform import RectificationAccepted as RectificationAccepted
from .events_platform import RectificationRejected as RectificationRejected
from .events_platform import RectificationTold as RectificationTold
from .events_platform import RefutationWithdrawn as RefutationWithdrawn
from .events_platform import TextRemoved as TextRemoved


class GroupCreated(Event, frozen=True, kw_only=True, tag="created"):
    code: str
    name: str
    category: str
    topic: str
    join_mode: JoinMode
    member_limit: int
    grade: str = "standard"


class ChannelOpened(GroupCreated, frozen=True, kw_only=True, tag="channel_opened"):
    """A channel was opened: a group that one follows, and whose members are its editors."""

    form: ChannelForm
    handle: str


class MemberJoined(MemberEvent, frozen=True, kw_only=True, omit_defaults=True, tag="joined"):
    """Somebody came in; `quiet`: back after a short while, the group is not told."""

    via: Literal["open", "approval", "invitation", "question", "code", "bot"]
    quiet: bool = False
    was_nothing: bool = False
    """Whether nothing ended with it: no request, no invitation, no wait."""
    giver: str = ""
    """Who answers for it, of a bot."""


class BotTaken(MemberEvent, frozen=True, kw_only=True, tag="bot_taken"):
    """A bot has another token, and `by` answers for it now; `was_giver` did before."""

    was_giver: str


class JoinRequested(MemberEvent, frozen=True, kw_only=True, tag="join_requested"):
    until_ms: int
    answer: str = ""


class JoinRequestEnded(MemberEvent, frozen=True, kw_only=True, tag="join_request_ended"):
    """A request was denied (`by` an admin) or withdrawn (`by` the applicant)."""

    reason: str = ""


class JoinRequestsClosed(Event, frozen=True, kw_only=True, tag="join_requests_closed"):
    """The group ends, and with it the requests of `users`."""

    users: tuple[str, ...]
    reason: str = ""


class Invited(MemberEvent, frozen=True, kw_only=True, tag="invited"):
    until_ms: int
    was_nothing: bool = False
    """Whether nothing ended with it: no earlier invitation, no wait."""


class RejoinBarred(MemberEvent, frozen=True, kw_only=True, tag="rejoin_barred"):
    """Who was removed or turned down may not come in, nor ask to, before `until_ms`, unless invited."""

    until_ms: int
    reason: str = ""


class InvitationRevoked(MemberEvent, frozen=True, kw_only=True, tag="invitation_revoked"):
    pass


class InvitationsLapsed(MemberEvent, frozen=True, kw_only=True, tag="invitations_lapsed"):
    """What `user` has given is void, for it may no longer give it: the invitations of `users`, and invite codes."""

    users: tuple[str, ...]
    code_ids: tuple[str, ...]


class InviteCodeMade(Event, frozen=True, kw_only=True, tag="invite_code_made"):
    code_id: str
    until_ms: int
    uses: int


class InviteCodeUsed(MemberEvent, frozen=True, kw_only=True, tag="invite_code_used"):
    code_id: str


class InviteCodeRevoked(Event, frozen=True, kw_only=True, tag="invite_code_revoked"):
    code_id: str


class QuestionSet(Event, frozen=True, kw_only=True, tag="question_set"):
    """The question at the door; `answers` are normalised and for those alone who may read the group's record."""

    question: str
    answers: tuple[str, ...]
    was_question: str | None = None
    was_answers: tuple[str, ...] = ()


class MemberLeft(MemberEvent, frozen=True, kw_only=True, omit_defaults=True, tag="left"):
    """Somebody went; `quiet`: after a short while, the group is not told."""

    quiet: bool = False


class MemberDeparted(MemberEvent, frozen=True, kw_only=True, tag="departed"):
    """The account of `user` was closed: its membership, request or invitation is over."""


class MemberKicked(MemberEvent, frozen=True, kw_only=True, tag="kicked"):
    reason: str = ""


class MemberBanned(MemberEvent, frozen=True, kw_only=True, tag="banned"):
    until_ms: int
    reason: str = ""
    was_out: bool = False
    """Whether nothing but an earlier ban ended with it: no membership, no request, no invitation."""
    was_until_ms: int = 0
    was_reason: str = ""


class BanLifted(MemberEvent, frozen=True, kw_only=True, tag="unbanned"):
    was_until_ms: int = 0
    was_reason: str = ""


class MemberMuted(MemberEvent, frozen=True, kw_only=True, tag="muted"):
    until_ms: int
    reason: str = ""
    was_until_ms: int | None = None
    was_reason: str = ""


class MuteLifted(MemberEvent, frozen=True, kw_only=True, tag="unmuted"):
    was_until_ms: int = 0
    was_reason: str = ""


class MemberWarned(MemberEvent, frozen=True, kw_only=True, tag="warned"):
    """The `count`-th warning in force; the number of the event in its stream is the warning's own."""

    until_ms: int
    count: int
    reason: str = ""


class WarningLifted(MemberEvent, frozen=True, kw_only=True, tag="unwarned"):
    number: int


class LadderSet(Event, frozen=True, kw_only=True, tag="ladder_changed"):
    """`ladder` is what the group set, empty for the operator's; `steps` what was in force from then on."""

    ladder: str
    steps: str
    was_ladder: str | None = None


class NoteWritten(MemberEvent, frozen=True, kw_only=True, tag="note_written"):
    """The text is not here: it is about a person and can be erased."""


class NotesCleared(MemberEvent, frozen=True, kw_only=True, tag="notes_cleared"):
    """All notes about `user`, or the one that the act `number` wrote."""

    number: int = 0


class GroupLocked(Event, frozen=True, kw_only=True, tag="locked"):
    until_ms: int
    was_until_ms: int | None = None


class GroupUnlocked(Event, frozen=True, kw_only=True, tag="unlocked"):
    was_until_ms: int = 0


class SlowModeSet(Event, frozen=True, kw_only=True, tag="slow_mode"):
    slow_ms: int
    was_slow_ms: int | None = None


class EntryDeleted(MemberEvent, frozen=True, kw_only=True, tag="deleted"):
    """The entry `seq` by `user` was removed (G10): a tombstone stays."""

    seq: int
    reason: str = ""
    was_pins: tuple[PinWas, ...] = ()


class EntriesPurged(Event, frozen=True, kw_only=True, tag="purged"):
    """The entries `seqs` by `users` were removed (G10), `count` of them: tombstones stay. `was_by`: as of
    `EntriesRemoved`."""

    seqs: tuple[int, ...]
    count: int
    users: tuple[str, ...] = ()
    reason: str = ""
    was_pins: tuple[PinWas, ...] = ()
    was_by: tuple[int, ...] = ()


class EntryPinned(MemberEvent, frozen=True, kw_only=True, tag="pinned"):
    """The entry `seq` by `user`."""

    seq: int


class EntryUnpinned(Event, frozen=True, kw_only=True, tag="unpinned"):
    seq: int
    was_latest: bool | None = None
    """Whether it was the latest pin; None where it cannot be pinned again."""


class CommentsSet(Event, frozen=True, kw_only=True, tag="comments_changed"):
    """Who may comment in the channel, or (`seq`) on one of its posts."""

    comments: CommentPolicy
    seq: int = 0
    was_comments: CommentPolicy


class LinksSet(Event, frozen=True, kw_only=True, tag="links_changed"):
    links: LinkRule
    was_links: LinkRule | None = None


class MemberPromoted(MemberEvent, frozen=True, kw_only=True, tag="promoted"):
    permissions: tuple[Permission, ...]


class PermissionsSet(MemberEvent, frozen=True, kw_only=True, tag="rights_changed"):
    permissions: tuple[Permission, ...]
    was_permissions: tuple[Permission, ...] | None = None


class MemberDemoted(MemberEvent, frozen=True, kw_only=True, tag="demoted"):
    was_permissions: tuple[Permission, ...] | None = None


class TagSet(MemberEvent, frozen=True, kw_only=True, tag="tagged"):
    tag: str
    was_tag: str | None = None


class TransferOffered(MemberEvent, frozen=True, kw_only=True, tag="transfer_offered"):
    until_ms: int
    was_nothing: bool = False
    """Whether no other offer ended with it."""


class TransferWithdrawn(MemberEvent, frozen=True, kw_only=True, tag="transfer_withdrawn"):
    pass


class OwnershipTransferred(MemberEvent, frozen=True, kw_only=True, tag="transferred"):
    """`user` is the new owner, `previous` the old one, who stays as an admin (G9)."""

    previous: str


class AntiraidSet(Event, frozen=True, kw_only=True, tag="antiraid_on"):
    """Until `until_ms`, who came in from `newcomers_ms` on may not post, and joining takes approval."""

    newcomers_ms: int
    until_ms: int
    was_until_ms: int | None = None


class RaidNoticed(AntiraidSet, frozen=True, kw_only=True, tag="raid_noticed"):
    """As `AntiraidSet`, by the service itself."""

    cause: Literal["joins", "text"]


class AntiraidEnded(Event, frozen=True, kw_only=True, tag="antiraid_off"):
    pass


class AntiraidLapsed(Event, frozen=True, kw_only=True, tag="antiraid_lapsed"):
    """Its end has come."""


class OwnerReplaced(OwnershipTransferred, frozen=True, kw_only=True, tag="succeeded"):
    """`user` is the new owner because `previous` is shut out, who stays as a plain member (G9).

    What the new owner was before, and who was to be heir, come back with an appeal; None: of older acts, an admin.
    """

    was_role: Role | None = None
    was_permissions: tuple[Permission, ...] = ()
    was_successor: str = ""


class OwnershipReturned(OwnershipTransferred, frozen=True, kw_only=True, tag="ownership_returned"):
    """`user` owns the group again: on appeal, the suspension for which `previous` took over is void (P15)."""

    was_role: Role
    was_permissions: tuple[Permission, ...] = ()
    was_successor: str = ""


class OwnerMissing(MemberEvent, frozen=True, kw_only=True, tag="owner_missing"):
    """The owner, `user`, is shut out, and nobody in line is fit: the group is locked until somebody answers for it."""


class HeirNamed(MemberEvent, frozen=True, kw_only=True, tag="heir_named"):
    was_heir: str | None = None


class HeirDropped(MemberEvent, frozen=True, kw_only=True, tag="heir_dropped"):
    pass


class GroupRenamed(Event, frozen=True, kw_only=True, tag="renamed"):
    """`was`, here and below, is what it was before: it says how to undo the act. Old records have none."""

    name: str
    was: str | None = None


class TopicSet(Event, frozen=True, kw_only=True, tag="topic_changed"):
    topic: str
    was: str | None = None


class CategorySet(Event, frozen=True, kw_only=True, tag="category_changed"):
    category: str
    was: str | None = None
    was_free: bool = False
    """Whether it may go back without the platform's review."""


class JoinModeSet(Event, frozen=True, kw_only=True, tag="join_mode_changed"):
    join_mode: JoinMode
    was: JoinMode | None = None


class MemberLimitSet(Event, frozen=True, kw_only=True, tag="limit_changed"):
    limit: int
    was: int | None = None
    was_asked: int = 0
    """The size that the owner had asked the platform for: that is asked no more."""
    was_free: bool = False
    """Whether it may go back without the platform's review."""


class LimitAsked(Event, frozen=True, kw_only=True, tag="limit_asked"):
    """The owner asks for a size that `grade` has, which the platform looks at first (G8.3)."""

    limit: int
    grade: str


class LimitGranted(Event, frozen=True, kw_only=True, tag="limit_granted"):
    limit: int
    reason: str


class LimitDenied(PlatformMeasure, frozen=True, kw_only=True, tag="limit_denied"):
    limit: int
    reason: str


class LimitWithdrawn(Event, frozen=True, kw_only=True, tag="limit_withdrawn"):
    """The owner who asked for this size does not own the group any more."""

    limit: int


class GroupGraded(Event, frozen=True, kw_only=True, omit_defaults=True, tag="graded"):
    """The group crossed a border between grades (G7). It is nobody's act: `by` is empty.

    Of a channel: how many `followers` it had; `first`: they have led it to this grade for the first time.
    """

    grade: str
    previous: str
    entries_per_day: int
    followers: int = 0
    first: bool = False


class InfoPageSet(Event, frozen=True, kw_only=True, tag="info_page_changed"):
    shown: Literal["on", "off"]


class RulesSet(Event, frozen=True, kw_only=True, tag="rules_changed"):
    rules: str
    was_rules: str | None = None


class AnnouncementSet(Event, frozen=True, kw_only=True, tag="announcement_set"):
    announcement: str
    was_announcement: str | None = None


class AnnouncementCleared(Event, frozen=True, kw_only=True, tag="announcement_cleared"):
    was_announcement: str = ""


class ContentRefused(MemberEvent, frozen=True, kw_only=True, tag="content_refused"):
    """A post by `user` broke a content rule (G10); nothing of it was stored. `text`: it was no post, but such a text
    (`published.TEXTS`)."""

    rule: str
    severity: Severity
    text: str = ""


class ContentHeld(MemberEvent, frozen=True, kw_only=True, tag="content_held"):
    """A post by `user` waits for review until `until_ms`, under the number of this event's version.

    `staff`: the operator's staff looks at it, for a rule of the operator's holds it. `own_rule`: the group's own word
    that holds it as well, so that its admins look at it after them.
    """

    rule: str
    severity: Severity
    until_ms: int
    mark: str = ""
    staff: bool = False
    own_rule: str = ""


class ContentFlagged(MemberEvent, frozen=True, kw_only=True, tag="content_flagged"):
    """The entry `seq` by `user` broke a content rule and stands; `queued`: it is found in a queue. `staff`, `own_rule`:
    in whose, as in `ContentHeld`. `text`: it was no entry, but such a text (`published.TEXTS`), and `seq` is 0."""

    rule: str
    severity: Severity
    seq: int
    until_ms: int
    queued: bool
    staff: bool = False
    own_rule: str = ""
    text: str = ""


class HeldApproved(MemberEvent, frozen=True, kw_only=True, tag="held_approved"):
    number: int


class HeldDenied(MemberEvent, frozen=True, kw_only=True, tag="held_denied"):
    number: int
    reason: str = ""


class FlagCleared(MemberEvent, frozen=True, kw_only=True, tag="flag_cleared"):
    number: int


class WordAdded(Event, frozen=True, kw_only=True, tag="word_added"):
    word: str
    verdict: Action
    was_verdict: str | None = None
    """Empty: it was none of the group's words."""


class WordRemoved(Event, frozen=True, kw_only=True, tag="word_removed"):
    word: str
    was_verdict: str = ""


class GroupDissolved(Event, frozen=True, kw_only=True, tag="dissolved"):
    pass


class BansEnded(Event, frozen=True, kw_only=True, tag="bans_ended"):
    """Bans have run out, as was decided when they were made. Here and below `by` is empty: nobody did it."""

    users: tuple[str, ...]


class MutesEnded(Event, frozen=True, kw_only=True, tag="mutes_ended"):
    users: tuple[str, ...]


class LockEnded(Event, frozen=True, kw_only=True, tag="lock_ended"):
    pass


class SuspensionEnded(Event, frozen=True, kw_only=True, tag="suspension_ended"):
    pass


class RequestsExpired(Event, frozen=True, kw_only=True, tag="join_requests_expired"):
    users: tuple[str, ...]


class InvitationsExpired(Event, frozen=True, kw_only=True, tag="invitations_expired"):
    users: tuple[str, ...]


class WarningsExpired(Event, frozen=True, kw_only=True, tag="warnings_expired"):
    numbers: tuple[int, ...]


class TransferExpired(MemberEvent, frozen=True, kw_only=True, tag="transfer_expired"):
    pass


GroupEvent = (
    GroupCreated
    | ChannelOpened
    | MemberJoined
    | BotTaken
    | JoinRequested
    | JoinRequestEnded
    | JoinRequestsClosed
    | Invited
    | RejoinBarred
    | InvitationRevoked
    | InvitationsLapsed
    | InviteCodeMade
    | InviteCodeUsed
    | InviteCodeRevoked
    | QuestionSet
    | MemberLeft
    | MemberDeparted
    | MemberKicked
    | MemberBanned
    | BanLifted
    | MemberMuted
    | MuteLifted
    | MemberWarned
    | WarningLifted
    | LadderSet
    | NoteWritten
    | NotesCleared
    | GroupLocked
    | GroupUnlocked
    | SlowModeSet
    | EntryDeleted
    | EntriesPurged
    | EntryPinned
    | EntryUnpinned
    | CommentsSet
    | LinksSet
    | MemberPromoted
    | PermissionsSet
    | MemberDemoted
    | TagSet
    | TransferOffered
    | TransferWithdrawn
    | OwnershipTransferred
    | AntiraidSet
    | RaidNoticed
    | AntiraidEnded
    | AntiraidLapsed
    | OwnerReplaced
    | OwnershipReturned
    | OwnerMissing
    | HeirNamed
    | HeirDropped
    | GroupRenamed
    | TopicSet
    | CategorySet
    | JoinModeSet
    | MemberLimitSet
    | LimitAsked
    | LimitGranted
    | LimitDenied
    | LimitWithdrawn
    | GroupGraded
    | InfoPageSet
    | RulesSet
    | AnnouncementSet
    | AnnouncementCleared
    | ContentRefused
    | ContentHeld
    | ContentFlagged
    | HeldApproved
    | HeldDenied
    | HeldReleased
    | HeldRejected
    | FlagCleared
    | WordAdded
    | WordRemoved
    | GroupDissolved
    | GroupSuspended
    | GroupRestored
    | GroupRestricted
    | PostRefuted
    | RefutationWithdrawn
    | GroupRestrictionEnded
    | GroupClosed
    | KeptLonger
    | KeptLetGo
    | EntriesRemoved
    | TextRemoved
    | MeasureOverturned
    | GroupWarned
    | RectificationTold
    | RectificationAccepted
    | RectificationRejected
    | MendingDueSoon
    | MendingOverdue
    | InspectionDueSoon
    | InspectionOverdue
    | ChannelReviewed
    | CredentialGranted
    | CredentialRevoked
    | CredentialsEnded
    | BansEnded
    | MutesEnded
    | LockEnded
    | SuspensionEnded
    | RequestsExpired
    | InvitationsExpired
    | WarningsExpired
    | TransferExpired
)


REMOVALS = (EntryDeleted, EntriesPurged, EntriesRemoved, TextRemoved)
"""The events that remove entries."""


def erased_by(event: object) -> tuple[int, ...]:
    """Return the seqs of the entries that an event removes."""
    if not isinstance(event, REMOVALS):
        return ()
    return (event.seq,) if isinstance(event, EntryDeleted) else event.seqs


def still_removed(events: Iterable[tuple[int, object]]) -> set[int]:
    """Return the seqs of the entries that a group's events, in order and with their versions, have removed, unless the
    last act that did so was overturned."""
    found: dict[int, int] = {}
    for version, event in events:
        found |= dict.fromkeys(erased_by(event), version)
        if isinstance(event, MeasureOverturned):
            restored, number = event.restored, event.number
            found = {seq: by for seq, by in found.items() if seq not in restored or by != number}
    return set(found)
