"""What days give back of the credit that was taken (G7.2): the daily look at accounts below their start.

One node (the one whose turn the jobs are) asks storage whose score last changed a day ago or longer, and lets the rules
decide on each: however long nothing ran, the days count.
"""

import structlog

from folkmoot_governance import SERVICE, Policy
from folkmoot_governance.account_commands import RecoverCredit
from folkmoot_governance.duration import DAY_MS

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..live.accounts import Accounts
from ..storage.api import Ledger
from .runner import Job

log = structlog.get_logger()

LOOK_S = 600.0
PAGE = 200


class Recovery(Job):
    """The job."""

    name = "credit_recovery"
    rest_s = LOOK_S
    goes_by_time = True

    def __init__(
        self, ledger: Ledger, clock: Clock, policy: Policy, accounts: Accounts, account_service: AccountService
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._accounts = accounts
        self._account_service = account_service

    async def do_round(self) -> None:
        await self.sweep(self._clock.now_ms())

    async def sweep(self, now: int) -> int:
        """Give back what is due at `now` (Unix ms); return to how many accounts. Raises StorageError."""
        rules = self._policy.credit
        given, after = 0, ""
        while rules.recover_per_day:
            users = await self._ledger.due_for_recovery(rules.start, now - DAY_MS, after, PAGE)
            given += sum([await self._give(user) for user in users])
            if len(users) < PAGE:
                break
            after = users[-1]
        return given

    async def _give(self, user: str) -> bool:
        account = await self._accounts.load(user)
        assert account is not None, "who has lost credit has an account"
        refusal = await self._account_service.carry_out(account.state, RecoverCredit(), SERVICE)
        if refusal:
            log.warning("could not give credit back", user=user, code=refusal.code)
        return refusal is None
