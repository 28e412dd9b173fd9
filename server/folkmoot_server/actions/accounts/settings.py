"""What an account sets for itself: the name in a group, what to be notified of, whom to ignore, its language."""

from collections.abc import Sequence

from msgspec import structs

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ...bus.api import Bus
from ...bus.messages import SettingsUpdate
from ...common.clock import Clock
from ...common.i18n import N_
from ...delivery.audience import Audience
from ...live.accounts import Account, Accounts
from ...live.rooms import Room
from ...storage.change_set import MemberSettings, RowChange
from ...storage.changes import ignored_row, language_row, settings_row
from ..acting import too_many_acts
from .govern import AccountService

MAX_IGNORED = 500


class OwnSettings:
    """Stores what accounts set for themselves, and lets their other connections and nodes know."""

    def __init__(
        self, accounts: Accounts, account_service: AccountService, audience: Audience, bus: Bus, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._account_service = account_service
        self._audience = audience
        self._bus = bus
        self._clock = clock

    async def change_in_group(self, account: Account, room: Room, **changes: object) -> Refusal | None:
        """Store what a member sets for itself in a group: fields of `MemberSettings`."""
        code = room.state.code
        settings: MemberSettings = structs.replace(account.settings.get(code, MemberSettings()), **changes)
        refusal = await self._store(account, [settings_row(code, account.user, settings)])
        if refusal is None:
            account.settings[code] = settings
            room.authors.pop(account.user, None)
            self._bus.publish(SettingsUpdate(account.user, code))
        return refusal

    async def ignore(self, account: Account, user: str, *, is_ignored: bool) -> Refusal | None:
        """Hide from an account what somebody writes, or no more."""
        refusal = await self._check_ignored(account, user, adding=is_ignored)
        refusal = refusal or await self._store(account, [ignored_row(account.user, user, is_ignored=is_ignored)])
        if refusal is None:
            account.ignored = account.ignored | {user} if is_ignored else account.ignored - {user}
            self._bus.publish(SettingsUpdate(account.user))
        return refusal

    async def _check_ignored(self, account: Account, user: str, *, adding: bool) -> Refusal | None:
        """Refuse to ignore oneself, nobody, or too many."""
        if user == account.user:
            return Refusal(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."))
        if await self._accounts.load(user) is None:
            return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})
        if adding and len(account.ignored) >= MAX_IGNORED:
            text = N_("You ignore {limit} accounts, which is the most allowed.")
            return Refusal(ErrorCode.CONFLICT, text, {"limit": MAX_IGNORED, "help": "/ignore"})
        return None

    async def choose_language(self, account: Account, language: str) -> Refusal | None:
        """Say in which language the server speaks to an account, on all its connections."""
        refusal = await self._store(account, [language_row(account.user, language)])
        if refusal is None:
            account.profile = structs.replace(account.profile, language=language)
            for session in self._audience.sessions_of(account):
                session.speak(language)
        return refusal

    async def _store(self, account: Account, rows: Sequence[RowChange]) -> Refusal | None:
        # As acts on groups: each is remembered for a day if it has a nonce.
        wait = account.acts.take(self._clock.ticks())
        if wait:
            return too_many_acts(wait, "limits.acts_per_minute")
        return await self._account_service.store_rows(account.user, rows)
