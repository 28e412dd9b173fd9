"""One-time codes: in time, within a few tries, and nothing that a review would be asked for meanwhile."""

import pytest

from folkmoot_governance import AccountState, Actor, Policy, Refusal, apply_account, decide_account
from folkmoot_governance import account_commands as a
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.duration import MINUTE_MS
from folkmoot_protocol.types import Identity
from tests.builders.rules import NOW, make_account, tell_refusal

POLICY = Policy(code_tries=3)
UNTIL = NOW + 10 * MINUTE_MS
MIA = Actor("mia")


def do(state: AccountState, command: a.AccountCommand, actor: Actor = MIA, now: int = NOW) -> str:
    """Decide and apply; return the code of a refusal, or the names of the events."""
    decision = decide_account(state, command, actor, now, POLICY)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return str(decision.code)
    for event in decision:
        apply_account(state, event)
    return " ".join(type(event).__name__ for event in decision)


def sent() -> AccountState:
    state = make_account()
    assert do(state, a.AskIdentity(Identity.MOBILE, UNTIL)) == "IdentityAsked"
    return state


def test_who_says_the_code_is_verified() -> None:
    state = sent()
    assert do(state, a.ConfirmIdentity(fits=False)) == "IdentityCodeMissed"
    assert do(state, a.ConfirmIdentity(fits=True), now=UNTIL - 1) == "IdentityAttested"
    assert (state.identity, state.asked, state.code_until_ms, state.code_tries) == (Identity.MOBILE, "none", 0, 0)
    assert do(state, a.ConfirmIdentity(fits=True)) == "conflict"


@pytest.mark.parametrize("late", [UNTIL, UNTIL + 1])
def test_a_code_counts_for_its_time(late: int) -> None:
    assert do(sent(), a.ConfirmIdentity(fits=True), now=late) == "conflict"


def test_a_code_that_was_missed_too_often_is_void_and_a_new_one_is_not() -> None:
    state = sent()
    for _ in range(3):
        assert do(state, a.ConfirmIdentity(fits=False)) == "IdentityCodeMissed"
    assert do(state, a.ConfirmIdentity(fits=True)) == "conflict"
    assert do(state, a.AskIdentity(Identity.MOBILE, UNTIL)) == "IdentityAsked"
    assert do(state, a.ConfirmIdentity(fits=True)) == "IdentityAttested"


def test_without_a_code_none_counts() -> None:
    state = make_account()
    assert do(state, a.ConfirmIdentity(fits=True)) == "conflict"
    assert do(state, a.AskIdentity(Identity.PERSON)) == "IdentityAsked"
    assert do(state, a.ConfirmIdentity(fits=True)) == "conflict"


def test_staff_does_not_decide_on_what_a_code_decides_and_it_can_be_taken_back() -> None:
    state, staff = sent(), Actor("sue", platform=PlatformRole.SUPERADMIN)
    assert do(state, a.ApproveIdentity("seen"), staff) == "conflict"
    assert do(state, a.RejectIdentity("blurred"), staff) == "conflict"
    assert do(state, a.WithdrawIdentity()) == "IdentityWithdrawn"
    assert do(state, a.ConfirmIdentity(fits=True)) == "conflict"
