"""Forgetting what was asked for under nonces, which nobody repeats any more, and what people were told and have read,
when its time is over."""

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..storage.changes import remove_ended_answers, remove_ended_notices
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
        now = self._clock.certain_ms()
        await self._account_service.store_rows("", [remove_ended_answers(now), remove_ended_notices(now)])
