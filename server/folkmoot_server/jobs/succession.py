"""Looking for groups whose owner is shut out for long, and letting `Succeed` decide who answers for them; and taking
closed accounts out of their groups. What suspended accounts have offered there ends as well.

The question goes to storage, not to news: an owner who was suspended while no node ran, or a node that died between the
suspension and the succession, makes no difference. One node at a time does this.
"""

from collections.abc import Sized

import structlog

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.decide_succession import in_line

from ..actions.accounts.govern import AccountService
from ..actions.acting import SERVICE
from ..actions.groups.govern import Act, GroupService
from ..actions.groups.membership import QuotaFor
from ..common.clock import Clock
from ..live.accounts import Accounts
from ..live.rooms import Room, Rooms
from ..storage.api import Ledger
from ..storage.change_set import group_stream
from ..storage.changes import has_left
from .runner import Job

log = structlog.get_logger()

LOOK_S = 2.0
"""How often storage is asked."""
BATCH = 100
PAGE = 1000


class Succession(Job):
    """The job."""

    name = "succession"
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
        quota_for: QuotaFor,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._rooms = rooms
        self._accounts = accounts
        self._group_service = group_service
        self._account_service = account_service
        self._quota_for = quota_for

    async def do_round(self) -> None:
        """Decide for every group whose owner is shut out for long; end what suspended accounts have offered, and what
        closed ones have in groups. What is found stays for the next look, which finds it done, or tries again."""
        self.next_ms = FOREVER_MS
        await self._replace_owners()
        await self._withdraw_offers()
        after, more = "", True
        while more:
            leaving = await self._ledger.list_leaving(after, BATCH)
            self._note(leaving)
            for user in leaving:
                await self._take_out(user)
            more = len(leaving) == BATCH
            after = leaving[-1] if leaving else ""

    def _note(self, found: Sized) -> None:
        if found:
            self.next_ms = 0

    async def _replace_owners(self) -> None:
        after, more = "", True
        while more:
            since = self._clock.now_ms() + self._policy.absence_ms
            absent = await self._ledger.absent_owners(since, after, BATCH)
            self._note(absent)
            for code, owner, until_ms in absent:
                await self._succeed(code, owner, until_ms)
            more = len(absent) == BATCH
            after = absent[-1][0] if absent else ""

    async def _withdraw_offers(self) -> None:
        after, more = ("", ""), True
        while more:
            found = await self._ledger.offers_of_suspended(self._clock.now_ms(), after, BATCH)
            self._note(found)
            for code, user in found:
                room = await self._rooms.load(code)
                if room is not None:
                    self._group_service.act_unasked(room, c.WithdrawOffers(user))
            more = len(found) == BATCH
            after = found[-1] if found else after

    async def _take_out(self, user: str) -> None:
        """End what a closed account has in groups. One that it owns it keeps until somebody is fit to take over."""
        ledger = self._ledger
        for code in await ledger.places_of(user):
            room = await self._rooms.load(code)
            act = self._group_service.act(room, c.Depart(user), SERVICE) if room is not None else None
            if isinstance(act, Act) and act.events:
                await self._group_service.wait_stored(act)
        if not await ledger.places_of(user):
            await self._account_service.store_rows(user, [has_left(user)])

    async def _succeed(self, code: str, owner: str, until_ms: int) -> None:
        rooms = self._rooms
        room = await rooms.load(code)
        assert room is not None, "who owns a group owns one that exists"
        since = await self._admins_since(code) if len(in_line(room.state, {})) > 1 else {}
        candidates = [await self._candidate(room, user) for user in in_line(room.state, since)]
        account = await self._accounts.load(owner)
        is_closed = account is not None and account.state.closed_ts > 0
        # Reading took a while: the room is taken afresh, and nothing comes between that and the queue.
        room = rooms.get(code)
        if room is None:
            return
        act = self._group_service.act(room, c.Succeed(owner, until_ms, tuple(candidates), is_closed), SERVICE)
        if isinstance(act, Refusal) or not act.events:
            return
        refusal = await self._group_service.wait_stored(act)
        if refusal is None and isinstance(act.events[0], e.OwnerMissing):
            log.warning("nobody is fit to own a group: it is locked", group=code, owner=owner)

    async def _candidate(self, room: Room, user: str) -> c.Candidate:
        account = await self._accounts.load(user)
        assert account is not None, "a member has an account"
        have, limit = await self._quota_for(room, account)
        return c.Candidate(account.actor(), account.shut_until_ms, have, limit)

    async def _admins_since(self, code: str) -> dict[str, int]:
        """Return when each admin of a group became one, from the group's record."""
        since: dict[str, int] = {}
        version, more = 0, True
        while more:
            page = await self._ledger.events(group_stream(code), version, PAGE)
            since |= {one.event.user: one.event.at for one in page if isinstance(one.event, e.MemberPromoted)}
            more = len(page) == PAGE
            version += len(page)
        return since
