import msgspec
import pytest

from folkmoot_governance import (
    SERVICE,
    AccountState,
    Actor,
    PlatformRole,
    Policy,
    Refusal,
    apply_account,
    decide_account,
    replay_account,
)
from folkmoot_governance import account as a
from folkmoot_governance import account_commands as commands
from folkmoot_governance.actor import PlatformRole as P
from folkmoot_governance.credit import MOST, CreditRules
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.permissions import PLATFORM_RULES
from folkmoot_governance.staff import check_staff
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity
from tests.builders.rules import (
    NOW,
    POLICY,
    SOON,
    account_registered,
    check_told,
    code_of,
    make_account,
    tell_refusal,
    with_reason,
)

FOUNDING = account_registered()


def ask(
    state: AccountState | None,
    command: a.AccountCommand,
    by: str,
    role: PlatformRole | None = None,
    now: int = NOW,
) -> ErrorCode | None:
    """Decide and apply; return the code of a refusal."""
    command = with_reason(command)
    decision = decide_account(state, command, Actor(by, platform=role), now, POLICY)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return code_of(decision)
    for event in decision:
        check_told(event, command, by, now)
        if state is not None:
            apply_account(state, event)
    return None


def test_registering_takes_the_agreement_in_force() -> None:
    assert decide_account(None, a.RegisterAccount("mia", "2026-1"), Actor("mia"), NOW, POLICY) == [FOUNDING]
    assert ask(None, a.RegisterAccount("mia", "2025-9"), "mia") == ErrorCode.AGREEMENT_REQUIRED


def test_accepting_a_later_agreement() -> None:
    state = make_account()
    state.agreement = "2025-9"
    assert ask(state, a.AcceptAgreement("2025-9"), "mia") == ErrorCode.AGREEMENT_REQUIRED
    assert ask(state, a.AcceptAgreement("2026-1"), "mia") is None
    assert state.agreement == "2026-1"
    assert decide_account(state, a.AcceptAgreement("2026-1"), Actor("mia"), NOW, POLICY) == []


def test_a_suspension_ends_by_itself_or_by_staff() -> None:
    state = make_account()
    assert ask(state, a.RestoreAccount("why"), "sue", P.MODERATOR) == ErrorCode.CONFLICT
    assert ask(state, a.SuspendAccount(60_000, "spam"), "sue", P.MODERATOR) is None
    assert state.is_suspended(SOON - 1)
    assert not state.is_suspended(SOON)
    assert state.suspended_reason == "spam"
    assert ask(state, a.RestoreAccount("late"), "sue", P.MODERATOR, SOON) == ErrorCode.CONFLICT
    assert ask(state, a.RestoreAccount("early"), "sue", P.MODERATOR) is None
    assert (state.suspended_until_ms, state.suspended_reason) == (0, "")


def test_a_suspension_in_force_is_replaced_only_where_that_is_said() -> None:
    state = make_account()
    assert ask(state, a.SuspendAccount(FOREVER_MS, "fraud"), "sue", P.MODERATOR) is None
    assert ask(state, a.SuspendAccount(60_000, "spam"), "sue", P.MODERATOR) == ErrorCode.CONFLICT
    assert state.suspended_until_ms == FOREVER_MS
    assert ask(state, a.SuspendAccount(60_000, "spam", replaces=True), "sue", P.MODERATOR) is None
    assert state.suspended_until_ms == SOON
    assert ask(state, a.SuspendAccount(60_000, "again"), "sue", P.MODERATOR, SOON) is None


def test_staff_are_not_suspended_while_they_are_staff() -> None:
    state = make_account(a.RoleGranted(at=NOW, by="sue", role=P.VIEWER, reason=""))
    assert ask(state, a.SuspendAccount(1, "why"), "sue", P.SUPERADMIN) == ErrorCode.OUTRANKED
    assert ask(state, a.GrantRole(None, "out"), "sue", P.SUPERADMIN) is None
    assert ask(state, a.SuspendAccount(1, "why"), "sue", P.SUPERADMIN) is None


def test_one_number_is_verified_for_several_accounts_only_where_that_is_said() -> None:
    state = make_account(a.IdentityAsked(at=NOW, by="mia", identity=Identity.MOBILE))
    assert ask(state, a.ApproveIdentity("seen", ("ann", "bob")), "sue", P.REVIEWER) == ErrorCode.CONFLICT
    assert state.identity is Identity.NONE
    assert ask(state, a.ApproveIdentity("seen", ("ann", "bob"), same_person=True), "sue", P.REVIEWER) is None
    assert state.identity is Identity.MOBILE


