"""Erasing the accounts that the platform has closed, when nobody can appeal against that any more."""

from folkmoot_governance import account_case
from folkmoot_governance.case.decide import appeal_against

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..live.accounts import Accounts
from ..storage.api import Ledger
from .runner import Job

LOOK_S = 3600.0
"""How often storage is asked: an hour is nothing beside the days that one may appeal."""
BATCH = 100


class Closing(Job):
    """The job. While an appeal waits for an answer the account waits as well."""

    name = "closing"
    rest_s = LOOK_S
    goes_by_time = True

    def __init__(self, ledger: Ledger, clock: Clock, accounts: Accounts, account_service: AccountService) -> None:
        self._ledger = ledger
        self._clock = clock
        self._accounts = accounts
        self._account_service = account_service

    async def do_round(self) -> None:
        """Erase each account whose time is over."""
        after, more = "", True
        while more:
            due = await self._ledger.closing_accounts(self._clock.now_ms(), after, BATCH)
            for user in due:
                await self._finish(user)
            more = len(due) == BATCH
            after = due[-1] if due else ""

    async def _finish(self, user: str) -> None:
        account = await self._accounts.load(user)
        assert account is not None, "what is stored can be loaded"
        case = account_case(user, account.state.closing_case)
        appeal = await self._ledger.load_case(appeal_against(case))
        if appeal is None or appeal.is_settled:
            await self._account_service.finish_closing(account)
