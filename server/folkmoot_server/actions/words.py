"""Erasing what people wrote into events once they have closed their accounts: with what they asked to be let in (P9.2).

The log stays as it is, and so does all that was proven from it: it has hashes of words (`crypto.words`).
"""

from folkmoot_governance import Refusal
from folkmoot_governance.actor import SERVICE
from folkmoot_governance.group.events import JoinRequested
from folkmoot_governance.store_acts import EraseWords

from ..common.clock import Clock
from ..crypto.words import words_of
from ..storage.api import Ledger
from ..storage.change_set import StorageError
from ..storage.changes import erased_words_row
from .store_acts import StoreActs

AT_ONCE = 500
KIND = str(JoinRequested.__struct_config__.tag)
CLOCKS_MS = 3_600_000
"""By how much clocks of nodes may differ, and how long a closing may take to be stored."""


class Words:
    """Looks through the ledger where somebody has closed an account since it did so last, at the start in any case."""

    def __init__(self, ledger: Ledger, clock: Clock, store_acts: StoreActs) -> None:
        self._ledger = ledger
        self._clock = clock
        self._store_acts = store_acts
        self._since = 1

    async def erase(self) -> None:
        """Erase the words of accounts that are closed and erased. Raises StorageError."""
        began = self._clock.now_ms()
        if not await self._ledger.is_closed_since(self._since):
            return
        after = 0
        while rows := await self._ledger.words_of_closed(KIND, after, AT_ONCE):
            after = rows[-1].position
            there = [row for row in rows if words_of(row.data)]
            if there:
                command = EraseWords(tuple(row.position for row in there))
                done = await self._store_acts.act(command, SERVICE, list(map(erased_words_row, there)), dry_run=False)
                if isinstance(done, Refusal):
                    raise StorageError(f"words of accounts that are closed could not be erased: {done.code.value}")
        self._since = max(1, began - CLOCKS_MS)