def test_a_role_is_given_in_place_of_another_and_not_twice() -> None:
    state = make_account(a.RoleGranted(at=NOW, by="sue", role=P.VIEWER, reason=""))
    assert ask(state, a.GrantRole(P.VIEWER, "again"), "sue", P.SUPERADMIN) == ErrorCode.CONFLICT
    assert ask(state, a.GrantRole(P.REVIEWER, "up"), "sue", P.SUPERADMIN) is None
    assert state.platform is P.REVIEWER
    assert ask(state, a.GrantRole(None, "out"), "sue", P.SAFETY_OFFICER) == ErrorCode.FORBIDDEN
    assert ask(state, a.GrantRole(None, "out"), "sue", P.SUPERADMIN) is None
    assert ask(state, a.GrantRole(None, "out"), "sue", P.SUPERADMIN) == ErrorCode.CONFLICT


def test_nobody_raises_oneself() -> None:
    assert ask(make_account(), a.GrantRole(P.SUPERADMIN, "me"), "mia", P.SUPERADMIN) == ErrorCode.FORBIDDEN
    assert ask(make_account(), a.AttestIdentity(Identity.PERSON, "me"), "mia", P.REVIEWER) == ErrorCode.FORBIDDEN


def test_attesting_an_identity() -> None:
    state = make_account()
    assert ask(state, a.AttestIdentity(Identity.PERSON, "seen"), "rea", P.REVIEWER) is None
    assert state.identity is Identity.PERSON


@pytest.mark.parametrize(
    ("command", "may"),
    [
        (a.SuspendAccount(1, ""), {P.MODERATOR, P.SAFETY_OFFICER, P.SUPERADMIN}),
        (a.RestoreAccount(""), {P.MODERATOR, P.SAFETY_OFFICER, P.SUPERADMIN}),
        (a.GrantRole(P.VIEWER, ""), {P.SUPERADMIN}),
        (a.SetCredit(1, ""), {P.SAFETY_OFFICER, P.SUPERADMIN}),
        (a.AttestIdentity(Identity.MOBILE, ""), {P.REVIEWER, P.SUPERADMIN}),
        (a.ApproveIdentity(""), {P.REVIEWER, P.SUPERADMIN}),
        (a.RejectIdentity(""), {P.REVIEWER, P.SUPERADMIN}),
        (a.CloseForOther(""), {P.SAFETY_OFFICER, P.SUPERADMIN}),
        (a.ReadIdentity("file 7"), {P.REVIEWER, P.SAFETY_OFFICER, P.SUPERADMIN}),
    ],
    ids=lambda one: type(one).__name__,
)
def test_acts_of_staff_need_the_duty(command: a.AccountCommand, may: set[PlatformRole]) -> None:
    before: list[a.AccountEvent] = [a.IdentityAsked(at=NOW, by="mia", identity=Identity.PERSON)]
    if isinstance(command, a.RestoreAccount):
        before.append(a.AccountSuspended(at=NOW, by="sue", until_ms=SOON, reason=""))
    allowed = {role for role in [None, *PlatformRole] if ask(make_account(*before), command, "sue", role) is None}
    assert allowed == may


def test_who_may_not_is_told_which_act_takes_a_role_and_where_roles_are_told_of() -> None:
    no_role = decide_account(make_account(), a.SetCredit(1, ""), Actor("sue"), NOW, POLICY)
    assert isinstance(no_role, Refusal)
    assert no_role.detail == {"act": "set_credit", "rule": "platform_roles", "help": "docs/governance.md"}
    service = decide_account(make_account(), a.RecoverCredit(), Actor("sue", platform=P.SUPERADMIN), NOW, POLICY)
    assert isinstance(service, Refusal)
    assert (service.code, service.detail) == (ErrorCode.FORBIDDEN, {"rule": "service"})


def test_an_identity_is_asked_for_one_level_at_a_time() -> None:
    state = make_account()
    assert ask(state, a.WithdrawIdentity(), "mia") == ErrorCode.CONFLICT
    assert ask(state, a.AskIdentity(Identity.PERSON), "mia") is None
    assert (state.asked, state.asked_ts) == (Identity.PERSON, NOW)
    assert ask(state, a.AskIdentity(Identity.ORGANISATION), "mia") == ErrorCode.CONFLICT
    assert ask(state, a.WithdrawIdentity(), "mia") is None
    assert (state.asked, state.asked_ts) == (Identity.NONE, 0)


