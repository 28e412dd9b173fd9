"""Names that people choose, asked of the rules (`folkmoot_governance.likeness`) with those of others beside them."""

import asyncio
from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.likeness import Bearer, check_free_name, check_likeness
from folkmoot_governance.published import DISPLAY_NAME, NICK, USER_NAME
from folkmoot_protocol.types import Role

from ...common.clock import Clock, Ticks
from ...content.gate import Gate
from ...live.accounts import Account, Accounts
from ...live.rooms import Room
from ...storage.api import Ledger
from .settings import OwnSettings

PAGE = 1000
STAFF_MS = 60_000
"""How long the names of staff are taken for what they were."""


class Names:
    """Says whether somebody may be called as they wish, and calls by the user name who may not."""

    def __init__(self, ledger: Ledger, accounts: Accounts, clock: Clock, own_settings: OwnSettings, gate: Gate) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._gate = gate
        self._own_settings = own_settings
        self._staff: Sequence[Bearer] = ()
        self._staff_until = clock.ticks()

    async def check_new(self, user: str, name: str) -> Refusal | None:
        """Refuse names for a new account that break a content rule, or that could be taken for the service or one of
        its staff."""
        refusal = await self._gate.check_name(USER_NAME, user) or await self._gate.check_name(DISPLAY_NAME, name)
        if refusal or name == user:
            return refusal
        return check_free_name(name) or check_likeness(name, user, await self._staff_names())

    async def check_nick(self, account: Account, room: Room, name: str) -> Refusal | None:
        """Refuse a name in a group to who may not say anything there, one that breaks a content rule, or that could be
        taken for that of somebody else there, or of staff."""
        if name in ("", account.user):
            return None
        refusal = await self._gate.check_said(NICK, name, account, room.state)
        if refusal:
            return refusal
        refusal = check_free_name(name) or check_likeness(name, account.user, await self._staff_names())
        if refusal:
            return refusal
        found: list[Bearer] = []
        after, members = "", room.state.members
        while names := await self._ledger.list_members(room.state.code, after, PAGE):
            after = max(names)
            # A role counts as it is now; who has left meanwhile counts as a member.
            found += [
                Bearer(user, (shown,), user in members and members[user].role is not Role.MEMBER)
                for user, shown in names.items()
            ]
        # In a large group this is much to look at.
        return await asyncio.to_thread(check_likeness, name, account.user, found)

    async def come_in(self, account: Account, room: Room) -> Refusal | None:
        """Call somebody by the user name in a group that is to be joined, whose owner, or whose platform's staff, has a
        name like theirs."""
        code, name = room.state.code, account.name_in(room.state.code)
        if name == account.user or code in account.groups:
            return None
        owner = await self._accounts.load(room.state.owner)
        bearers = [*await self._staff_names()]
        if owner is not None:
            bearers.append(Bearer(owner.user, (owner.display_name, owner.name_in(code)), answers=True))
        if check_likeness(name, account.user, bearers) is None:
            return None
        return await self._own_settings.change_in_group(account, room, nick=account.user, nick_ts=self._clock.now_ms())

    async def _staff_names(self) -> Sequence[Bearer]:
        now = self._clock.ticks()
        if now >= self._staff_until:
            staff = await self._ledger.list_staff()
            self._staff = [Bearer(one.user, (one.display_name,), answers=True) for one in staff]
            self._staff_until = Ticks(now + STAFF_MS)
        return self._staff
