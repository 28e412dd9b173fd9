"""Reports: who may make how many, who decides on them, and what is remembered (G12)."""

import pytest
from msgspec.structs import replace

from folkmoot_governance import SERVICE, Actor, PlatformRole, Policy, Refusal
from folkmoot_governance.case import commands as c
from folkmoot_governance.case.decide import decide_case
from folkmoot_governance.case.offence import gravest_reason
from folkmoot_governance.case.rules import CaseRules, ReporterRecord, reports_per_day
from folkmoot_governance.case.state import (
    CaseKind,
    CaseSettled,
    CaseState,
    Outcome,
    ReportJoined,
    ReportOpened,
    apply_case,
    opened,
    replay_case,
)
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, caps, code_of, tell_refusal

RULES = CaseRules({"spam": Severity.LOW, "fraud": Severity.HIGH}, {Severity.LOW: DAY_MS, Severity.HIGH: HOUR_MS})
POLICY = Policy(cases=RULES, credit=caps(reports_per_day=4))
NEW = ReporterRecord()
REVIEWER = Actor("rea", platform=PlatformRole.REVIEWER)
CODE = "482190673352"
OPENED = ReportOpened(
    at=NOW,
    by="mia",
    number="r-1",
    reason="fraud",
    severity=Severity.HIGH,
    due_ms=NOW + HOUR_MS,
    code=CODE,
    seq=7,
    user="max",
)


def ask(state: CaseState | None, command: c.CaseCommand, actor: Actor = REVIEWER, now: int = NOW) -> object:
    """Decide; a refusal must be tellable."""
    decision = decide_case(state, command, actor, now, POLICY)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision
    return list(decision)


def case() -> CaseState:
    return opened(OPENED)


def closed(outcome: Outcome = Outcome.UPHELD) -> CaseState:
    state = case()
    events = decide_case(state, c.CloseReport(outcome, "seen"), REVIEWER, NOW + 1, POLICY)
    assert not isinstance(events, Refusal)
    for event in events:
        apply_case(state, event)
    return state


def report(record: ReporterRecord = NEW, reason: str = "fraud", user: str = "max") -> c.OpenReport:
    return c.OpenReport("r-1", reason, record, code=CODE, seq=7, user=user)


def test_a_report_says_by_when_it_is_answered() -> None:
    assert ask(None, report(), Actor("mia")) == [OPENED]
    state = case()
    assert (state.kind, state.is_open, state.is_settled, state.version) == (CaseKind.REPORT, True, False, 1)
    assert (state.closed_ts, state.closed_by) == (0, "")
    for name in ("number", "by", "due_ms", "reason", "severity", "code", "seq", "user"):
        assert getattr(state, name) == getattr(OPENED, name), name


def test_a_member_is_reported_without_an_entry() -> None:
    event = ReportOpened(at=NOW, by="mia", number="r-1", reason="fraud", severity=Severity.HIGH, due_ms=NOW)
    assert (event.seq, opened(event).seq) == (0, 0)


def test_where_the_operator_lists_no_reasons_there_is_one() -> None:
    command = c.OpenReport("r-1", "other", NEW, code=CODE, seq=7, user="max")
    [event] = decide_case(None, command, Actor("mia"), NOW, Policy())
    assert isinstance(event, ReportOpened) and event.severity is Severity.LOW


