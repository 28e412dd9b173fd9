"""Telling accounts on time that a measure of the platform against them is over: they may post, join, manage again.

No rule waits for this, as for the ends in groups (`jobs.expiry`).
"""

import structlog

from folkmoot_governance import SERVICE
from folkmoot_governance.account_commands import EndRestrictions
from folkmoot_governance.duration import FOREVER_MS

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..live.accounts import Accounts
from ..storage.api import Ledger
from .runner import Job

log = structlog.get_logger()

LOOK_S = 1.0
BATCH = 100


class Freeing(Job):
    """The job."""

    name = "restrictions"
    rest_s = LOOK_S
    goes_by_time = True
    after_ms = 0

    def __init__(self, ledger: Ledger, clock: Clock, accounts: Accounts, account_service: AccountService) -> None:
        self._ledger = ledger
        self._clock = clock
        self._accounts = accounts
        self._account_service = account_service

    async def do_round(self) -> None:
        """Tell of what has ended by now, as much as one round takes."""
        ends = await self._ledger.next_account_ends(BATCH)
        now = self._clock.now_ms()
        self.next_ms = ends[0][0] if ends else FOREVER_MS
        for _, user in (end for end in ends if end[0] <= now):
            account = await self._accounts.load(user)
            assert account is not None, "what is stored can be loaded"
            refusal = await self._account_service.carry_out(account.state, EndRestrictions(), SERVICE)
            if refusal:
                log.warning("a measure that is over could not be ended yet", user=user, code=refusal.code)
