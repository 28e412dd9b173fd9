"""What can be asked of a group. Actor, time and policy are given to `decide` beside the command."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from folkmoot_protocol.types import ChannelForm, CommentPolicy, EntryKind, JoinMode, LinkRule, Role

from ..actor import Actor, PlatformRole
from ..content.kinds import Action, Severity
from ..credentials import Credential
from ..duration import Span
from ..roles import Permission
from .commands_base import Command as Command
from .commands_base import MeasureCommand
from .commands_base import TargetedCommand as TargetedCommand
from .commands_platform import AcceptRectification as AcceptRectification
from .commands_platform import CloseGroup as CloseGroup
from .commands_platform import FreeGroup as FreeGroup
from .commands_platform import GrantCredential as GrantCredential
from .commands_platform import Refute as Refute
from .commands_platform import RejectHeld as RejectHeld
from .commands_platform import RejectRectification as RejectRectification
from .commands_platform import ReleaseHeld as ReleaseHeld
from .commands_platform import RestoreGroup as RestoreGroup
from .commands_platform import RestrictGroup as RestrictGroup
from .commands_platform import ReviewChannel as ReviewChannel
from .commands_platform import RevokeCredential as RevokeCredential
from .commands_platform import SuspendGroup as SuspendGroup
from .commands_platform import WarnGroup as WarnGroup
from .commands_platform import WithdrawBadge as WithdrawBadge
from .commands_platform import WithdrawRefutation as WithdrawRefutation
from .events_base import PinWas
from .events_platform import TextRemoved


class CreateGroup(Command, frozen=True):
    """Found a group under a fresh `code`; the actor becomes its owner (G8.2, G8.3)."""

    code: str
    name: str
    category: str = "general"
    topic: str = ""
    join_mode: JoinMode = JoinMode.OPEN


class OpenChannel(CreateGroup, frozen=True):
    """Open a channel under a fresh `code`, and a `handle` that nobody has or had; one's own has one's user name.

    A public account opens after a review. `have`: so many public accounts the actor's subject has, of `limit` that are
    allowed; 0: any number.
    """

    form: ChannelForm = ChannelForm.PERSONAL
    handle: str = ""
    have: int = 0
    limit: int = 0


class JoinGroup(Command, frozen=True):
    """Become a member, or ask to.

    `giver_absent`: who gave the invitation, or the invite code that is the answer, is suspended, so it does not count.
    """

    answer: str = ""
    giver_absent: bool = False
    left_ts: int = 0
    """When the actor has last left this group; 0 if that is not known."""


class LeaveGroup(Command, frozen=True):
    """Stop being a member, or withdraw a join request."""


class Invite(TargetedCommand, frozen=True):
    """Let an account in past the join mode."""


class MakeInviteCode(Command, frozen=True):
    """Make a code that lets in whoever has it; the group knows it by `code_id` alone (`admission.code_id`)."""

    code_id: str
    duration_ms: int | None = None
    uses: int = 1


class RevokeInvitation(TargetedCommand, frozen=True):
    """Take back an invitation."""


class RevokeInviteCode(Command, frozen=True):
    """Make an invite code void."""

    code_id: str


class SetQuestion(Command, frozen=True):
    """Set the question at the door and the answers that let people in; empty: none."""

    question: str
    answers: tuple[str, ...]


class ApproveRequests(Command, frozen=True):
    """Let in those who asked; each applicant comes with the counts that their own caps need."""

    applicants: tuple[Actor, ...]


class DenyRequest(TargetedCommand, frozen=True):
    """Turn down a join request."""

    reason: str = ""


class DenyAllRequests(Command, frozen=True):
    """Turn down everybody who waits."""

    reason: str = ""


class Kick(TargetedCommand, frozen=True):
    """Remove a member; coming back is allowed after a while."""

    reason: str = ""


class AddBot(TargetedCommand, frozen=True):
    """Take in a bot of this group's, for which the actor answers from then on."""


class TakeBot(TargetedCommand, frozen=True):
    """Give a bot another token, and answer for it from then on."""


class RemoveBot(TargetedCommand, frozen=True):
    """Remove a bot, whose token ends with that."""


class BanMember(TargetedCommand, frozen=True):
    """Remove and keep out. Also works on who is not a member yet. `replaces`: another ban, if one is in force."""

    duration_ms: Span
    reason: str = ""
    replaces: bool = False


class Unban(TargetedCommand, frozen=True):
    """Lift a ban."""


class MuteMember(TargetedCommand, frozen=True):
    """Silence one member for a time. `replaces`: another mute, if one is in force."""

    duration_ms: Span
    reason: str = ""
    replaces: bool = False


class Unmute(TargetedCommand, frozen=True):
    """Lift a mute."""


class Warn(TargetedCommand, frozen=True):
    """Warn a member. Warnings run out; so many in force bring a measure by the group's ladder."""

    reason: str = ""


class Unwarn(TargetedCommand, frozen=True):
    """Take back a warning: the one of this number, or the latest (0)."""

    number: int = 0


