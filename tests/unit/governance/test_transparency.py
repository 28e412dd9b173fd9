"""Figures of cases: what counts as received, decided, late, and the middle one of the times."""

from folkmoot_governance.case.measures import ROW_NAMES, SEVERAL, counted_as
from folkmoot_governance.case.state import CaseKind, Outcome
from folkmoot_governance.measures import MEASURES
from folkmoot_governance.transparency import COUNTED, CaseFigure, Tally, tally

SINCE, NOW = 1000, 2000
REPORT, APPEAL, MEDIATION = COUNTED


def test_reports_and_appeals_are_counted_by_reason_and_all_together() -> None:
    cases = [
        CaseFigure(REPORT, "spam", Outcome.UPHELD, 1100, 1300, 1200),
        CaseFigure(REPORT, "spam", Outcome.BAD_FAITH, 900, 1000, 1300),
        CaseFigure(REPORT, "spam", None, 1500, 1900, 0),
        CaseFigure(REPORT, "fraud", None, 1500, 2100, 0),
        CaseFigure(APPEAL, "muted", Outcome.OVERTURNED, 1000, 1500, 1500),
        CaseFigure(APPEAL, "muted", Outcome.CONFIRMED, 1000, 1500, 1501),
        CaseFigure(APPEAL, "muted", Outcome.CONFIRMED, 1000, 1500, 1003),
        CaseFigure(MEDIATION, "dispute", None, 1000, 2500, 0),
    ]
    assert tally(cases, SINCE, NOW) == [
        Tally(REPORT, "", received=3, decided=2, granted=1, bad_faith=1, overdue=2, median_ms=250),
        Tally(REPORT, "spam", received=2, decided=2, granted=1, bad_faith=1, overdue=2, median_ms=250),
        Tally(REPORT, "fraud", received=1),
        Tally(APPEAL, "", received=3, decided=3, granted=1, overdue=1, median_ms=500),
        Tally(APPEAL, "muted", received=3, decided=3, granted=1, overdue=1, median_ms=500),
        Tally(MEDIATION, "", received=1),
    ]


def test_cases_of_other_kinds_are_not_counted() -> None:
    others = [CaseFigure(kind, "badge", None, 1100, 1300, 0) for kind in CaseKind if kind not in COUNTED]
    assert len(others) > 1
    assert tally(others, SINCE, NOW) == tally([], SINCE, NOW)


def test_measures_that_one_event_records_are_counted_apart() -> None:
    """*A mute and a blacklist entry were one line*, and whatever was taken from a group was *closed to newcomers*."""
    shared = {row.name for row in MEASURES if row.event.__struct_config__.tag in SEVERAL}
    assert shared == ROW_NAMES.keys()
    assert [counted_as("account_restricted", "account_mute"), counted_as("muted", "")] == ["account_mute", "muted"]
    assert counted_as("closed", "group_close") == "closed" and counted_as("group_restricted", "") == "group_restricted"


def test_without_cases_there_are_still_figures() -> None:
    assert tally([], SINCE, NOW) == [Tally(REPORT, ""), Tally(APPEAL, ""), Tally(MEDIATION, "")]
