"""How an act is told: the sentence of each event. What undoes it: `undo`.

One table serves the notice that the group reads, the answer that the actor reads, and the repair of a
notice that a crash cut off from its event. Placeholders are the event's fields; `until_ms` is offered as
`until` too, `users` as `names`.
"""

from msgspec import Struct
from msgspec.structs import asdict

from .group import events as e
from .group.removed_texts import REMOVABLE_TEXTS
from .restrictions import NO_GROUNDS, Grounds, Measure
from .text import N_, NN_


class Telling(Struct, frozen=True):
    """How one kind of event is told. `public`: the group gets a notice.

    `unset` instead of `text` where the event sets nothing, that is, takes away what its field `field` had; `each` where
    its field `what`, or `measure`, has that value.
    """

    text: str
    public: bool = True
    field: str = ""
    unset: str = ""
    each: dict[str, str] = {}


TELLINGS: dict[type[e.Event], Telling] = {
    e.GroupCreated: Telling(N_("@{by} created the group {name}")),
    e.ChannelOpened: Telling(N_("@{by} opened the channel {name}")),
    e.ChannelReviewed: Telling(N_("The platform has let this channel open")),
    e.CredentialGranted: Telling(N_("The platform has granted to this channel: {credential}")),
    e.CredentialRevoked: Telling(N_("The platform withdrew what it had granted to this channel: {credentials}")),
    e.CredentialsEnded: Telling(N_("What was granted to this channel has ended: {credentials}")),
    e.MemberJoined: Telling(N_("@{giver} added the bot @{user}"), field="giver", unset=N_("@{user} joined")),
    e.BotTaken: Telling(N_("@{by} gave the bot @{user} another token, and answers for it")),
    e.JoinRequested: Telling(N_("@{user} has asked to join"), public=False),
    e.JoinRequestEnded: Telling(N_("@{by} declined the request of @{user} to join"), public=False),
    e.JoinRequestsClosed: Telling(N_("The group is closed, and with it the requests to join: {names}"), public=False),
    e.Invited: Telling(N_("@{by} invited @{user}, valid {until}"), public=False),
    e.RejoinBarred: Telling(N_("@{user} has to wait before joining, or asking to, again: {until}"), public=False),
    e.InvitationRevoked: Telling(N_("@{by} took back the invitation of @{user}"), public=False),
    e.InvitationsLapsed: Telling(
        N_("The invitations and invite codes by @{user} are void"),
        public=False,
        field="users",
        unset=N_("The invite codes by @{user} are void"),
    ),
    e.InviteCodeMade: Telling(
        N_("@{by} made the invite code number {code_id}, uses: {uses}, valid {until}"),
        public=False,
    ),
    e.InviteCodeUsed: Telling(N_("@{user} used the invite code number {code_id}"), public=False),
    e.InviteCodeRevoked: Telling(N_("@{by} made the invite code number {code_id} void"), public=False),
    e.QuestionSet: Telling(
        N_("@{by} set the question for newcomers: {question}"),
        field="question",
        unset=N_("@{by} removed the question for newcomers"),
    ),
    e.MemberLeft: Telling(N_("@{user} left")),
    e.MemberDeparted: Telling(N_("@{user} has closed their account and left")),
    e.MemberKicked: Telling(N_("@{by} removed @{user}")),
    e.MemberBanned: Telling(N_("@{by} banned @{user} {until}")),
    e.BanLifted: Telling(N_("@{by} lifted the ban on @{user}")),
    e.MemberMuted: Telling(N_("@{by} muted @{user} {until}")),
    e.MuteLifted: Telling(N_("@{by} lifted the mute on @{user}")),
    e.MemberWarned: Telling(N_("@{by} warned @{user}: warning {count}, in force {until}")),
    e.WarningLifted: Telling(N_("@{by} took back a warning to @{user}")),
    e.LadderSet: Telling(N_("@{by} set what follows after warnings: {steps}")),
    e.NoteWritten: Telling(N_("@{by} wrote a note about @{user}"), public=False),
    e.NotesCleared: Telling(N_("@{by} erased the notes about @{user}"), public=False),
    e.GroupLocked: Telling(N_("@{by} locked the group {until}: only owner and admins may post")),
    e.GroupUnlocked: Telling(N_("@{by} unlocked the group: everyone may post again")),
    e.SlowModeSet: Telling(N_("@{by} set slow mode to {slow}"), field="slow_ms", unset=N_("@{by} ended slow mode")),
    e.EntryDeleted: Telling(N_("@{by} deleted entry #{seq} by @{user}")),
    e.EntriesPurged: Telling(NN_("@{by} deleted {count} entry", "@{by} deleted {count} entries", "count")),
    e.EntryPinned: Telling(N_("@{by} pinned entry #{seq} by @{user}")),
    e.EntryUnpinned: Telling(N_("@{by} unpinned entry #{seq}")),
    e.CommentsSet: Telling(
        N_("@{by} set comments on post #{seq} to: {comments}"),
        field="seq",
        unset=N_("@{by} set comments to: {comments}"),
    ),
    e.LinksSet: Telling(N_("@{by} changed which links members may post: {links}")),
    e.MemberPromoted: Telling(N_("@{by} made @{user} an admin")),
    e.PermissionsSet: Telling(N_("@{by} changed what @{user} may do")),
    e.MemberDemoted: Telling(N_("@{by} removed @{user} as admin")),
    e.TagSet: Telling(
        N_("@{by} tagged @{user}: {tag}"),
        field="tag",
        unset=N_("@{by} removed the tag of @{user}"),
    ),
    e.TransferOffered: Telling(N_("@{by} offers the group to @{user}, open {until}")),
    e.TransferWithdrawn: Telling(N_("@{by} took back the offer of the group to @{user}")),
    e.OwnershipTransferred: Telling(N_("@{user} now owns the group; before, it was @{previous}")),
    e.AntiraidSet: Telling(
        N_("@{by} turned on the raid guard {until}: new members may not post, and joining needs approval")
    ),
    e.RaidNoticed: Telling(N_("This looks like a raid. New members may not post, and joining needs approval, {until}")),
    e.AntiraidLapsed: Telling(N_("The raid guard is off: new members may post, and people may join, as before")),
    e.AntiraidEnded: Telling(
        N_("@{by} turned off the raid guard: new members may post, and people may join, as before")
    ),
    e.OwnerReplaced: Telling(N_("@{previous} can no longer answer for the group: @{user} now owns it")),
    e.OwnershipReturned: Telling(
        N_("On appeal, the suspension of @{user} is void: @{user} owns the group again, and @{previous} no longer does")
    ),
    e.OwnerMissing: Telling(
        N_("@{user} can no longer answer for the group, and nobody in line is able to: it is locked until somebody is")
    ),
    e.HeirNamed: Telling(N_("@{by} named @{user} as heir of the group")),
    e.HeirDropped: Telling(N_("@{user} is no longer heir of the group")),
    e.GroupRenamed: Telling(N_("@{by} renamed the group to {name}")),
    e.TopicSet: Telling(N_("@{by} set the topic: {topic}"), field="topic", unset=N_("@{by} removed the topic")),
    e.CategorySet: Telling(N_("@{by} set the category to {category}")),
    e.JoinModeSet: Telling(N_("@{by} changed how people join: {join_mode}")),
    e.MemberLimitSet: Telling(N_("@{by} set the member limit to {limit}")),
    e.LimitAsked: Telling(N_("@{by} asks the platform to let the group grow to {limit} members")),
    e.LimitGranted: Telling(N_("The platform lets the group grow to {limit} members")),
    e.LimitDenied: Telling(N_("The platform does not let the group grow to {limit} members")),
    e.LimitWithdrawn: Telling(
        N_("The group has another owner: it no longer asks the platform to let it grow to {limit} members")
    ),
    e.GroupGraded: Telling(
        N_("The group's grade is now {grade}; before, it was {previous}. /duty says what that requires")
    ),
    e.InfoPageSet: Telling(N_("@{by} turned the group's info page {shown}")),
    e.RulesSet: Telling(
        N_("@{by} set the group's rules: {rules}"),
        field="rules",
        unset=N_("@{by} removed the group's rules"),
    ),
    e.AnnouncementSet: Telling(N_("@{by} announced: {announcement}")),
    e.AnnouncementCleared: Telling(N_("@{by} took down the announcement")),
    e.ContentRefused: Telling(N_("What @{user} wrote was refused under content rule {rule}"), public=False),
    e.ContentHeld: Telling(N_("A post by @{user} is waiting for review under content rule {rule}"), public=False),
    e.ContentFlagged: Telling(
        N_("Entry #{seq} by @{user} breaks content rule {rule}"),
        public=False,
        field="seq",
        unset=N_("What @{user} wrote ({text}) breaks content rule {rule}, but was left in place"),
    ),
    e.HeldApproved: Telling(N_("@{by} approved the post by @{user}"), public=False),
    e.HeldDenied: Telling(N_("@{by} turned down the post by @{user}"), public=False),
    e.HeldReleased: Telling(
        N_("The platform lets the post by @{user} pass: it is now waiting for owner and admins"),
        public=False,
        field="to_admins",
        unset=N_("The platform approved the post by @{user}"),
    ),
    e.HeldRejected: Telling(N_("The platform turned down the post by @{user}"), public=False),
    e.FlagCleared: Telling(N_("@{by} left the entry by @{user} in place"), public=False),
    e.WordAdded: Telling(N_("@{by} added a word to the group's rules: {word} ({verdict})"), public=False),
    e.WordRemoved: Telling(N_("@{by} took a word out of the group's rules: {word}"), public=False),
    e.GroupDissolved: Telling(N_("@{by} dissolved the group")),
    e.GroupSuspended: Telling(N_("The platform suspended the group {until}")),
    e.GroupRestored: Telling(N_("The platform lifted the group's suspension")),
    e.GroupRestricted: Telling(
        N_("The platform has closed the group to newcomers {until}"),
        each={
            Measure.BLACKLIST: N_("The platform put the group on its blacklist {until}"),
            Measure.FOLLOWS: N_("The platform has closed the channel to new followers {until}"),
            Measure.REPOSTS: N_(
                "The channel may not repost, and nobody may repost its posts, {until}: a measure of the platform"
            ),
            Measure.COMMENTS: N_("The platform has closed comments in the channel {until}"),
            Measure.PUBLISH: N_("The platform does not let the channel publish {until}"),
        },
    ),
    e.GroupRestrictionEnded: Telling(
        N_("People may join the group again"),
        each={
            Measure.BLACKLIST: N_("The group is no longer on the platform's blacklist"),
            Measure.FOLLOWS: N_("People may follow the channel again"),
            Measure.REPOSTS: N_("The channel may repost and be reposted again"),
            Measure.COMMENTS: N_("People may comment in the channel again"),
            Measure.PUBLISH: N_("The channel may publish again"),
        },
    ),
    e.GroupClosed: Telling(N_("The platform closed the group")),
    e.GroupWarned: Telling(N_("The platform has warned this group. Time to put right what it named, {until}")),
    e.RectificationTold: Telling(N_("@{by} says that what the platform named has been put right: {text}")),
    e.RectificationAccepted: Telling(N_("The platform agrees that it has been put right: the warning is closed")),
    e.RectificationRejected: Telling(
        N_("The platform finds that it has not been put right yet. Time for that, {until}")
    ),
    e.MendingDueSoon: Telling(N_("Time to put right what the platform named, {until}"), public=False),
    e.MendingOverdue: Telling(N_("What the platform named was not put right in time, {until}"), public=False),
    e.InspectionDueSoon: Telling(N_("The platform has time to look at what was put right, {until}"), public=False),
    e.InspectionOverdue: Telling(N_("The platform did not look in time at what was put right, {until}"), public=False),
    e.KeptLonger: Telling(N_("The closed group's content is kept longer, {until}: an appeal is open"), public=False),
    e.KeptLetGo: Telling(N_("The closing is final: the group's content is no longer kept"), public=False),
    e.PostRefuted: Telling(N_("The platform refuted post #{seq}: {text}")),
    e.RefutationWithdrawn: Telling(N_("The platform takes back what it said about post #{seq}")),
    e.EntriesRemoved: Telling(
        NN_("The platform removed {count} entry", "The platform removed {count} entries", "count")
    ),
    e.TextRemoved: Telling(
        N_("The platform removed a text of the group"),
        each={what.value: row.told for what, row in REMOVABLE_TEXTS.items()},
    ),
    e.MeasureOverturned: Telling(
        N_("On appeal, the closing of the group, measure {measure}, is void: all is as it was"),
        field="reopens",
        unset=N_("On appeal, measure {measure} against @{user} is void"),
    ),
    e.BansEnded: Telling(N_("Ban over: {names}")),
    e.MutesEnded: Telling(N_("Mute over: {names}")),
    e.LockEnded: Telling(N_("Everyone may post again")),
    e.SuspensionEnded: Telling(N_("The platform's suspension of the group is over")),
    e.WarningsExpired: Telling(N_("Warnings that have expired: {numbers}"), public=False),
    e.RequestsExpired: Telling(N_("Requests to join that nobody answered in time: {names}"), public=False),
    e.InvitationsExpired: Telling(N_("Invitations that have expired: {names}"), public=False),
    e.TransferExpired: Telling(N_("The offer of the group to @{user} has lapsed")),
}

