"""Appeals: against what, by whom, decided by whom, and what is lifted when they succeed (P15)."""

import pytest

from folkmoot_governance import SERVICE, Actor, GroupState, PlatformRole, Policy, Refusal
from folkmoot_governance import account as a
from folkmoot_governance.case import commands as c
from folkmoot_governance.case.decide import appeal_number, decide_case, reviewers
from folkmoot_governance.case.measures import account_measure_of, measure_of
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.case.state import AppealOpened, CaseKind, CaseState, Outcome, apply_case, opened
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.group import commands as gc
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, JoinMode
from tests.builders.rules import NOW, SOON, code_of, do, make_account, make_group, tell_refusal
from tests.builders.rules import ask as ask_group

POLICY = Policy(cases=CaseRules(appeal_answer_ms=HOUR_MS, appeal_ms=DAY_MS))
STAFF = Actor("rea", platform=PlatformRole.REVIEWER)
CODE = "482190673352"
MUTED = c.Measured(f"{CODE}-6", "muted", "mia", "adam", NOW, CODE)
SUSPENDED = c.Measured("@mia-2", "account_suspended", "mia", "sue", NOW)
LEADERS = frozenset({"olga", "adam"})


def ask(state: CaseState | None, command: c.CaseCommand, actor: Actor, now: int = NOW) -> object:
    decision = decide_case(state, command, actor, now, POLICY)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    return list(decision)


def appeal(measure: c.Measured = MUTED) -> CaseState:
    (event,) = decide_case(None, c.OpenAppeal(measure), Actor("mia"), NOW, POLICY)  # type: ignore[misc]  # no refusal
    return opened(event)


def decided_by(actor: Actor, measure: c.Measured = MUTED, leaders: frozenset[str] = LEADERS, now: int = NOW) -> object:
    command = c.DecideAppeal(Outcome.OVERTURNED, "seen", leaders)
    return code_of(ask(appeal(measure), command, actor, now))


def test_whom_it_hit_can_appeal_once_and_in_time() -> None:
    (event,) = ask(None, c.OpenAppeal(MUTED), Actor("mia"))  # type: ignore[misc]
    assert isinstance(event, AppealOpened)
    assert event == AppealOpened(
        at=NOW,
        by="mia",
        number=f"a-{CODE}-6",
        measure=f"{CODE}-6",
        reason="muted",
        decider="adam",
        due_ms=NOW + HOUR_MS,
        code=CODE,
    )
    state = opened(event)
    assert (state.kind, state.user, state.version) == (CaseKind.APPEAL, "mia", 1)
    assert (state.seq, state.is_settled) == (0, False), "it is about no entry"
    for name in ("number", "by", "measure", "reason", "decider", "due_ms", "code"):
        assert getattr(state, name) == getattr(event, name), name
    assert code_of(ask(None, c.OpenAppeal(MUTED), Actor("max"))) == ErrorCode.FORBIDDEN
    assert code_of(ask(appeal(), c.OpenAppeal(MUTED), Actor("mia"))) == ErrorCode.CONFLICT
    assert code_of(ask(None, c.OpenAppeal(MUTED), Actor("mia"), NOW + DAY_MS)) is None
    assert code_of(ask(None, c.OpenAppeal(MUTED), Actor("mia"), NOW + DAY_MS + 1)) == ErrorCode.FORBIDDEN
    late = ask(None, c.OpenAppeal(MUTED), Actor("mia"), NOW + 2 * DAY_MS)
    assert isinstance(late, Refusal)
    assert late.detail["until_ms"] == NOW + DAY_MS


