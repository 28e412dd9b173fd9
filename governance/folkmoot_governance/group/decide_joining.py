"""Coming in and going out: join, leave, invite, approve, deny, kick."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode, Role

from ..actor import Actor
from ..classification import most_members
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import check_joiner, refuse
from .events import (
    Event,
    Invited,
    JoinRequested,
    JoinRequestEnded,
    MemberJoined,
    MemberKicked,
    MemberLeft,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal


def has_request(state: GroupState, user: str, now: int) -> bool:
    """Say whether a join request of `user` is open at `now`."""
    request = state.requests.get(user)
    return request is not None and request.until_ms > now


def join(state: GroupState, command: c.JoinGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Come in: at once when the group is open or one is invited, by request where admins decide (G8.3)."""
    if actor.user in state.members:
        return refuse(ErrorCode.ALREADY_MEMBER, N_("You are a member already."))
    refusal = check_joiner(state, actor, now, policy)
    if refusal:
        return refusal
    if state.invitations.get(actor.user, 0) > now and state.join_mode is not JoinMode.CLOSED:
        return [MemberJoined(at=now, by=actor.user, user=actor.user, via="invitation")]
    if state.join_mode is JoinMode.OPEN and not state.holds_off_raid(now):
        return [MemberJoined(at=now, by=actor.user, user=actor.user, via="open")]
    if state.join_mode in (JoinMode.OPEN, JoinMode.APPROVAL):
        return request_to_join(state, command, actor, now, policy)
    text = N_("This group takes new members by join mode {join_mode} only.")
    return refuse(ErrorCode.JOIN_CLOSED, text, join_mode=state.join_mode)


def request_to_join(state: GroupState, command: c.JoinGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Queue a request; asking again while it is open changes nothing."""
    if has_request(state, actor.user, now):
        return []
    waiting = sum(request.until_ms > now for request in state.requests.values())
    if waiting >= policy.requests_per_group:
        return refuse(ErrorCode.JOIN_CLOSED, N_("Too many people are waiting to join; try again later."), limit=waiting)
    until = end_of(now, policy.request_ms)
    return [JoinRequested(at=now, by=actor.user, user=actor.user, until_ms=until, answer=command.answer)]


def leave(state: GroupState, command: c.LeaveGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Go; the owner cannot, for a group is never without one (G9)."""
    role = state.role_of(actor.user)
    if role is Role.OWNER:
        text = N_("You own this group: hand it over with /transfer or end it with /dissolve first.")
        return refuse(ErrorCode.FORBIDDEN, text, help="/transfer")
    if role is not None:
        return [MemberLeft(at=now, by=actor.user, user=actor.user)]
    if has_request(state, actor.user, now):
        return [JoinRequestEnded(at=now, by=actor.user, user=actor.user)]
    return refuse(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))


def invite(state: GroupState, command: c.Invite, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let `user` in past the join mode, until the invitation expires."""
    if command.user in state.members:
        return refuse(ErrorCode.ALREADY_MEMBER, N_("@{user} is a member already."), user=command.user)
    if state.ban_of(command.user, now):
        text = N_("@{user} is banned here: /unban @{user} first.")
        return refuse(ErrorCode.BANNED, text, user=command.user, help="/unban")
    if state.join_mode is JoinMode.CLOSED:
        return refuse(ErrorCode.JOIN_CLOSED, N_("The group is closed to new members."), help="/joinmode")
    open_ones = sum(until > now for until in state.invitations.values())
    if open_ones >= policy.invitations_per_group:
        text = N_("{limit} invitations are open, and no more are allowed.")
        return refuse(ErrorCode.CONFLICT, text, limit=policy.invitations_per_group)
    return [Invited(at=now, by=actor.user, user=command.user, until_ms=end_of(now, policy.invite_ms))]


def approve(state: GroupState, command: c.ApproveRequests, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let in as many of the applicants as there is room for; refused when not one could come in."""
    refusal = refuse(ErrorCode.NO_SUCH_USER, N_("Nobody is waiting to join."))
    events: list[Event] = []
    room = most_members(policy.grades, state) - len(state.members)
    for applicant in {one.user: one for one in command.applicants}.values():
        if not has_request(state, applicant.user, now):
            text = N_("@{user} has no open request to join.")
            reason: Refusal | None = refuse(ErrorCode.NO_SUCH_USER, text, user=applicant.user, help="/requests")
        else:
            reason = check_joiner(state, applicant, now, policy)
        if reason is None and len(events) < room:
            events.append(MemberJoined(at=now, by=actor.user, user=applicant.user, via="approval"))
        refusal = reason or refusal
    return events or refusal


def deny(state: GroupState, command: c.DenyRequest, actor: Actor, now: int, policy: Policy) -> Decision:
    """Turn a request down."""
    if not has_request(state, command.user, now):
        return refuse(
            ErrorCode.NO_SUCH_USER,
            N_("@{user} has no open request to join."),
            user=command.user,
            help="/requests",
        )
    return [JoinRequestEnded(at=now, by=actor.user, user=command.user, reason=command.reason)]


def kick(state: GroupState, command: c.Kick, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a member, who may come back by the group's join mode."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    return [MemberKicked(at=now, by=actor.user, user=command.user, reason=command.reason)]


JOINING: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.JoinGroup: join,
    c.LeaveGroup: leave,
    c.Invite: invite,
    c.ApproveRequests: approve,
    c.DenyRequest: deny,
    c.Kick: kick,
}
