"""Each version of the service agreement says one thing: its text is kept from the start on with which it came into
force (G5.2)."""

from ..common.clock import Clock
from ..config.documents import Document
from ..storage.api import Ledger
from ..storage.change_set import StorageError
from ..storage.changes import agreement_row
from ..storage.rows import StoredAgreement
from .accounts.govern import AccountService


class AgreementKeeper:
    """Compares the agreement with what it was, and keeps it."""

    def __init__(self, ledger: Ledger, clock: Clock, account_service: AccountService, agreement: Document) -> None:
        self._ledger = ledger
        self._clock = clock
        self._account_service = account_service
        self._agreement = agreement

    async def check(self) -> StoredAgreement | None:
        """Return what is kept of the version in force. Raises StorageError where that has another text."""
        version, sha256 = self._agreement.version, self._agreement.sha256
        known = await self._ledger.agreement(version)
        if known is not None and known.sha256 != sha256:
            raise StorageError(
                f"the service agreement {version} has another text than people have accepted (SHA-256 {known.sha256}, "
                f"now {sha256}): give the new text a version of its own in the first line of each of its files, or put "
                "the old text back"
            )
        return known

    async def keep(self) -> None:
        """Keep the version in force, unless it is kept. Raises StorageError."""
        if await self.check() is not None:
            return
        agreement = self._agreement
        row = agreement_row(agreement.version, agreement.sha256, agreement.texts, self._clock.now_ms())
        if await self._account_service.store_rows("", [row]) is not None:
            raise StorageError("the service agreement could not be stored")
        # Another node may have come with another text at the same time.
        await self.check()
