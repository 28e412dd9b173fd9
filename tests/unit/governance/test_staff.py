"""Roles of the operator's staff: those that are about some cases alone, and that end."""

import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance import account as a
from folkmoot_governance.account_commands import (
    BeginDuty,
    EndDuty,
    EndRestrictions,
    FreeAccount,
    OverturnRestriction,
    RestrictAccount,
)
from folkmoot_governance.account_events import RoleEnded, RoleGranted
from folkmoot_governance.case.commands import ReadCase
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.permissions import PLATFORM_RULES
from folkmoot_governance.restrictions import Measure, Power, of_person
from folkmoot_governance.staff import check_staff, role_at
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, POLICY, make_account
from tests.builders.rules import tell_refusal as tell

BOSS = Actor("sue", platform=PlatformRole.SUPERADMIN)
INSPECTOR = PlatformRole.INSPECTOR


def granted(command: a.GrantRole) -> a.AccountState | Refusal:
    state = make_account()
    decision = a.decide_account(state, command, BOSS, NOW, POLICY)
    if isinstance(decision, Refusal):
        tell(decision)
        return decision
    for event in decision:
        a.apply_account(state, event)
    return state


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (a.GrantRole(INSPECTOR, "letter"), "case"),
        (a.GrantRole(INSPECTOR, "letter", ("r-1",)), "duration"),
        (a.GrantRole(INSPECTOR, "letter", (), DAY_MS), "case"),
        (a.GrantRole(INSPECTOR, "letter", ("r-1",), FOREVER_MS), "duration"),
        (a.GrantRole(PlatformRole.VIEWER, "hired", ("r-1",)), "case"),
        (a.GrantRole(PlatformRole.SUPERADMIN, "hired", (), DAY_MS), "duration"),
        (a.GrantRole(None, "out", ("r-1",), DAY_MS), "case"),
    ],
)
def test_an_inspector_has_cases_and_an_end_and_nobody_else_has(command: a.GrantRole, field: str) -> None:
    refusal = granted(command)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["field"]) == (ErrorCode.BAD_REQUEST, field)


def test_the_rows_of_an_inspector_are_two() -> None:
    assert [act for act, roles in PLATFORM_RULES.items() if INSPECTOR in roles] == ["read_case", "open_case"]


def test_an_inspection_is_over_when_its_time_is_whatever_was_told_of_it() -> None:
    state = granted(a.GrantRole(INSPECTOR, "letter", ("r-1",), DAY_MS))
    assert isinstance(state, a.AccountState)
    end = NOW + DAY_MS
    assert state.next_end_ms == end
    assert [role_at(state, now) for now in (NOW, end - 1, end)] == [INSPECTOR, INSPECTOR, None]
    assert check_staff(state, "open_case", POLICY, end - 1) is None
    assert check_staff(state, "open_case", POLICY, end) is not None
    service = Actor("")
    assert a.decide_account(state, EndRestrictions(), service, end - 1, POLICY) == []
    decision = a.decide_account(state, EndRestrictions(), service, end, POLICY)
    assert decision == [RoleEnded(at=end, by="", role=INSPECTOR)]
    a.apply_account(state, RoleEnded(at=end, by="", role=INSPECTOR))
    assert (state.platform, state.role_cases, state.next_end_ms) == (None, (), 0)


def test_an_inspection_is_given_anew_with_other_cases() -> None:
    state = granted(a.GrantRole(INSPECTOR, "letter", ("r-1",), DAY_MS))
    assert isinstance(state, a.AccountState)
    again = a.decide_account(state, a.GrantRole(INSPECTOR, "letter", ("r-2",), DAY_MS), BOSS, NOW + 1, POLICY)
    assert not isinstance(again, Refusal)
    for event in again:
        a.apply_account(state, event)
    assert (state.role_cases, state.role_until_ms) == (("r-2",), NOW + 1 + DAY_MS)
    left = a.decide_account(state, a.GrantRole(PlatformRole.VIEWER, "hired"), BOSS, NOW + 2, POLICY)
    assert not isinstance(left, Refusal)
    for event in left:
        a.apply_account(state, event)
    assert (state.role_cases, state.role_until_ms) == ((), 0)


def test_a_case_opens_to_whom_it_was_named_and_to_staff() -> None:
    def opens(role: PlatformRole | None, *cases: str, number: str = "r-1") -> ErrorCode | None:
        state = CaseState(number, CaseKind.APPEAL if number[0] == "a" else CaseKind.REPORT, "ann", NOW, NOW, "spam")
        decision = decide_case(state, ReadCase(), Actor("eve", platform=role, cases=cases), NOW, POLICY)
        return decision.code if isinstance(decision, Refusal) else None

    for number in ("r-1", "a-1"):
        assert opens(INSPECTOR, "r-1", "a-1", number=number) is None
        assert opens(INSPECTOR, "r-2", number=number) is ErrorCode.NO_SUCH_ENTRY
        assert opens(INSPECTOR, number=number) is ErrorCode.NO_SUCH_ENTRY
        assert opens(PlatformRole.REVIEWER, number=number) is None
        assert opens(PlatformRole.VIEWER, number=number) is ErrorCode.FORBIDDEN
        # Whose role is over has none, whatever it was about.
        assert opens(None, "r-1", "a-1", number=number) is ErrorCode.FORBIDDEN


