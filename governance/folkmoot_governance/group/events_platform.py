"""What the operator's staff does to a group, and what follows: suspension, warning, closing, appeals (G11.1, P15)."""

from ..credentials import Credential
from ..restrictions import Measure, Power
from .events_base import Event, MemberEvent, PinWas, PlatformMeasure


class GroupSuspended(PlatformMeasure, frozen=True, kw_only=True, tag="suspended"):
    """`was_until_ms`: the end of the suspension whose place it takes, 0 where there was none."""

    until_ms: int
    reason: str
    was_until_ms: int = 0


class GroupRestored(Event, frozen=True, kw_only=True, tag="restored"):
    reason: str


class GroupRestricted(PlatformMeasure, frozen=True, kw_only=True, tag="group_restricted"):
    """The platform took something from the group for a time; one of the same kind that is in force gives way."""

    measure: Measure
    until_ms: int
    reason: str
    scopes: tuple[Power, ...] = ()


class GroupRestrictionEnded(Event, frozen=True, kw_only=True, tag="group_restriction_ended"):
    """It is over, or was lifted."""

    measure: Measure
    reason: str = ""


class GroupClosed(PlatformMeasure, frozen=True, kw_only=True, tag="closed"):
    """Nobody is in the group any more; what it had is kept until `kept_until_ms`, 0: not at all (of older acts)."""

    reason: str
    kept_until_ms: int = 0
    report: str = ""


class KeptLonger(Event, frozen=True, kw_only=True, tag="kept_longer"):
    """What the closed group had is kept until `until_ms`: an appeal against the closing waits for an answer."""

    until_ms: int


class KeptLetGo(Event, frozen=True, kw_only=True, tag="kept_let_go"):
    """The closing is final: what the group had is not kept any more."""


class MeasureOverturned(MemberEvent, frozen=True, kw_only=True, tag="overturned"):
    """The act `measure` (the `number`-th event, of a `kind`) against `user` is void, for an appeal succeeded (P15).

    What it did and still holds is lifted; who was removed is invited back until `invited_until_ms`. `reopens`: a group
    that was closed has again all that is kept of it; a suspension of before, until `back_until_ms`, holds again where
    the act had taken its place. `effect` is what changed by that (`case.effects.Effect`), empty in older events. The
    entries `restored`, which it had removed, can be read again; `was_pins` are pinned again. A text of the group that
    it had removed is in its place again: `text`, `what` it is, and `whose`, of a tag, or of which `acts`, of a reason.
    `asked_limit`: the size that it had refused waits for an answer again. The `credentials` that it took hold again.
    """

    number: int
    kind: str
    measure: str
    reason: str = ""
    lifts_suspension: bool = False
    invited_until_ms: int = 0
    reopens: bool = False
    back_until_ms: int = 0
    effect: str = ""
    restored: tuple[int, ...] = ()
    was_pins: tuple[PinWas, ...] = ()
    what: str = ""
    whose: str = ""
    text: str = ""
    asked_limit: int = 0
    acts: tuple[int, ...] = ()
    credentials: tuple[Credential, ...] = ()


class ChannelReviewed(Event, frozen=True, kw_only=True, tag="channel_reviewed"):
    """The platform has let a public account open, as the application `case` asked (I7.1, P7.1)."""

    case: str
    reason: str


class CredentialGranted(Event, frozen=True, kw_only=True, tag="credential_granted"):
    """The platform has granted something to the channel, in place of the one of its slot (W8, P8)."""

    credential: Credential
    reason: str


class CredentialRevoked(PlatformMeasure, frozen=True, kw_only=True, tag="credential_revoked"):
    """The platform has taken back what it had granted: by its staff, or by itself where what it rested on is gone."""

    reason: str
    credentials: tuple[Credential, ...] = ()


class CredentialsEnded(Event, frozen=True, kw_only=True, tag="credentials_ended"):
    """The time of these is over."""

    credentials: tuple[Credential, ...] = ()


class HeldReleased(MemberEvent, frozen=True, kw_only=True, tag="held_released"):
    """The operator's staff lets a post pass that a rule of the operator's held. `to_admins`: the group's own words hold
    it as well, so it waits for its admins now; else it is posted. `seq`: it was posted and flagged, and stands."""

    number: int
    to_admins: bool = False
    seq: int = 0


