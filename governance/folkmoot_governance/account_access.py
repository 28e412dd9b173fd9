"""How one gets into an account: its password, its second factor and its sessions.

Of these the state has only that there is a second factor, and which code was used last: all else is personal.
"""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from .account_commands import (
    AccountCommand,
    ChangePassword,
    EndSecondFactor,
    EndSessions,
    GiveResetCode,
    SendResetCode,
    SetSecondFactor,
    UseSecondFactor,
)
from .account_events import (
    PasswordChanged,
    ResetCodeGiven,
    SecondFactorEnded,
    SecondFactorSet,
    SecondFactorUsed,
    SessionsEnded,
)
from .account_measures import OF_STAFF, AccountDecision
from .account_state import AccountState
from .actor import Actor
from .permissions import may_on_platform
from .policy import Policy, meets
from .refusal import Refusal
from .text import N_

END_SESSIONS = "end_sessions"
"""The row of `permissions.PLATFORM_RULES` for ending somebody else's sessions."""


def _change_password(
    state: AccountState, command: ChangePassword, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if actor.user != state.user:
        text = N_("Nobody can change somebody else's password.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    return [PasswordChanged(at=now, by=actor.user, reset=command.reset)]


def _check_reach(state: AccountState, actor: Actor) -> Refusal | None:
    """Refuse to open the account of one of the staff for whom may not give roles: it would be a way to get one."""
    if state.platform is None or may_on_platform(actor.platform, "grant_role"):
        return None
    text = N_("@{user} has the platform role {role}: only those who may give roles can let somebody into that account.")
    return Refusal(ErrorCode.OUTRANKED, text, {"user": state.user, "role": state.platform, **OF_STAFF})


def _set_second_factor(
    state: AccountState, command: SetSecondFactor, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if actor.user != state.user:
        text = N_("Nobody can set up a second factor for somebody else.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    if state.second_factor_ms:
        return Refusal(ErrorCode.CONFLICT, N_("There is a second factor already: end it first."), {"help": "/otp"})
    return [SecondFactorSet(at=now, by=actor.user, step=command.step)]


def _use_second_factor(
    state: AccountState, command: UseSecondFactor, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Sign in by a code: each counts once, and none that is older than one that was used."""
    if not state.second_factor_ms or (command.step <= state.code_step and command.left < 0):
        text = N_("That code was used already: wait for the next one.")
        return Refusal(ErrorCode.AUTH_FAILED, text, {"rule": "second_factor"})
    return [SecondFactorUsed(at=now, by=actor.user, step=command.step, left=command.left)]


def _end_second_factor(
    state: AccountState, command: EndSecondFactor, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if actor.user != state.user:
        if not may_on_platform(actor.platform, "recover_account"):
            text = N_("Your platform role does not cover this.")
            return Refusal(ErrorCode.FORBIDDEN, text, {"act": "recover_account", **OF_STAFF})
        refusal = _check_reach(state, actor)
        if refusal:
            return refusal
    if not state.second_factor_ms:
        return Refusal(ErrorCode.CONFLICT, N_("There is no second factor."), {"help": "/otp"})
    return [SecondFactorEnded(at=now, by=actor.user, reason=command.reason)]


def _give_code(state: AccountState, command: GiveResetCode, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Give out a code for somebody else's account: for one of the staff's only who may give roles anyhow."""
    if state.user == actor.user:
        text = N_("Nobody can give themselves a code.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    return _check_reach(state, actor) or [ResetCodeGiven(at=now, by=actor.user, reason=command.reason)]


def _send_code(state: AccountState, command: SendResetCode, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Send a code to the account's own mobile: not to one of the staff's, whose account opens more than itself."""
    if state.platform is not None or not meets(state.identity, Identity.MOBILE):
        text = N_("No code is sent to the mobile of @{user}.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    return [ResetCodeGiven(at=now, by=actor.user, reason="", sent=True)]


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
    SendResetCode: _send_code,
    SetSecondFactor: _set_second_factor,
    UseSecondFactor: _use_second_factor,
    EndSecondFactor: _end_second_factor,
}