class SetLadder(Command, frozen=True):
    """Say which measure follows on how many warnings, as `ladder.parse_ladder` reads it; empty: the operator's."""

    ladder: str


class WriteNote(TargetedCommand, frozen=True):
    """Write a note about an account, which admins alone read."""

    text: str


class ClearNotes(TargetedCommand, frozen=True):
    """Erase the notes about an account: all of them (0), or the one that the act `number` wrote."""

    number: int = 0


class Lock(Command, frozen=True):
    """Silence all but owner and admins ("mute all"). `replaces`: another lock, if one is in force."""

    duration_ms: Span
    replaces: bool = False


class Unlock(Command, frozen=True):
    """Lift the lock."""


class SetSlow(Command, frozen=True):
    """Set the least time between two posts of one member; 0 ends slow mode."""

    slow_ms: int


class DeleteEntry(TargetedCommand, frozen=True):
    """Remove an entry's text from sight; `user` is its author, `ts` when it was posted.

    What the entry is, `kind` and whether it is `redacted` already, is read from the journal before.
    """

    seq: int
    ts: int
    kind: EntryKind = EntryKind.TEXT
    redacted: bool = False
    reason: str = ""


class FoundEntry(Struct, frozen=True):
    """An entry of the journal: its seq and its author. `kind` and `redacted`: as for `DeleteEntry`."""

    seq: int
    user: str
    kind: EntryKind = EntryKind.TEXT
    redacted: bool = False


class Purge(Command, frozen=True):
    """Remove many entries; asked for once to hear what would go, and again, `confirmed`, with the line `again`."""

    entries: tuple[FoundEntry, ...]
    confirmed: bool = False
    again: str = ""
    reason: str = ""


class Pin(Command, frozen=True):
    """Keep an entry, by `user`, at hand for everyone. `kind` and `redacted`: as for `DeleteEntry`."""

    seq: int
    user: str
    kind: EntryKind = EntryKind.TEXT
    redacted: bool = False


class Unpin(Command, frozen=True):
    """Unpin an entry."""

    seq: int


class SetComments(Command, frozen=True):
    """Say who may comment in a channel, or (`seq`) on one of its posts; `kind`: of what stands there."""

    policy: CommentPolicy
    seq: int = 0
    kind: EntryKind = EntryKind.POST


class SetLinks(Command, frozen=True):
    """Say which links members may post."""

    links: LinkRule


class Promote(TargetedCommand, frozen=True):
    """Make a member an admin."""

    permissions: frozenset[Permission]


class SetPermissions(TargetedCommand, frozen=True):
    """Change what an admin may do."""

    permissions: frozenset[Permission]


class Demote(TargetedCommand, frozen=True):
    """Make an admin an ordinary member."""


class SetTag(TargetedCommand, frozen=True):
    """Give a member a free tag; empty takes it away."""

    tag: str


class OfferTransfer(TargetedCommand, frozen=True):
    """Offer ownership to a member, who must accept."""


class AcceptTransfer(Command, frozen=True):
    """Take over what was offered. Of public accounts who takes over has so many (`have`) of so many (`limit`, 0: any
    number) that it may have (P7.3); for anything else both are 0."""

    have: int = 0
    limit: int = 0


class WithdrawTransfer(Command, frozen=True):
    """Take back the offer."""


class SetAntiraid(Command, frozen=True):
    """Hold off a raid: silence those who came in just now, let nobody in without approval.

    `replaces`: the end that was set before, if a raid is held off already.
    """

    duration_ms: Span | None = None
    replaces: bool = False


class EndAntiraid(Command, frozen=True):
    """Let new members post and come in as before."""


class RaiseAlarm(Command, frozen=True):
    """Hold off a raid that the service has noticed, by a wave of joins or by one text posted again and again."""

    cause: Literal["joins", "text"]


class NameHeir(TargetedCommand, frozen=True):
    """Say who takes over when the owner is gone."""


class DropHeir(Command, frozen=True):
    """Name no heir."""


class Candidate(Struct, frozen=True):
    """Somebody who may become owner: what rules know of the account, and until when it is shut out (0: it is not);
    `have` and `limit` as of `AcceptTransfer`."""

    actor: Actor
    absent_until_ms: int
    have: int = 0
    limit: int = 0


class Succeed(Command, frozen=True):
    """Replace `owner`, whose account is shut out until `absent_until_ms`, by the first of those in line who is fit."""

    owner: str
    absent_until_ms: int
    candidates: tuple[Candidate, ...]
    closed: bool = False
    """Whether the owner's account is closed, and does not come back."""


class WithdrawOffers(TargetedCommand, frozen=True):
    """End what an account that was suspended has offered here: invitations, invite codes, the group itself."""


class Depart(TargetedCommand, frozen=True):
    """End what an account that was closed has in the group; an owner goes once somebody else answers for it."""


class Rename(Command, frozen=True):
    """Change the name."""

    name: str


class SetTopic(Command, frozen=True):
    """Change the topic."""

    topic: str


