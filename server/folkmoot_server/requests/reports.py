"""Reports (G12)."""

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import ReportResult

from ..actions.app import App
from ..delivery.session import Session


async def report(app: App, session: Session, request: rq.Report) -> ReportResult | Refusal:
    """Open a case."""
    reports = app.cases.reports
    subject = await reports.find_subject(session, request.group, request.seq, request.user)
    if isinstance(subject, Refusal):
        return subject
    assert session.account is not None
    case = await reports.open(session.account, subject, request.reason, request.text or "")
    return case if isinstance(case, Refusal) else ReportResult(case.number, case.due_ms)
