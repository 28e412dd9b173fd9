"""May this editor publish, and may this reader comment? What a channel asks instead of `post.check_post`."""

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, Identity, Role

from ..measure_checks import check_group
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..roles import RANK
from ..text import N_
from .checks import check_standing, refuse
from .post import check_identity
from .state import GroupState


def check_publish(
    state: GroupState, user: str, identity: Identity, now: int, policy: Policy, verified_ts: int = 0
) -> Refusal | None:
    """Refuse a post of the channel by `user` at `now` (Unix ms), or return None.

    `verified_ts` is when the identity was checked (Unix ms, 0 for one that counts for good).
    """
    return (
        _check_channel(state, now)
        or _check_editor(state, user)
        or _check_mute(state, user, now)
        or check_identity(identity, verified_ts, now, policy)
    )


def check_comment(
    state: GroupState, user: str, identity: Identity, now: int, policy: Policy, verified_ts: int = 0
) -> Refusal | None:
    """Refuse a comment of `user` on a post of the channel at `now` (Unix ms), or return None (P12, W10.2)."""
    return (
        _check_channel(state, now)
        or _check_ban(state, user, now)
        or _check_mute(state, user, now)
        or check_identity(identity, verified_ts, now, policy)
    )


def _check_channel(state: GroupState, now: int) -> Refusal | None:
    """Refuse what a channel that the platform has closed, suspended or limited no longer says."""
    refusal = check_standing(state, now, while_suspended=False) if state.status is not GroupStatus.ACTIVE else None
    return refusal or (check_group(state.restrictions, Power.POST, now) if state.restrictions else None)


def _check_editor(state: GroupState, user: str) -> Refusal | None:
    role = state.role_of(user)
    if RANK[role] >= RANK[Role.ADMIN]:
        return None
    text = N_("Only the editors of a channel publish in it; you can comment on its posts.")
    return refuse(ErrorCode.FORBIDDEN, text, rule="channel.editors")


def _check_mute(state: GroupState, user: str, now: int) -> Refusal | None:
    mute = state.mute_of(user, now)
    if mute is None:
        return None
    text = N_("You are muted in this channel {until}.")
    return refuse(ErrorCode.MUTED, text, until_ms=mute.until_ms, reason=mute.reason, case=mute.case)


def _check_ban(state: GroupState, user: str, now: int) -> Refusal | None:
    ban = state.ban_of(user, now)
    if ban is None:
        return None
    text = N_("You are banned from this channel {until}.")
    return refuse(ErrorCode.BANNED, text, user=user, until_ms=ban.until_ms, reason=ban.reason, case=ban.case)