def test_each_whose_entries_were_purged_can_appeal() -> None:
    event = e.EntriesPurged(at=NOW, by="adam", seqs=(4, 5, 6), count=3, users=("adam", "max", "mia"))
    mine, his, nobodys = (measure_of(event, f"{CODE}-6", CODE, "olga", user) for user in ("mia", "max", "zoe"))
    assert mine is not None and his is not None and nobodys is not None
    assert (mine.kind, mine.decider, mine.code) == ("purged", "adam", CODE)
    assert nobodys.user == "max"
    assert (appeal_number(mine), appeal_number(his)) == (f"a-{CODE}-6@mia", f"a-{CODE}-6@max")
    assert code_of(ask(None, c.OpenAppeal(nobodys), Actor("zoe"))) == ErrorCode.FORBIDDEN
    assert code_of(ask(None, c.OpenAppeal(his), Actor("adam"))) == ErrorCode.FORBIDDEN
    own = e.EntriesPurged(at=NOW, by="adam", seqs=(4,), count=1, users=("adam",))
    assert measure_of(own, f"{CODE}-6", CODE, "olga", "adam") is None


def test_each_whose_entries_the_platform_removed_can_appeal_to_the_platform() -> None:
    event = e.EntriesRemoved(at=NOW, by="mod", seqs=(4, 5), count=2, users=("max", "mia"), reason="spam")
    mine, nobodys = (measure_of(event, f"{CODE}-6", CODE, "olga", user) for user in ("mia", "zoe"))
    assert mine is not None and nobodys is not None
    assert (mine.user, mine.kind, mine.decider, mine.code) == ("mia", "entries_removed", "mod", "")
    assert (nobodys.user, appeal_number(mine)) == ("max", f"a-{CODE}-6@mia")


def test_another_of_the_groups_owner_and_admins_decides() -> None:
    assert decided_by(Actor("olga")) is None
    for who in (Actor("adam"), Actor("mia"), Actor("max"), STAFF):
        assert decided_by(who) == ErrorCode.FORBIDDEN, who


def test_staff_decides_where_nobody_else_leads_the_group_or_nobody_has_answered() -> None:
    alone = frozenset({"adam"})
    assert decided_by(STAFF, leaders=alone) is None
    assert decided_by(Actor("olga"), leaders=alone) == ErrorCode.FORBIDDEN
    assert decided_by(STAFF, leaders=frozenset({"adam", "mia"})) is None
    assert decided_by(STAFF, now=NOW + HOUR_MS) is None
    assert decided_by(Actor("olga"), now=NOW + HOUR_MS) == ErrorCode.FORBIDDEN
    refused = ask(appeal(), c.DecideAppeal(Outcome.CONFIRMED, "", LEADERS), STAFF)
    assert isinstance(refused, Refusal)
    assert refused.detail["until_ms"] == NOW + HOUR_MS
    stranger = ask(appeal(), c.DecideAppeal(Outcome.CONFIRMED, "", LEADERS), Actor("max"))
    assert isinstance(stranger, Refusal)
    assert stranger.detail == {"act": "review_appeal"}, "who may not in any case is not told to wait"


def test_measures_of_the_platform_are_decided_by_other_staff() -> None:
    assert decided_by(STAFF, SUSPENDED) is None
    assert decided_by(Actor("sue", platform=PlatformRole.SUPERADMIN), SUSPENDED) == ErrorCode.FORBIDDEN
    assert decided_by(Actor("mia", platform=PlatformRole.SUPERADMIN), SUSPENDED) == ErrorCode.FORBIDDEN
    assert decided_by(Actor("vic", platform=PlatformRole.VIEWER), SUSPENDED) == ErrorCode.FORBIDDEN
    assert decided_by(Actor("olga"), SUSPENDED) == ErrorCode.FORBIDDEN
    assert reviewers(appeal(SUSPENDED), LEADERS, NOW) == frozenset()


def test_an_appeal_ends_as_appeals_do_and_once() -> None:
    state = appeal(SUSPENDED)
    assert code_of(ask(state, c.DecideAppeal(Outcome.UPHELD, ""), STAFF)) == ErrorCode.BAD_REQUEST
    assert code_of(ask(state, c.CloseReport(Outcome.UPHELD, ""), STAFF)) == ErrorCode.BAD_REQUEST
    (event,) = ask(state, c.DecideAppeal(Outcome.CONFIRMED, "it stands"), STAFF)  # type: ignore[misc]
    apply_case(state, event)
    assert (state.outcome, state.answer) == (Outcome.CONFIRMED, "it stands")
    assert code_of(ask(state, c.DecideAppeal(Outcome.OVERTURNED, ""), STAFF)) == ErrorCode.CONFLICT


