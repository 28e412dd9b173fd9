"""Invitations, invite codes and the question at the door."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode

from ..actor import Actor
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .admission import LONGEST_ANSWER, MAX_ANSWERS, normalise
from .checks import check_outsider, refuse
from .events import Event, InvitationRevoked, InviteCodeMade, InviteCodeRevoked, Invited, QuestionSet
from .state import GroupState

Decision = Sequence[Event] | Refusal

MAX_USES = 1000


def invite(state: GroupState, command: c.Invite, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let `user` in past the join mode, until the invitation expires."""
    open_ones = sum(one.until_ms > now for one in state.invitations.values())
    refusal = check_outsider(state, command.user, now) or check_door(state) or check_invitations(open_ones, policy)
    until = end_of(now, policy.invite_ms)
    earlier = state.invitations.get(command.user)
    nothing = (earlier is None or earlier.until_ms <= now) and state.wait_of(command.user, now) is None
    return refusal or [Invited(at=now, by=actor.user, user=command.user, until_ms=until, was_nothing=nothing)]


def make_code(state: GroupState, command: c.MakeInviteCode, actor: Actor, now: int, policy: Policy) -> Decision:
    """Make a code that lets in whoever has it, as often as it says, until it expires."""
    if not 1 <= command.uses <= MAX_USES:
        return refuse(ErrorCode.BAD_REQUEST, N_("A code may be used 1 to {most} times."), most=MAX_USES, help="/invite")
    open_ones = sum(one.until_ms > now for one in state.invite_codes.values())
    refusal = check_door(state) or check_invitations(open_ones, policy)
    duration = policy.invite_ms if command.duration_ms is None else command.duration_ms
    made = InviteCodeMade(
        at=now, by=actor.user, code_id=command.code_id, until_ms=end_of(now, duration), uses=command.uses
    )
    return refusal or [made]


def check_door(state: GroupState) -> Refusal | None:
    """Refuse to invite into a group that takes nobody."""
    if state.join_mode is JoinMode.CLOSED:
        return refuse(ErrorCode.JOIN_CLOSED, N_("The group is closed to new members."), help="/joinmode")
    return None


def check_invitations(open_ones: int, policy: Policy) -> Refusal | None:
    """Refuse one invitation more than a group may have open."""
    if open_ones < policy.invitations_per_group:
        return None
    text = N_("{limit} invitations are open, which is the most allowed.")
    return refuse(ErrorCode.CONFLICT, text, limit=policy.invitations_per_group, help="/invites")


def revoke(state: GroupState, command: c.RevokeInvitation, actor: Actor, now: int, policy: Policy) -> Decision:
    invitation = state.invitations.get(command.user)
    if invitation is None or invitation.until_ms <= now:
        return refuse(ErrorCode.CONFLICT, N_("@{user} has no open invitation."), user=command.user, help="/invites")
    return [InvitationRevoked(at=now, by=actor.user, user=command.user)]


def revoke_code(state: GroupState, command: c.RevokeInviteCode, actor: Actor, now: int, policy: Policy) -> Decision:
    code = state.invite_codes.get(command.code_id)
    if code is None or code.until_ms <= now:
        text = N_("There is no open invite code with the number {code_id}.")
        return refuse(ErrorCode.CONFLICT, text, code_id=command.code_id, help="/invites")
    return [InviteCodeRevoked(at=now, by=actor.user, code_id=command.code_id)]


def set_question(state: GroupState, command: c.SetQuestion, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set the question, with the answers that let people in; none of either takes the question away."""
    answers = tuple(dict.fromkeys(one for one in map(normalise, command.answers) if one))
    if bool(command.question) != bool(answers):
        return refuse(
            ErrorCode.BAD_REQUEST, N_("A question needs an answer: /question <question> = <answer>"), help="/question"
        )
    if len(answers) > MAX_ANSWERS or any(len(one) > LONGEST_ANSWER for one in answers):
        text = N_("At most {most} answers of at most {longest} characters each.")
        return refuse(ErrorCode.TOO_LONG, text, most=MAX_ANSWERS, longest=LONGEST_ANSWER)
    if not answers and state.join_mode is JoinMode.QUESTION:
        text = N_("People join by answering this question: choose another /joinmode first.")
        return refuse(ErrorCode.CONFLICT, text, help="/joinmode")
    if (command.question, "\n".join(answers)) == (state.question, state.answers):
        return []
    was = tuple(state.answers.split("\n")) if state.answers else ()
    asked = command.question
    return [
        QuestionSet(
            at=now, by=actor.user, question=asked, answers=answers, was_question=state.question, was_answers=was
        )
    ]


INVITES: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.Invite: invite,
    c.MakeInviteCode: make_code,
    c.RevokeInvitation: revoke,
    c.RevokeInviteCode: revoke_code,
    c.SetQuestion: set_question,
}
