"""What followed from a measure, and comes back with it when an appeal succeeds: credit that reports took.

A measure may have come from a report. Where the appeal succeeds nothing of what that report brought holds: what it took
of the credit is given back, and what other reports of the same thing took as well, for it was one offence.
"""

from folkmoot_governance import SERVICE, Refusal
from folkmoot_governance.account import AccountSuspended, CreditChanged
from folkmoot_governance.account_commands import RestoreCredit
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome
from folkmoot_governance.group.events import GroupSuspended

from ...live.accounts import Accounts
from ...storage.api import CaseFilter, Ledger
from ..accounts.govern import AccountService

MOST = 1000
"""So many reports of one thing are looked at."""


def report_behind(event: object) -> str:
    """Return the number of the report that a measure came from, empty where there is none."""
    if isinstance(event, (AccountSuspended, GroupSuspended)):
        return event.report
    return event.case if isinstance(event, CreditChanged) and event.cause == "penalty" else ""


class Aftermath:
    """Finds the reports behind a measure, and gives back what they took."""

    def __init__(self, ledger: Ledger, accounts: Accounts, account_service: AccountService) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._account_service = account_service

    async def reports_behind(self, event: object) -> list[CaseState]:
        """Return the report that a measure came from, and the upheld ones of the same thing.

        That is the same entry; of a group or an account, which may be reported for more than one thing, what was
        reported for the same reason.
        """
        number = report_behind(event)
        first = await self._ledger.load_case(number) if number else None
        if first is None:
            return []
        wanted = CaseFilter(CaseKind.REPORT, False, code=first.code, seq=first.seq, user=first.user)
        found = await self._ledger.list_cases(wanted, limit=MOST)
        return [
            one
            for one in found
            if one.code == first.code
            and one.outcome is Outcome.UPHELD
            and (one.number == first.number or one.seq or one.reason == first.reason)
        ]

    async def give_back(self, reports: list[CaseState], reason: str) -> Refusal | None:
        """Give back the credit that reports took, as far as that is not done; return why it must be tried again."""
        for report in reports:
            account = await self._accounts.load(report.user)
            if account is not None and report.number in account.state.charges:
                command = RestoreCredit(report.number, reason)
                refusal = await self._account_service.carry_out(account.state, command, SERVICE)
                if refusal:
                    return refusal
        return None