BY_ADAM = {"at": NOW, "by": "adam", "user": "mia"}


@pytest.mark.parametrize(
    ("event", "user", "decider", "code"),
    [
        (e.MemberKicked(**BY_ADAM), "mia", "adam", CODE),
        (e.MemberMuted(**BY_ADAM, until_ms=SOON), "mia", "adam", CODE),
        (e.MemberBanned(**BY_ADAM, until_ms=SOON, reason="r"), "mia", "adam", CODE),
        (e.MemberWarned(**BY_ADAM, until_ms=SOON, count=1), "mia", "adam", CODE),
        (e.HeldDenied(**BY_ADAM, number=3), "mia", "adam", CODE),
        (e.EntryDeleted(**BY_ADAM, seq=3), "mia", "adam", CODE),
        (e.GroupWarned(at=NOW, by="sue", until_ms=SOON, reason="r"), "olga", "sue", ""),
        (e.LimitDenied(at=NOW, by="sue", limit=900, reason="r"), "olga", "sue", ""),
        (e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="r"), "olga", "sue", ""),
        (e.GroupClosed(at=NOW, by="sue", reason="r"), "olga", "sue", ""),
        (e.TextRemoved(at=NOW, by="sue", what="name", text="", reason="r"), "olga", "sue", ""),
    ],
)
def test_what_is_a_measure(event: e.Event, user: str, decider: str, code: str) -> None:
    found = measure_of(event, "case", CODE, "olga", "mia")
    assert found is not None
    assert (found.user, found.decider, found.code, found.case) == (user, decider, code, "case")


@pytest.mark.parametrize(
    "event",
    [
        e.EntryDeleted(at=NOW, by="mia", user="mia", seq=3),
        e.MemberJoined(at=NOW, by="mia", user="mia", via="open"),
        e.TopicSet(at=NOW, by="adam", topic="t"),
        e.MuteLifted(**BY_ADAM),
    ],
)
def test_what_is_none(event: e.Event) -> None:
    assert measure_of(event, "case", CODE, "olga", "mia") is None


def test_measures_against_accounts() -> None:
    taken = a.CreditChanged(at=NOW, by="", cause="penalty", points=-5, score=95, case="r-1")
    found = account_measure_of(taken, "@mia-2", "mia", "rea")
    assert found == c.Measured("@mia-2", "credit_changed", "mia", "rea", NOW)
    given = a.CreditChanged(at=NOW, by="", cause="recovered", points=5, score=95)
    assert account_measure_of(given, "@mia-3", "mia", "") is None
    for points, is_measure in ((-1, True), (0, False)):
        changed = a.CreditChanged(at=NOW, by="sue", cause="set", points=points, score=95)
        found = account_measure_of(changed, "@mia-3", "mia", "rea")
        assert (found.decider if found else None) == ("sue" if is_measure else None)
    suspended = a.AccountSuspended(at=NOW, by="sue", until_ms=SOON, reason="r")
    assert account_measure_of(suspended, "@mia-2", "mia", "") == SUSPENDED
    assert account_measure_of(a.AccountRestored(at=NOW, by="sue", reason=""), "@mia-3", "mia", "") is None


def test_a_suspension_that_was_overturned_ends_and_no_other() -> None:
    state = make_account(a.AccountSuspended(at=NOW, by="sue", until_ms=SOON, reason="r"))

    def overturned(until_ms: int) -> list[a.AccountEvent]:
        decision = a.decide_account(state, a.OverturnSuspension(until_ms, "no"), SERVICE, NOW, POLICY)
        assert not isinstance(decision, Refusal)
        return list(decision)

    assert overturned(SOON - 1) == []
    assert overturned(SOON) == [a.AccountRestored(at=NOW, by="", reason="no")]


