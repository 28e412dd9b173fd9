"""Forgetting what was asked for under nonces, which nobody repeats any more, what people were told and have read, when
its time is over, codes that were not used in time, and sessions that nobody uses."""

from folkmoot_governance.duration import DAY_MS

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..storage.changes import (
    remove_ended_answers,
    remove_ended_bars,
    remove_ended_notices,
    remove_ended_reset_codes,
    revoke_token,
)
from ..storage.ledger import Sessions
from .runner import Job

REST_S = 10 * 60.0

AT_ONCE = 500

ENDED = (remove_ended_answers, remove_ended_notices, remove_ended_reset_codes, remove_ended_bars)
"""What goes when its time is over."""


class Forgetting(Job):
    """The job."""

    name = "forgetting"
    rest_s = REST_S

    def __init__(self, clock: Clock, account_service: AccountService, sessions: Sessions, token_days: int) -> None:
        self._clock = clock
        self._account_service = account_service
        self._sessions = sessions
        self._token_days = token_days

    async def do_round(self) -> None:
        now = self._clock.certain_ms()
        await self._account_service.store_rows("", [remove(now) for remove in ENDED])
        while self._token_days:
            unused = await self._sessions.ended_tokens(now - self._token_days * DAY_MS, AT_ONCE)
            if not unused or await self._account_service.store_rows("", list(map(revoke_token, unused))):
                return