def test_a_review_gives_the_level_or_not_and_is_nobodys_own() -> None:
    for command, level in ((a.ApproveIdentity("seen"), Identity.PERSON), (a.RejectIdentity("blurred"), Identity.NONE)):
        state = make_account(a.IdentityAsked(at=NOW, by="mia", identity=Identity.PERSON))
        assert ask(state, command, "sue", P.REVIEWER) is None
        assert (state.identity, state.asked, state.asked_ts) == (level, Identity.NONE, 0)
        assert ask(state, command, "sue", P.REVIEWER) == ErrorCode.CONFLICT
    own = make_account(a.IdentityAsked(at=NOW, by="mia", identity=Identity.PERSON))
    assert ask(own, a.ApproveIdentity("me"), "mia", P.REVIEWER) == ErrorCode.FORBIDDEN


def test_what_is_verified_is_not_asked_for_again() -> None:
    state = make_account(a.IdentityAttested(at=NOW, by="sue", identity=Identity.PERSON, reason=""))
    assert ask(state, a.AskIdentity(Identity.MOBILE), "mia") == ErrorCode.CONFLICT
    assert ask(state, a.AskIdentity(Identity.ORGANISATION), "mia") is None
    apply_account(state, a.IdentityAttested(at=NOW, by="sue", identity=Identity.PERSON, reason="again"))
    assert state.asked is Identity.ORGANISATION, "a lower level than the one asked for answers nothing"


def test_a_look_at_numbers_names_its_case() -> None:
    assert ask(make_account(), a.ReadIdentity(""), "sue", P.REVIEWER) == ErrorCode.BAD_REQUEST
    looked = decide_account(make_account(), a.ReadIdentity("file 7"), Actor("sue", platform=P.REVIEWER), NOW, POLICY)
    assert looked == [a.IdentityRead(at=NOW, by="sue", case="file 7")]


def test_an_account_begins_with_the_credit_that_the_operator_gives() -> None:
    policy = Policy(agreement="1", credit=CreditRules(start=70))
    (event,) = decide_account(None, a.RegisterAccount("mia", "1"), Actor("mia"), NOW, policy)
    assert replay_account([event]).credit == 70


def test_a_credit_that_staff_sets_has_bounds() -> None:
    state = make_account()
    for score in (-1, MOST + 1):
        assert ask(state, a.SetCredit(score, ""), "sue", P.SUPERADMIN) == ErrorCode.BAD_REQUEST
    for score in (0, MOST):
        assert ask(state, a.SetCredit(score, ""), "sue", P.SUPERADMIN) is None
        assert state.credit == score


def test_on_appeal_the_suspension_is_lifted_that_the_appeal_was_against() -> None:
    suspended = a.AccountSuspended(at=NOW, by="sue", until_ms=SOON, reason="spam")
    for until, ends in ((SOON, True), (SOON + 1, False)):
        state = make_account(suspended)
        assert ask(state, a.OverturnSuspension(until_ms=until, reason="r-1"), "") is None
        assert state.is_suspended(NOW) is not ends
    assert (
        decide_account(make_account(suspended), a.OverturnSuspension(until_ms=SOON, reason=""), SERVICE, SOON, POLICY)
        == []
    )


def test_closing_an_account_takes_its_name_as_confirmation_and_leaves_a_tag() -> None:
    state = make_account(a.IdentityAttested(at=NOW, by="sue", identity=Identity.PERSON, reason=""))
    for confirm in ("", "max"):
        assert ask(state, a.CloseAccount("~1", confirm), "mia") == ErrorCode.CONFIRM_REQUIRED
    assert ask(state, a.CloseAccount("~1", "mia"), "max") == ErrorCode.FORBIDDEN
    assert ask(state, a.CloseAccount("~1", "mia"), "mia") is None
    assert (state.closed_ts, state.author_tag, state.identity) == (NOW, "~1", Identity.NONE)
    assert state.is_suspended(10 * SOON), "it is shut out for good"


def test_a_closed_account_waits_for_no_review() -> None:
    asked = a.IdentityAsked(at=NOW, by="mia", identity=Identity.PERSON)
    state = make_account(asked, a.AccountClosed(at=NOW, by="mia", author_tag="~1"))
    assert (state.asked, state.asked_ts) == (Identity.NONE, 0)


def test_a_closed_account_takes_nothing_more() -> None:
    state = make_account(a.AccountClosed(at=NOW, by="mia", author_tag="~1"))
    commands = [
        a.CloseAccount("~2", "mia"),
        a.RestoreAccount("sorry"),
        a.AskIdentity(Identity.PERSON),
        a.ReadIdentity("file 7"),
        a.GrantRole(P.SUPERADMIN, ""),
    ]
    for command in commands:
        assert ask(state, command, "sue", P.SUPERADMIN) == ErrorCode.NO_SUCH_USER
    assert decide_account(state, a.RecoverCredit(), SERVICE, NOW, POLICY) == []


