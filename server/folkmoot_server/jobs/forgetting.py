"""Forgetting what was asked for under nonces, which nobody repeats any more, what people were told and have read, when
its time is over, what was written to cases that are final, codes that were not used in time, who has read channels on
days that are over, sessions that nobody uses, and what people wrote into events who have closed their accounts."""

from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.holds import appeal_term

from ..actions.accounts.govern import AccountService
from ..actions.channels.reads import Reads
from ..actions.words import Words
from ..common.clock import Clock
from ..storage.api import Ledger
from ..storage.changes import (
    remove_ended_answers,
    remove_ended_bars,
    remove_ended_case_texts,
    remove_ended_notices,
    remove_ended_reset_codes,
    revoke_token,
)
from .runner import Job

REST_S = 10 * 60.0

AT_ONCE = 500

ENDED = (remove_ended_answers, remove_ended_notices, remove_ended_reset_codes, remove_ended_bars)
"""What goes when its time is over."""


class Forgetting(Job):
    """The job."""

    name = "forgetting"
    rest_s = REST_S

    def __init__(
        self,
        clock: Clock,
        account_service: AccountService,
        ledger: Ledger,
        reads: Reads,
        words: Words,
        rules: CaseRules,
        token_days: int,
    ) -> None:
        self._clock = clock
        self._account_service = account_service
        self._ledger = ledger
        self._reads = reads
        self._words = words
        self._rules = rules
        self._token_days = token_days

    async def do_round(self) -> None:
        now = self._clock.certain_ms()
        await self._account_service.store_rows("", [remove(now) for remove in ENDED])
        await self._forget_case_texts(now)
        await self._reads.forget(now)
        await self._words.erase()
        while self._token_days:
            unused = await self._ledger.ended_tokens(now - self._token_days * DAY_MS, AT_ONCE)
            if not unused or await self._account_service.store_rows("", list(map(revoke_token, unused))):
                return

    async def _forget_case_texts(self, now: int) -> None:
        final_before = now - appeal_term(self._rules)
        while numbers := await self._ledger.ended_case_texts(now, final_before, AT_ONCE):
            rows = [row for number in numbers for row in remove_ended_case_texts(number, now)]
            if await self._account_service.store_rows("", rows):
                return
