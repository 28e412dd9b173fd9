"""Forgetting what was asked for under nonces: nobody repeats it any more."""

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..storage.changes import remove_ended_answers
from .runner import Job

REST_S = 10 * 60.0


class Forgetting(Job):
    """The job."""

    name = "forgetting"
    rest_s = REST_S

    def __init__(self, clock: Clock, account_service: AccountService) -> None:
        self._clock = clock
        self._account_service = account_service

    async def do_round(self) -> None:
        await self._account_service.store_rows("", [remove_ended_answers(self._clock.certain_ms())])
