"""What a score loses and gains, and what it allows (G7.2)."""

import pytest

from folkmoot_governance import AccountState, Actor, PlatformRole, Policy, Refusal, apply_account, decide_account
from folkmoot_governance import account as a
from folkmoot_governance.actor import SERVICE
from folkmoot_governance.classification import Grade
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credit import CreditRules, Level, Quota, level_of, next_level
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group import commands as c
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, ask, check_told, code_of, make_account, make_group, tell_refusal

LEVELS = (Level("poor", 0, Quota(0, 1)), Level("limited", 30, Quota(1, 2)), Level("standard", 60))
RULES = CreditRules(100, 2, LEVELS, {Severity.LOW: 5, Severity.HIGH: 70})
POLICY = Policy(credit=RULES)
STAFF = Actor("sue", platform=PlatformRole.SAFETY_OFFICER)
ONE, TWO = "r-one", "r-two"


def do(state: AccountState, command: a.AccountCommand, actor: Actor = SERVICE, now: int = NOW) -> list[int]:
    """Carry a command out; return the points of its events."""
    decision = decide_account(state, command, actor, now, POLICY)
    assert not isinstance(decision, Refusal)
    for event in decision:
        check_told(event, command, actor.user, now)
        apply_account(state, event)
    return [event.points for event in decision if isinstance(event, a.CreditChanged)]


@pytest.mark.parametrize(
    ("score", "level", "above"),
    [(0, "poor", 30), (29, "poor", 30), (30, "limited", 60), (60, "standard", None), (1000, "standard", None)],
)
def test_levels_begin_at_their_least(score: int, level: str, above: int | None) -> None:
    found = next_level(RULES, score)
    assert (level_of(RULES, score).name, found and found.least) == (level, above)


def test_below_all_levels_the_lowest_holds() -> None:
    assert level_of(CreditRules(levels=LEVELS[1:]), 3).name == "limited"


def test_an_upheld_report_takes_points_once_and_never_below_nothing() -> None:
    state = make_account()
    assert do(state, a.ChargeCredit(ONE, Severity.HIGH, "fraud")) == [-70]
    assert do(state, a.ChargeCredit(ONE, Severity.HIGH, "fraud")) == []
    assert do(state, a.ChargeCredit("r-four", Severity.MEDIUM, "nothing is set for it")) == []
    assert do(state, a.ChargeCredit(TWO, Severity.HIGH, "fraud")) == [-30]
    assert do(state, a.ChargeCredit("r-three", Severity.HIGH, "fraud")) == []
    assert (state.credit, state.charges) == (0, {ONE: 70, TWO: 30})


def test_an_appeal_gives_back_what_was_taken_and_no_more() -> None:
    state = make_account()
    do(state, a.ChargeCredit(ONE, Severity.HIGH, "fraud"))
    do(state, a.ChargeCredit(TWO, Severity.LOW, "noise"))
    assert do(state, a.RestoreCredit(ONE, "it was not"), now=NOW + DAY_MS) == [70]
    assert do(state, a.RestoreCredit(ONE, "again")) == []
    assert do(state, a.RestoreCredit("r-none", "nothing")) == []
    assert (state.credit, state.charges) == (95, {TWO: 5})


def test_what_has_recovered_is_not_given_back_twice() -> None:
    state = make_account()
    do(state, a.ChargeCredit(ONE, Severity.LOW, "noise"))
    do(state, a.RecoverCredit(), now=NOW + 2 * DAY_MS)
    assert do(state, a.RestoreCredit(ONE, "it was not")) == [1]
    assert state.credit == 100


def test_days_give_back_up_to_the_start() -> None:
    state = make_account()
    do(state, a.ChargeCredit(ONE, Severity.LOW, "noise"))
    assert do(state, a.RecoverCredit(), now=NOW + DAY_MS - 1) == []
    assert do(state, a.RecoverCredit(), now=NOW + DAY_MS) == [2]
    assert do(state, a.RecoverCredit(), now=NOW + DAY_MS) == []
    assert do(state, a.RecoverCredit(), now=NOW + 9 * DAY_MS) == [3]
    assert do(state, a.RecoverCredit(), now=NOW + 90 * DAY_MS) == []


def test_days_count_from_when_an_account_began() -> None:
    assert do(make_account(credit=50), a.RecoverCredit(), now=NOW + DAY_MS) == [2]


def test_what_takes_nothing_is_no_charge() -> None:
    state = make_account()
    for points in (0, 1):
        apply_account(state, a.CreditChanged(at=NOW, by="sue", cause="set", points=points, score=100 + points))
    assert state.charges == {}


def test_staff_set_it_and_an_appeal_can_undo_that() -> None:
    state = make_account()
    assert do(state, a.SetCredit(20, "bots"), STAFF) == [-80]
    assert do(state, a.SetCredit(20, "bots"), STAFF) == []
    assert state.charges == {"@mia-2": 80}
    assert do(state, a.RestoreCredit("@mia-2", "no bots")) == [80]
    assert do(state, a.SetCredit(150, "good work"), STAFF) == [50]
    assert do(state, a.RecoverCredit(), now=NOW + DAY_MS) == []


@pytest.mark.parametrize(
    ("command", "actor", "code"),
    [
        (a.ChargeCredit(ONE, Severity.LOW, ""), STAFF, ErrorCode.FORBIDDEN),
        (a.RestoreCredit(ONE, ""), STAFF, ErrorCode.FORBIDDEN),
        (a.RecoverCredit(), Actor("mia"), ErrorCode.FORBIDDEN),
        (a.SetCredit(1, ""), Actor("mia"), ErrorCode.FORBIDDEN),
        (a.SetCredit(1, ""), Actor("sue", platform=PlatformRole.MODERATOR), ErrorCode.FORBIDDEN),
        (a.SetCredit(200, ""), Actor("mia", platform=PlatformRole.SUPERADMIN), ErrorCode.FORBIDDEN),
        (a.SetCredit(1001, ""), STAFF, ErrorCode.BAD_REQUEST),
    ],
)
def test_who_may_not(command: a.AccountCommand, actor: Actor, code: ErrorCode) -> None:
    decision = decide_account(make_account(), command, actor, NOW, POLICY)
    assert isinstance(decision, Refusal)
    assert (decision.code, bool(tell_refusal(decision))) == (code, True)


def test_quotas_follow_the_level() -> None:
    refused = ask(make_group(), c.JoinGroup(), "gus", policy=POLICY, groups_joined=2, credit=59)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.detail["rule"]) == (ErrorCode.JOIN_QUOTA, "policy.quota.limited.groups_joined")
    assert code_of(ask(make_group(), c.JoinGroup(), "gus", policy=POLICY, groups_joined=2, credit=60)) is None


def test_owning_a_group_takes_the_credit_of_its_grade() -> None:
    policy = Policy(grades=(Grade(creator_credit=60),))
    assert code_of(ask(None, c.CreateGroup("1", "Moot"), "gus", policy=policy, credit=59)) == ErrorCode.CREDIT_TOO_LOW  # type: ignore[arg-type]
    assert code_of(ask(None, c.CreateGroup("1", "Moot"), "gus", policy=policy, credit=60)) is None  # type: ignore[arg-type]
