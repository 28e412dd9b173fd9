"""How one gets into an account: its password and its sessions. Neither is part of the state, for both are personal."""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from .account_commands import AccountCommand, ChangePassword, EndSessions, GiveResetCode
from .account_events import PasswordChanged, ResetCodeGiven, SessionsEnded
from .account_measures import OF_STAFF, AccountDecision
from .account_state import AccountState
from .actor import Actor
from .permissions import may_on_platform
from .policy import Policy
from .refusal import Refusal
from .text import N_

END_SESSIONS = "end_sessions"
"""The row of `permissions.PLATFORM_RULES` for ending somebody else's sessions."""


def _change_password(
    state: AccountState, command: ChangePassword, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if actor.user != state.user:
        text = N_("Nobody changes somebody else's password.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    return [PasswordChanged(at=now, by=actor.user, reset=command.reset)]


def _give_code(state: AccountState, command: GiveResetCode, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Give out a code for somebody else's account: for one of the staff's only who may give roles anyhow."""
    if state.user == actor.user:
        text = N_("Nobody gives themselves a code.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    if state.platform is not None and not may_on_platform(actor.platform, "grant_role"):
        text = N_("@{user} has the platform role {role}: only who may give roles gives a code for that account.")
        detail: dict[str, object] = {"user": state.user, "role": state.platform, **OF_STAFF}
        return Refusal(ErrorCode.OUTRANKED, text, detail)
    return [ResetCodeGiven(at=now, by=actor.user, reason=command.reason)]


def check_sessions_of(user: str, actor: Actor) -> Refusal | None:
    """Refuse to see, or end, the sessions of somebody else."""
    if actor.user == user or may_on_platform(actor.platform, END_SESSIONS):
        return None
    text = N_("Your platform role does not cover this.")
    return Refusal(ErrorCode.FORBIDDEN, text, {"act": END_SESSIONS, **OF_STAFF})


def _end_sessions(state: AccountState, command: EndSessions, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    refusal = check_sessions_of(state.user, actor)
    if refusal:
        return refusal
    if not command.count:
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such session."), {"help": "/sessions"})
    return [SessionsEnded(at=now, by=actor.user, count=command.count, reason=command.reason)]


ACCESS: dict[type[AccountCommand], Callable[[AccountState, Any, Actor, int, Policy], AccountDecision]] = {
    ChangePassword: _change_password,
    EndSessions: _end_sessions,
    GiveResetCode: _give_code,
}
