"""Functions that rest until a safety assessment of them is on record (P12.1, W13).

The operator names them in `[features]`. That one was assessed is an event of the account of whoever of staff says so:
who, when, and the SHA-256 of the assessment, which the operator keeps.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .account_events import FeatureAssessed, FeatureStopped
from .actor import Actor
from .permissions import may_on_platform
from .policy import Policy
from .refusal import Refusal
from .text import N_

ACT = "assess_feature"


class Feature(StrEnum):
    """Functions by which people reach others. The ledger has these words: they never change."""

    CHANNELS = "channels"
    COMMENTS = "comments"
    REPOSTS = "reposts"
    MEDIA = "media"


class Assessment(Struct, frozen=True):
    """That a function was assessed: by whom, when (Unix ms), and the SHA-256 (hex) of what was written about it."""

    feature: str
    by: str
    ts: int
    sha256: str
    reason: str


class AssessFeature(Struct, frozen=True):
    """Put on record that a function was assessed, which lets it be used."""

    feature: Feature
    sha256: str
    reason: str


class StopFeature(Struct, frozen=True):
    """Let a function rest again."""

    feature: Feature
    reason: str


def decide_feature(
    held: Collection[Assessment], command: AssessFeature | StopFeature, actor: Actor, now: int
) -> Sequence[FeatureAssessed | FeatureStopped] | Refusal:
    """Return the event that `command` causes in the stream of `actor`, or why it is refused."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    known = {one.feature: one for one in held}.get(command.feature)
    if isinstance(command, StopFeature):
        if known is None:
            text = N_("No assessment of {feature} is on record.")
            return Refusal(ErrorCode.CONFLICT, text, {"feature": command.feature.value, "help": "feature list"})
        return [FeatureStopped(at=now, by=actor.user, feature=command.feature.value, reason=command.reason)]
    sha256 = command.sha256.lower()
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        text = N_("Give the SHA-256 of the assessment: 64 hexadecimal digits.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "sha256"})
    if known is not None and known.sha256 == sha256:
        text = N_("This assessment of {feature} is on record already.")
        return Refusal(ErrorCode.CONFLICT, text, {"feature": command.feature.value, "help": "feature list"})
    return [FeatureAssessed(at=now, by=actor.user, feature=command.feature.value, sha256=sha256, reason=command.reason)]


def check_features(asked: Collection[Feature], assessed: Collection[str], policy: Policy) -> Refusal | None:
    """Refuse what takes a function that the operator has not assessed."""
    for feature in asked if policy.features else ():
        if feature in policy.features and feature not in assessed:
            text = N_("This function is not in use yet: {feature} still needs its safety assessment.")
            detail: dict[str, object] = {"feature": feature.value, "rule": "features.assessed"}
            return Refusal(ErrorCode.FEATURE_OFF, text, detail)
    return None