def test_what_cannot_be_reported() -> None:
    refused = ask(None, report(reason="ugly"), Actor("mia"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.detail["known"]) == (ErrorCode.BAD_REQUEST, "spam fraud")
    assert code_of(ask(None, report(user="mia"), Actor("mia"))) == ErrorCode.FORBIDDEN


@pytest.mark.parametrize(
    ("bad_faith", "quota", "limit"),
    [(0, 8, 8), (1, 8, 8), (2, 8, 4), (3, 8, 2), (4, 8, 1), (40, 8, 1), (1, 0, 0), (2, 0, 10), (9, 0, 1)],
)
def test_bad_faith_but_the_first_halves_what_one_may(bad_faith: int, quota: int, limit: int) -> None:
    assert reports_per_day(ReporterRecord(bad_faith=bad_faith), quota) == limit


def test_reports_a_day_are_limited_and_the_first_of_a_day_never_is() -> None:
    def code(today: int, bad_faith: int) -> ErrorCode | None:
        return code_of(ask(None, report(ReporterRecord(today, NOW - HOUR_MS, bad_faith=bad_faith)), Actor("mia")))

    assert [code(today, 1) for today in (0, 3, 4)] == [None, None, ErrorCode.RATE_LIMITED]
    assert [code(today, 2) for today in (0, 1, 2)] == [None, None, ErrorCode.RATE_LIMITED]
    assert [code(today, 99) for today in (0, 1)] == [None, ErrorCode.RATE_LIMITED]
    refused = ask(None, report(ReporterRecord(4, NOW - HOUR_MS)), Actor("mia"))
    assert isinstance(refused, Refusal)
    assert refused.detail["retry_after_ms"] == DAY_MS - HOUR_MS
    assert refused.detail["rule"] == "policy.quota.standard.reports_per_day"
    almost = ask(None, report(ReporterRecord(4, NOW - DAY_MS)), Actor("mia"))
    assert isinstance(almost, Refusal)
    assert almost.detail["retry_after_ms"] == 1


def test_where_the_operator_has_set_no_number_reports_are_not_counted() -> None:
    policy = Policy(cases=RULES, credit=caps(reports_per_day=0))
    decision = decide_case(None, report(ReporterRecord(99, NOW)), Actor("mia"), NOW, policy)
    assert list(decision) == [OPENED]  # type: ignore[arg-type]  # no refusal


def test_reliability_falls_with_bad_faith_and_recovers_with_what_is_upheld() -> None:
    records = (ReporterRecord(), ReporterRecord(bad_faith=1), ReporterRecord(bad_faith=1, upheld=3, dismissed=9))
    assert [record.reliability for record in records] == [100, 50, 80]


@pytest.mark.parametrize("outcome", [Outcome.UPHELD, Outcome.DISMISSED, Outcome.BAD_FAITH])
def test_a_report_is_decided_once_and_settled_once(outcome: Outcome) -> None:
    state = closed(outcome)
    assert (state.outcome, state.answer, state.closed_by, state.closed_ts) == (outcome, "seen", "rea", NOW + 1)
    assert code_of(ask(state, c.CloseReport(Outcome.UPHELD, "again"))) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.SettleCase())) == ErrorCode.FORBIDDEN
    events = decide_case(state, c.SettleCase(), SERVICE, NOW, POLICY)
    assert not isinstance(events, Refusal)
    for event in events:
        apply_case(state, event)
    assert state.is_settled
    assert ask(state, c.SettleCase(), SERVICE) == []
    assert ask(case(), c.SettleCase(), SERVICE) == []


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (Actor("rea", platform=PlatformRole.VIEWER), ErrorCode.FORBIDDEN),
        (Actor("rea"), ErrorCode.FORBIDDEN),
        (Actor("mia", platform=PlatformRole.SUPERADMIN), ErrorCode.FORBIDDEN),
        (Actor("max", platform=PlatformRole.SUPERADMIN), ErrorCode.FORBIDDEN),
        (REVIEWER, None),
    ],
)
def test_who_decides_is_staff_and_neither_reporter_nor_reported(actor: Actor, code: ErrorCode | None) -> None:
    assert code_of(ask(case(), c.CloseReport(Outcome.DISMISSED, "no"), actor)) == code


def test_who_is_no_staff_is_told_so_also_about_reports_of_their_own() -> None:
    refused = ask(case(), c.CloseReport(Outcome.DISMISSED, "no"), Actor("mia"))
    assert isinstance(refused, Refusal)
    assert refused.detail == {"act": "review_case"}


def test_a_report_ends_as_reports_do() -> None:
    assert code_of(ask(case(), c.CloseReport(Outcome.OVERTURNED, "no"))) == ErrorCode.BAD_REQUEST
    assert code_of(ask(case(), c.DecideAppeal(Outcome.UPHELD, "no"))) == ErrorCode.BAD_REQUEST


def test_reading_is_recorded_and_changes_nothing_else() -> None:
    state = case()
    (event,) = decide_case(state, c.ReadCase(), REVIEWER, NOW, POLICY)  # type: ignore[misc]  # no refusal
    apply_case(state, event)
    assert state == replay_case([OPENED, event])
    assert (state.version, state.is_open) == (2, True)
    assert code_of(ask(state, c.ReadCase(), Actor("mia"))) == ErrorCode.FORBIDDEN


def test_misuse_is_a_bug_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="is there"):
        decide_case(None, c.ReadCase(), REVIEWER, NOW, POLICY)
    with pytest.raises(AssertionError, match="begin"):
        opened(CaseSettled(at=NOW, by=""))
    with pytest.raises(AssertionError, match="open"):
        apply_case(case(), OPENED)


@pytest.mark.parametrize(
    ("first", "joined", "known", "rule"),
    [
        ("spam", "fraud", RULES.reasons, "fraud"),
        ("fraud", "spam", RULES.reasons, "fraud"),
        ("spam", "fraud", {"spam": Severity.LOW, "fraud": Severity.LOW}, "spam"),
        ("fraud", "spam", {"spam": Severity.LOW}, "spam"),
        ("spam", "spam", {"other": Severity.LOW}, ""),
    ],
)
def test_what_follows_from_a_report_rests_on_its_gravest_reason(
    first: str, joined: str, known: dict[str, Severity], rule: str
) -> None:
    state = opened(replace(OPENED, reason=first, severity=RULES.reasons[first]))
    apply_case(
        state, ReportJoined(at=NOW, by="bob", reason=joined, severity=RULES.reasons[joined], due_ms=NOW + HOUR_MS)
    )
    assert gravest_reason(state, CaseRules(known)) == rule
