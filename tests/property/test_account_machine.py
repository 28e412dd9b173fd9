"""No sequence of commands gives an account what nobody may give it."""

import copy
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from folkmoot_governance import (
    AccountState,
    Actor,
    PlatformRole,
    Policy,
    Refusal,
    apply_account,
    decide_account,
    registered,
    replay_account,
)
from folkmoot_governance import account as a
from folkmoot_governance.account_commands import EndRestrictions, FreeAccount, OverturnRestriction, RestrictAccount
from folkmoot_governance.account_events import AccountClosing, AnyAccountEvent, ClosingOverturned
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credit import CreditRules
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, MINUTE_MS
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.permissions import SCOPED
from folkmoot_governance.policy import meets
from folkmoot_governance.restrictions import Measure, Power, in_force
from folkmoot_governance.staff import role_at
from folkmoot_protocol.types import Identity
from tests.builders.rules import tell_refusal

USERS = ("ana", "ben", "root")
VERSIONS = ("1", "2")
REASON = "because"

# Written down here a second time on purpose: who may do what to an account.
MAY: dict[type[a.AccountCommand], set[PlatformRole | None]] = {
    a.SuspendAccount: {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    RestrictAccount: {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    FreeAccount: {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    EndRestrictions: {None},
    OverturnRestriction: {None},
    a.RestoreAccount: {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    a.AttestIdentity: {PlatformRole.REVIEWER, PlatformRole.SUPERADMIN},
    a.ApproveIdentity: {PlatformRole.REVIEWER, PlatformRole.SUPERADMIN},
    a.RejectIdentity: {PlatformRole.REVIEWER, PlatformRole.SUPERADMIN},
    a.CloseForOther: {PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    a.CloseAccount: {None, *PlatformRole},
    a.ReadIdentity: {PlatformRole.REVIEWER, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    a.GrantRole: {PlatformRole.SUPERADMIN},
    a.AcceptAgreement: {None, *PlatformRole},
    a.SetCredit: {PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN},
    a.ChargeCredit: {None},
    a.RestoreCredit: {None},
    a.RecoverCredit: {None},
    a.OverturnSuspension: {None},
    a.FinishClosing: {None},
    a.OverturnClosing: {None},
    a.AskIdentity: {None, *PlatformRole},
    a.ConfirmIdentity: {None, *PlatformRole},
    a.TellRenewal: {None},
    a.WithdrawIdentity: {None, *PlatformRole},
}
BY_SERVICE = (
    a.OverturnSuspension,
    a.ChargeCredit,
    a.RestoreCredit,
    a.RecoverCredit,
    a.FinishClosing,
    a.OverturnClosing,
    a.TellRenewal,
    EndRestrictions,
    OverturnRestriction,
)
CASES = ("r-1", "r-2", "@ben-2")
RULES = CreditRules(recover_per_day=3, penalties={Severity.LOW: 5, Severity.HIGH: 60})
RIGHTS = (Measure.MUTE, Measure.JOIN, Measure.CREATE, Measure.MANAGE)
WITHOUT = {
    Measure.MUTE: Power.POST,
    Measure.JOIN: Power.JOIN,
    Measure.CREATE: Power.CREATE,
    Measure.MANAGE: Power.MANAGE,
}
NOT_ONESELF = (a.GrantRole, a.AttestIdentity, a.ApproveIdentity, a.SuspendAccount, a.SetCredit)


def grant(role: PlatformRole | None) -> a.GrantRole:
    """Give a role; to an inspector as such a role is given."""
    return a.GrantRole(role, REASON, ("r-1",), MINUTE_MS) if role in SCOPED else a.GrantRole(role, REASON)


def make_command(random: Random) -> a.AccountCommand:
    made = {
        a.AcceptAgreement: lambda: a.AcceptAgreement(random.choice(VERSIONS)),
        a.SuspendAccount: lambda: a.SuspendAccount(
            random.choice([1, MINUTE_MS, FOREVER_MS]), REASON, random.random() < 0.5
        ),
        a.RestoreAccount: lambda: a.RestoreAccount(REASON),
        RestrictAccount: lambda: RestrictAccount(
            random.choice([*RIGHTS, Measure.WARN]),
            random.choice([1, MINUTE_MS, FOREVER_MS]),
            REASON,
            random.random() < 0.5,
        ),
        FreeAccount: lambda: FreeAccount(random.choice(RIGHTS), REASON),
        EndRestrictions: EndRestrictions,
        OverturnRestriction: lambda: OverturnRestriction(f"@{random.choice(USERS)}-{random.randint(2, 12)}", REASON),
        a.GrantRole: lambda: grant(random.choice([None, None, *PlatformRole])),
        a.SetCredit: lambda: a.SetCredit(random.choice([-1, 0, 40, 100, 1000, 1001]), REASON),
        a.ChargeCredit: lambda: a.ChargeCredit(random.choice(CASES), random.choice(list(Severity)), REASON),
        a.RestoreCredit: lambda: a.RestoreCredit(random.choice(CASES), REASON),
        a.RecoverCredit: a.RecoverCredit,
        a.OverturnSuspension: lambda: a.OverturnSuspension(random.choice([1, FOREVER_MS]), REASON),
        a.AttestIdentity: lambda: a.AttestIdentity(random.choice(list(Identity)), REASON),
        a.AskIdentity: lambda: a.AskIdentity(random.choice(list(Identity)), random.choice([0, 0, FOREVER_MS])),
        a.ConfirmIdentity: lambda: a.ConfirmIdentity(random.random() < 0.5),
        a.TellRenewal: a.TellRenewal,
        a.WithdrawIdentity: lambda: a.WithdrawIdentity(),
        a.ApproveIdentity: lambda: a.ApproveIdentity(REASON),
        a.RejectIdentity: lambda: a.RejectIdentity(REASON),
        a.CloseForOther: lambda: a.CloseForOther(REASON),
        a.FinishClosing: lambda: a.FinishClosing("~tag", random.random() < 0.5),
        a.OverturnClosing: lambda: a.OverturnClosing(random.randint(2, 9), REASON),
        a.CloseAccount: lambda: a.CloseAccount("~tag", random.choice(["", *USERS])),
        a.ReadIdentity: lambda: a.ReadIdentity(random.choice(["", "file 7"])),
    }
    assert made.keys() == MAY.keys()
    return random.choice(list(made.values()))()


class AccountMachine(RuleBasedStateMachine):
    """Three accounts, of which `root` begins as superadmin, act on each other and on themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000_000
        self.policy = Policy(agreement="1", credit=RULES)
        self.random = Random()
        self.accounts: dict[str, AccountState] = {}
        self.streams: dict[str, list[a.AccountEvent]] = {}
        self.shut_until: dict[str, int] = {}
        self.held: dict[str, int | None] = {}

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.random = Random(seed)
        for user in USERS:
            refused = decide_account(None, a.RegisterAccount(user, "old"), Actor(user), self.now, self.policy)
            assert isinstance(refused, Refusal)
            made = decide_account(None, a.RegisterAccount(user, "1"), Actor(user), self.now, self.policy)
            assert not isinstance(made, Refusal)
            (event,) = made
            assert isinstance(event, a.AccountRegistered)
            self.accounts[user], self.streams[user] = registered(event), [event]
        self.ask("system", PlatformRole.SUPERADMIN, "root", a.GrantRole(PlatformRole.SUPERADMIN, REASON))

    @rule()
    def anyone_asks_anything(self) -> None:
        actor = self.random.choice([*USERS, "root"])
        self.ask(actor, role_at(self.accounts[actor], self.now), self.random.choice(USERS), make_command(self.random))

    @rule()
    def ask_for_oneself(self) -> None:
        user = self.random.choice(USERS)
        self.ask(user, role_at(self.accounts[user], self.now), user, make_command(self.random))

    @rule()
    def the_service_acts(self) -> None:
        command = make_command(self.random)
        if isinstance(command, BY_SERVICE):
            self.ask("", None, self.random.choice(USERS), command)

    @rule()
    def a_closing_is_overturned(self) -> None:
        """Close an account, and let the appeal succeed: it is as if that had not been."""
        user = self.random.choice(USERS)
        before, known = copy.deepcopy(self.accounts[user]), self.shut_until.get(user)
        self.ask("system", PlatformRole.SUPERADMIN, user, a.CloseForOther(REASON))
        if self.accounts[user].version > before.version:
            self.ask("", None, user, a.OverturnClosing(self.accounts[user].closing_case, REASON))
            before.version = self.accounts[user].version
            assert self.accounts[user] == before
            assert self.shut_until.get(user) == known

    @rule(measure=st.sampled_from(RIGHTS))
    def a_restriction_is_overturned(self, measure: Measure) -> None:
        """Take a right, whatever is taken already, and let the appeal succeed: it is as if that had not been."""
        user = self.random.choice(USERS)
        before = copy.deepcopy(self.accounts[user])
        taking = RestrictAccount(measure, self.random.choice([1, DAY_MS]), REASON, replaces=True)
        self.ask("system", PlatformRole.SUPERADMIN, user, taking)
        if self.accounts[user].version > before.version:
            assert check_power(self.accounts[user].restrictions, WITHOUT[measure], self.now)
            self.ask("", None, user, OverturnRestriction(self.accounts[user].restrictions[-1].case, REASON))
            before.version = self.accounts[user].version
            assert self.accounts[user] == before

    @rule(ms=st.sampled_from([0, 1, MINUTE_MS, 50 * DAY_MS]))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule(version=st.sampled_from(VERSIONS))
    def publish_agreement(self, version: str) -> None:
        self.policy = Policy(agreement=version, credit=RULES)

    def ask(self, actor: str, role: PlatformRole | None, user: str, command: a.AccountCommand) -> None:
        state = self.accounts[user]
        before = copy.deepcopy(state)
        decision = decide_account(state, command, Actor(actor, platform=role), self.now, self.policy)
        assert state == before, "deciding changed the state"
        if isinstance(decision, Refusal):
            tell_refusal(decision)
            return
        assert not isinstance(command, BY_SERVICE) or not actor
        assert role in MAY[type(command)]
        assert actor != user or not isinstance(command, NOT_ONESELF)
        assert actor == user or not isinstance(command, a.CloseAccount)
        assert state.platform is None or not isinstance(command, (a.SuspendAccount, a.CloseAccount, a.CloseForOther))
        assert not state.closed_ts or not decision
        for event in decision:
            stored: Any = msgspec.json.decode(msgspec.json.encode(event), type=AnyAccountEvent)
            assert stored == event
            self.streams[user].append(stored)
            apply_account(state, event)
            self.note(user, event)

    def note(self, user: str, event: a.AccountEvent) -> None:
        if isinstance(event, a.AccountSuspended):
            self.shut_until[user] = event.until_ms
        if isinstance(event, a.AccountRestored):
            assert self.shut_until.pop(user) > self.now
            assert not event.back_until_ms, "this machine knows of none"
        if isinstance(event, AccountClosing):
            self.held[user] = self.shut_until.get(user)
            self.shut_until[user] = FOREVER_MS
        if isinstance(event, ClosingOverturned):
            held = self.held.pop(user)
            if held is None:
                del self.shut_until[user]
            else:
                self.shut_until[user] = held
        if isinstance(event, a.AccountClosed):
            self.shut_until[user] = FOREVER_MS

    @invariant()
    def suspensions_hold_as_long_as_they_were_given(self) -> None:
        for user, state in self.accounts.items():
            assert state.is_suspended(self.now) == (self.shut_until.get(user, 0) > self.now)

    @invariant()
    def what_was_taken_is_taken_for_its_time(self) -> None:
        for state in self.accounts.values():
            for measure in RIGHTS:
                one = in_force(state.restrictions, measure, self.now)
                assert one is None or check_power(state.restrictions, WITHOUT[measure], self.now)

    @invariant()
    def credit_is_within_bounds_and_charges_were_taken(self) -> None:
        for user, state in self.accounts.items():
            assert 0 <= state.credit <= 1000
            taken = [event for event in self.streams[user] if isinstance(event, a.CreditChanged) and event.points < 0]
            assert all(points > 0 for points in state.charges.values())
            assert sum(state.charges.values()) <= -sum(event.points for event in taken)

    @invariant()
    def what_is_asked_for_is_not_below_what_there_is(self) -> None:
        for state in self.accounts.values():
            assert (state.asked is Identity.NONE) == (state.asked_ts == 0)
            assert state.asked is Identity.NONE or meets(state.asked, state.identity)

    @invariant()
    def agreements_were_in_force_once(self) -> None:
        assert all(state.agreement in VERSIONS for state in self.accounts.values())

    @invariant()
    def replay_gives_the_state(self) -> None:
        for user, state in self.accounts.items():
            assert replay_account(self.streams[user]) == state
            assert state.version == len(self.streams[user])


TestAccountMachine = AccountMachine.TestCase