class HeldRejected(MemberEvent, frozen=True, kw_only=True, tag="held_rejected"):
    """The operator's staff turned down a post that a rule of the operator's held."""

    number: int
    rule: str
    reason: str


class EntriesRemoved(PlatformMeasure, frozen=True, kw_only=True, tag="entries_removed"):
    """The platform removed the entries `seqs` by `users`, `count` of them (G10): tombstones stay, pins of them go.

    `rule` is the operator's reason code, empty for none; each of `users` can appeal for what they wrote. `was_by`:
    which of `users` wrote each of `seqs`, as their places there; empty where one wrote all.
    """

    seqs: tuple[int, ...]
    count: int
    users: tuple[str, ...]
    reason: str
    rule: str = ""
    was_pins: tuple[PinWas, ...] = ()
    was_by: tuple[int, ...] = ()


class PostRefuted(PlatformMeasure, frozen=True, kw_only=True, tag="post_refuted"):
    """The platform refuted the post `seq` by `user` with a `text` (W11): it stands beside the post wherever that is
    shown. `reposters` have repeated it. `rule` is the operator's reason code, empty for none."""

    user: str
    seq: int
    text: str
    reason: str
    rule: str = ""
    reposters: tuple[str, ...] = ()


class RefutationWithdrawn(MemberEvent, frozen=True, kw_only=True, tag="refutation_withdrawn"):
    """What the platform had said about the post `seq` by `user`, which `reposters` have repeated, is void."""

    seq: int
    reason: str
    reposters: tuple[str, ...] = ()


class TextRemoved(PlatformMeasure, frozen=True, kw_only=True, tag="text_removed"):
    """The platform removed a text of the group (G10): `what` it is (`removed_texts.GroupText`), whose tag (`user`).

    `text` took its place. The acts with the numbers `acts` are shown without it, and the entries `seqs`, their notices,
    are tombstones. `rule` is the operator's reason code, empty for none.
    """

    what: str
    text: str
    reason: str
    user: str = ""
    acts: tuple[int, ...] = ()
    seqs: tuple[int, ...] = ()
    rule: str = ""
    was_text: str = ""
    was_pins: tuple[PinWas, ...] = ()


class GroupWarned(PlatformMeasure, frozen=True, kw_only=True, tag="group_warned"):
    """The platform asks for something to be mended until `until_ms` (G11.1); the event's number is the case's."""

    until_ms: int
    reason: str


class RectificationTold(Event, frozen=True, kw_only=True, tag="rectified"):
    """The owner says that what warning `number` asks for is mended; staff is to look until `inspect_until_ms`, 0 in
    older events."""

    number: int
    text: str
    inspect_until_ms: int = 0


class RectificationAccepted(Event, frozen=True, kw_only=True, tag="rectification_accepted"):
    number: int
    reason: str


class RectificationRejected(Event, frozen=True, kw_only=True, tag="rectification_rejected"):
    """It is not mended yet, and is to be until `until_ms`."""

    number: int
    until_ms: int
    reason: str


class MendingDueSoon(Event, frozen=True, kw_only=True, tag="mending_due_soon"):
    """What warning `number` names is to be mended soon, until `until_ms`."""

    number: int
    until_ms: int


class MendingOverdue(Event, frozen=True, kw_only=True, tag="mending_overdue"):
    """It was not mended until `until_ms`; `officers` hear of it, with the `step` that is proposed."""

    number: int
    until_ms: int
    officers: tuple[str, ...] = ()
    step: str = ""


class InspectionDueSoon(Event, frozen=True, kw_only=True, tag="inspection_due_soon"):
    """What was mended is to be looked at soon, by one of `users`, until `until_ms`."""

    number: int
    until_ms: int
    users: tuple[str, ...] = ()


class InspectionOverdue(Event, frozen=True, kw_only=True, tag="inspection_overdue"):
    """None of `users` had looked until `until_ms`; `officers` hear of it, with the `step` that is proposed."""

    number: int
    until_ms: int
    users: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    step: str = ""
