"""Uploading: an address for whoever may, the bytes that come to it, and what becomes of them."""

import asyncio
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import structlog
from msgspec import convert
from msgspec.structs import asdict, replace

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.features import Feature, check_features
from folkmoot_governance.media import (
    ADDRESS_MS,
    UNUSED_MS,
    DecideMedia,
    Media,
    MediaState,
    check_postable,
    check_size,
    check_upload,
    decide_media,
    refused,
)
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import UploadResult

from ...common.clock import Clock
from ...common.i18n import N_
from ...config.media import MediaSettings
from ...crypto.passwords import hash_token, new_token
from ...live.accounts import Account
from ...media.process import Files, Workshop, sum_of
from ...media.store import FAILURES, SMALL, MediaStore, key_of
from ...storage.api import Ledger
from ...storage.changes import media_change, media_row
from ...storage.sql.months import month_of
from ..accounts.govern import AccountService
from .finds import Finds
from .judging import Judging, Verdict

log = structlog.get_logger()

PIECE = 1 << 18
"""Bytes that are written to disk at once."""
AT_ONCE = 20
"""Files that are asked about again in one round."""
PER_ACCOUNT = 3
"""Uploads that one account may send at the same time."""
RETRY_MS = 10_000

CLOSED = Refusal(ErrorCode.MEDIA_REFUSED, N_("Files cannot be uploaded to this server."))
NO_ADDRESS = Refusal(ErrorCode.MEDIA_REFUSED, N_("No upload is expected at this address: ask for another one."))
BUSY = Refusal(
    ErrorCode.UNAVAILABLE, N_("Too much is being uploaded just now: wait {wait}."), {"retry_after_ms": RETRY_MS}
)
NO_ROOM = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("There is no room for uploads just now: try again in {wait}."),
    {"retry_after_ms": 10 * RETRY_MS},
)
NOT_NOW = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("Files cannot be checked just now: try again in {wait}."),
    {"retry_after_ms": 10 * RETRY_MS},
)
PART = N_("{size} bytes were announced and {came} came: send the whole file.")
TOO_SLOW = Refusal(ErrorCode.MEDIA_REFUSED, N_("The upload took too long: ask for another address."))