class SetCategory(Command, frozen=True):
    """Change the category (G7)."""

    category: str


class SetJoinMode(Command, frozen=True):
    """Change how people come in."""

    join_mode: JoinMode


class SetMemberLimit(Command, frozen=True):
    """Change the group's own cap on members, within what its grade allows."""

    limit: int


class SetInfoPage(Command, frozen=True):
    """Show or hide the group's info page (G8.2)."""

    shown: bool


class SetRules(Command, frozen=True):
    """Set the group's own rules, which stand on its info page; empty takes them away (G5)."""

    rules: str


class Announce(Command, frozen=True):
    """Put up the group's announcement in place of the one before; empty takes it down."""

    announcement: str


class RecordVerdict(TargetedCommand, frozen=True):
    """Note that a post of `user` broke a content rule: it was refused, or waits for review, or stands flagged.

    A thing of the service. `seq` is that of a flagged entry; `mark` tells a held post when it is sent again; `text`
    names the row of `published.TEXTS` where it was no post, which nobody has to look at. `staff`,
    `own_rule`: as in `ContentHeld`.
    """

    rule: str
    severity: Severity
    action: Action
    seq: int = 0
    mark: str = ""
    text: str = ""
    staff: bool = False
    own_rule: str = ""


class ApproveHeld(Command, frozen=True):
    """Post what was held in its author's name, or let stand what was flagged."""

    number: int


class DenyHeld(Command, frozen=True):
    """Turn down a post that was held."""

    number: int
    reason: str = ""


class AddWord(Command, frozen=True):
    """Add a term, pattern or domain to the group's own content rules."""

    word: str
    verdict: Action


class RemoveWord(Command, frozen=True):
    """Take one out of the group's own content rules."""

    word: str


class Dissolve(Command, frozen=True):
    """End the group for good; `confirm` must be its code."""

    confirm: str = ""


class EndMeasures(Command, frozen=True):
    """End what has run out, at the time that was set for it; `appealed`, `final`: an appeal against the group's closing
    is open, or was turned down."""

    appealed: bool = False
    final: bool = False


class GrantLimit(Command, frozen=True):
    """Let the group grow to the member limit that its owner asked for (G8.3)."""

    reason: str


class DenyLimit(MeasureCommand, frozen=True):
    """Turn down the member limit that the owner asked for (G8.3)."""

    reason: str


class Regrade(Command, frozen=True):
    """Class the group afresh (G7), `entries_per_day` being how active it is: the daily look. Of a channel also as soon
    as it has so many `followers` more (P7.2, W9)."""

    entries_per_day: int
    followers: int = 0


class Rectify(Command, frozen=True):
    """Tell the platform that what its warning `number` asks for is mended (G11.1)."""

    number: int
    text: str = ""


class TellDates(Command, frozen=True):
    """Tell of the date of the platform's warning, if it is near or over; `staff` are the roles of its staff,
    `on_duty` who of them is."""

    staff: Mapping[str, PlatformRole]
    on_duty: frozenset[str] = frozenset()


class Overturn(TargetedCommand, frozen=True):
    """Take back the act that made version `number`, because an appeal against it succeeded (P15).

    `kind` is the event's name; `until_ms` the end of a suspension, 0 of anything else, and `back_until_ms` that of the
    suspension whose place it had taken. `asked_limit`: the size that it refused, 0 where it refused none.
    `restores`: the entries by `user` that the act removed; `pins`: which pins went with what it removed.
    """

    number: int
    kind: str
    until_ms: int = 0
    reason: str = ""
    restores: tuple[int, ...] = ()
    pins: tuple[PinWas, ...] = ()
    removed: TextRemoved | None = None
    """Where the act removed a text of the group: that act."""
    is_post: bool = False
    """Whether it turned down a post whose text is kept, so that it can be posted."""
    back_until_ms: int = 0
    asked_limit: int = 0
    credentials: tuple[Credential, ...] = ()
    """What it took back of what was granted to a channel."""


class RemoveText(MeasureCommand, frozen=True):
    """Remove a text of the group, or a member's tag: a measure of the platform (G10). `what`: a `GroupText`.

    `acts` are the numbers of the acts that have the text, `seqs` the entries that tell of them; `rule` as below. A
    reason stands in acts alone, so `text` is what it says, empty where they are shown without it already.
    """

    what: str
    reason: str
    user: str = ""
    acts: tuple[int, ...] = ()
    seqs: tuple[int, ...] = ()
    rule: str = ""
    text: str = ""


class RemoveEntries(MeasureCommand, frozen=True):
    """Remove entries of whomever: a measure of the platform (G10). `rule`: one of the operator's reasons for reports,
    empty where none is named."""

    entries: tuple[FoundEntry, ...]
    reason: str
    rule: str = ""


class ReturnOwnership(Command, frozen=True):
    """Make `user` the owner again, whom `previous` (if anybody) replaced during a suspension that was overturned."""

    user: str
    previous: str
    role: Role = Role.ADMIN
    permissions: tuple[Permission, ...] = ()
    successor: str = ""
