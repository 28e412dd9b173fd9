"""Measures of the platform against accounts: suspending and closing them, taking rights for a time (G11.2).

What each is, who may and how long: `measures`. Credit is changed in `account`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from .account_commands import (
    AccountCommand,
    CloseForOther,
    EndRestrictions,
    FinishClosing,
    FreeAccount,
    OverturnClosing,
    OverturnRestriction,
    OverturnSuspension,
    RestoreAccount,
    RestrictAccount,
    SuspendAccount,
)
from .account_events import (
    AccountClosed,
    AccountClosing,
    AccountEvent,
    AccountRestored,
    AccountRestricted,
    AccountRestrictionEnded,
    AccountSuspended,
    ClosingOverturned,
    RoleEnded,
)
from .account_state import AccountState
from .actor import Actor
from .case.rules import check_rule
from .duration import MINUTE_MS, end_of
from .measure_checks import check_in_force, check_length
from .measures import Row, row_for
from .permissions import may_on_platform
from .policy import Policy
from .refusal import Refusal
from .restrictions import Measure, Subject, ended, in_force, is_back, of_act
from .text import N_

AccountDecision = Sequence[AccountEvent] | Refusal

OF_STAFF = {"rule": "platform_roles", "help": "docs/governance.md"}
"""What a refusal says of acts of staff, beside its text."""


def check_no_staff(state: AccountState) -> Refusal | None:
    """Refuse to shut out somebody who has a platform role."""
    if state.platform is None:
        return None
    text = N_("@{user} has the platform role {role}: take it away first.")
    return Refusal(ErrorCode.OUTRANKED, text, {"user": state.user, "role": state.platform, **OF_STAFF})


def _check_staff(state: AccountState, actor: Actor) -> Refusal | None:
    """Refuse to let the role of somebody rest who has none, and one's own: so one is left who can give it back."""
    if state.user == actor.user:
        text = N_("Nobody can change their own platform role.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})
    if state.platform is None:
        nobody: dict[str, object] = {"user": state.user, "role": "", **OF_STAFF}
        return Refusal(ErrorCode.CONFLICT, N_("@{user} has no platform role."), nobody)
    return None


def _suspend(state: AccountState, command: SuspendAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Suspend; staff do not suspend themselves, nor each other without taking the role first."""
    until = end_of(now, command.duration_ms)
    refusal = check_no_staff(state)
    if refusal is None and state.is_suspended(now) and not command.replaces:
        # Who asks may not know of it, and would shorten it, or lengthen it, without having meant to.
        text = N_("@{user} is suspended already, {until}. To replace that suspension, add --replace.")
        detail = {"user": state.user, "until_ms": state.suspended_until_ms, "rule": "in_force", "help": "--replace"}
        refusal = Refusal(ErrorCode.CONFLICT, text, detail)
    was = (state.suspended_until_ms, state.suspended_reason) if state.is_suspended(now) else (0, "")
    suspended = AccountSuspended(
        at=now,
        by=actor.user,
        until_ms=until,
        reason=command.reason,
        was_until_ms=was[0],
        was_reason=was[1],
        **command.basis.fields(),
    )
    return refusal or check_rule(command.basis.grounds.rule, policy.cases) or [suspended]


def _restore(state: AccountState, command: RestoreAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    if not state.is_suspended(now):
        return Refusal(ErrorCode.CONFLICT, N_("@{user} is not suspended."), {"user": state.user})
    return [AccountRestored(at=now, by=actor.user, reason=command.reason)]


def _overturn(
    state: AccountState, command: OverturnSuspension, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if not state.is_suspended(now) or state.suspended_until_ms != command.until_ms:
        return []
    back = (command.back_until_ms, command.back_reason) if command.back_until_ms > now else (0, "")
    restored = AccountRestored(at=now, by=actor.user, reason=command.reason, back_until_ms=back[0], back_reason=back[1])
    return [restored]


def _close_for_other(
    state: AccountState, command: CloseForOther, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Begin to close the account: erased a little later than one may appeal, so that an appeal in time counts."""
    until = end_of(now, policy.cases.platform_appeal_ms + MINUTE_MS)
    closing = AccountClosing(at=now, by=actor.user, until_ms=until, reason=command.reason, **command.basis.fields())
    return check_no_staff(state) or check_rule(command.basis.grounds.rule, policy.cases) or [closing]


def _finish_closing(
    state: AccountState, command: FinishClosing, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if not state.closing_case or not (command.final or state.closing_until_ms <= now):
        return []
    return closed(command.tag, state.suspended_reason, actor, now)


def _overturn_closing(
    state: AccountState, command: OverturnClosing, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if not state.closing_case or state.closing_case != command.number:
        return []
    return [ClosingOverturned(at=now, by=actor.user, reason=command.reason)]


def closed(tag: str, reason: str, actor: Actor, now: int) -> list[AccountClosed]:
    """Return that an account is no more."""
    return [AccountClosed(at=now, by=actor.user, author_tag=tag, reason=reason)]


def _find_row(measure: Measure, actor: Actor) -> Row | Refusal:
    """Return the row of a restriction, if there is one and the actor's role covers it."""
    row = row_for(Subject.ACCOUNT, measure)
    if row is None or row.event is not AccountRestricted:
        text = N_("This is not a right that can be taken from an account.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "measure"})
    if not may_on_platform(actor.platform, row.act):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": row.act, **OF_STAFF})
    return row


def _restrict(state: AccountState, command: RestrictAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    row = _find_row(command.measure, actor)
    if isinstance(row, Refusal):
        return row
    refusal = (
        (_check_staff(state, actor) if row.measure is Measure.STAFF else check_no_staff(state))
        or check_length(row, command.duration_ms)
        or check_in_force(state.restrictions, row, now, replaces=command.replaces)
        or check_rule(command.basis.grounds.rule, policy.cases)
    )
    restricted = AccountRestricted(
        at=now,
        by=actor.user,
        measure=command.measure,
        until_ms=end_of(now, command.duration_ms),
        reason=command.reason,
        scopes=command.scopes,
        entry=command.entry,
        **command.basis.fields(),
    )
    return refusal or [restricted]


def _free(state: AccountState, command: FreeAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    row = _find_row(command.measure, actor)
    if isinstance(row, Refusal):
        return row
    if in_force(state.restrictions, command.measure, now) is None:
        text = N_("Nothing of this kind is in force against @{user}.")
        return Refusal(ErrorCode.CONFLICT, text, {"user": state.user})
    freed = AccountRestrictionEnded(at=now, by=actor.user, measure=command.measure, reason=command.reason)
    return [freed]


def _end(state: AccountState, command: EndRestrictions, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    over: list[AccountEvent] = [
        AccountRestrictionEnded(at=now, by=actor.user, measure=measure) for measure in ended(state.restrictions, now)
    ]
    if state.platform is not None and 0 < state.role_until_ms <= now:
        over.append(RoleEnded(at=now, by=actor.user, role=state.platform))
    return over


def _overturn_restriction(
    state: AccountState, command: OverturnRestriction, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Take back an act that is in force; where another has taken its place since, that one holds all the same."""
    one = next((one for one in state.restrictions if one.case == command.case), None)
    if one is None:
        return []
    counts = of_act(state.restrictions, command.case, now) is not None
    return [
        AccountRestrictionEnded(
            at=now,
            by=actor.user,
            measure=one.measure,
            case=command.case,
            reason=command.reason,
            is_back=counts and is_back(state.restrictions, command.case, now),
        )
    ]


MEASURES: dict[type[AccountCommand], Callable[[AccountState, Any, Actor, int, Policy], AccountDecision]] = {
    SuspendAccount: _suspend,
    RestoreAccount: _restore,
    OverturnSuspension: _overturn,
    RestrictAccount: _restrict,
    FreeAccount: _free,
    EndRestrictions: _end,
    OverturnRestriction: _overturn_restriction,
    CloseForOther: _close_for_other,
    FinishClosing: _finish_closing,
    OverturnClosing: _overturn_closing,
}
