"""Dates: what is told of each a day before and after, to whom, once, and what is proposed then."""

from collections import Counter
from copy import copy
from typing import Any

import pytest

from folkmoot_governance import Actor, PlatformRole, Policy, Refusal
from folkmoot_governance.case import commands as c
from folkmoot_governance.case import state as s
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.dates import (
    LEAD_MS,
    REMINDED,
    Date,
    DateKind,
    Stage,
    date_of_group,
    is_overdue,
    officers_of,
    stage_due,
)
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.group import commands as gc
from folkmoot_governance.group import events as e
from folkmoot_governance.personal_notices import told_in_group, told_of_case
from tests.builders.rules import NOW, POLICY, do, make_group, tell_refusal

STAFF = {
    "rea": PlatformRole.REVIEWER,
    "sue": PlatformRole.SAFETY_OFFICER,
    "root": PlatformRole.SUPERADMIN,
    "vic": PlatformRole.VIEWER,
}
DUE = NOW + 3 * DAY_MS
SERVICE = Actor("")


@pytest.mark.parametrize("kind", list(DateKind))
def test_each_stage_of_a_date_is_told_once_and_in_its_time(kind: DateKind) -> None:
    told = 0
    heard = []
    for now in (DUE - LEAD_MS - 1, DUE - LEAD_MS, DUE - 1, DUE, DUE + 1):
        stage = stage_due(Date(kind, DUE, told), now)
        heard.append(stage)
        told = max(told, stage or 0)
    assert heard == [None, Stage.NEAR, None, Stage.OVER, None]
    assert stage_due(Date(kind, DUE, Stage.UNTOLD), DUE) is Stage.OVER, "who comes late tells the end alone"


def report(**fields: Any) -> s.CaseState:
    given = {"reason": "fraud", "severity": Severity.HIGH, "due_ms": DUE, "user": "mia", "code": "482190673352"}
    return s.opened(s.ReportOpened(at=NOW, by="max", number="r-1", **given | fields))


def appeal(**fields: Any) -> s.CaseState:
    given = {"measure": "482190673352-7", "reason": "muted", "decider": "adam", "due_ms": DUE, "code": "482190673352"}
    return s.opened(s.AppealOpened(at=NOW, by="mia", number="a-482190673352-7", **given | fields))


def tell(
    case: s.CaseState, now: int, leaders: tuple[str, ...] = (), policy: Policy = POLICY
) -> tuple[list[s.CaseEvent], dict[str, list[str]]]:
    """Let the service tell of the dates of a case; return the events, and who is told each kind of notice."""
    decision = decide_case(case, c.TellDates(STAFF, frozenset(leaders)), SERVICE, now, policy)
    assert not isinstance(decision, Refusal)
    told: dict[str, list[str]] = {}
    for event in decision:
        for notice in told_of_case(case, event, policy):
            told.setdefault(notice.kind, []).append(notice.user)
        s.apply_case(case, event)
    return list(decision), told


def test_a_report_is_told_to_all_who_may_answer_it_and_then_to_both_sides() -> None:
    case = report()
    assert tell(case, DUE - LEAD_MS - 1) == ([], {})
    _, told = tell(case, DUE - LEAD_MS)
    assert told == {"case_due": ["rea", "root", "sue"]}
    assert not is_overdue(case, DUE - 1)
    ((overdue,), told) = tell(case, DUE)
    assert is_overdue(case, DUE)
    assert isinstance(overdue, s.CaseOverdue)
    assert (overdue.officers, overdue.step, overdue.contact) == (("sue",), "case claim r-1", "")
    assert told == {"case_overdue": ["rea", "root", "sue"], "answer_late": ["max"]}
    assert tell(case, DUE + DAY_MS) == ([], {})


