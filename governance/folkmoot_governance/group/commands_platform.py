"""What the operator's staff can ask of a group (G11.1)."""

from folkmoot_protocol.types import EntryKind

from ..credentials import Credential, CredentialKind
from ..restrictions import Measure, Power
from .commands_base import Command, MeasureCommand


class WarnGroup(MeasureCommand, frozen=True):
    """Ask for something to be mended within a time: a measure of the platform (G11.1)."""

    duration_ms: int
    reason: str


class AcceptRectification(Command, frozen=True):
    """Close the warning: it is mended."""

    reason: str


class RejectRectification(Command, frozen=True):
    """Keep the warning open: it is not mended. With a duration, the time for it begins anew."""

    reason: str
    duration_ms: int | None = None


class RestrictGroup(MeasureCommand, frozen=True):
    """Take something from the group for a time: a measure of the platform (G11.1). `replaces`: another in force."""

    measure: Measure
    duration_ms: int
    reason: str
    replaces: bool = False
    scopes: tuple[Power, ...] = ()


class FreeGroup(Command, frozen=True):
    """End such a measure early."""

    measure: Measure
    reason: str


class SuspendGroup(MeasureCommand, frozen=True):
    """Stop posting and joining for a time: a measure of the platform (G11.1). `replaces`: another one in force."""

    duration_ms: int
    reason: str
    replaces: bool = False


class RestoreGroup(Command, frozen=True):
    """End a suspension early: a measure of the platform."""

    reason: str


class ReleaseHeld(Command, frozen=True):
    """Let a post pass that a rule of the operator's held; its group's own word may still hold it."""

    number: int


class RejectHeld(Command, frozen=True):
    """Turn down a post that a rule of the operator's held."""

    number: int
    reason: str


class Refute(MeasureCommand, frozen=True):
    """Put a text beside a post, wherever it is shown: a measure of the platform (W11). `user` wrote it, `reposters`
    have repeated it; `kind` and `redacted` are of what stands there."""

    seq: int
    user: str
    text: str
    reason: str
    rule: str = ""
    kind: EntryKind = EntryKind.POST
    redacted: bool = False
    reposters: tuple[str, ...] = ()


class WithdrawRefutation(Command, frozen=True):
    """Take it away again."""

    seq: int
    reason: str


class CloseGroup(MeasureCommand, frozen=True):
    """Close the group: a measure of the platform (G11.1), for good unless an appeal succeeds."""

    reason: str


class ReviewChannel(Command, frozen=True):
    """Let a public account open, as the application `case` asks, with this `label` (P7.1)."""

    case: str
    reason: str
    label: Credential | None = None


class GrantCredential(Command, frozen=True):
    """Grant something to a channel, as the application in it asks (W8, P8)."""

    credential: Credential
    reason: str


class RevokeCredential(MeasureCommand, frozen=True):
    """Take back what was granted: a measure of the platform. Of licences, that for a `category`."""

    kind: CredentialKind
    reason: str
    category: str = ""


class WithdrawBadge(Command, frozen=True):
    """Take the badge back, because the identity that it rests on has changed: an act of the service (W10.1)."""

    reason: str