def test_staff_give_up_their_role_before_they_go() -> None:
    state = make_account(a.RoleGranted(at=NOW, by="sue", role=P.REVIEWER, reason=""))
    assert ask(state, a.CloseAccount("~1", "mia"), "mia") == ErrorCode.OUTRANKED
    assert ask(state, a.CloseForOther("dead"), "sue", P.SUPERADMIN) == ErrorCode.OUTRANKED


def test_misuse_is_a_bug_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="exists"):
        decide_account(None, a.AcceptAgreement("1"), Actor("mia"), NOW, POLICY)
    with pytest.raises(AssertionError, match="registration"):
        replay_account([a.AccountRestored(at=NOW, by="sue", reason="")])
    with pytest.raises(AssertionError, match="not an event"):
        apply_account(make_account(), FOUNDING)


def carry_out(
    state: AccountState, command: a.AccountCommand, by: str = "", role: PlatformRole | None = None, now: int = NOW
) -> list[a.AccountEvent]:
    """Decide and apply; return the events."""
    decision = decide_account(state, command, Actor(by, platform=role), now, POLICY)
    assert not isinstance(decision, Refusal)
    for event in decision:
        apply_account(state, event)
    return list(decision)


def test_names_that_were_chosen_go_and_come_back() -> None:
    state = make_account()
    assert ask(state, commands.RemoveNames("vile"), "rea", P.REVIEWER) == ErrorCode.FORBIDDEN
    assert ask(state, commands.RemoveNames("vile", "no such rule"), "mod", P.MODERATOR) == ErrorCode.BAD_REQUEST
    assert ask(state, commands.RemoveNames("vile", has_names=False), "mod", P.MODERATOR) == ErrorCode.CONFLICT
    carry_out(state, commands.RemoveNames("vile", "other"), "mod", P.MODERATOR)
    first = state.version
    assert state.names_removed_ms == NOW
    carry_out(state, commands.RemoveNames("again"), "mod", P.MODERATOR, NOW + 5)
    assert state.names_removed_ms == NOW + 5
    of_first, of_second = (
        commands.OverturnNames(first, NOW, 0, "r"),
        commands.OverturnNames(state.version, NOW + 5, NOW, "r"),
    )
    assert carry_out(state, of_first) == [], "a later act removed them, too"
    carry_out(state, of_second)
    assert state.names_removed_ms == NOW
    assert carry_out(state, of_second) == []
    carry_out(state, of_first)
    assert state.names_removed_ms == 0
    assert ask(state, of_first, "mod", P.MODERATOR) == ErrorCode.FORBIDDEN


def test_a_verification_that_was_withdrawn_comes_back_unless_there_is_a_later_one() -> None:
    person, mobile, none = Identity.PERSON, Identity.MOBILE, Identity.NONE
    state = make_account(a.IdentityAttested(at=NOW, by="sue", identity=person, reason=""))
    carry_out(state, a.AttestIdentity(none, "not the same"), "rea", P.REVIEWER)
    again = commands.OverturnWithdrawal(state.version, none, person, "r")
    (back,) = carry_out(state, again)
    assert isinstance(back, a.IdentityAttested)
    assert (back.identity, back.was, back.measure, state.identity) == (person, none, again.number, person)
    carry_out(state, a.AttestIdentity(mobile, "only that"), "rea", P.REVIEWER)
    assert carry_out(state, again) == []
    assert state.identity is mobile


def test_the_password_is_one_s_own_to_change() -> None:
    mia = make_account()
    assert ask(mia, commands.ChangePassword(), "sue", P.SUPERADMIN) == ErrorCode.FORBIDDEN
    assert ask(mia, commands.ChangePassword(), "mia") is None


@pytest.mark.parametrize("role", [None, *P])
def test_sessions_are_ended_by_oneself_and_by_few_of_the_staff(role: P | None) -> None:
    mia = make_account()
    may = role in (P.SAFETY_OFFICER, P.SUPERADMIN)
    assert ask(mia, commands.EndSessions(2, "stolen"), "sue", role) == (None if may else ErrorCode.FORBIDDEN)
    assert ask(mia, commands.EndSessions(2), "mia") is None
    assert ask(mia, commands.EndSessions(0), "mia") == ErrorCode.NO_SUCH_ENTRY


