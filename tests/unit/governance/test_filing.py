"""Reports to the authority: what staff may do with them, in which order, and what is kept of it."""

from typing import Any

import pytest
from msgspec.structs import replace

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.account_events import AccountRestored, AccountRestricted
from folkmoot_governance.case.state import (
    CaseClosed,
    Outcome,
    ReportJoined,
    ReportOpened,
    ReportReopened,
    apply_case,
    opened,
)
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.filing import (
    ApproveFiling,
    ExportFiling,
    Filing,
    FilingCommand,
    FilingState,
    NoteReceipt,
    apply_filing,
    decide_filing,
    drafted,
    drafted_of_report,
    findings_of,
)
from folkmoot_governance.restrictions import Measure
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, SOON, code_of, tell_refusal

SUE, TOM = (Actor(user, platform=PlatformRole.SAFETY_OFFICER) for user in ("sue", "tom"))
MUTED = AccountRestricted(at=NOW, by="sue", measure=Measure.MUTE, until_ms=SOON, reason="spam")


def draft() -> Filing:
    filing = drafted(MUTED, "@mia-2", user="mia")
    assert filing is not None
    return filing


def do(filing: Filing, command: FilingCommand, actor: Actor = SUE) -> Filing | Refusal:
    decision = decide_filing(filing, command, actor, NOW)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    for event in decision:
        filing = apply_filing(filing, event)
    return filing


def done(filing: Filing, *commands: FilingCommand) -> Filing:
    for command in commands:
        after = do(filing, command)
        assert isinstance(after, Filing), after
        filing = after
    return filing


def test_a_measure_has_a_draft_that_names_nobody_in_its_statement() -> None:
    filing = draft()
    assert (filing.case, filing.measure, filing.user, filing.state) == ("@mia-2", "account_mute", "mia", "draft")
    assert "mia" not in str(filing.statement)
    assert drafted(AccountRestored(at=NOW, by="sue", reason="r"), "@mia-3", user="mia") is None


def test_each_finding_of_bad_faith_has_a_draft_of_its_own_and_another_where_it_is_found_again() -> None:
    fields: dict[str, Any] = {"reason": "spam", "severity": Severity.LOW, "due_ms": SOON}
    report = opened(ReportOpened(at=NOW, by="mia", number="r-1", code="", user="bob", **fields))
    for user in ("max", "#1f"):
        apply_case(report, ReportJoined(at=NOW, by=user, **fields))
    found = CaseClosed(
        at=NOW, by="sue", outcome=Outcome.BAD_FAITH, reason="made up", bad_faith=("mia", "#1f"), is_filed=True
    )
    apply_case(report, found)
    (filing,) = drafted_of_report(report, found)
    assert (filing.case, filing.measure, filing.user, filing.state) == ("r-1@mia", "report_bad_faith", "mia", "draft")
    assert "mia" not in str(filing.statement)
    assert (findings_of(report, "mia"), findings_of(report, "max")) == (["r-1@mia"], [])
    apply_case(report, ReportReopened(at=NOW, by="", due_ms=SOON, reason="look again"))
    assert findings_of(report) == []
    apply_case(report, found)
    assert [one.case for one in drafted_of_report(report, found)] == ["r-1-2@mia"]
    assert drafted_of_report(report, replace(found, is_filed=False)) == [], "before findings were reported"


def test_it_goes_step_by_step() -> None:
    steps: list[FilingCommand] = [ApproveFiling(), ExportFiling(), NoteReceipt("7")]
    filing = done(draft(), *steps)
    assert (filing.state, filing.receipt, filing.receipt_ts) == (FilingState.RECEIVED, "7", NOW)
    for number, allowed in enumerate(({0}, {1}, {1, 2}, set[int]())):
        at = done(draft(), *steps[:number])
        for index, command in enumerate(steps):
            assert (code_of(do(at, command)) is None) == (index in allowed), (number, command)
    assert code_of(do(filing, steps[0])) == ErrorCode.CONFLICT


@pytest.mark.parametrize("role", [None, PlatformRole.VIEWER, PlatformRole.MODERATOR, PlatformRole.REVIEWER])
def test_who_may_not(role: PlatformRole | None) -> None:
    assert code_of(do(draft(), ApproveFiling(), Actor("x", platform=role))) == ErrorCode.FORBIDDEN


def test_identity_numbers_take_two() -> None:
    asked = done(draft(), ApproveFiling(identity=True))
    assert (asked.state, asked.identity, asked.asked_by) == (FilingState.DRAFT, False, "sue")
    assert code_of(do(asked, ApproveFiling(identity=True))) == ErrorCode.FORBIDDEN
    both, without = do(asked, ApproveFiling(identity=True), TOM), do(asked, ApproveFiling(), TOM)
    assert isinstance(both, Filing) and isinstance(without, Filing)
    assert (both.state, both.identity, both.approved_by) == (FilingState.APPROVED, True, "tom")
    assert (without.state, without.identity) == (FilingState.APPROVED, False)
