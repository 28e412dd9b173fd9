"""Showing media: who asks is looked at whenever bytes are fetched, and so is whether the entry still stands."""

import hmac
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from folkmoot_governance import Refusal
from folkmoot_governance.duration import MINUTE_MS
from folkmoot_governance.media import Media, MediaState, may_see
from folkmoot_governance.permissions import may_on_platform
from folkmoot_governance.reading import ACT
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import MediaResult

from ...common.clock import Clock
from ...common.i18n import N_
from ...crypto.cipher import Sealed
from ...live.accounts import Account, Accounts
from ...live.rooms import Rooms
from ...storage.api import Store
from ..accounts.sign_in import SignIn
from ..channels.following import row_of

PATH_MS = 10 * MINUTE_MS
"""A path can be fetched from for so long at least, and twice as long at most: so it is the same for a while, and what a
browser has of it need not be sent again."""

MEMBER, STAFF = "", "staff"
"""For whom a path is."""


class Asker(NamedTuple):
    """Who wants to see something: an account, if they have shown one; `is_staff`: for a case, which is on record."""

    account: Account | None
    is_staff: bool = False


NOBODY = Asker(None)

NOT_THERE = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is nothing here that you may see."))
GONE = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("This was removed."), {"rule": "removed"})


class Showing:
    """Finds media for those who may see them."""

    def __init__(
        self, clock: Clock, store: Store, rooms: Rooms, accounts: Accounts, sign_in: SignIn, data_dir: Path
    ) -> None:
        self._clock = clock
        self._ledger, self._journal = store.ledger, store.journal
        self._rooms = rooms
        self._accounts = accounts
        self._sign_in = sign_in
        self._sealed = Sealed(data_dir, b"folkmoot media paths")

    async def paths(self, account: Account, ids: Collection[str]) -> MediaResult:
        """Return the paths under which an account can fetch media for a while; what it may not see is left out."""
        until_ms = (self._clock.now_ms() // PATH_MS + 2) * PATH_MS
        paths = {}
        for media in await self._ledger.media(set(ids)):
            if isinstance(await self._check(media, account.user), Media):
                paths[media.id] = f"/media/{media.id}?key={self._key(media.id, account.user, until_ms)}"
        return MediaResult(paths=paths, until_ms=until_ms)

    def path_for_staff(self, media: Media, user: str) -> tuple[str, int]:
        """Return a path by which one of staff can look at an upload, whatever became of it; until when (Unix ms)."""
        until_ms = (self._clock.now_ms() // PATH_MS + 2) * PATH_MS
        return f"/media/{media.id}?key={self._key(media.id, user, until_ms, STAFF)}", until_ms

    def _key(self, id: str, user: str, until_ms: int, reader: str = MEMBER) -> str:
        return f"{user}~{until_ms}~{self._sealed.draw(f'{reader} {id} {user} {until_ms}').hex()}"

    async def asker(self, id: str, *, token: str = "", key: str = "") -> Asker:
        """Return whose session a token is of, or for whom a path was made, if they may be signed in. Raises
        StorageError."""
        if token:
            return Asker(await self._sign_in.whose(token))
        user, _, rest = key.partition("~")
        until, _, _mac = rest.partition("~")
        if not (until.isascii() and until.isdecimal() and len(until) < 16 and int(until) > self._clock.now_ms()):
            return NOBODY
        for reader in (MEMBER, STAFF):
            if hmac.compare_digest(key.encode(), self._key(id, user, int(until), reader).encode()):
                account = self._sign_in.if_open(await self._accounts.load(user))
                may_look = account is not None and reader == STAFF and may_on_platform(account.role, ACT)
                return Asker(account if may_look or reader == MEMBER else None, is_staff=may_look)
        return NOBODY

    async def find(self, id: str, asker: Asker) -> Media | Refusal:
        """Return an upload that an account, or who is not signed in, may see now; `GONE` if its entry was removed.
        Raises StorageError."""
        found, account = await self._ledger.media([id]), asker.account
        if asker.is_staff:
            return found[0] if found else NOT_THERE
        return await self._check(found[0], account.user if account is not None else "") if found else NOT_THERE

    async def _check(self, media: Media, user: str) -> Media | Refusal:
        room = await self._rooms.load(media.code) if media.code else None
        channel, now = row_of(room) if room is not None else None, self._clock.now_ms()
        is_public = channel is not None and channel.is_readable(now)
        if not may_see(media, user, room.state if room is not None else None, is_public=is_public):
            return NOT_THERE
        if not media.seq:
            return media
        if media.state is MediaState.REMOVED:
            return GONE
        entry = await self._journal.entry(media.code, media.seq)
        return GONE if entry is None or entry.redacted else media
