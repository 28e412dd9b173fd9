"""What becomes of who uploads what the operator's list has: staff gets a case on the account (P11, W12)."""

from folkmoot_governance import Actor, Policy, Refusal
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import PUBLIC
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.media import Media

from ..cases.reports import Reports, Subject

REASON = "illegal"
"""The reason for such a report, where the operator has one of that name; else the first of the most severe."""


class Finds:
    """Reports uploads. Each has a name of its own as reporter, so that one that is sent again is one report, and what
    an account uploads while its case is open comes to that."""

    def __init__(self, reports: Reports, policy: Policy) -> None:
        self._reports = reports
        self._policy = policy

    async def report(self, media: Media, came: str, likeness: str) -> Refusal | None:
        """Open a case on who uploaded something, or join the one that is open; return why that was not stored.

        The bytes are not kept: the case has the SHA-256 of those that `came`, and what the picture looks like.
        """
        upload = {"media": media.id, "reason": "known", "size": media.sent, "sha256": came, "likeness": likeness}
        subject = Subject(user=media.user, shown={"user": media.user, "upload": upload})
        who = Actor(PUBLIC + media.id)
        case = await self._reports.report(who, subject, reason_in(self._policy), "", ReporterRecord())
        return case if isinstance(case, Refusal) else None


def reason_in(policy: Policy) -> str:
    """Return the reason for such a report."""
    reasons = policy.cases.reasons
    return REASON if REASON in reasons else max(reasons, key=lambda one: list(Severity).index(reasons[one]))