@pytest.mark.parametrize("role", [None, *P])
def test_a_code_is_given_for_an_account_of_staff_by_who_may_give_roles_alone(role: P | None) -> None:
    mia, sam = make_account(), make_account(a.RoleGranted(at=NOW, by="sue", role=P.VIEWER, reason="r"))
    code = commands.GiveResetCode("called back")
    assert ask(mia, code, "sue", role) == (None if role in (P.SAFETY_OFFICER, P.SUPERADMIN) else ErrorCode.FORBIDDEN)
    expected = {P.SUPERADMIN: None, P.SAFETY_OFFICER: ErrorCode.OUTRANKED}
    assert ask(sam, code, "sue", role) == expected.get(role, ErrorCode.FORBIDDEN)
    assert ask(mia, code, "mia", P.SUPERADMIN) == ErrorCode.FORBIDDEN


def test_each_code_of_a_second_factor_counts_once_and_none_before_it() -> None:
    mia = make_account()
    assert ask(mia, commands.UseSecondFactor(7), "mia") == ErrorCode.AUTH_FAILED
    assert ask(mia, commands.EndSecondFactor(), "mia") == ErrorCode.CONFLICT
    assert ask(mia, commands.SetSecondFactor(7), "sue", P.SUPERADMIN) == ErrorCode.FORBIDDEN
    assert ask(mia, commands.SetSecondFactor(7), "mia") is None
    assert ask(mia, commands.SetSecondFactor(9), "mia") == ErrorCode.CONFLICT
    steps = (6, 7, 8, 8, 7, 9)
    found = [ask(mia, commands.UseSecondFactor(step), "mia") for step in steps]
    failed = ErrorCode.AUTH_FAILED
    assert found == [failed, failed, None, failed, failed, None]
    assert ask(mia, commands.UseSecondFactor(0, left=3), "mia") is None
    assert mia.code_step == 9, "a recovery code lets no old code count again"
    assert ask(mia, commands.EndSecondFactor(), "mia") is None
    assert (mia.second_factor_ms, mia.code_step) == (0, 0)


@pytest.mark.parametrize("role", [None, *P])
def test_a_second_factor_is_ended_by_who_may_give_codes(role: P | None) -> None:
    mia, sam = make_account(), make_account(a.RoleGranted(at=NOW, by="sue", role=P.VIEWER, reason="r"))
    for state in (mia, sam):
        assert ask(state, commands.SetSecondFactor(7), "mia") is None
    ending = commands.EndSecondFactor("device lost")
    expected = {P.SUPERADMIN: None, P.SAFETY_OFFICER: ErrorCode.OUTRANKED}
    assert ask(sam, ending, "sue", role) == expected.get(role, ErrorCode.FORBIDDEN)
    may = role in (P.SAFETY_OFFICER, P.SUPERADMIN)
    assert ask(mia, ending, "sue", role) == (None if may else ErrorCode.FORBIDDEN)


@pytest.mark.parametrize("act", [*PLATFORM_RULES])
def test_staff_needs_a_second_factor_for_all_but_reading_where_that_is_asked_for(act: str) -> None:
    role = next(one for one in (P.SUPERADMIN, P.INSPECTOR) if one in PLATFORM_RULES[act])
    sue = make_account(a.RoleGranted(at=NOW, by="root", role=role, reason="r"))
    asked = msgspec.structs.replace(POLICY, require_second_factor=True)
    assert check_staff(sue, act, POLICY, NOW) is None
    refusal = check_staff(sue, act, asked, NOW)
    assert (refusal is None) == (act in ("read", "read_case"))
    assert refusal is None or refusal.detail["rule"] == "staff.require_otp"
    assert ask(sue, commands.SetSecondFactor(7), "mia") is None
    assert check_staff(sue, act, asked, NOW) is None
    nobody = make_account()
    assert (found := check_staff(nobody, act, POLICY, NOW)) is not None
    assert found.detail["rule"] == "platform_roles"


@pytest.mark.parametrize("role", [None, *P])
def test_trainings_of_staff_are_noted_by_who_answers_for_it(role: P | None) -> None:
    mia, sam = make_account(), make_account(a.RoleGranted(at=NOW, by="sue", role=P.VIEWER, reason="r"))
    may = role in (P.SAFETY_OFFICER, P.SUPERADMIN)
    training = commands.NoteTraining("personal data")
    assert ask(sam, training, "sue", role) == (None if may else ErrorCode.FORBIDDEN)
    assert ask(mia, training, "sue", role) == (ErrorCode.CONFLICT if may else ErrorCode.FORBIDDEN)