RESTS = RestrictAccount(Measure.STAFF, DAY_MS, "neighbour")
MOD = PlatformRole.MODERATOR


def appointed(role: PlatformRole = MOD) -> a.AccountState:
    return make_account(RoleGranted(at=NOW, by="root", role=role, reason="hired"))


def act(state: a.AccountState, command: a.AccountCommand, actor: Actor = BOSS, now: int = NOW) -> ErrorCode | None:
    decision = a.decide_account(state, command, actor, now, POLICY)
    if isinstance(decision, Refusal):
        tell(decision)
        return decision.code
    for event in decision:
        a.apply_account(state, event)
    return None


@pytest.mark.parametrize("act_of_staff", [*PLATFORM_RULES])
def test_a_role_that_rests_covers_nothing_until_it_counts_again(act_of_staff: str) -> None:
    role = next(role for role in (PlatformRole.SUPERADMIN, INSPECTOR) if role in PLATFORM_RULES[act_of_staff])
    state = appointed(role)
    assert act(state, RESTS) is None
    refusal = check_staff(state, act_of_staff, POLICY, NOW)
    assert refusal is not None
    assert (refusal.detail["case"], refusal.detail["until_ms"]) == ("@mia-3", NOW + DAY_MS)
    assert role_at(state, NOW) is None
    assert check_staff(state, act_of_staff, POLICY, NOW + DAY_MS) is None
    assert act(state, FreeAccount(Measure.STAFF, "looked into")) is None
    assert check_staff(state, act_of_staff, POLICY, NOW) is None


def test_the_role_rests_whichever_is_given_meanwhile_and_nothing_else_does() -> None:
    state = appointed()
    assert act(state, RESTS) is None
    assert act(state, a.GrantRole(PlatformRole.SUPERADMIN, "up")) is None
    assert role_at(state, NOW) is None
    assert [power for power in Power if check_power(state.restrictions, power, NOW)] == [Power.WORK]
    # The other accounts of the same person have roles of their own, or none.
    assert of_person(state.restrictions) == ()
    assert act(state, OverturnRestriction("@mia-3", "appeal"), Actor("")) is None
    assert role_at(state, NOW) is PlatformRole.SUPERADMIN


@pytest.mark.parametrize("role", [None, *PlatformRole])
def test_who_gives_roles_lets_them_rest(role: PlatformRole | None) -> None:
    asking = Actor("tom", platform=role)
    expected = None if role is PlatformRole.SUPERADMIN else ErrorCode.FORBIDDEN
    state = appointed()
    assert act(state, RESTS, asking) == expected
    assert act(state, FreeAccount(Measure.STAFF, "r"), asking) == expected


def test_nobody_lets_their_own_role_rest_nor_one_that_there_is_not() -> None:
    state = appointed(PlatformRole.SUPERADMIN)
    assert act(state, RESTS, Actor("mia", platform=PlatformRole.SUPERADMIN)) == ErrorCode.FORBIDDEN
    assert act(make_account(), RESTS) == ErrorCode.CONFLICT
    assert act(state, RESTS) is None
    assert act(state, RESTS) == ErrorCode.CONFLICT
    assert act(state, RestrictAccount(Measure.STAFF, 2 * DAY_MS, "more", replaces=True)) is None
    # For what hits the person and not the role, the role is still to be taken away first.
    for measure in (Measure.MUTE, Measure.MANAGE, Measure.BLACKLIST):
        assert act(state, RestrictAccount(measure, DAY_MS, "r")) == ErrorCode.OUTRANKED


def test_staff_says_for_itself_whether_it_is_on_duty() -> None:
    state, mia = appointed(), Actor("mia", platform=MOD)
    assert act(state, EndDuty(), mia) == ErrorCode.CONFLICT
    assert act(state, BeginDuty(), BOSS) == ErrorCode.FORBIDDEN
    assert act(state, BeginDuty(), mia, NOW + 1) is None
    assert state.duty_ts == NOW + 1
    assert act(state, BeginDuty(), mia) == ErrorCode.CONFLICT
    assert act(state, EndDuty(), BOSS) == ErrorCode.FORBIDDEN
    assert act(state, EndDuty(), mia) is None
    assert state.duty_ts == 0
    for role in (None, INSPECTOR):
        assert act(state, BeginDuty(), Actor("mia", platform=role)) == ErrorCode.FORBIDDEN
    assert act(state, BeginDuty(), mia) is None
    assert act(state, a.GrantRole(None, "left")) is None
    assert state.duty_ts == 0, "who has no role is on no duty"
