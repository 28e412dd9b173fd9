"""Pictures, sound and films: who may upload them, post them, and see them (P5, W6).

An upload goes through states. Its bytes are only ever shown as `media` made them anew, never as they came.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from .account_events import MediaDecided
from .actor import Actor
from .duration import DAY_MS, MINUTE_MS
from .group.checks import refuse
from .group.post import check_identity
from .group.state import GroupState
from .measure_checks import check_power
from .permissions import may_on_platform
from .policy import Policy
from .refusal import Refusal
from .restrictions import Held, Power
from .text import N_

ADDRESS_MS = 10 * MINUTE_MS
"""How long bytes can be sent to the address of an upload."""
UNUSED_MS = DAY_MS
"""How long an upload is kept that no post shows."""
GOING_MS = MINUTE_MS
"""For so long before that it cannot be posted any more: a post takes its time, and clocks of nodes differ."""

ACT = "review_case"
"""The row of `permissions.PLATFORM_RULES` for deciding on an upload that is held."""

LEAST_BYTES, REFUSED_BYTES = 1 << 18, 1 << 22
"""What an upload counts at least among those of a day, and one that was refused: looking at it takes time, too."""


class MediaState(StrEnum):
    """How far an upload is: its bytes are waited for; somebody still looks at them; they can be posted, are not taken,
    are posted, or were removed with the post."""

    ASKED = "asked"
    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    POSTED = "posted"
    REMOVED = "removed"


MOVES: Mapping[MediaState, frozenset[MediaState]] = {
    MediaState.PENDING: frozenset({MediaState.ASKED}),
    MediaState.READY: frozenset({MediaState.ASKED, MediaState.PENDING}),
    MediaState.REFUSED: frozenset({MediaState.ASKED, MediaState.PENDING}),
    MediaState.POSTED: frozenset({MediaState.READY, MediaState.REMOVED}),
    MediaState.REMOVED: frozenset({MediaState.POSTED}),
}
"""From which states an upload comes to another. Storage makes no other change: of two that are made at the same moment,
on whichever nodes, the first one counts."""


class Media(Struct, frozen=True, kw_only=True):
    """An upload. Its bytes are `month`'s (as `2026-11`, when it was asked for); `code` and `seq` say which entry shows
    it, 0 for none. `until_ms` is when it goes if none does. `sent` are the bytes that came or are waited for, `size`
    those that are kept. `reason` says why it is refused or waits: a key of `REASONS`.
    """

    id: str
    user: str
    state: MediaState
    created_ts: int
    until_ms: int
    month: str
    token: str = ""
    sent: int = 0
    type: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    sha256: str = ""
    likeness: str = ""
    reason: str = ""
    code: str = ""
    seq: int = 0
    ts: int = 0


REASONS: dict[str, str] = {
    "unknown": N_("This is not a picture, sound or film of a kind that is accepted here: {kinds}."),
    "markup": N_("Drawings and pages with code in them (SVG, HTML) are not accepted; send a picture of it."),
    "damaged": N_("This file is damaged, or only a part of one."),
    "pixels": N_("This picture has too many pixels: at most {pixels} are accepted, over all its frames."),
    "frames": N_("This moving picture has too many frames: at most {frames} are accepted."),
    "long": N_("This is too long: at most {seconds} seconds are accepted."),
    "heavy": N_("Checking this file takes more time or memory than a file is given."),
    "known": N_("The operator does not allow this picture."),
    "scan": N_("The operator does not allow this file."),
    "staff": N_("The operator's staff does not allow this file."),
}
"""Why an upload is refused, for people."""

NOT_YOURS = Refusal(ErrorCode.MEDIA_REFUSED, N_("You have no such upload; upload the file again."))
USED = Refusal(ErrorCode.MEDIA_REFUSED, N_("An upload can be posted only once; upload the file again."))
PENDING = Refusal(
    ErrorCode.MEDIA_PENDING, N_("This file is still being checked: try again in {wait}."), {"retry_after_ms": 60_000}
)


def check_upload(identity: Identity, verified_ts: int, held: Held, now: int, policy: Policy) -> Refusal | None:
    """Refuse an upload to who may not say anything anywhere."""
    return check_power(held, Power.POST, now) or check_identity(identity, verified_ts, now, policy)


def check_size(size: int, most: int, used: int, per_day: int) -> Refusal | None:
    """Refuse an upload of `size` bytes: `most` may be in one, and `per_day` in all of an account within a day, of which
    `used` are used (0: any number)."""
    if size > most:
        text = N_("A file has at most {limit} bytes; this one has {size}.")
        return refuse(ErrorCode.TOO_LONG, text, limit=most, size=size, rule="media.max_bytes")
    if per_day and used + size > per_day:
        text = N_("You may upload {limit} bytes within a day, and have uploaded {used}: wait, or send a smaller file.")
        return refuse(ErrorCode.MEDIA_QUOTA, text, limit=per_day, used=used, retry_after_ms=DAY_MS // 24)
    return None


def check_postable(
    wanted: Collection[str], found: Collection[Media], user: str, now: int, bounds: Mapping[str, object]
) -> Refusal | None:
    """Refuse a post at `now` (Unix ms) that shows what is not the author's own, not there, about to go, not ready, or
    shown elsewhere."""
    own = {one.id: one for one in found if one.user == user and (one.seq or now < one.until_ms - GOING_MS)}
    for name in wanted:
        media = own.get(name)
        if media is None or media.state is MediaState.ASKED:
            return _about(NOT_YOURS, name)
        if media.state is MediaState.REFUSED:
            return refused(media.reason, bounds, media=name)
        if media.state is MediaState.PENDING:
            return _about(PENDING, name)
        if media.state is not MediaState.READY:
            return _about(USED, name)
    return _about(USED, next(iter(wanted))) if len(set(wanted)) < len(wanted) else None


class DecideMedia(Struct, frozen=True):
    """Let an upload through that is held, or refuse it: an act of staff."""

    media: Media
    is_allowed: bool
    reason: str


def decide_media(command: DecideMedia, actor: Actor, now: int) -> Sequence[MediaDecided] | Refusal:
    """Return the event that `command` causes in the stream of `actor`, or why it is refused (P5, W6)."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    media = command.media
    if media.state is not MediaState.PENDING:
        text = N_("This upload is not held; it is {state}.")
        return Refusal(ErrorCode.CONFLICT, text, {"state": media.state.value, "help": "media list"})
    if media.user == actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."))
    event = MediaDecided(
        at=now, by=actor.user, media=media.id, user=media.user, is_allowed=command.is_allowed, reason=command.reason
    )
    return [event]


def refused(reason: str, bounds: Mapping[str, object], **detail: object) -> Refusal:
    """Return what is told of an upload that is not taken; `bounds` are the operator's, by the names that stand in
    `REASONS`."""
    text = REASONS.get(reason, REASONS["scan"])
    return Refusal(ErrorCode.MEDIA_REFUSED, text, {**bounds, "reason": reason, **detail})


def _about(refusal: Refusal, name: str) -> Refusal:
    return Refusal(refusal.code, refusal.text, {**refusal.detail, "media": name})


def may_see(media: Media, user: str, state: GroupState | None, *, is_public: bool = False) -> bool:
    """Say whether `user`, empty for who is not signed in, may see an upload that is posted in the group `state`; before
    it is posted, who uploaded it may. `is_public`: it is a channel that everybody may read."""
    if media.state in (MediaState.POSTED, MediaState.REMOVED):
        return is_public or (state is not None and user in state.members)
    return media.state is MediaState.READY and user == media.user
