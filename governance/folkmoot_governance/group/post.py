"""May this member post now? It is asked most of all, so it allocates nothing when the answer is yes."""

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import BLANK_TEXT, is_blank
from folkmoot_protocol.types import GroupStatus, Identity, Role

from ..measure_checks import check_group
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from ..verification import check_level
from .checks import check_giver, check_standing, refuse
from .state import GroupState, Member


def check_post(
    state: GroupState,
    user: str,
    identity: Identity,
    now: int,
    last_post_ms: int,
    policy: Policy,
    verified_ts: int = 0,
) -> Refusal | None:
    """Refuse a post of `user` at `now`, or return None.

    `last_post_ms` is when the member's previous post here was accepted (Unix ms, 0 for never): slow mode
    counts from it. `verified_ts` is when the identity was checked (Unix ms, 0 for one that counts for good).
    """
    if state.status is not GroupStatus.ACTIVE:
        refusal = check_standing(state, now, while_suspended=False)
        if refusal:
            return refusal
    if state.restrictions and (refusal := check_group(state.restrictions, Power.POST, now)):
        return refusal
    member = state.members.get(user)
    if member is None:
        return refuse(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))
    refusal = check_silence(state, member, now)
    if refusal is not None:
        return refusal
    if state.slow_ms and member.role is Role.MEMBER and now < last_post_ms + state.slow_ms:
        return slowed(state, last_post_ms, now)
    return check_identity(identity, verified_ts, now, policy)


def slowed(state: GroupState, last_post_ms: int, now: int) -> Refusal:
    """Return how long slow mode keeps somebody waiting."""
    wait = last_post_ms + state.slow_ms - now
    return refuse(ErrorCode.SLOW_MODE, N_("Slow mode: wait {wait}."), retry_after_ms=wait, slow_ms=state.slow_ms)


def check_silence(state: GroupState, member: Member, now: int) -> Refusal | None:
    """Refuse a member whom the group does not let speak at `now`."""
    if member.giver and (refusal := check_giver(state, member)):
        return refusal
    if member.user in state.mutes and (mute := state.mute_of(member.user, now)):
        text = N_("You are muted in this group {until}.")
        return refuse(ErrorCode.MUTED, text, until_ms=mute.until_ms, reason=mute.reason, case=mute.case)
    if member.role is Role.MEMBER:
        if state.locked_until_ms > now:
            until = state.locked_until_ms
            return refuse(ErrorCode.GROUP_MUTED, N_("Only owner and admins may post {until}."), until_ms=until)
        if state.antiraid_until_ms > now and state.is_newcomer(member):
            text = N_(
                "The raid guard is on: people who have just joined may not post {until}; an admin can turn it off."
            )
            until = state.antiraid_until_ms
            return refuse(ErrorCode.GROUP_MUTED, text, until_ms=until, rule="antiraid", help="/antiraid off")
    return None


def check_identity(identity: Identity, verified_ts: int, now: int, policy: Policy) -> Refusal | None:
    """Refuse who has not the identity that saying something takes, or not any more (G6, W7)."""
    return check_level(identity, verified_ts, policy.to_post, now, policy, _unverified)


def _unverified(policy: Policy) -> Refusal:
    text = N_("Posting needs a verified identity: {needed}.")
    rule = "policy.identity.to_post"
    return refuse(ErrorCode.IDENTITY_REQUIRED, text, needed=policy.to_post, rule=rule, help="/verify")


def check_said(body: str) -> Refusal | None:
    """Refuse a text, of a post or of an edit, in which there is nothing to see."""
    return refuse(ErrorCode.BAD_REQUEST, BLANK_TEXT, rule="blank") if is_blank(body) else None
