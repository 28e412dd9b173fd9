"""The measures of the platform: each row is whole, stops what it says, ends, gives way, and is undone."""

import copy
from pathlib import Path

import pytest

from folkmoot_governance import (
    SERVICE,
    AccountState,
    Actor,
    GroupState,
    PlatformRole,
    Policy,
    Refusal,
    apply_account,
    decide,
    decide_account,
)
from folkmoot_governance import account as a
from folkmoot_governance.account_commands import (
    EndRestrictions,
    FreeAccount,
    OverturnRestriction,
    OverturnSuspension,
    RestrictAccount,
    SetCredit,
    SuspendAccount,
)
from folkmoot_governance.account_events import AccountRestricted, AccountRestrictionEnded
from folkmoot_governance.case.effects import VOID, Effect
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, HOUR_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.measures import MEASURES, Row, row_of, rows_of
from folkmoot_governance.measures_table import BEGIN, END, with_measures
from folkmoot_governance.permissions import PLATFORM_ACTS, PLATFORM_RULES
from folkmoot_governance.personal_notices import TEXTS, TOLD, told_to_account
from folkmoot_governance.policy import Policy as Rules
from folkmoot_governance.restrictions import Basis, Grounds, Measure, Power, Subject, in_force, next_end
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus
from tests.builders.rules import NOW, POLICY, ask, code_of, do, make_account, make_group, tell_refusal

DOCUMENT = Path(__file__).parents[3] / "docs" / "measures.md"
MOD = PlatformRole.MODERATOR
BOSS = PlatformRole.SUPERADMIN
RIGHTS = (Measure.MUTE, Measure.JOIN, Measure.CREATE, Measure.MANAGE)


def ask_account(
    state: AccountState,
    command: a.AccountCommand,
    by: str = "sue",
    role: PlatformRole | None = BOSS,
    now: int = NOW,
    policy: Policy = POLICY,
) -> list[a.AccountEvent] | Refusal:
    before = copy.deepcopy(state)
    decision = decide_account(state, command, Actor(by, platform=role), now, policy)
    assert state == before
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    return list(decision)


def act(state: AccountState, command: a.AccountCommand, **more: object) -> list[a.AccountEvent]:
    events = ask_account(state, command, **more)  # type: ignore[arg-type]
    assert not isinstance(events, Refusal), events
    for event in events:
        apply_account(state, event)
    return events


def serve(state: AccountState, command: a.AccountCommand, now: int = NOW) -> list[a.AccountEvent]:
    return act(state, command, by=SERVICE.user, role=None, now=now)


def restricted(measure: Measure = Measure.MUTE, ms: int = DAY_MS) -> AccountState:
    state = make_account()
    act(state, RestrictAccount(measure, ms, "spam"))
    return state


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
def test_each_row_is_whole(row: Row) -> None:
    assert row.act in PLATFORM_RULES
    assert row in rows_of(row.event)
    told = next(one for one in TOLD[row.event] if one.kind == row.notice)
    assert told.appeal, "against what hits somebody one may appeal"
    assert TEXTS[row.notice] == row.text
    assert str(row.event.__struct_config__.tag) in VOID
    assert row.default_ms <= row.longest_ms
    assert bool(row.over) == bool(row.free) == bool(row.refused)
    assert not row.over or TEXTS[row.over] == row.free
    assert "{until}" in row.text or not row.longest_ms


def test_names_differ_and_the_document_is_of_today() -> None:
    assert len({row.name for row in MEASURES}) == len(MEASURES)
    written = DOCUMENT.read_text(encoding="utf-8")
    assert BEGIN in written and END in written
    assert written == with_measures(written), "run make docs"


def test_commands_need_what_the_rows_say() -> None:
    acts = {
        c.WarnGroup: "group_warn",
        c.SuspendGroup: "group_suspend",
        c.CloseGroup: "group_close",
        c.RestrictGroup: "group_join",
        c.RemoveEntries: "entry_remove",
        a.SuspendAccount: "account_suspend",
        a.CloseForOther: "account_close",
        a.SetCredit: "account_credit",
    }
    by_name = {row.name: row for row in MEASURES}
    for command, name in acts.items():
        asked = a.STAFF_ACTS.get(command) or PLATFORM_ACTS[command]  # type: ignore[arg-type,index]
        assert asked == by_name[name].act


