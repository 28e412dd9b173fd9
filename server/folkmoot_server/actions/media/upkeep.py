"""The upkeep of media: what goes with the day, with its post, and with its month.

Each step may be done twice: what is to be there afterwards is stored before anything is removed, and the row says so
last. So whoever is killed in between leaves nothing that the next round does not find.
"""

import asyncio
import io
from collections.abc import Sequence

import structlog

from folkmoot_governance.duration import FOREVER_MS, HOUR_MS
from folkmoot_governance.media import Media, MediaState

from ...media.store import PARTS, SEALED, MediaStore, key_of
from ...sealed.media import SealedMedia
from ...storage.api import Journal, Ledger
from ...storage.change_set import RowChange, StorageError
from ...storage.changes import media_change, remove_media
from ...storage.sql.months import begin_of
from ..accounts.govern import AccountService

log = structlog.get_logger()

AT_ONCE = 100


def keys_of(media: Media, more: str = "") -> list[str]:
    """Return the keys of an upload's objects; `more`: of the sealed ones."""
    return [key_of(media.month, media.id) + part + more for part in PARTS]


class MediaUpkeep:
    """Removes, seals and opens bytes. Everything here may raise StorageError, and what the store of bytes raises."""

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        account_service: AccountService,
        store: MediaStore,
        sealed: SealedMedia,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._account_service = account_service
        self._store = store
        self._sealed = sealed
        self._looked_ts = 0

    async def remove_unused(self, now: int) -> int:
        """Remove uploads that no entry shows and whose time is over, some of them; return when the time of the next one
        is (Unix ms)."""
        unused = await self._ledger.unused_media(AT_ONCE)
        ended = [one for one in unused if one.until_ms <= now]
        await self._remove(ended)
        if len(ended) < len(unused):
            return unused[len(ended)].until_ms
        return FOREVER_MS if len(unused) < AT_ONCE else now

    async def follow_removals(self, now: int) -> None:
        """Seal what is shown by entries that were removed, and open what is shown by those that stand again."""
        while found := await self._ledger.media_to_seal(self._looked_ts, AT_ONCE):
            for media in found:
                await self._seal(media)
        # Clocks of nodes differ.
        self._looked_ts = now - HOUR_MS
        for media in await self._ledger.media_to_unseal(AT_ONCE):
            entry = await self._journal.entry(media.code, media.seq)
            # With a month goes what is known of its removals: such entries do not stand again.
            if entry is not None and not entry.redacted:
                await self._unseal(media)

    async def remove_old(self) -> None:
        """Remove what is shown by entries of months that were removed."""
        segments = await self._journal.segments()
        if not segments:
            return
        while found := await self._ledger.media_before(begin_of(segments[0].month), AT_ONCE):
            await self._remove(found)
        await self._store.tidy()

    async def _remove(self, gone: Sequence[Media]) -> None:
        for media in gone:
            await self._store.remove(keys_of(media) + keys_of(media, SEALED))
        await self._note([remove_media(one) for one in gone])

    async def _seal(self, media: Media) -> None:
        for key in keys_of(media):
            data = await self._store.get(key)
            if data is not None:
                sealed = await asyncio.to_thread(self._sealed.seal, media, data)
                await self._store.put(key + SEALED, io.BytesIO(sealed))
        await self._store.remove(keys_of(media))
        await self._note([media_change(media.id, state=MediaState.REMOVED.value)])

    async def opened(self, media: Media, suffix: str) -> bytes | None:
        """Return the bytes of what was removed, for those who judge; None where they are not there."""
        sealed = await self._store.get(key_of(media.month, media.id) + suffix + SEALED)
        return None if sealed is None else await asyncio.to_thread(self._sealed.open, media, sealed)

    async def _unseal(self, media: Media) -> None:
        for key in keys_of(media):
            sealed = await self._store.get(key + SEALED)
            data = None if sealed is None else await asyncio.to_thread(self._sealed.open, media, sealed)
            if data is not None:
                await self._store.put(key, io.BytesIO(data))
            elif sealed is not None:
                log.error("media that were removed cannot be opened", media=media.id)
        await self._store.remove(keys_of(media, SEALED))
        await self._note([media_change(media.id, state=MediaState.POSTED.value)])

    async def _note(self, rows: Sequence[RowChange]) -> None:
        if rows and await self._account_service.store_rows("", rows):
            raise StorageError("what became of media could not be stored")