def overturn(state: GroupState, number: int, kind: str, until_ms: int = 0) -> e.MeasureOverturned:
    (event,) = do(state, gc.Overturn("mia", number, kind, until_ms, "no"), SERVICE.user)
    assert isinstance(event, e.MeasureOverturned)
    return event


def test_what_the_act_did_is_lifted_and_what_another_did_stands() -> None:
    group = make_group()
    do(group, gc.Warn("mia", "rude"), "adam")
    warned = group.version
    do(group, gc.MuteMember("mia", HOUR_MS), "adam")
    muted = group.version
    assert overturn(group, warned, "warned").measure == f"{CODE}-{warned}"
    assert (group.warnings, "mia" in group.mutes) == ({}, True)
    do(group, gc.MuteMember("mia", 2 * HOUR_MS, replaces=True), "olga")
    later = group.version
    overturn(group, muted, "muted")
    assert "mia" in group.mutes, "a later one took its place"
    overturn(group, later, "muted")
    assert "mia" not in group.mutes


@pytest.mark.parametrize("command", [gc.Kick("mia"), gc.BanMember("mia", DAY_MS)], ids=["kick", "ban"])
def test_who_was_removed_may_come_back(command: gc.Command) -> None:
    group = make_group(join_mode=JoinMode.INVITE)
    first = do(group, command, "adam")[0]
    number = group.version if isinstance(first, e.MemberBanned) else group.version - 1
    event = overturn(group, number, str(first.__struct_config__.tag))
    assert event.invited_until_ms > NOW
    do(group, gc.JoinGroup(), "mia")


def test_nobody_is_invited_past_another_ban() -> None:
    group = make_group()
    do(group, gc.Kick("mia"), "adam")
    kicked = group.version - 1
    do(group, gc.BanMember("mia", DAY_MS), "olga")
    assert overturn(group, kicked, "kicked").invited_until_ms == 0
    assert "mia" in group.bans


def test_a_suspension_of_the_group_is_lifted_if_it_is_the_one_in_force() -> None:
    group = make_group(e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="r"))
    assert not overturn(group, group.version, "suspended", SOON + 1).lifts_suspension
    assert group.status is GroupStatus.SUSPENDED
    assert overturn(group, group.version - 1, "suspended", SOON).lifts_suspension
    assert group.status is GroupStatus.ACTIVE


def lifts(group: GroupState, until_ms: int) -> bool:
    return overturn(group, group.version, "suspended", until_ms).lifts_suspension


def test_only_a_suspension_that_is_in_force_is_lifted() -> None:
    suspended = e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="r")
    assert not lifts(make_group(suspended, e.GroupRestored(at=NOW, by="sue", reason="")), 0)
    assert not lifts(make_group(), 0)
    closed = make_group(e.GroupClosed(at=NOW, by="sue", reason="r"))
    assert not lifts(closed, 0)


def test_nobody_is_invited_where_nothing_is_left_to_come_back_to() -> None:
    kicked = e.MemberKicked(at=NOW, by="olga", user="mia")
    assert overturn(make_group(kicked), 6, "kicked").invited_until_ms == NOW + POLICY.invite_ms
    assert overturn(make_group(kicked), 6, "muted").invited_until_ms == 0
    assert overturn(make_group(kicked, e.GroupDissolved(at=NOW, by="olga")), 6, "kicked").invited_until_ms == 0
    back = e.MemberJoined(at=NOW, by="mia", user="mia", via="open")
    assert overturn(make_group(kicked, back), 6, "kicked").invited_until_ms == 0


def test_invitations_on_appeal_stay_within_the_bound() -> None:
    policy = Policy(invitations_per_group=1)
    kicked = e.MemberKicked(at=NOW, by="olga", user="mia")
    for user, is_invited in (("gus", False), ("mia", True)):
        state = make_group(kicked, e.Invited(at=NOW, by="olga", user=user, until_ms=SOON))
        (event,) = ask_group(state, gc.Overturn("mia", 6, "kicked", 0, "no"), SERVICE.user, policy=policy)  # type: ignore[misc]
        assert isinstance(event, e.MeasureOverturned)
        assert bool(event.invited_until_ms) is is_invited
