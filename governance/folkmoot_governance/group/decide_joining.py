"""Coming in and going out: join, leave, approve, deny, kick."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode, Role

from ..actor import Actor
from ..classification import most_members
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .admission import accepts, code_id
from .checks import check_joiner, may_invite, may_make_codes, refuse
from .events import (
    Event,
    InviteCodeUsed,
    JoinRequested,
    JoinRequestEnded,
    MemberJoined,
    MemberKicked,
    MemberLeft,
    RejoinBarred,
)
from .state import GroupState, InviteCode

Decision = Sequence[Event] | Refusal


def has_request(state: GroupState, user: str, now: int) -> bool:
    """Say whether a join request of `user` is open at `now`."""
    request = state.requests.get(user)
    return request is not None and request.until_ms > now


def came_and_went(since: int, now: int, policy: Policy) -> bool:
    """Say whether somebody goes so soon after coming, or the other way round, that the group need not hear of it."""
    return now - since < policy.quiet_ms


def join(state: GroupState, command: c.JoinGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Come in: at once when the group is open or one is invited, by request where admins decide (G8.3)."""
    quiet = came_and_went(command.left_ts, now, policy)
    if actor.user in state.members:
        return refuse(ErrorCode.ALREADY_MEMBER, N_("You are a member already."))
    refusal = check_joiner(state, actor, now, policy)
    if refusal:
        return refusal
    if is_invited(state, actor.user, now) and not command.giver_absent and state.join_mode is not JoinMode.CLOSED:
        return [MemberJoined(at=now, by=actor.user, user=actor.user, via="invitation", quiet=quiet)]
    wait = state.wait_of(actor.user, now)
    if wait:
        text = N_("You have to wait before joining, or asking to, again: {until}.")
        return refuse(
            ErrorCode.JOIN_CLOSED, text, rule="rejoining", until_ms=wait.until_ms, reason=wait.reason, case=wait.case
        )
    if state.holds_off_raid(now) and state.join_mode in (JoinMode.OPEN, JoinMode.QUESTION):
        return check_answer(state, command) or request_to_join(state, command, actor, now, policy)
    code = code_of(state, command, now)
    if code and state.join_mode is not JoinMode.CLOSED:
        joined = MemberJoined(at=now, by=actor.user, user=actor.user, via="code", quiet=quiet)
        return [joined, InviteCodeUsed(at=now, by=actor.user, user=actor.user, code_id=code.code_id)]
    if state.join_mode is JoinMode.OPEN:
        return [joined_by_oneself(state, actor, now, "open", quiet=quiet)]
    if state.join_mode is JoinMode.QUESTION:
        joined = joined_by_oneself(state, actor, now, "question", quiet=quiet)
        return check_answer(state, command) or [joined]
    if state.join_mode is JoinMode.APPROVAL:
        return request_to_join(state, command, actor, now, policy)
    text = N_("Here, people can join only like this: {join_mode}.")
    if command.answer and state.join_mode is JoinMode.INVITE:
        text = N_("This invite code is not valid, or no longer: ask for another one.")
    return refuse(ErrorCode.JOIN_CLOSED, text, join_mode=state.join_mode)


def joined_by_oneself(
    state: GroupState, actor: Actor, now: int, via: Literal["open", "question"], *, quiet: bool
) -> MemberJoined:
    """Return that somebody came in by the door that everybody has."""
    user = actor.user
    held = (one.get(user) for one in (state.requests, state.invitations, state.waits))
    nothing = not any(one is not None and one.until_ms > now for one in held)
    return MemberJoined(at=now, by=user, user=user, via=via, quiet=quiet, was_nothing=nothing)


def is_invited(state: GroupState, user: str, now: int) -> bool:
    """Say whether `user` has an invitation by somebody who may invite at `now`."""
    one = state.invitations.get(user)
    in_raid = state.holds_off_raid(now)
    return one is not None and one.until_ms > now and may_invite(state, one.by, in_raid=in_raid)