REQUEST_WITHDRAWN = N_("@{user} took back the request to join")
"""A request that ended by its own applicant."""

_NOBODYS_EVENTS = (
    e.GroupSuspended,
    e.GroupRestored,
    e.GroupRestricted,
    e.GroupRestrictionEnded,
    e.GroupClosed,
    e.ChannelReviewed,
    e.CredentialGranted,
    e.CredentialRevoked,
    e.CredentialsEnded,
    e.LimitGranted,
    e.ContentRefused,
    e.ContentHeld,
    e.ContentFlagged,
    e.LimitDenied,
    e.HeldReleased,
    e.HeldRejected,
    e.LimitWithdrawn,
    e.JoinRequestsClosed,
    e.InvitationsLapsed,
    e.GroupGraded,
    e.RaidNoticed,
    e.OwnerReplaced,
    e.MemberDeparted,
    e.OwnerMissing,
    e.OwnershipReturned,
    e.AntiraidLapsed,
    e.GroupWarned,
    e.RectificationAccepted,
    e.RectificationRejected,
    e.MendingDueSoon,
    e.MendingOverdue,
    e.InspectionDueSoon,
    e.InspectionOverdue,
    e.KeptLonger,
    e.KeptLetGo,
    e.EntriesRemoved,
    e.PostRefuted,
    e.RefutationWithdrawn,
    e.TextRemoved,
    e.MeasureOverturned,
    e.BansEnded,
    e.MutesEnded,
    e.LockEnded,
    e.SuspensionEnded,
    e.WarningsExpired,
    e.RequestsExpired,
    e.InvitationsExpired,
    e.TransferExpired,
)
"""Measures of the platform and what ended by itself: these name no one who did it."""


