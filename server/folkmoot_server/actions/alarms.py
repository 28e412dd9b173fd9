"""Emergencies and announcements of the operator: put into force, ended, and handed out to the accounts they concern."""

from collections.abc import Callable, Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.account_events import (
    Announced,
    EmergencyEnded,
    EmergencyStarted,
    FeatureAssessed,
    FeatureStopped,
)
from folkmoot_governance.actor import Emergency
from folkmoot_governance.announcement import (
    Announce,
    Announcement,
    announcement_of,
    decide_announcement,
    notice_of,
    untold,
)
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.emergency import EmergencyCommand, StartEmergency, decide_emergency, started
from folkmoot_governance.features import AssessFeature, StopFeature, decide_feature
from folkmoot_protocol.group_code import parse_group_code

from ..bus.api import Bus
from ..bus.messages import InForceUpdate, NoticeUpdate
from ..common.clock import Clock
from ..common.codes import announcement_number
from ..live.accounts import Account, Accounts
from ..live.in_force import InForce
from ..storage.api import Ledger
from ..storage.change_set import RowChange
from ..storage.changes import (
    announcement_mark,
    announcement_row,
    emergency_row,
    ended_emergency,
    feature_row,
    notice_row,
    stopped_feature,
)
from .accounts.govern import AccountService

AT_ONCE = 200
"""So many accounts are told in one transaction."""
LEAST_TOLD_MS = 7 * DAY_MS
"""For so long at least an emergency's announcement waits for who does not come before."""


class Alarms:
    """Decides for staff, stores, and hands out."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        bus: Bus,
        accounts: Accounts,
        account_service: AccountService,
        in_force: InForce,
        tell: Callable[[NoticeUpdate], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._bus = bus
        self._accounts = accounts
        self._account_service = account_service
        self._in_force = in_force
        self._tell = tell
        in_force.on_news = self.tell_those_here

    async def command(
        self, command: EmergencyCommand, by: Account, *, dry_run: bool = False
    ) -> Emergency | Refusal | None:
        """Start or end an emergency; return the one that was started."""
        held = tuple(await self._ledger.emergencies(self._clock.now_ms()))
        decision = decide_emergency(held, command, by.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        (event,) = decision
        events: list[EmergencyStarted | EmergencyEnded | Announced] = [event]
        rows: list[RowChange] = []
        if isinstance(event, EmergencyStarted):
            rows.append(emergency_row(event))
            told = self._announced(event, command)
            events += told
            rows += [announcement_row(announcement_of(one)) for one in told]
        else:
            rows.append(ended_emergency(event))
        refusal = None if dry_run else await self._store(by, events, rows)
        if refusal:
            return refusal
        return started(event) if isinstance(event, EmergencyStarted) else None

    async def assess(
        self, command: AssessFeature | StopFeature, by: Account, *, dry_run: bool = False
    ) -> Refusal | None:
        """Put an assessment of a function on record, or let it rest again (P12.1)."""
        held = await self._ledger.assessments()
        decision = decide_feature(held, command, by.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        (event,) = decision
        row = feature_row(event) if isinstance(event, FeatureAssessed) else stopped_feature(event)
        return None if dry_run else await self._store(by, [event], [row])

    def _announced(self, event: EmergencyStarted, command: EmergencyCommand) -> list[Announced]:
        """Return what those whom an emergency concerns are told of it."""
        if not isinstance(command, StartEmergency) or not event.announcement:
            return []
        until, code = max(event.until_ms, event.at + LEAST_TOLD_MS), parse_group_code(event.scope) or ""
        text, number = event.announcement, announcement_number()
        return [Announced(at=event.at, by=event.by, number=number, text=text, until_ms=until, code=code)]

    async def announce(
        self, text: str, duration_ms: int, by: Account, *, dry_run: bool = False
    ) -> Announcement | Refusal:
        """Tell everybody something."""
        command = Announce(announcement_number(), text, duration_ms)
        decision = decide_announcement(command, by.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        (event,) = decision
        told = announcement_of(event)
        refusal = None if dry_run else await self._store(by, decision, [announcement_row(told)])
        return refusal or told

    async def _store(
        self,
        by: Account,
        events: Sequence[EmergencyStarted | EmergencyEnded | Announced | FeatureAssessed | FeatureStopped],
        rows: Sequence[RowChange],
    ) -> Refusal | None:
        """Store it on record with the account of staff; it holds here before that is answered, elsewhere soon."""
        refusal = await self._account_service.wait_stored(self._account_service.record(by, events, rows))
        if refusal is None:
            await self._in_force.load(self._ledger, self._clock)
            self._bus.publish(InForceUpdate())
        return refusal

    async def tell_those_here(self, new: list[Announcement]) -> None:
        """Hand out what is new here to who is signed in here, and tell them, though another node has handed it out."""
        present, now = self._accounts.with_sessions(), self._clock.now_ms()
        for start in range(0, len(present), AT_ONCE):
            part = present[start : start + AT_ONCE]
            await self.hand_out(part)
            for account in part:
                for one in untold(new, account.state.created_ts, account.groups, now):
                    self._tell(NoticeUpdate(account.user, notice_of(one, account.user)))

    @property
    def has_news(self) -> bool:
        """Whether there is anything to hand out."""
        return bool(self._in_force.news)

    async def hand_out_to(self, user: str) -> None:
        """Put into the box of an account what it has not been told."""
        account = await self._accounts.load(user) if self._in_force.news else None
        if account is not None:
            await self.hand_out([account])

    async def hand_out(self, accounts: Sequence[Account]) -> None:
        """Put into the boxes of accounts what they have not been told."""
        rows: list[RowChange] = []
        now = self._clock.now_ms()
        for account in accounts if self._in_force.news else ():
            since = max(await self._ledger.announcement_mark(account.user), account.state.created_ts)
            found = untold(self._in_force.news, since, account.groups, now)
            if found:
                told = [notice_of(one, account.user) for one in found]
                rows += [*map(notice_row, told), announcement_mark(account.user, found[-1].ts)]
        if rows:
            await self._account_service.store_rows("", rows)
