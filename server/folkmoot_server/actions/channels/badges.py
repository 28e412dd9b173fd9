"""A badge rests on the identity of the channel's owner: when that changes, it goes in the same transaction (W10.1)."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import (
    AccountCommand,
    ApproveIdentity,
    AttestIdentity,
    ConfirmIdentity,
)
from folkmoot_governance.account_events import IdentityAttested
from folkmoot_governance.group.commands import WithdrawBadge
from folkmoot_governance.measures import is_withdrawn
from folkmoot_governance.policy import meets
from folkmoot_protocol.types import Identity

from ...live.rooms import Room, Rooms
from ...storage.api import Ledger
from ...storage.change_set import RowChange
from ...storage.changes import numbers_given
from ...storage.channels import Channels
from ..accounts.govern import AccountAct
from ..acting import SERVICE, Joint, join
from ..groups.govern import GroupService

CHANGING = (ApproveIdentity, AttestIdentity, ConfirmIdentity)
"""Commands by which an account may come to have another identity, or a lower one."""

REASON = "the identity that it rests on has changed"


class Badges:
    """Finds the badges that rest on an account's identity, and takes them back with what changes it (`Dependents`)."""

    def __init__(self, channels: Channels, ledger: Ledger, rooms: Rooms, groups: GroupService) -> None:
        self._channels = channels
        self._ledger = ledger
        self._rooms = rooms
        self._groups = groups

    async def load(self, user: str, command: AccountCommand) -> tuple[Sequence[Room], frozenset[str]]:
        """Return the channels whose badges rest on an account, where a command may change its identity, and the blind
        indexes that it is known by."""
        if not isinstance(command, CHANGING):
            return (), frozenset()
        rooms = [await self._rooms.load(code) for code in await self._channels.badged_channels(user)]
        if not rooms:
            return (), frozenset()
        rows = await self._ledger.list_identities(user)
        known = {row.blind for row in rows if meets(Identity(row.identity), Identity.PERSON)}
        return [room for room in rooms if room is not None], frozenset(known)

    def join(self, act: AccountAct, rooms: Sequence[Room], known: frozenset[str], rows: Sequence[RowChange]) -> None:
        """Have badges withdrawn with an act on an account that was decided in this very step, if that changes whose
        account it is."""
        if not rooms or not any(is_change(event, known, rows) for event in act.events):
            return
        also: list[Joint] = []
        for room in rooms:
            withdrawal = self._groups.aside(room, WithdrawBadge(REASON), SERVICE)
            if not isinstance(withdrawal, Refusal) and withdrawal.events:
                also.append(withdrawal)
        join(act, [*act.also, *also])


def is_change(event: object, known: frozenset[str], rows: Sequence[RowChange]) -> bool:
    """Say whether an account is by an event somebody else's than it was, or known at a lower level."""
    if not isinstance(event, IdentityAttested):
        return False
    if is_withdrawn(event):
        return True
    given = {blind for level, blind in numbers_given(rows) if meets(Identity(level), Identity.PERSON)}
    return bool(known and given - known)