@pytest.mark.parametrize("measure", RIGHTS)
def test_a_right_is_taken_for_a_time_and_comes_back(measure: Measure) -> None:
    state = restricted(measure)
    (one,) = state.restrictions
    assert (one.measure, one.case, one.until_ms) == (measure, "@mia-2", NOW + DAY_MS)
    assert state.next_end_ms == NOW + DAY_MS
    row = next(row for row in MEASURES if row.event is AccountRestricted and row.measure is measure)
    for power in Power:
        refusal = check_power(state.restrictions, power, NOW, "mia")
        assert (refusal is not None) == (power in row.stops)
        if refusal is not None:
            tell_refusal(refusal)
            assert (refusal.code, refusal.detail["case"]) == (row.code, "@mia-2")
        assert check_power(state.restrictions, power, NOW + DAY_MS) is None
    assert serve(state, EndRestrictions(), NOW + DAY_MS - 1) == []
    (ended,) = serve(state, EndRestrictions(), NOW + DAY_MS)
    assert isinstance(ended, AccountRestrictionEnded)
    assert (state.restrictions, state.next_end_ms) == ((), 0)


def test_who_may_take_what() -> None:
    for measure in RIGHTS:
        needs_boss = measure in (Measure.CREATE, Measure.MANAGE)
        command = RestrictAccount(measure, HOUR_MS, "r")
        expected = ErrorCode.FORBIDDEN if needs_boss else None
        assert code_of(ask_account(make_account(), command, role=MOD)) == expected
        assert code_of(ask_account(restricted(measure), FreeAccount(measure, "r"), role=MOD)) == expected
        assert code_of(ask_account(make_account(), command, role=PlatformRole.VIEWER)) == ErrorCode.FORBIDDEN
    staff = make_account(a.RoleGranted(at=NOW, by="sue", role=MOD, reason="r"))
    assert code_of(ask_account(staff, RestrictAccount(Measure.MUTE, HOUR_MS, "r"))) == ErrorCode.OUTRANKED
    for odd in (Measure.WARN, Measure.SUSPEND, Measure.CREDIT):
        assert code_of(ask_account(make_account(), RestrictAccount(odd, HOUR_MS, "r"))) == ErrorCode.BAD_REQUEST
        assert code_of(ask(make_group(), c.RestrictGroup(odd, HOUR_MS, "r"), "sue", platform=BOSS)) is (
            ErrorCode.BAD_REQUEST
        )
    assert code_of(ask_account(make_account(), FreeAccount(Measure.MUTE, "r"))) == ErrorCode.CONFLICT
    assert code_of(ask(make_group(), c.FreeGroup(Measure.JOIN, "r"), "sue", platform=BOSS)) == ErrorCode.CONFLICT


@pytest.mark.parametrize("shorter", [HOUR_MS, 9 * DAY_MS])
def test_none_takes_the_place_of_another_by_accident(shorter: int) -> None:
    """Neither a shorter nor a longer one, whatever the measure."""
    for measure in RIGHTS:
        state = restricted(measure)
        assert code_of(ask_account(state, RestrictAccount(measure, shorter, "r"))) == ErrorCode.CONFLICT
        act(state, RestrictAccount(measure, shorter, "r", replaces=True))
        one = in_force(state.restrictions, measure, NOW)
        assert one is not None and one.until_ms == NOW + shorter
    suspended = make_account()
    act(suspended, SuspendAccount(7 * DAY_MS, "r"))
    assert code_of(ask_account(suspended, SuspendAccount(shorter, "r"))) == ErrorCode.CONFLICT
    group = make_group()
    for command in (c.SuspendGroup, lambda ms, why, again=False: c.RestrictGroup(Measure.JOIN, ms, why, again)):
        do(group, command(7 * DAY_MS, "r"), "sue", platform=BOSS)
        assert code_of(ask(group, command(shorter, "r"), "sue", platform=BOSS)) == ErrorCode.CONFLICT
        do(group, command(shorter, "r", True), "sue", platform=BOSS)


def test_when_the_later_one_ends_the_earlier_does_not_begin_again() -> None:
    state = restricted(ms=9 * DAY_MS)
    act(state, RestrictAccount(Measure.MUTE, HOUR_MS, "r", replaces=True))
    assert next_end(state.restrictions) == NOW + HOUR_MS
    serve(state, EndRestrictions(), NOW + HOUR_MS)
    assert state.restrictions == ()


def test_a_void_one_leaves_what_was_before() -> None:
    state = restricted(ms=9 * DAY_MS)
    before = copy.deepcopy(state)
    act(state, RestrictAccount(Measure.MUTE, HOUR_MS, "r", replaces=True))
    act(state, RestrictAccount(Measure.JOIN, HOUR_MS, "r"))
    (event,) = serve(state, OverturnRestriction("@mia-3", "no"))
    assert isinstance(event, AccountRestrictionEnded) and event.is_back
    assert [one.case for one in state.restrictions] == ["@mia-2", "@mia-4"]
    assert told_to_account(state, event, POLICY) == [], "who appealed hears of the appeal"
    assert serve(state, OverturnRestriction("@mia-3", "no")) == []
    (event,) = serve(state, OverturnRestriction("@mia-4", "no"))
    assert isinstance(event, AccountRestrictionEnded) and not event.is_back
    before.version = state.version
    assert state == before


