"""Accounts: state, decide and apply. What can be asked is in `account_commands`, what happened in `account_events`.

Personal data (display name, password, identity numbers) is not part of this state: events are kept for good,
and what is erased on request must not be in them (G6.2).
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from .account_access import ACCESS
from .account_commands import (
    AcceptAgreement,
    AccountCommand,
    ApproveIdentity,
    AskIdentity,
    AttestIdentity,
    BeginDuty,
    ChangePassword,
    ChargeCredit,
    CloseAccount,
    CloseForOther,
    ConfirmIdentity,
    EndDuty,
    EndRestrictions,
    FinishClosing,
    GiveResetCode,
    GrantRole,
    NoteTraining,
    OverturnClosing,
    OverturnNames,
    OverturnRestriction,
    OverturnSuspension,
    OverturnWithdrawal,
    ReadIdentity,
    RecoverCredit,
    RegisterAccount,
    RejectIdentity,
    RemoveNames,
    RestoreAccount,
    RestoreCredit,
    SendResetCode,
    SetCredit,
    SetSecondFactor,
    SuspendAccount,
    TellRenewal,
    WithdrawIdentity,
)
from .account_events import (
    AccountClosed,
    AccountClosing,
    AccountEvent,
    AccountRegistered,
    AccountRestored,
    AccountRestricted,
    AccountRestrictionEnded,
    AccountSuspended,
    AgreementAccepted,
    Announced,
    BlacklistEntryRemoved,
    ClosingOverturned,
    CreditChanged,
    DutyBegun,
    DutyEnded,
    EmergencyEnded,
    EmergencyStarted,
    FeatureAssessed,
    FeatureStopped,
    FilingApproved,
    FilingExported,
    FilingReceipted,
    HitPassed,
    IdentityAsked,
    IdentityAttested,
    IdentityCodeMissed,
    IdentityRead,
    IdentityRejected,
    IdentityWithdrawn,
    MediaDecided,
    NamesRemoved,
    NamesRestored,
    PasswordChanged,
    PlatformWordDropped,
    PlatformWordSet,
    RenewalTold,
    ResetCodeGiven,
    RoleEnded,
    RoleGranted,
    SecondFactorEnded,
    SecondFactorSet,
    SecondFactorUsed,
    SessionsEnded,
    TextsRead,
    TrainingNoted,
)
from .account_measures import MEASURES, OF_STAFF, AccountDecision, check_no_staff, closed
from .account_roles import ROLES
from .account_state import AccountState as AccountState
from .account_state import account_case as account_case
from .actor import SERVICE, Actor
from .case.rules import check_rule
from .credit import MOST, penalty, recovery, restored
from .duration import FOREVER_MS
from .measure_checks import check_four_eyes
from .permissions import may_on_platform
from .policy import Policy, meets
from .refusal import Refusal
from .restrictions import NO_BASIS, Basis, Restriction, without, without_act
from .text import N_
from .verification import Stage, end_ms, level_at, stage_due

# Which row of `permissions.PLATFORM_RULES` a command of the operator's staff needs; the others are the
# account's own.
STAFF_ACTS: dict[type[AccountCommand], str] = {
    SuspendAccount: "suspend_account",
    RestoreAccount: "restore_account",
    GrantRole: "grant_role",
    AttestIdentity: "attest_identity",
    RemoveNames: "remove_entry",
    SetCredit: "set_credit",
    ApproveIdentity: "attest_identity",
    RejectIdentity: "attest_identity",
    ReadIdentity: "read_identity",
    CloseForOther: "close_account",
    GiveResetCode: "recover_account",
    NoteTraining: "note_training",
    BeginDuty: "read",
    EndDuty: "read",
}

SERVICE_ACTS: frozenset[type[AccountCommand]] = frozenset(
    {
        *(OverturnSuspension, ChargeCredit, RestoreCredit, RecoverCredit, FinishClosing, OverturnClosing),
        *(EndRestrictions, OverturnRestriction, OverturnWithdrawal, OverturnNames, TellRenewal),
        SendResetCode,
    }
)
"""What the service does by itself, as `actor.SERVICE`; nobody can ask for it."""


OF_PEOPLE: frozenset[type[AccountCommand]] = frozenset(
    {
        *(GrantRole, NoteTraining, BeginDuty, EndDuty, AttestIdentity, AskIdentity, ConfirmIdentity, WithdrawIdentity),
        *(ChangePassword, SetSecondFactor, GiveResetCode, SendResetCode, CloseAccount),
    }
)
"""What no bot has: it is let in by its token alone, holds no office, and its identity is that of who answers for it."""


def decide_account(
    state: AccountState | None, command: AccountCommand, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Return the events that `command` by `actor` causes at `now` (Unix ms), or why it is refused.

    `state` is None only for `RegisterAccount`; that the name is free is the ledger's to guarantee.
    """
    if state is None:
        assert isinstance(command, RegisterAccount), "only an account that exists takes commands"
        return _register(command, actor, now, policy)
    if type(command) in SERVICE_ACTS and actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("Only the service itself can do this."), {"rule": "service"})
    if state.closed_ts:
        gone = Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": state.user})
        return [] if type(command) in SERVICE_ACTS else gone
    if state.home and type(command) in OF_PEOPLE:
        text = N_("@{user} is a bot: that is for people.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, "rule": "bots", "help": "/bot list"})
    act = STAFF_ACTS.get(type(command))
    if act and not may_on_platform(actor.platform, act):
        return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": act, **OF_STAFF})
    if state.closing_case and isinstance(command, (SuspendAccount, RestoreAccount, CloseForOther)):
        text = N_("The platform is closing the account @{user}, case {case}: only an appeal can change that.")
        case = account_case(state.user, state.closing_case)
        detail = {
            "user": state.user,
            "case": case,
            "until_ms": state.closing_until_ms,
            "rule": "in_force",
            "help": "appeal list",
        }
        return Refusal(ErrorCode.CONFLICT, text, detail)
    decision = _DECIDERS[type(command)](state, command, actor, now, policy)
    if isinstance(decision, Refusal):
        return decision
    basis = getattr(command, "basis", NO_BASIS)
    return check_four_eyes(decision, basis.proposed_by, actor.user, policy.four_eyes) or decision


def check_agreement(version: str, policy: Policy) -> Refusal | None:
    """Refuse a version of the agreement that is not the one in force (G5.2)."""
    if version == policy.agreement:
        return None
    text = N_("The service agreement in force is version {agreement}: read it at /agreement and accept it.")
    return Refusal(ErrorCode.AGREEMENT_REQUIRED, text, {"agreement": policy.agreement})


def check_agreed(state: AccountState, policy: Policy) -> Refusal | None:
    """Refuse an account that has not accepted the agreement in force; for a bot somebody has who answers for it."""
    return None if state.home else check_agreement(state.agreement, policy)


def _register(command: RegisterAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    start = policy.credit.start
    registered = AccountRegistered(
        at=now,
        by=actor.user,
        user=command.user,
        agreement=command.agreement,
        credit=start,
        agreement_sha256=policy.agreement_sha256,
        home=command.home,
    )
    return check_agreement(command.agreement, policy) or [registered]


def _accept(state: AccountState, command: AcceptAgreement, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    refusal = check_agreement(command.agreement, policy)
    if refusal:
        return refusal
    if state.agreement == command.agreement:
        return []
    sha256 = policy.agreement_sha256
    return [AgreementAccepted(at=now, by=actor.user, agreement=command.agreement, agreement_sha256=sha256)]


def _attest(state: AccountState, command: AttestIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    if state.user == actor.user:
        return Refusal(
            ErrorCode.FORBIDDEN, N_("Nobody can verify their own identity."), {"user": state.user, **OF_STAFF}
        )
    attested = IdentityAttested(
        at=now,
        by=actor.user,
        identity=command.identity,
        reason=command.reason,
        was=state.identity,
        was_ts=state.verified_ts,
        **command.basis.fields(),
    )
    return check_rule(command.basis.grounds.rule, policy.cases) or [attested]


def _verify_again(
    state: AccountState, command: OverturnWithdrawal, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Give back a level of identity, unless another was given since."""
    if state.identity is not command.identity:
        return []
    return [
        IdentityAttested(
            at=now,
            by=actor.user,
            identity=command.was,
            reason=command.reason,
            was=state.identity,
            was_ts=state.verified_ts,
            measure=command.number,
            since_ms=command.since_ms,
        )
    ]


def _remove_names(state: AccountState, command: RemoveNames, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    refusal = check_rule(command.rule, policy.cases)
    if refusal:
        return refusal
    if not command.has_names:
        text = N_("There is nothing to remove: it is removed already, or was never set.")
        return Refusal(ErrorCode.CONFLICT, text, {"user": state.user})
    return [
        NamesRemoved(
            at=now,
            by=actor.user,
            reason=command.reason,
            rule=command.rule,
            was_ms=state.names_removed_ms,
            **command.basis.fields(),
        )
    ]


def _restore_names(
    state: AccountState, command: OverturnNames, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    """Show names again, unless a later act has removed them as well."""
    if state.names_removed_ms != command.at:
        return []
    back, number = command.was_ms, command.number
    return [NamesRestored(at=now, by=actor.user, measure=number, back_ms=back, reason=command.reason)]


def _change(
    state: AccountState,
    actor: Actor,
    now: int,
    score: int,
    cause: Literal["penalty", "restored", "recovered", "set"],
    *,
    case: str = "",
    reason: str = "",
    basis: Basis = NO_BASIS,
) -> list[CreditChanged]:
    points = score - state.credit
    return [
        CreditChanged(
            at=now,
            by=actor.user,
            cause=cause,
            points=points,
            score=score,
            case=case,
            reason=reason,
            **basis.fields(),
        )
    ]


def _charge(state: AccountState, command: ChargeCredit, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Take points, once for each offence; a score that has nothing left is not changed."""
    points = penalty(policy.credit, state.credit, command.severity)
    if not points or state.charges.keys() & {command.case, *command.same}:
        return []
    score, basis = state.credit - points, Basis(command.grounds)
    return _change(state, actor, now, score, "penalty", case=command.case, reason=command.reason, basis=basis)


def _give_back(state: AccountState, command: RestoreCredit, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    points = state.charges.get(command.case, 0)
    if not points:
        return []
    score = restored(policy.credit, state.credit, points)
    return _change(state, actor, now, score, "restored", case=command.case, reason=command.reason)


def _recover(state: AccountState, command: RecoverCredit, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    points = recovery(policy.credit, state.credit, state.credit_ts, now)
    return _change(state, actor, now, state.credit + points, "recovered") if points else []


def _set_credit(state: AccountState, command: SetCredit, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    if state.user == actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("Nobody can set their own credit."), {"user": state.user, **OF_STAFF})
    if not 0 <= command.score <= MOST:
        return Refusal(ErrorCode.BAD_REQUEST, N_("A credit is 0 to {most}."), {"most": MOST, "field": "score"})
    if command.score == state.credit:
        return []
    changed = _change(state, actor, now, command.score, "set", reason=command.reason, basis=command.basis)
    return check_rule(command.basis.grounds.rule, policy.cases) or changed


def _ask_identity(state: AccountState, command: AskIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Ask for a level, one at a time: a higher one, or once more for the one there is, to renew or to change it. What
    was verified before holds until that is decided."""
    held = level_at(state.identity, state.verified_ts, now, policy)
    if command.identity is Identity.NONE or not meets(command.identity, held):
        text = N_("Your identity is verified already: {identity}.")
        return Refusal(ErrorCode.CONFLICT, text, {"identity": state.identity, "help": "/verify"})
    if waits_for_review(state):
        text = N_("What you asked for ({identity}) is waiting for review: take it back first, with {help}.")
        return Refusal(ErrorCode.CONFLICT, text, {"identity": state.asked, "help": "/verify withdraw"})
    until = command.code_until_ms
    return [IdentityAsked(at=now, by=actor.user, identity=command.identity, code_until_ms=until)]


def waits_for_review(state: AccountState) -> bool:
    """Say whether staff is asked for a level; while a code is out, nobody is."""
    return state.asked is not Identity.NONE and not state.code_until_ms


def _confirm(state: AccountState, command: ConfirmIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Verify who says the code that was sent, in time and within a few tries."""
    if not state.code_until_ms or state.code_until_ms <= now:
        text = N_("There is no code for you to enter, or it has expired: ask for one with {help}.")
        return Refusal(ErrorCode.CONFLICT, text, {"rule": "identity.code", "help": "/verify mobile <number>"})
    if state.code_tries >= policy.code_tries:
        text = N_(
            "That code was entered wrongly {tries} times and is no longer valid: ask for another one with {help}."
        )
        detail = {"tries": state.code_tries, "rule": "identity.code", "help": "/verify mobile <number>"}
        return Refusal(ErrorCode.CONFLICT, text, detail)
    if not command.fits:
        return [IdentityCodeMissed(at=now, by=actor.user, tries=state.code_tries + 1)]
    level, why, was = state.asked, "one-time code", state.identity
    return [IdentityAttested(at=now, by=SERVICE.user, identity=level, reason=why, was=was)]


def _check_asked(state: AccountState) -> Refusal | None:
    """Refuse to answer what nobody has asked."""
    if waits_for_review(state):
        return None
    return Refusal(ErrorCode.CONFLICT, N_("@{user} has not asked for an identity review."), {"user": state.user})


def _withdraw(
    state: AccountState, command: WithdrawIdentity, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    is_asked = state.asked is not Identity.NONE
    return (None if is_asked else _check_asked(state)) or [
        IdentityWithdrawn(at=now, by=actor.user, identity=state.asked)
    ]


def _approve(state: AccountState, command: ApproveIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    attest = AttestIdentity(state.asked, command.reason)
    if waits_for_review(state) and command.others and not command.same_person:
        text = N_("The same number is verified for {users}: add --same-person if they all belong to one person.")
        users = ", ".join(f"@{user}" for user in command.others)
        detail: dict[str, object] = {"users": users, "rule": "one_person", "help": "--same-person"}
        return Refusal(ErrorCode.CONFLICT, text, detail)
    return _check_asked(state) or _attest(state, attest, actor, now, policy)


def _reject(state: AccountState, command: RejectIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    return _check_asked(state) or [IdentityRejected(at=now, by=actor.user, identity=state.asked, reason=command.reason)]


def _tell_renewal(state: AccountState, command: TellRenewal, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    stage = stage_due(state, now, policy)
    if stage is None:
        return []
    until = end_ms(state.verified_ts, policy, grace=stage >= Stage.ENDED)
    return [RenewalTold(at=now, by=actor.user, stage=stage, until_ms=until)]


def _read(state: AccountState, command: ReadIdentity, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    if not command.case:
        text = N_("Name the case that this is for: every look at a number is recorded.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "case"})
    return [IdentityRead(at=now, by=actor.user, case=command.case)]


def _close(state: AccountState, command: CloseAccount, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Close one's own account, if its name was typed as confirmation."""
    if actor.user != state.user:
        return Refusal(
            ErrorCode.FORBIDDEN, N_("Nobody can close somebody else's account."), {"user": state.user, **OF_STAFF}
        )
    if command.confirm != state.user:
        text = N_(
            "This closes your account for good: your profile and your identity are erased, nobody can have your name, "
            "and what you wrote stays without it. To confirm, type: {help}"
        )
        return Refusal(ErrorCode.CONFIRM_REQUIRED, text, {"help": f"/account close {state.user}"})
    return check_no_staff(state) or closed(command.tag, "", actor, now)


_DECIDERS: dict[type[AccountCommand], Callable[[AccountState, Any, Actor, int, Policy], AccountDecision]] = {
    AcceptAgreement: _accept,
    AttestIdentity: _attest,
    RemoveNames: _remove_names,
    OverturnNames: _restore_names,
    ChargeCredit: _charge,
    RestoreCredit: _give_back,
    OverturnWithdrawal: _verify_again,
    RecoverCredit: _recover,
    SetCredit: _set_credit,
    AskIdentity: _ask_identity,
    WithdrawIdentity: _withdraw,
    ApproveIdentity: _approve,
    RejectIdentity: _reject,
    ConfirmIdentity: _confirm,
    ReadIdentity: _read,
    TellRenewal: _tell_renewal,
    CloseAccount: _close,
    **MEASURES,
    **ACCESS,
    **ROLES,
}


def registered(event: AccountRegistered) -> AccountState:
    """Return the account that `event` makes."""
    state = AccountState(event.user, event.at, event.agreement, credit=event.credit, credit_ts=event.at, version=1)
    state.home = event.home
    return state


def apply_account(state: AccountState, event: AccountEvent) -> None:
    """Change `state` as `event` says."""
    state.version += 1
    match event:
        case AgreementAccepted(agreement=agreement):
            state.agreement = agreement
        case AccountSuspended(until_ms=until, reason=reason):
            state.suspended_until_ms, state.suspended_reason = until, reason
        case AccountRestored(back_until_ms=until, back_reason=reason):
            state.suspended_until_ms, state.suspended_reason = until, reason
        case AccountRestricted(measure=measure, until_ms=until, reason=reason):
            number = account_case(state.user, state.version)
            taken = Restriction(measure, number, until, reason, event.scopes, event.entry)
            state.restrictions = (*state.restrictions, taken)
        case AccountRestrictionEnded(measure=measure, case=case):
            held = state.restrictions
            state.restrictions = without_act(held, case) if case else without(held, measure)
        case RoleGranted(role=role, cases=cases, until_ms=until):
            state.platform, state.role_cases, state.role_until_ms, state.duty_ts = role, cases, until, 0
        case RoleEnded():
            state.platform, state.role_cases, state.role_until_ms, state.duty_ts = None, (), 0, 0
        case DutyBegun(at=at):
            state.duty_ts = at
        case DutyEnded():
            state.duty_ts = 0
        case IdentityAttested(identity=identity, at=at):
            state.identity, state.renewal_told = identity, 0
            state.verified_ts = 0 if identity is Identity.NONE else event.since_ms or at
            if meets(identity, state.asked):
                _forget_asked(state)
        case IdentityAsked(identity=identity, at=at, code_until_ms=until):
            state.asked, state.asked_ts = identity, at
            state.code_until_ms, state.code_tries = until, 0
        case IdentityCodeMissed(tries=tries):
            state.code_tries = tries
        case IdentityWithdrawn() | IdentityRejected():
            _forget_asked(state)
        case RenewalTold(stage=stage):
            state.renewal_told = stage
        case NamesRemoved(at=at):
            state.names_removed_ms = at
        case NamesRestored(back_ms=back):
            state.names_removed_ms = back
        case BlacklistEntryRemoved():
            pass
        case IdentityRead() | PlatformWordSet() | PlatformWordDropped() | FilingApproved() | FilingExported():
            pass
        case FilingReceipted() | PasswordChanged() | ResetCodeGiven() | SessionsEnded() | TextsRead() | HitPassed():
            pass
        case TrainingNoted():
            pass
        case SecondFactorSet(at=at, step=step):
            state.second_factor_ms, state.code_step = at, step
        case SecondFactorUsed(step=step):
            state.code_step = max(state.code_step, step)
        case SecondFactorEnded():
            # Set anew, it has another secret: codes of that are none of these.
            state.second_factor_ms = state.code_step = 0
        case (
            EmergencyStarted() | EmergencyEnded() | Announced() | FeatureAssessed() | FeatureStopped() | MediaDecided()
        ):
            pass
        case AccountClosing(until_ms=until, reason=reason):
            state.closing_case, state.closing_until_ms = state.version, until
            state.held_until_ms, state.held_reason = state.suspended_until_ms, state.suspended_reason
            state.suspended_until_ms, state.suspended_reason = FOREVER_MS, reason
        case ClosingOverturned():
            state.suspended_until_ms, state.suspended_reason = state.held_until_ms, state.held_reason
            _forget_closing(state)
        case AccountClosed(author_tag=tag, at=at):
            _forget_closing(state)
            state.closed_ts, state.author_tag, state.identity = at, tag, Identity.NONE
            state.verified_ts = state.renewal_told = 0
            _forget_asked(state)
            state.suspended_until_ms, state.suspended_reason = FOREVER_MS, ""
            state.restrictions = ()
            state.second_factor_ms = state.code_step = 0
        case CreditChanged():
            _apply_credit(state, event)
        case _:
            raise AssertionError(f"not an event of an account that exists: {event!r}")


def _forget_asked(state: AccountState) -> None:
    state.asked, state.asked_ts = Identity.NONE, 0
    state.code_until_ms = state.code_tries = 0


def _forget_closing(state: AccountState) -> None:
    state.closing_case = state.closing_until_ms = state.held_until_ms = 0
    state.held_reason = ""


def _apply_credit(state: AccountState, event: CreditChanged) -> None:
    state.credit, state.credit_ts = event.score, event.at
    case = event.case or account_case(state.user, state.version)
    if event.cause == "restored":
        state.charges = {one: points for one, points in state.charges.items() if one != case}
    elif event.points < 0:
        state.charges = {**state.charges, case: -event.points}


def replay_account(events: Iterable[AccountEvent]) -> AccountState:
    """Return the state that a whole stream of events, the registration first, leads to."""
    stream = iter(events)
    first = next(stream)
    assert isinstance(first, AccountRegistered), "an account's stream begins with its registration"
    state = registered(first)
    for event in stream:
        apply_account(state, event)
    return state
