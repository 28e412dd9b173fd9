"""What of a case somebody whose case it is as well may be given: nothing of other reporters, nor of how staff works."""

import pytest

from folkmoot_governance.case.provable import may_be_given
from folkmoot_governance.case.state import (
    BadFaithOverturned,
    CaseClosed,
    CaseEvent,
    CaseExported,
    CaseOverdue,
    ExportApproved,
    Outcome,
    ReportJoined,
    ReportReopened,
)
from folkmoot_governance.content.kinds import Severity

JOINED = ReportJoined(at=1, by="ann", reason="spam", severity=Severity.LOW, due_ms=9)
ENDED = CaseClosed(at=1, by="root", outcome=Outcome.BAD_FAITH, reason="made up", bad_faith=("ann",))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (JOINED, "ann"),
        (ENDED, "ann"),
        (CaseClosed(at=1, by="root", outcome=Outcome.UPHELD, reason="so it is"), "ann bob"),
        (BadFaithOverturned(at=1, by="root", user="bob", reason="meant well"), "bob"),
        (ReportReopened(at=1, by="root", due_ms=9, reason="look again"), "ann bob"),
        (ExportApproved(at=1, by="root", reason="order 7"), ""),
        (CaseExported(at=1, by="root", scope="user", since_ms=0, until_ms=1, reason="order 7"), ""),
        (CaseOverdue(at=1, by="", until_ms=9, users=("root",)), ""),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, CaseEvent) else str(one),
)
def test_who_is_given_an_event(event: CaseEvent, told: str) -> None:
    assert " ".join(user for user in ("ann", "bob") if may_be_given(event, user)) == told