def test_an_earlier_one_that_is_void_changes_nothing_of_the_later() -> None:
    state = restricted(ms=9 * DAY_MS)
    act(state, RestrictAccount(Measure.MUTE, HOUR_MS, "r", replaces=True))
    (event,) = serve(state, OverturnRestriction("@mia-2", "no"))
    assert isinstance(event, AccountRestrictionEnded) and not event.is_back
    assert [one.case for one in state.restrictions] == ["@mia-3"]


def test_a_suspension_gives_way_and_comes_back() -> None:
    state = make_account()
    act(state, SuspendAccount(9 * DAY_MS, "first"))
    before = copy.deepcopy(state)
    (later,) = act(state, SuspendAccount(HOUR_MS, "second", replaces=True))
    assert isinstance(later, a.AccountSuspended)
    assert (later.was_until_ms, later.was_reason) == (NOW + 9 * DAY_MS, "first")
    back = OverturnSuspension(later.until_ms, "no", later.was_until_ms, later.was_reason)
    over = copy.deepcopy(state)
    serve(state, back)
    before.version = state.version
    assert state == before
    assert serve(over, back, NOW + HOUR_MS) == [], "it is over by itself"
    group = make_group()
    do(group, c.SuspendGroup(9 * DAY_MS, "first"), "sue", platform=BOSS)
    known = copy.deepcopy(group)
    do(group, c.SuspendGroup(HOUR_MS, "second", True), "sue", platform=BOSS)
    (event,) = do(
        group, c.Overturn("olga", group.version, "suspended", NOW + HOUR_MS, "no", back_until_ms=NOW + 9 * DAY_MS), ""
    )
    assert isinstance(event, e.MeasureOverturned) and event.effect == Effect.EARLIER
    known.version = group.version
    assert group == known
    assert group.standing(NOW) is GroupStatus.SUSPENDED


def test_nobody_joins_a_group_whose_joining_is_stopped() -> None:
    group = make_group(e.JoinRequested(at=NOW, by="hal", user="hal", until_ms=NOW + 9 * DAY_MS))
    before = copy.deepcopy(group)
    (event,) = do(group, c.RestrictGroup(Measure.JOIN, DAY_MS, "raid"), "sue", platform=MOD)
    for command, by in ((c.JoinGroup(), "zoe"), (c.ApproveRequests((Actor("hal"),)), "adam")):
        assert code_of(ask(group, command, by)) == ErrorCode.JOIN_CLOSED
        assert ask(copy.deepcopy(group), command, by, NOW + DAY_MS)
    later = copy.deepcopy(group)
    (ended,) = do(later, c.EndMeasures(), "", NOW + DAY_MS)
    assert isinstance(ended, e.GroupRestrictionEnded)
    number = group.version
    (void,) = do(group, c.Overturn("olga", number, "group_restricted", 0, "no"), "")
    assert isinstance(void, e.MeasureOverturned) and void.effect == Effect.LIFTED
    before.version = group.version
    assert group == before
    assert row_of(event).name == "group_join"  # type: ignore[union-attr]


def test_rights_that_were_taken_are_asked_about() -> None:
    group = make_group(e.MemberMuted(at=NOW, by="olga", user="max", until_ms=NOW + DAY_MS))

    def of(command: c.Command, by: str, *measures: Measure) -> ErrorCode | None:
        state = make_account(user=by)
        for measure in measures:
            act(state, RestrictAccount(measure, DAY_MS, "r"))
        return code_of(ask(group, command, by, restrictions=state.restrictions))

    for command in (c.Unmute("max"), c.Lock(HOUR_MS), c.SetJoinMode(group.join_mode), c.Promote("mia", frozenset())):
        assert of(command, "olga", Measure.MANAGE) == ErrorCode.FORBIDDEN
        assert of(command, "olga", Measure.MUTE, Measure.JOIN, Measure.CREATE) is None
    for command in (c.NameHeir("adam"), c.OfferTransfer("adam"), c.Dissolve(group.code)):
        assert of(command, "olga", Measure.MANAGE) is None
    assert of(c.LeaveGroup(), "adam", *RIGHTS) is None
    for command in (c.SetTopic("x"), c.Rename("x"), c.SetRules("x"), c.Announce("x")):
        assert of(command, "olga", Measure.MUTE) == ErrorCode.MUTED
    assert of(c.JoinGroup(), "zoe", Measure.JOIN) == ErrorCode.FORBIDDEN
    offered = make_group(e.TransferOffered(at=NOW, by="olga", user="mia", until_ms=NOW + DAY_MS))
    held = restricted(Measure.MANAGE).restrictions
    assert code_of(ask(offered, c.AcceptTransfer(), "mia", restrictions=held)) == ErrorCode.FORBIDDEN
    hal = make_account(user="hal")
    act(hal, RestrictAccount(Measure.JOIN, DAY_MS, "r"))
    waiting = make_group(e.JoinRequested(at=NOW, by="hal", user="hal", until_ms=NOW + 9 * DAY_MS))
    applicant = Actor("hal", restrictions=hal.restrictions)
    assert code_of(ask(waiting, c.ApproveRequests((applicant,)), "adam")) == ErrorCode.FORBIDDEN
    founding = c.CreateGroup("482190673352", "Mine")
    for measure in (Measure.CREATE, Measure.MANAGE):
        decision = decide(None, founding, Actor("mia", restrictions=restricted(measure).restrictions), NOW, POLICY)
        assert code_of(decision) == ErrorCode.FORBIDDEN
    # Its name is a text that others read.
    for measure, code in ((Measure.MUTE, ErrorCode.MUTED), (Measure.JOIN, None)):
        decision = decide(None, founding, Actor("mia", restrictions=restricted(measure).restrictions), NOW, POLICY)
        assert code_of(decision) == code


