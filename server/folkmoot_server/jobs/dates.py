"""Telling of dates: a day before an answer or an act is due who owes it is told, and when it is over all whom it
concerns.

The question goes to storage, and how far a date was told is part of what is stored, in the transaction that tells it:
whichever node asks, and whenever one dies, each is told once.
"""

import structlog

from folkmoot_governance import SERVICE as NOBODY
from folkmoot_governance import Policy, Refusal
from folkmoot_governance.account_commands import TellRenewal
from folkmoot_governance.case.commands import TellDates
from folkmoot_governance.dates import DateKind
from folkmoot_governance.duration import FOREVER_MS, SECOND_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.verification import Stage, next_stage_ms
from folkmoot_protocol.types import Role

from ..actions.accounts.govern import AccountService
from ..actions.accounts.staff import Staff, staff_now
from ..actions.acting import SERVICE
from ..actions.cases.govern import CaseService
from ..actions.groups.govern import GroupService
from ..common.clock import Clock
from ..common.metrics import OVERDUE
from ..live.accounts import Accounts
from ..live.rooms import Rooms
from ..storage.api import Ledger
from .runner import Job

log = structlog.get_logger()

LOOK_S = 5.0
"""How often storage is asked."""
COUNT_S = 5.0
"""How often it is asked whether what is late may have changed."""
BATCH = 200
NOBODY_THERE = Staff({}, {})


class Dates(Job):
    """The job."""

    name = "dates"
    rest_s = LOOK_S
    goes_by_time = True
    after_ms = 0

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        policy: Policy,
        rooms: Rooms,
        accounts: Accounts,
        group_service: GroupService,
        account_service: AccountService,
        case_service: CaseService,
    ) -> None:
        self._policy = policy
        self._accounts = accounts
        self._account_service = account_service
        self._ledger = ledger
        self._clock = clock
        self._rooms = rooms
        self._group_service = group_service
        self._case_service = case_service

    async def do_round(self) -> float:
        """Tell of what is near or over by now, as much as one round takes; return the seconds until the next round."""
        dates = sorted([*await self._ledger.next_dates(BATCH), *await self._renewals()])
        now = self._clock.now_ms()
        due = dict.fromkeys((kind, key) for at, kind, key in dates if at <= now)
        self.next_ms = dates[0][0] if dates else FOREVER_MS
        staff = await staff_now(self._ledger, now) if due else NOBODY_THERE
        told = [await self._tell(kind, key, staff) for kind, key in due]
        if not all(told):
            return LOOK_S
        if due:
            return 0.0
        return min(LOOK_S, (self.next_ms - now) / SECOND_MS)

    async def _tell(self, kind: str, key: str, staff: Staff) -> bool:
        """Tell of the dates of a case or a group; say whether there was anything and it is stored."""
        if kind == "account":
            done = await self._tell_of_account(key)
        else:
            done = await (self._tell_of_case(key, staff) if kind == "case" else self._tell_of_group(key, staff))
        if not done:
            log.warning("nothing to tell where a date was due", **{kind: key})
        return done

    async def _renewals(self) -> list[tuple[int, str, str]]:
        """Return when who was verified is next to be told that this is to be done again (W7)."""
        found: list[tuple[int, str, str]] = []
        for told in Stage if self._policy.reverify_ms else ():
            for verified_ts, user in await self._ledger.due_for_renewal(told, BATCH) if told < Stage.LAPSED else ():
                at = next_stage_ms(verified_ts, told, self._policy)
                found += [] if at is None else [(at, "account", user)]
        return found

    async def _tell_of_account(self, user: str) -> bool:
        account = await self._accounts.load(user)
        assert account is not None, "who was verified has an account"
        act = self._account_service.act(account.state, TellRenewal(), NOBODY)
        if isinstance(act, Refusal) or not act.events:
            return False
        return await self._account_service.wait_stored(act) is None

    async def _tell_of_case(self, number: str, staff: Staff) -> bool:
        case = await self._ledger.load_case(number)
        assert case is not None, "what is due is there"
        room = await self._rooms.load(case.code) if case.code else None
        members = room.state.members.values() if room else ()
        leaders = frozenset(one.user for one in members if one.role is not Role.MEMBER)
        act = self._case_service.act(case, TellDates(staff.roles, leaders, frozenset(staff.on_duty)), NOBODY)
        if isinstance(act, Refusal) or not act.events:
            return False
        return await self._case_service.wait_stored(act) is None

    async def _tell_of_group(self, code: str, staff: Staff) -> bool:
        room = await self._rooms.load(code)
        assert room is not None, "what is due is there"
        act = self._group_service.act(room, c.TellDates(staff.roles, frozenset(staff.on_duty)), SERVICE)
        if isinstance(act, Refusal) or not act.events:
            return False
        return await self._group_service.wait_stored(act) is None


class OverdueFigures:
    """Counts what is late, on each node for itself: the figure is the same on all. What becomes late is told, which is
    stored: there is nothing new to count before that."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def count(self) -> None:
        """Count once."""
        found = await self._ledger.count_overdue(self._clock.now_ms())
        for kind in DateKind:
            if kind is not DateKind.CLAIM:
                OVERDUE.labels(kind.value).set(found.get(kind.value, 0))