def code_of(state: GroupState, command: c.JoinGroup, now: int) -> InviteCode | None:
    """Return the invite code that is given as the answer, if it holds at `now` and by who may still make one."""
    code = state.invite_codes.get(code_id(command.answer)) if command.answer and not command.giver_absent else None
    return code if code and code.until_ms > now and may_make_codes(state, code.by) else None


def check_answer(state: GroupState, command: c.JoinGroup) -> Refusal | None:
    """Refuse who has not answered the group's question, if it has one, and tell them the question."""
    if state.join_mode is not JoinMode.QUESTION or accepts(state.answers, command.answer):
        return None
    text = N_("That is not the right answer: {question}") if command.answer else N_("Answer this to join: {question}")
    return refuse(ErrorCode.WRONG_ANSWER, text, question=state.question, help="/join")


def request_to_join(state: GroupState, command: c.JoinGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Queue a request; asking again while it is open changes nothing."""
    if has_request(state, actor.user, now):
        return []
    waiting = sum(request.until_ms > now for request in state.requests.values())
    if waiting >= policy.requests_per_group:
        return refuse(
            ErrorCode.JOIN_CLOSED,
            N_("Too many people are waiting to join; try again later."),
            limit=waiting,
            rule="requests_per_group",
        )
    until = end_of(now, policy.request_ms)
    return [JoinRequested(at=now, by=actor.user, user=actor.user, until_ms=until, answer=command.answer)]


def leave(state: GroupState, command: c.LeaveGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Go; the owner cannot, for a group is never without one (G9)."""
    role = state.role_of(actor.user)
    if role is Role.OWNER:
        text = N_("You own this group: hand it over with /transfer or end it with /dissolve first.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="ownership", help="/transfer")
    if role is not None:
        quiet = came_and_went(state.members[actor.user].joined_ts, now, policy)
        return [MemberLeft(at=now, by=actor.user, user=actor.user, quiet=quiet)]
    if has_request(state, actor.user, now):
        return [JoinRequestEnded(at=now, by=actor.user, user=actor.user)]
    return refuse(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))


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
    return turn_down(command.user, command.reason, actor, now, policy)


def deny_all(state: GroupState, command: c.DenyAllRequests, actor: Actor, now: int, policy: Policy) -> Decision:
    """Turn down everybody who waits, as after a raid."""
    waiting = [user for user in state.requests if has_request(state, user, now)]
    if not waiting:
        return refuse(ErrorCode.NO_SUCH_USER, N_("Nobody is waiting to join."))
    return [event for user in waiting for event in turn_down(user, command.reason, actor, now, policy)]


def turn_down(user: str, reason: str, actor: Actor, now: int, policy: Policy) -> list[Event]:
    """Return the end of a request, and how long the applicant has to wait before the next."""
    ended = JoinRequestEnded(at=now, by=actor.user, user=user, reason=reason)
    return [ended, *bar(user, reason, actor, now, policy.denial_wait_ms)]


def bar(user: str, reason: str, actor: Actor, now: int, wait_ms: int) -> list[Event]:
    """Keep somebody from coming in, or asking to, for a while; nothing where the operator wants no wait."""
    if not wait_ms:
        return []
    return [RejoinBarred(at=now, by=actor.user, user=user, until_ms=end_of(now, wait_ms), reason=reason)]


def kick(state: GroupState, command: c.Kick, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a member, who may come back by the group's join mode after a while."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    kicked = MemberKicked(at=now, by=actor.user, user=command.user, reason=command.reason)
    if state.members[command.user].giver:
        # It does not come back by itself.
        return [kicked]
    return [kicked, *bar(command.user, command.reason, actor, now, policy.kick_wait_ms)]


JOINING: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.JoinGroup: join,
    c.LeaveGroup: leave,
    c.ApproveRequests: approve,
    c.DenyRequest: deny,
    c.DenyAllRequests: deny_all,
    c.Kick: kick,
}
