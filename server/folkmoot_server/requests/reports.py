"""Reports (G12): what may be reported, by whom, and what is kept of it."""

from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import ReportResult

from ..actions.cases.reports import find_subject, open_report
from ..delivery.session import Session

if TYPE_CHECKING:
    from ..node import Node


async def report(node: "Node", session: Session, request: rq.Report) -> ReportResult | Refusal:
    """Open a case."""
    subject = await find_subject(node, session, request.group, request.seq, request.user)
    if isinstance(subject, Refusal):
        return subject
    case = await open_report(node, session, subject, request.reason, request.text or "")
    return case if isinstance(case, Refusal) else ReportResult(case.number, case.due_ms)
