"""Deciding on applications, and what staff grants to channels by that: stored with the decision, or neither is."""

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import DecideApplication
from folkmoot_governance.case.events_application import WishKind
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_governance.credentials import Credential, CredentialKind
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group.commands import Command, GrantCredential, ReviewChannel
from folkmoot_protocol.errors import ErrorCode

from ...common.i18n import N_
from ...live.accounts import Account
from ...live.rooms import Rooms
from ..acting import join
from ..cases.govern import CaseService
from ..groups.govern import GroupService
from .applying import editors_of

KINDS = {WishKind.BADGE: CredentialKind.BADGE, WishKind.LICENCE: CredentialKind.LICENCE}
GONE = Refusal(ErrorCode.GROUP_CLOSED, N_("This channel is closed."))


class Granting:
    """Decides on applications, as staff may."""

    def __init__(self, rooms: Rooms, cases: CaseService, groups: GroupService) -> None:
        self._rooms = rooms
        self._cases = cases
        self._groups = groups

    async def decide(
        self,
        case: CaseState,
        outcome: Outcome,
        reason: str,
        account: Account,
        *,
        label: str = "",
        until_ms: int = 0,
        dry_run: bool = False,
    ) -> CaseState | Refusal:
        """Grant what an application asks for, until `until_ms` (0: as asked, or for good), or turn it down. A public
        account that opens gets its `label`."""
        room = await self._rooms.load(case.code) if case.code else None
        closing = self._cases.act(case, DecideApplication(outcome, reason, editors_of(room)), account.actor())
        if isinstance(closing, Refusal):
            return closing
        command = grant_of(case, reason, label, until_ms) if outcome is Outcome.APPROVED else None
        refusal: Refusal | None = None
        if command is None:
            refusal = None if dry_run else await self._cases.wait_stored(closing)
        elif room is None:
            refusal = GONE
        elif dry_run:
            events = self._groups.would(room, command, account)
            refusal = events if isinstance(events, Refusal) else None
        else:
            act = self._groups.act(room, command, account)
            if not isinstance(act, Refusal):
                join(act, [closing])
            refusal = await self._groups.wait_stored(act)
        return refusal or closing.state


def grant_of(case: CaseState, reason: str, label: str, until_ms: int) -> Command | None:
    """Return what grants the wish of an application; None where the approval itself is the grant."""
    wish = case.wish
    assert wish is not None, "an application has a wish"
    until = until_ms or wish.until_ms or FOREVER_MS
    if wish.kind is WishKind.CHANNEL:
        granted = Credential(CredentialKind.LABEL, label, until, case.number) if label else None
        return ReviewChannel(case.number, reason, granted)
    if wish.kind not in KINDS:
        return None
    credential = Credential(KINDS[wish.kind], wish.name, until, case.number, wish.category, wish.scope)
    return GrantCredential(credential, reason)