def test_who_may_not_manage_takes_no_group_over() -> None:
    group: GroupState = make_group(e.HeirNamed(at=NOW, by="olga", user="mia"))
    held = restricted(Measure.MANAGE).restrictions
    candidates = (c.Candidate(Actor("mia", restrictions=held), 0), c.Candidate(Actor("adam"), 0))
    (event,) = do(group, c.Succeed("olga", FOREVER_MS, candidates), "")
    assert isinstance(event, e.OwnerReplaced)
    assert event.user == "adam"


def test_lengths_and_rules_are_checked() -> None:
    rules = Rules(cases=CaseRules(reasons={"spam": "low"}), agreement="2026-1")  # type: ignore[dict-item]
    too_long = ask_account(make_account(), RestrictAccount(Measure.MUTE, FOREVER_MS, "r"))
    assert code_of(too_long) == ErrorCode.BAD_REQUEST
    assert not isinstance(ask_account(make_account(), RestrictAccount(Measure.MANAGE, FOREVER_MS, "r")), Refusal)
    for rule, code in (("spam", None), ("no such", ErrorCode.BAD_REQUEST)):
        basis = Basis(Grounds(rule=rule))
        for command in (
            RestrictAccount(Measure.MUTE, HOUR_MS, "r", basis=basis),
            SuspendAccount(HOUR_MS, "r", basis=basis),
            a.CloseForOther("r", basis=basis),
            SetCredit(3, "r", basis=basis),
        ):
            assert code_of(ask_account(make_account(), command, policy=rules)) == code
        for asked in (
            c.WarnGroup(HOUR_MS, "r", basis=basis),
            c.SuspendGroup(HOUR_MS, "r", basis=basis),
            c.CloseGroup("r", basis=basis),
            c.RestrictGroup(Measure.JOIN, HOUR_MS, "r", basis=basis),
        ):
            assert code_of(ask(make_group(), asked, "sue", policy=rules, platform=BOSS)) == code


def test_where_two_decide_one_cannot() -> None:
    names = frozenset(row.name for row in MEASURES if row.four_eyes)
    policy = Rules(four_eyes=names, agreement="2026-1")
    alone, own, two = Basis(), Basis(proposed_by="sue"), Basis(proposed_by="tom", proposal="p-1")
    outcomes = [(alone, ErrorCode.CONFIRM_REQUIRED), (own, ErrorCode.FORBIDDEN), (two, None)]
    for basis, code in outcomes:
        for command in (
            *(RestrictAccount(measure, HOUR_MS, "r", basis=basis) for measure in RIGHTS),
            SuspendAccount(HOUR_MS, "r", basis=basis),
            a.CloseForOther("r", basis=basis),
            SetCredit(3, "r", basis=basis),
        ):
            decision = ask_account(make_account(), command, policy=policy)
            assert code_of(decision) == code
            if code is None:
                assert decision[0].proposed_by == "tom"  # type: ignore[index,attr-defined]
        for asked in (
            c.WarnGroup(HOUR_MS, "r", basis=basis),
            c.SuspendGroup(HOUR_MS, "r", basis=basis),
            c.CloseGroup("r", basis=basis),
            c.RestrictGroup(Measure.JOIN, HOUR_MS, "r", basis=basis),
        ):
            assert code_of(ask(make_group(), asked, "sue", policy=policy, platform=BOSS)) == code
    raised = SetCredit(500, "r")
    assert code_of(ask_account(make_account(), raised, policy=policy)) is None, "this hits nobody"
    report = a.ChargeCredit("r-1", "low", "r")  # type: ignore[arg-type]
    assert code_of(ask_account(make_account(), report, by="", role=None, policy=policy)) is None
    assert not [row for row in MEASURES if row.subject is Subject.ENTRY and row.four_eyes], "gone at once (G10)"
