"""The sessions of accounts: listed, ended, and noted while they are in use."""

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.account_commands import EndSessions

from ...bus.api import Bus
from ...bus.messages import RevokedUpdate
from ...common.clock import Clock, Ticks
from ...delivery.audience import Audience
from ...delivery.session import Session
from ...live.accounts import Account
from ...storage.api import Ledger, SessionRow
from ...storage.change_set import StorageError
from ...storage.changes import revoke_token, seen_row
from ...transport.addresses import region_of
from .govern import AccountAct, AccountService

NOTED_MS = 3_600_000
"""How much later a session that is in use is noted again."""

NOTED_AT_ONCE = 500


def session_item(one: SessionRow) -> dict[str, object]:
    """Return a session as it is told: of its address the network, of its token nothing."""
    seen = max(one.seen_ts, one.created_ts)
    return {"id": one.id, "device": one.device, "region": one.region, "created_ts": one.created_ts, "seen_ts": seen}


class Sessions:
    """Lists and ends sessions, and notes which of them are in use on this node."""

    def __init__(
        self, ledger: Ledger, account_service: AccountService, audience: Audience, bus: Bus, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._account_service = account_service
        self._audience = audience
        self._bus = bus
        self._clock = clock
        self._opened: dict[str, str] = {}
        self._noted: dict[str, Ticks] = {}

    async def sessions_of(self, user: str) -> list[SessionRow]:
        """Return the sessions of an account, the one last used before the others."""
        return await self._ledger.list_sessions(user)

    def end(
        self,
        account: Account,
        ended: list[SessionRow],
        actor: Actor,
        reason: str = "",
    ) -> AccountAct | Refusal:
        """End sessions of an account; `told` is to be called when that is stored."""
        rows = [revoke_token(one.hash) for one in ended]
        return self._account_service.act(account.state, EndSessions(len(ended), reason), actor, rows)

    def told(self, user: str) -> None:
        """Close the connections of sessions that have ended, on all nodes."""
        self._bus.publish(RevokedUpdate(user, ""))

    async def end_own(self, account: Account, ended: list[SessionRow]) -> Refusal | None:
        """End sessions of one's own; return why that could not be stored."""
        refusal = await self._account_service.wait_stored(self.end(account, ended, account.actor()))
        if refusal is None:
            self.told(account.user)
        return refusal

    def opened(self, session: Session) -> None:
        """Note that a session is in use: stored with others, a little later."""
        self._opened[session.token_hash] = session.address

    async def store_seen(self) -> None:
        """Store which sessions were in use since that was last stored."""
        now = self._clock.ticks()
        self._noted = {token: at for token, at in self._noted.items() if now - at < NOTED_MS}
        seen = {one.token_hash: one.address for one in self._audience.sessions if one.account is not None}
        seen, self._opened = self._opened | seen, {}
        asked = [token for token in seen if token not in self._noted]
        try:
            noted = await self._ledger.tokens_in_use(asked, self._clock.now_ms() - NOTED_MS) if asked else set()
        except StorageError:
            self._opened = seen
            return
        self._noted |= dict.fromkeys(noted, now)
        due = [(token, seen[token]) for token in asked if token not in noted]
        for start in range(0, len(due), NOTED_AT_ONCE):
            part = due[start : start + NOTED_AT_ONCE]
            rows = [seen_row(token, self._clock.now_ms(), region_of(address)) for token, address in part]
            if await self._account_service.store_rows("", rows):
                self._opened = dict(due[start:]) | self._opened
                return
            self._noted |= dict.fromkeys((token for token, _ in part), now)