INSIDE = ("reposters", "report", "proposed_by", "proposal", "officers", "step")


def text_of(event: e.Event) -> str:
    """Return the sentence of an event, a msgid that its fields fill."""
    if isinstance(event, e.JoinRequestEnded) and event.by == event.user:
        return REQUEST_WITHDRAWN
    telling = TELLINGS[type(event)]
    if telling.each:
        return telling.each.get(getattr(event, "what", "") or getattr(event, "measure", ""), telling.text)
    return telling.text if not telling.field or getattr(event, telling.field) else telling.unset


def event_fields(event: e.Event) -> dict[str, object]:
    """Return the event's fields for placeholders and for `data` of its notice, its name as `event`.

    Which member of staff took a measure stays inside the platform: `by` is left out of those (G14), and of what ended
    by itself.
    """
    told = {name: value for name, value in asdict(event).items() if not name.startswith("was_")}
    fields: dict[str, object] = {"event": event.__struct_config__.tag, **told}
    del fields["at"]
    if isinstance(event, _NOBODYS_EVENTS):
        del fields["by"]
    # What lets people in is not for everybody who reads the group.
    fields.pop("answers", None)
    fields.pop("quiet", None)
    # Who has reported what, who of staff owes what, and how staff came to it, is for the platform alone.
    for name in INSIDE:
        fields.pop(name, None)
    # Of what is granted to a channel people read the names.
    if isinstance(event, e.CredentialGranted):
        fields |= {"credential": event.credential.name, "until_ms": event.credential.until_ms}
    elif isinstance(event, (e.CredentialRevoked, e.CredentialsEnded)):
        fields["credentials"] = ", ".join(one.name for one in event.credentials)
    else:
        fields.pop("credentials", None)
    if isinstance(event, (e.InspectionDueSoon, e.InspectionOverdue)):
        del fields["users"]
    grounds = fields.pop("grounds", NO_GROUNDS)
    assert isinstance(grounds, Grounds)
    fields |= grounds.shown()
    return fields
