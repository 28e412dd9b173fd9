"""How one gets into an account: its password and its sessions. Neither is part of the state, for both are personal."""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from .account_commands import AccountCommand, ChangePassword, EndSessions
from .account_events import PasswordChanged, SessionsEnded
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
    return [PasswordChanged(at=now, by=actor.user)]


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
}