class Uploads:
    """Takes uploads on one node. `is_shared`: all nodes find what is kept."""

    def __init__(
        self,
        settings: MediaSettings,
        policy: Policy,
        clock: Clock,
        ledger: Ledger,
        account_service: AccountService,
        store: MediaStore,
        judging: Judging,
        finds: Finds,
        data_dir: Path,
        *,
        is_shared: bool,
    ) -> None:
        self._is_open = is_shared and settings.max_bytes > 0
        self._settings = settings
        self._policy = policy
        self._clock = clock
        self._ledger = ledger
        self._account_service = account_service
        self._store = store
        self._judging = judging
        self._finds = finds
        self._place = data_dir
        self._workshop = Workshop(settings, data_dir / "incoming")
        self._asking: Counter[str] = Counter()
        self._coming: dict[str, Media] = {}

    async def ask(self, account: Account, size: int) -> UploadResult | Refusal:
        """Give an account an address for `size` bytes."""
        now, state = self._clock.now_ms(), account.state
        if not self._is_open:
            return CLOSED
        refusal = check_features((Feature.MEDIA,), account.assessed, self._policy)
        refusal = refusal or check_upload(state.identity, state.verified_ts, account.held, now, self._policy)
        if refusal is not None:
            return refusal
        with self._asking_once(account.user) as is_alone:
            if not is_alone:
                return BUSY
            used = await self._ledger.uploaded_bytes(account.user, now - DAY_MS)
            refusal = check_size(size, self._settings.max_bytes, used, self._settings.per_day_bytes)
            if refusal is not None:
                return refusal
            if not await asyncio.to_thread(self._has_room, size):
                return NO_ROOM
            token = new_token()
            media = Media(
                id=secrets.token_hex(16),
                user=account.user,
                state=MediaState.ASKED,
                created_ts=now,
                until_ms=now + UNUSED_MS,
                month=month_of(now),
                token=hash_token(token),
                sent=size,
            )
            stored = await self._account_service.store_rows(account.user, [media_row(media)])
        return stored or UploadResult(id=media.id, path=f"/media/upload/{token}", until_ms=now + ADDRESS_MS)

    @contextmanager
    def _asking_once(self, user: str) -> Iterator[bool]:
        """Have an account ask for one address at a time, so that its bytes are added up right; say if it is alone."""
        self._asking[user] += 1
        try:
            yield self._asking[user] == 1
        finally:
            self._asking[user] -= 1
            if not self._asking[user]:
                del self._asking[user]

    def _has_room(self, size: int) -> bool:
        """Say whether the disk has room for files of so many bytes in all and what is made of them. The journal is on
        it as well."""
        return shutil.disk_usage(self._place).free >= self._settings.reserve_bytes + 3 * size

    async def receive(self, token: str, body: AsyncIterator[bytes]) -> Media | Refusal:
        """Take the bytes that come to an address; return what became of them. Raises StorageError, and whatever `body`
        raises: then the address can be used again."""
        media = await self._ledger.media_of_token(hash_token(token))
        left_ms = ADDRESS_MS if media is None else media.created_ts + ADDRESS_MS - self._clock.now_ms()
        if media is None or media.id in self._coming or left_ms <= 0:
            return NO_ADDRESS
        mine = sum(one.user == media.user for one in self._coming.values())
        if len(self._coming) >= self._settings.uploads_at_once or mine >= PER_ACCOUNT:
            return BUSY
        self._coming[media.id] = media
        try:
            # Each had room when its address was given: not all that come at once have it.
            if not await asyncio.to_thread(self._has_room, sum(one.sent for one in self._coming.values())):
                return NO_ROOM
            with self._workshop.files() as files:
                async with asyncio.timeout(left_ms / 1000):
                    came = await write(body, files.source, media.sent)
                if came != media.sent:
                    return Refusal(ErrorCode.BAD_REQUEST, PART, {"size": media.sent, "came": came, "field": "size"})
                return await self._finish(media, files)
        except TimeoutError:
            return TOO_SLOW
        except FAILURES as error:
            log.warning("an upload could not be kept", cause=repr(error))
            return NO_ROOM
        finally:
            del self._coming[media.id]

    async def _finish(self, media: Media, files: Files) -> Media | Refusal:
        """Have a file made anew and keep it. The row is there before the bytes are: whatever happens in between, they
        are removed with it."""
        made = await self._workshop.make(files)
        answer = made.answer
        if answer.bad:
            return await self._refuse(media, answer.bad)
        came = await asyncio.to_thread(sum_of, files.source)
        known = await self._judging.is_known((came[1], made.sha256), answer.likeness)
        if known is None:
            return NOT_NOW
        if known:
            log.warning("a known file was refused", media=media.id, user=media.user)
            # First the case: who is stopped in between sends it to the same address again.
            refusal = await self._finds.report(media, came[1], answer.likeness)
            return refusal or await self._refuse(media, "known")
        if not await self._is_expected(media):
            return NO_ADDRESS
        key = key_of(media.month, media.id)
        await self._store.put(key, files.main)
        if answer.width:
            await self._store.put(key + SMALL, files.small)
        state = MediaState.PENDING if self._judging.asks else MediaState.READY
        kept: dict[str, str | int] = {
            "state": state.value,
            "token": "",
            "type": answer.type,
            "size": made.size,
            "width": answer.width,
            "height": answer.height,
            "duration_ms": answer.duration_ms,
            "sha256": made.sha256,
            "likeness": answer.likeness,
        }
        stored = await self._account_service.store_rows(media.user, [media_change(media.id, **kept)])
        if stored:
            return stored
        if made.sha256 not in {one.sha256 for one in await self._ledger.media([media.id])}:
            # Another node was first, in this very moment, and its bytes are perhaps those that were just written over.
            await self._store.remove((key, key + SMALL))
            return NO_ADDRESS
        media = convert({**asdict(media), **kept}, Media)
        return await self._scan(media) if state is MediaState.PENDING else media

    async def _is_expected(self, media: Media) -> bool:
        """Say whether an upload still waits for its bytes: they may have come to another node meanwhile."""
        return any(one.state is MediaState.ASKED for one in await self._ledger.media([media.id]))

    async def _refuse(self, media: Media, reason: str) -> Refusal:
        change = media_change(media.id, state=MediaState.REFUSED.value, reason=reason, token="")
        stored = await self._account_service.store_rows(media.user, [change])
        return stored or refused(reason, self._settings.bounds, media=media.id)

    async def _scan(self, media: Media) -> Media | Refusal:
        """Ask about a file that is held, as it would be shown; return what became of it."""
        key = key_of(media.month, media.id)
        data = await self._store.get(key)
        verdict = Verdict.HOLD if data is None else await self._judging.ask(media, media.type, data)
        found = await self._ledger.media([media.id])
        if verdict is Verdict.HOLD or not found or found[0].state is not MediaState.PENDING:
            # Staff may have decided meanwhile.
            return found[0] if found else media
        if verdict is Verdict.REFUSE:
            await self._store.remove((key, key + SMALL))
            return await self._refuse(media, "scan")
        change = media_change(media.id, state=MediaState.READY.value)
        stored = await self._account_service.store_rows(media.user, [change])
        return stored or replace(media, state=MediaState.READY)

    async def decide(self, command: DecideMedia, by: Account) -> Media | Refusal:
        """Carry out what one of staff decides on an upload that is held, on record; return it as it is then. Raises
        what the store of bytes raises."""
        decision = decide_media(command, by.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        media = command.media
        now: dict[str, str] = {"state": MediaState.READY.value}
        if not command.is_allowed:
            now = {"state": MediaState.REFUSED.value, "reason": "staff"}
            key = key_of(media.month, media.id)
            await self._store.remove((key, key + SMALL))
        act = self._account_service.record(by, decision, [media_change(media.id, **now)])
        refusal = await self._account_service.wait_stored(act)
        return refusal or convert({**asdict(media), **now}, Media)

    async def scan_again(self) -> bool:
        """Ask again about files that are held; say whether there were any. Raises StorageError, and what the store of
        bytes raises."""
        held = await self._ledger.pending_media(AT_ONCE) if self._judging.asks else []
        for media in held:
            if media.id not in self._coming:
                await self._scan(media)
        return bool(held)

    async def shown(self, user: str, refs: Sequence[rq.MediaRef]) -> list[dict[str, object]] | Refusal:
        """Return what an entry says of uploads that a post by `user` shows, in their order."""
        ids = [one.id for one in refs]
        found = {one.id: one for one in await self._ledger.media(set(ids))}
        refusal = check_postable(ids, found.values(), user, self._clock.now_ms(), self._settings.bounds)
        return refusal or [described(found[one.id], one.alt.strip()) for one in refs]


def described(media: Media, alt: str = "") -> dict[str, object]:
    """Return an upload as entries tell of it."""
    told: dict[str, object] = {"id": media.id, "type": media.type, "size": media.size}
    told |= {name: value for name in ("width", "height", "duration_ms") if (value := getattr(media, name))}
    return told | ({"alt": alt} if alt else {})


async def write(body: AsyncIterator[bytes], file: IO[bytes], most: int) -> int:
    """Write what comes into a file, `most` bytes and a little more at most; return how many came. Who sends is only
    listened to again when that is written."""
    came, waiting = 0, bytearray()
    async for piece in body:
        came += len(piece)
        waiting += piece
        if came > most:
            return came
        if len(waiting) >= PIECE:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(finish, file, bytes(waiting))
    return came


def finish(file: IO[bytes], rest: bytes) -> None:
    """Write the rest of a file."""
    file.write(rest)
    file.flush()
