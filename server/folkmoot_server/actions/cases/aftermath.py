"""What followed from a measure, and comes back with it when an appeal succeeds: credit, and groups.

A measure may have come from a report. Where the appeal succeeds nothing of what that report brought holds: what it took
of the credit is given back, and what other reports of the same thing took as well, for it was one offence. An
owner who lost a group by succession while suspended has it again, unless its own people have handed it on since.
"""

from folkmoot_governance import ALL_PERMISSIONS, SERVICE, Refusal, account_case
from folkmoot_governance.account_commands import RestoreCredit
from folkmoot_governance.account_events import AccountMeasure, CreditChanged
from folkmoot_governance.case.offence import is_one_offence, thing_in
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome
from folkmoot_governance.group.commands import ReturnOwnership
from folkmoot_governance.group.events import (
    GroupLocked,
    GroupUnlocked,
    LockEnded,
    OwnerMissing,
    OwnerReplaced,
    OwnershipReturned,
    OwnershipTransferred,
    PlatformMeasure,
)
from folkmoot_protocol.types import Role

from ...live.accounts import Account, Accounts
from ...live.rooms import Rooms
from ...storage.api import ActFilter, CaseFilter, Ledger
from ...storage.change_set import account_stream, group_stream
from ..accounts.govern import AccountService
from ..acting import SERVICE as SERVICE_ACCOUNT
from ..groups.govern import GroupService
from .corrections import correct, find_uncorrected

OF_OWNERS = tuple(
    str(kind.__struct_config__.tag)
    for kind in (
        *(OwnershipTransferred, OwnerReplaced, OwnershipReturned, OwnerMissing),
        *(GroupLocked, GroupUnlocked, LockEnded),
    )
)
"""What happens to the ownership of a group, and to the lock of one that nobody was fit to own."""

MOST_CHANGES = 50
"""So many changes of a credit are looked at, the latest ones."""
MOST = 1000
"""So many reports of one thing are looked at."""


def report_behind(event: object) -> str:
    """Return the number of the report that a measure came from, empty where there is none."""
    if isinstance(event, CreditChanged):
        return event.case if event.cause == "penalty" else ""
    return event.report if isinstance(event, (AccountMeasure, PlatformMeasure)) else ""


def way_back(user: str, latest: object) -> ReturnOwnership | None:
    """Return what gives a group back to `user`, `latest` being the last that happened to its ownership."""
    if isinstance(latest, OwnerMissing) and latest.user == user:
        return ReturnOwnership(user, user)
    if not isinstance(latest, OwnerReplaced) or latest.previous != user:
        return None
    # Of acts from before it was noted: an admin, as nearly all in line are.
    role, powers = latest.was_role or Role.ADMIN, latest.was_permissions if latest.was_role else tuple(ALL_PERMISSIONS)
    return ReturnOwnership(user, latest.user, role, powers, latest.was_successor)


async def upheld_of_one_offence(ledger: Ledger, report: CaseState) -> list[CaseState]:
    """Return the reports of one offence that were upheld, of which `report` is one."""
    wanted = CaseFilter(CaseKind.REPORT, False, thing=thing_in(report), newest=True)
    found = await ledger.list_cases(wanted, limit=MOST)
    return [one for one in found if one.outcome is Outcome.UPHELD and is_one_offence(one, report)]


async def find_penalty(ledger: Ledger, report: str, user: str) -> str:
    """Return the case number of what an upheld report took of the credit of `user`, empty where it took nothing."""
    wanted = ActFilter(kinds=(str(CreditChanged.__struct_config__.tag),))
    for one in await ledger.acts(account_stream(user), wanted, MOST_CHANGES):
        if isinstance(one.event, CreditChanged) and one.event.case == report and one.event.cause == "penalty":
            return account_case(user, one.version)
    return ""


class Aftermath:
    """Finds what followed from a measure, and undoes it."""

    def __init__(
        self,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        group_service: GroupService,
        account_service: AccountService,
    ) -> None:
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._group_service = group_service
        self._account_service = account_service

    async def reports_behind(self, event: object) -> list[CaseState]:
        """Return the report that a measure came from, and the upheld ones of the same offence."""
        number = report_behind(event)
        first = await self._ledger.load_case(number) if number else None
        return [] if first is None else await upheld_of_one_offence(self._ledger, first)

    async def return_groups(self, user: str, since: int) -> Refusal | None:
        """Give back the groups that an account has lost since it was suspended at `since` (Unix ms), as far as that is
        not done; return why it must be tried again."""
        account = await self._accounts.load(user)
        for code in sorted(account.groups) if account is not None else ():
            wanted = ActFilter(kinds=OF_OWNERS, since_ms=since)
            latest = await self._ledger.acts(group_stream(code), wanted, 1)
            command = way_back(user, latest[0].event) if latest else None
            room = await self._rooms.load(code) if command is not None else None
            if room is None or command is None:
                continue
            act = self._group_service.act(room, command, SERVICE_ACCOUNT)
            if isinstance(act, Refusal) or act.events:
                refusal = await self._group_service.wait_stored(act)
                if refusal:
                    return refusal
        return None

    async def give_back(self, reports: list[CaseState], reason: str) -> Refusal | None:
        """Give back the credit that reports took, as far as that is not done; return why it must be tried again."""
        for report in reports:
            account = await self._accounts.load(report.user)
            if account is not None and report.number in account.state.charges:
                refusal = await self._give_back_for(account, report.number, reason)
                if refusal:
                    return refusal
        return None

    async def _give_back_for(self, account: Account, report: str, reason: str) -> Refusal | None:
        """Give back what a report took, which its own report to the authority is corrected for."""
        case = await find_penalty(self._ledger, report, account.user)
        filing = await find_uncorrected(self._ledger, case) if case else None
        act = self._account_service.act(account.state, RestoreCredit(report, reason), SERVICE)
        if not isinstance(act, Refusal) and act.events:
            correct(act, filing, reason, act.events[-1].at)
        return await self._account_service.wait_stored(act)