def test_many_reports_are_shared_out_among_many_reviewers() -> None:
    """A few are reminded of each, the same before and after; nobody hears of all."""
    staff, heard = {f"rev{number}": PlatformRole.REVIEWER for number in range(20)}, Counter[str]()
    for number in range(100):
        case = report()
        case.number = f"r-{number}"
        near, over = (decide_case(case, c.TellDates(staff), SERVICE, now, POLICY) for now in (DUE - 1, DUE))
        assert not isinstance(near, Refusal) and not isinstance(over, Refusal)
        ((first,), (second,)) = near, over
        assert isinstance(first, s.CaseDueSoon) and isinstance(second, s.CaseOverdue)
        assert len(first.users) == REMINDED and first.users == second.users
        heard.update(first.users)
    assert len(heard) == 20 and max(heard.values()) < 40
    state = make_group(WARNED)
    do(state, gc.Rectify(state.rectify_case, "mended"), "olga")
    officers = {f"mod{number}": PlatformRole.MODERATOR for number in range(20)}
    (soon,) = do(state, gc.TellDates(officers), "", state.inspect_until_ms - 1)
    assert isinstance(soon, e.InspectionDueSoon) and len(soon.users) == REMINDED


def test_those_on_duty_are_told_before_the_others() -> None:
    """A reminder and an alarm, of a case and of a group; where nobody who could act is on duty, all are told."""

    def told_of(*on_duty: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        case, there = report(), frozenset(on_duty)
        near, over = (
            decide_case(case, c.TellDates(STAFF, on_duty=there), SERVICE, now, POLICY) for now in (DUE - 1, DUE)
        )
        assert not isinstance(near, Refusal) and not isinstance(over, Refusal)
        ((first,), (second,)) = near, over
        assert isinstance(first, s.CaseDueSoon) and isinstance(second, s.CaseOverdue)
        state = make_group(WARNED)
        do(state, gc.Rectify(state.rectify_case, "mended"), "olga")
        (third,) = do(state, gc.TellDates(STAFF, there), "", state.inspect_until_ms)
        assert isinstance(third, e.InspectionOverdue)
        return [(first.users, ()), (second.users, second.officers), (third.users, third.officers)]

    all_of_them = (("rea", "root", "sue"), ("sue",))
    assert told_of() == told_of("vic") == [(all_of_them[0], ()), all_of_them, (("root", "sue"), ("sue",))]
    assert told_of("rea") == [(("rea",), ()), (("rea",), ("sue",)), (("root", "sue"), ("sue",))]
    assert told_of("root", "vic") == [(("root",), ()), (("root",), ("sue",)), (("root",), ("sue",))]
    assert officers_of({"ann": PlatformRole.SUPERADMIN, "bob": PlatformRole.SUPERADMIN}, {"bob"}) == ("bob",)


def test_a_claim_is_handed_over_to_who_could_have_claimed() -> None:
    def give(by: str, to: str, case: s.CaseState, now: int = NOW) -> str | None:
        command, actor = c.GiveCase(to, STAFF.get(to)), Actor(by, platform=STAFF.get(by))
        before = copy(case)
        decision = decide_case(case, command, actor, now, POLICY)
        if isinstance(decision, Refusal):
            tell_refusal(decision)
            return decision.code.value
        (event,) = decision
        told = {one.user: one.kind for one in told_of_case(before, event, POLICY)}
        s.apply_case(case, event)
        assert (case.claimed_by, case.claim_until_ms) == (to, NOW + DAY_MS)
        assert told == {to: "claim_given"} | ({before.claimed_by: "claim_taken"} if before.claimed_by != by else {})
        return None

    for case in (report(), appeal(due_ms=NOW)):
        assert give("rea", "root", case) == "conflict", "nobody has claimed it"
        decide(case, c.ClaimCase(DAY_MS), "rea")
        assert give("rea", "vic", case) == give("rea", "ann", case) == "forbidden"
        assert give("rea", "rea", case) == "conflict"
        assert give("vic", "root", case) == "forbidden"
        assert give("rea", "root", case) is None
        assert give("rea", "sue", case) == "conflict", "it is somebody else's"
        assert give("sue", "rea", case) is None, "a safety officer may for others"
    own, contested = report(user="sue"), appeal(due_ms=NOW, decider="sue")
    for case in (own, contested):
        decide(case, c.ClaimCase(DAY_MS), "rea")
        assert give("rea", "sue", case) == "forbidden", "nobody judges themselves"


def test_the_reporter_of_a_late_report_is_told_where_to_complain() -> None:
    policy = Policy(cases=CaseRules(complaint_centre="12377"))
    case = report()
    (event,), told = tell(case, DUE, policy=policy)
    assert "answer_late" not in told
    assert told["answer_late_contact"] == ["max"]
    (notice,) = [one for one in told_of_case(case, event, policy) if one.kind == "answer_late_contact"]
    assert (notice.data["contact"], notice.data["until_ms"]) == ("12377", DUE)
    (_,), told = tell(appeal(), DUE, policy=policy)
    assert told["answer_late"] == ["mia"], "it is reports that the complaint centre is for"


def test_nobody_is_told_to_answer_what_they_may_not_decide_on() -> None:
    _, told = tell(report(user="rea"), DUE - 1)
    assert told == {"case_due": ["root", "sue"]}
    _, told = tell(appeal(code="", decider="sue"), DUE - 1)
    assert told == {"case_due": ["rea", "root"]}


def test_an_appeal_is_owed_by_the_groups_other_leaders_and_then_by_staff() -> None:
    case = appeal()
    _, told = tell(case, DUE - 1, leaders=("olga", "adam"))
    assert told == {"case_due": ["olga"]}
    (event,), told = tell(case, DUE, leaders=("olga", "adam"))
    assert isinstance(event, s.CaseOverdue)
    assert event.step == "appeal claim a-482190673352-7"
    assert told["case_overdue"] == ["olga", "rea", "root", "sue"]
    assert told["answer_late"] == ["mia"]
    _, told = tell(appeal(), DUE - 1, leaders=("adam",))
    assert told == {"case_due": ["rea", "root", "sue"]}


def decide(case: s.CaseState, command: c.CaseCommand, user: str, now: int = NOW) -> list[s.CaseEvent] | Refusal:
    decision = decide_case(case, command, Actor(user, platform=STAFF[user]), now, POLICY)
    if not isinstance(decision, Refusal):
        for event in decision:
            s.apply_case(case, event)
        return list(decision)
    return decision


def test_a_claim_keeps_others_from_deciding_until_it_ends() -> None:
    case = report()
    assert isinstance(decide(case, c.ClaimCase(2 * DAY_MS), "rea"), list)
    for command in (c.ClaimCase(DAY_MS), c.CloseReport(s.Outcome.UPHELD, "seen")):
        refusal = decide(case, command, "root")
        assert isinstance(refusal, Refusal)
        assert (refusal.code, refusal.detail["user"]) == ("conflict", "rea")
    _, told = tell(case, NOW + DAY_MS)
    assert told == {"claim_due": ["rea"]}
    _, told = tell(case, DUE - LEAD_MS)
    assert told == {"case_due": ["rea", "root", "sue"], "claim_over": ["rea", "sue"]}
    assert case.claimed_by == ""
    assert isinstance(decide(case, c.CloseReport(s.Outcome.UPHELD, "seen"), "root", DUE), list)


def test_who_has_claimed_a_case_is_the_one_who_is_told() -> None:
    case = report()
    decide(case, c.ClaimCase(10 * DAY_MS), "rea")
    _, told = tell(case, DUE - 1)
    assert told == {"case_due": ["rea"]}


def test_who_may_claim_and_release() -> None:
    case = report(user="rea")
    assert isinstance(decide(case, c.ClaimCase(DAY_MS), "rea"), Refusal), "nobody judges themselves"
    assert isinstance(decide(case, c.ClaimCase(DAY_MS), "vic"), Refusal)
    assert isinstance(decide(case, c.ReleaseCase(), "root"), Refusal), "there is no claim"
    other = report()
    decide(other, c.ClaimCase(DAY_MS), "root")
    assert isinstance(decide(other, c.ReleaseCase(), "rea"), Refusal)
    assert isinstance(decide(other, c.ReleaseCase(), "sue"), list)
    assert other.claimed_by == ""


def tell_group(state: Any, now: int, policy: Policy = POLICY) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    before = copy(state)
    for event in do(state, gc.TellDates(STAFF), "", now, policy):
        for notice in told_in_group(before, event, policy):
            told.setdefault(notice.kind, []).append(notice.user)
    return told


WARNED = e.GroupWarned(at=NOW, by="sue", until_ms=DUE, reason="clean up")


def test_a_warned_group_is_told_a_day_before_and_then_all_whom_it_concerns() -> None:
    state = make_group(WARNED)
    assert tell_group(state, DUE - LEAD_MS - 1) == {}
    assert tell_group(state, DUE - LEAD_MS) == {"mending_due": ["olga", "adam"]}
    assert tell_group(state, DUE - 1) == {}
    told = tell_group(state, DUE)
    assert told == {"mending_late": ["olga", "adam"], "mending_overdue": ["sue"]}
    assert tell_group(state, DUE + DAY_MS) == {}
    assert state.standing(DUE) == "warned", "the next step is proposed and not taken"


def test_the_next_step_is_taken_where_the_operator_has_said_so() -> None:
    policy = Policy(overdue_suspend_ms=2 * DAY_MS)
    state = make_group(WARNED)
    told = tell_group(state, DUE, policy)
    assert told["group_suspended"] == ["olga", "adam"]
    assert (state.standing(DUE), state.status_until_ms) == ("suspended", DUE + 2 * DAY_MS)
    assert tell_group(state, DUE + 1, policy) == {}


def test_the_step_that_is_proposed_is_the_next_of_the_ladder() -> None:
    (first,) = do(make_group(WARNED), gc.TellDates(STAFF), "", DUE)
    suspended = e.GroupSuspended(at=NOW, by="sue", until_ms=DUE + DAY_MS, reason="spam")
    (then,) = do(make_group(WARNED, suspended), gc.TellDates(STAFF), "", DUE)
    assert isinstance(first, e.MendingOverdue)
    assert isinstance(then, e.MendingOverdue)
    assert [first.step, then.step] == ["group suspend 482190673352 --for 1w", "group close 482190673352"]


def test_looking_at_what_was_mended_is_a_date_of_staff() -> None:
    state = make_group(WARNED)
    do(state, gc.Rectify(state.rectify_case, "done"), "olga", NOW + HOUR_MS)
    date = date_of_group(state)
    assert date is not None
    assert (date.kind, date.due_ms) == (DateKind.INSPECTION, NOW + HOUR_MS + POLICY.inspect_ms)
    assert tell_group(state, date.due_ms - 1) == {"inspection_due": ["root", "sue"]}
    told = tell_group(state, date.due_ms)
    assert told == {"inspection_late": ["olga", "adam"], "inspection_overdue": ["root", "sue"]}
    do(state, gc.RejectRectification("not all", DAY_MS), "sue", date.due_ms, platform=PlatformRole.SAFETY_OFFICER)
    again = date_of_group(state)
    assert again == Date(DateKind.RECTIFICATION, date.due_ms + DAY_MS, 0)


def test_administrators_hear_where_there_is_no_safety_officer() -> None:
    assert officers_of({"ann": PlatformRole.SUPERADMIN, "bob": PlatformRole.REVIEWER}) == ("ann",)
    assert officers_of({"bob": PlatformRole.REVIEWER}) == ()
