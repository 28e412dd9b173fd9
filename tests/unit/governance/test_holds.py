"""What is held for a case, and until when."""

from typing import Any

import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.case.state import (
    AppealOpened,
    CaseClosed,
    CaseEvent,
    CaseState,
    MeasureProposed,
    MediationOpened,
    Outcome,
    ReportOpened,
    ReportReopened,
    Terms,
    apply_case,
    opened,
)
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.holds import (
    LOOK_BACK_MS,
    BeginHold,
    EndHold,
    Hold,
    decide_on_hold,
    hold_of,
    holds_of,
    in_force,
)
from folkmoot_governance.restrictions import Measure, Subject

NOW = 100 * DAY_MS
CODE = "100000000003"
RULES = CaseRules(appeal_ms=30 * DAY_MS, platform_appeal_ms=40 * DAY_MS)
OFFICER = Actor("ora", platform=PlatformRole.SAFETY_OFFICER)
FOR_A_CASE: dict[str, Any] = {"number": "h1", "case": "file-7", "reason": "asked for", "duration_ms": DAY_MS}


def report(**about: Any) -> ReportOpened:
    return ReportOpened(at=NOW, by="rita", number="r-1", reason="spam", severity=Severity.LOW, due_ms=NOW + 1, **about)


APPEAL = AppealOpened(at=NOW, by="bob", number="a-1", measure="@bob-2", reason="x", decider="root", due_ms=9)
MEDIATION = MediationOpened(at=NOW, by="ann", number="m-1", user="bob", due_ms=9, code=CODE)


def proposed(**about: Any) -> MeasureProposed:
    subject = Subject.ACCOUNT if "user" in about else Subject.GROUP
    return MeasureProposed(
        at=NOW, by="root", number="s-1", due_ms=9, terms=Terms(subject, Measure.SUSPEND, "r", **about)
    )


@pytest.mark.parametrize(
    ("event", "code", "users"),
    [
        (report(code=CODE, user="bob"), CODE, ()),
        # *It held the whole group.*
        (report(code=CODE, user="bob", of_account=True), CODE, ("bob",)),
        (report(user="bob"), "", ("bob",)),
        (APPEAL, "", ("bob",)),
        (MEDIATION, CODE, ("ann", "bob")),
        (proposed(user="bob"), "", ("bob",)),
        (proposed(code=CODE), CODE, ()),
    ],
)
def test_an_open_case_holds_what_it_names(event: CaseEvent, code: str, users: tuple[str, ...]) -> None:
    case = opened(event)
    expected = Hold(case.number, case.number, FOREVER_MS, code, users, since_ms=NOW - LOOK_BACK_MS)
    assert hold_of(case, RULES) == expected


def test_a_report_about_an_entry_holds_that_entry() -> None:
    case = opened(report(code=CODE, seq=7, user="bob"))
    assert hold_of(case, RULES) == Hold("r-1", "r-1", FOREVER_MS, CODE, seq=7)


def until(case: CaseState) -> int:
    hold = hold_of(case, RULES)
    assert hold is not None
    return hold.until_ms


def test_it_is_held_until_nobody_can_appeal_any_more() -> None:
    case = opened(report(user="bob"))
    apply_case(case, CaseClosed(at=NOW + 5, by="root", outcome=Outcome.DISMISSED, reason="seen"))
    assert until(case) == NOW + 5 + 40 * DAY_MS
    appealed = hold_of(case, RULES, is_appealed=True)
    assert appealed is not None and appealed.until_ms == FOREVER_MS
    assert (hold_of(case, RULES) or case).till_ms == NOW + 5  # type: ignore[union-attr]  # nothing that came later
    apply_case(case, ReportReopened(at=NOW + 6, by="", due_ms=NOW + 9, reason="x"))
    assert until(case) == FOREVER_MS


def test_staff_holds_for_a_time_and_ends_it() -> None:
    begun = decide_on_hold([], BeginHold(**FOR_A_CASE, code=CODE, user="bob", since_ms=5), OFFICER, NOW)
    assert not isinstance(begun, Refusal)
    holds = holds_of(begun)
    assert list(holds.values()) == [Hold("h1", "file-7", NOW + DAY_MS, CODE, ("bob",), since_ms=5, reason="asked for")]
    assert in_force(holds.values(), NOW + DAY_MS - 1)
    assert in_force(holds.values(), NOW + DAY_MS) == []
    ended = decide_on_hold(holds.values(), EndHold("h1", "over"), OFFICER, NOW + 1)
    assert not isinstance(ended, Refusal)
    assert holds_of([*begun, *ended]) == {}
    for number in ("h1", "r-1"):
        assert isinstance(decide_on_hold([], EndHold(number, "over"), OFFICER, NOW), Refusal)


def test_who_may_not_and_what_holds_nothing_is_refused() -> None:
    moderator = Actor("mo", platform=PlatformRole.MODERATOR)
    for command, actor, detail in (
        (BeginHold(**FOR_A_CASE, user="bob"), moderator, ("act", "hold_entries")),
        (EndHold("h1", "x"), moderator, ("act", "hold_entries")),
        (BeginHold(**FOR_A_CASE), OFFICER, ("field", "group")),
        (BeginHold(**FOR_A_CASE, user="bob", since_ms=9, till_ms=9), OFFICER, ("field", "since")),
    ):
        refusal = decide_on_hold([], command, actor, NOW)  # type: ignore[arg-type]  # one of two
        assert isinstance(refusal, Refusal)
        assert detail in refusal.detail.items()


@pytest.mark.parametrize(
    ("begin", "end", "does"), [(0, 5, False), (0, 6, True), (9, 12, True), (10, 12, False), (6, 7, True)]
)
def test_a_hold_is_of_a_time(begin: int, end: int, does: bool) -> None:
    assert Hold("h1", "c", NOW, since_ms=5, till_ms=10).overlaps(begin, end) is does
