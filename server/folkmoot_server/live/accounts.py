"""The accounts that somebody is signed in to, in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from msgspec import Struct, structs

from folkmoot_governance import AccountState, Actor, PlatformRole, Refusal
from folkmoot_governance.actor import Emergencies
from folkmoot_governance.credit import CreditRules, level_of
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, MINUTE_MS, SECOND_MS
from folkmoot_governance.permissions import acts_of, may_on_platform
from folkmoot_governance.restrictions import combined, of_person
from folkmoot_governance.staff import role_at
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_user_name
from folkmoot_protocol.types import Account as AccountView
from folkmoot_protocol.types import Credit

from ..bus.api import Bus
from ..bus.messages import account_topic
from ..common.clock import Clock, Ticks
from ..common.rate_limit import Bucket
from ..config.settings import Limits
from ..storage.api import Ledger, StoredAccount
from ..storage.change_set import Profile, StorageError
from .in_force import NOTHING, InForce
from .memberships import MembershipChange

RULES = CreditRules()

ACTS_AT_ONCE = 3
"""What part of the acts that a minute allows may come at once: 1 / 3."""

RETRY_S = 0.5
"""How long to wait before storage is asked again after it failed."""

IDLE_MS = 60_000
"""How long an account or a room stays in memory after its last use."""


class Account:
    """An account: what the ledger says of it, and how many connections it has here.

    `groups` and `created` (codes) are what caps are checked against (G8.1): they move when a change is decided, so that
    two joins at once cannot both take the last place, and are read again if storing fails. `unstored_reads`
    has the groups in which one has read as far as one's own latest post; that is stored now and then. `has_unread`:
    storage may have something that it is told and has not read. `nodes`: among how many its rates are divided.
    `others` are the same person's, and `barred` is what the blacklist has against it, as storage had them: `held`,
    `credit` and `level` are those of the person (G8.1). Of a bot that person is its `giver`, who answers for it, and so
    are `identity` and `verified_ts`; `bots` are those that the person behind an account answers for.
    """

    __slots__ = (
        "_clock",
        "_credit",
        "_in_force",
        "acts",
        "barred",
        "bots",
        "by_minute",
        "connections",
        "created",
        "credit",
        "giver",
        "groups",
        "has_unread",
        "held",
        "identity",
        "ignored",
        "invites",
        "level",
        "nodes",
        "others",
        "posts",
        "profile",
        "read_seqs",
        "requests",
        "settings",
        "state",
        "typed_at",
        "unstored_reads",
        "used_at",
        "user",
        "verified_ts",
    )

    def __init__(
        self, stored: StoredAccount, limits: Limits, credit: CreditRules, clock: Clock, in_force: InForce = NOTHING
    ) -> None:
        self.user = stored.state.user
        self._clock = clock
        self._in_force = in_force
        self._credit = credit
        self.nodes = 1
        self.by_minute, self.invites = Bucket(0, 0), Bucket(0, 0)
        self.connections = 0
        self.used_at = Ticks(0)
        self.typed_at: dict[str, Ticks] = {}
        self.read_seqs: dict[str, int] = {}
        self.unstored_reads: dict[str, int] = {}
        self.posts = Bucket(limits.posts_per_second, 2 * limits.posts_per_second)
        self.acts = Bucket(limits.acts_per_minute / 60, limits.acts_per_minute / ACTS_AT_ONCE)
        self.requests = Bucket(limits.requests_per_second, 2 * limits.requests_per_second)
        self.renew(stored)

    def renew(self, stored: StoredAccount) -> None:
        """Take over what storage has."""
        self.profile: Profile = stored.profile
        self.groups = set(stored.groups)
        self.created = set(stored.created)
        # What one has posted may be read further than storage has it.
        self.read_seqs = {**stored.read_seqs}
        for code, seq in self.unstored_reads.items():
            self.read_seqs[code] = max(seq, self.read_seqs.get(code, 0))
        self.settings = dict(stored.settings)
        self.ignored = stored.ignored
        self.has_unread = stored.has_unread
        self.others, self.barred = stored.others, stored.barred
        self.giver, self.bots = stored.giver, stored.bots
        self.become(stored.state)

    def become(self, state: AccountState) -> None:
        """Take over a state, and what its credit allows (G7.2). Of a closed account nothing personal stays (P9.2)."""
        self.state = state
        if state.closed_ts:
            self.profile = Profile(self.user, "", "", "")
            self.settings, self.ignored = {}, frozenset()
            self.unstored_reads.clear()
        bars = ((one,) for one in self.barred)
        # One's own last: of two that end together, it is the act that one knows.
        self.held = combined(*bars, *(of_person(one.restrictions) for one in self.others), state.restrictions)
        self.credit = min(state.credit, *(one.credit for one in self.others)) if self.others else state.credit
        self.level = level_of(self._credit, self.credit)
        answering = next((one for one in self.others if one.user == self.giver), None) if self.giver else None
        self.identity, self.verified_ts = state.identity, state.verified_ts
        if answering is not None:
            self.identity, self.verified_ts = answering.identity, answering.verified_ts
        self.divide(self.nodes)

    def divide(self, nodes: int) -> None:
        """Share what the credit allows among the nodes that the account is connected to."""
        self.nodes, quota = nodes, self.level.quota
        posts, invites = quota.posts_per_minute / nodes, quota.invites_per_day / nodes
        # One at least must find room in the bucket.
        self.by_minute.set_rate(posts * SECOND_MS / MINUTE_MS, max(posts, 1))
        self.invites.set_rate(invites * SECOND_MS / DAY_MS, max(invites, 1))

    def posted(self, code: str, seq: int) -> None:
        """Note an entry of one's own: what one posts oneself one has read."""
        if seq > self.read_seqs.get(code, 0):
            self.read_seqs[code] = self.unstored_reads[code] = seq

    def too_many(self, quota: str, text: str, wait_ms: int) -> Refusal:
        """Return the refusal of what the credit does not allow; `text` may show the {limit}, and how long to {wait}."""
        limit, rule = getattr(self.level.quota, quota), f"policy.quota.{self.level.name}.{quota}"
        detail = {"limit": limit, "retry_after_ms": wait_ms, "rule": rule, "help": "/credit"}
        return Refusal(ErrorCode.RATE_LIMITED, text, detail)

    def actor(self) -> Actor:
        """Return the account as rules see it."""
        state, role, counts = self.state, self.role, (self.created_by_person, self.joined_by_person)
        verified, cases, home = (self.verified_ts, state.version), state.role_cases, state.home
        return Actor(
            self.user, *counts, self.identity, role, self.credit, self.held, *verified, self.emergencies, cases, home
        )

    @property
    def role(self) -> PlatformRole | None:
        """The platform role that counts now."""
        return role_at(self.state, self._clock.now_ms()) if self.state.platform else None

    @property
    def answering(self) -> str:
        """Who answers for a bot; empty where nobody does, or can any more."""
        last = next((one.suspended_until_ms for one in self.others if one.user == self.giver), FOREVER_MS)
        return "" if last >= FOREVER_MS else self.giver

    @property
    def is_staff(self) -> bool:
        """Whether it acts for the operator: who inspects does not."""
        return may_on_platform(self.role, "read")

    @property
    def created_by_person(self) -> int:
        """How many living groups the person behind the account has created."""
        return len(self.created) + sum(one.created for one in self.others)

    @property
    def joined_by_person(self) -> int:
        """How many groups the person behind the account is in, with each of its accounts."""
        return len(self.groups) + sum(one.joined for one in self.others)

    @property
    def shut_until_ms(self) -> int:
        """Until when the person behind the account is suspended, with whichever account; past, or 0: it is not."""
        return max(self.state.suspended_until_ms, *(one.suspended_until_ms for one in self.others), 0)

    @property
    def emergencies(self) -> Emergencies:
        """The emergencies that concern it: none does where it is staff of the operator's (G5)."""
        return () if self.is_staff else self._in_force.emergencies

    @property
    def assessed(self) -> Collection[str]:
        """The functions that the operator has assessed (P12.1)."""
        return self._in_force.features

    def name_in(self, code: str) -> str:
        """Return the display name that the account carries in a group."""
        settings, removed_ms = self.settings.get(code), self.state.names_removed_ms
        if settings and settings.nick and (not removed_ms or settings.nick_ts > removed_ms):
            return settings.nick
        return self.display_name

    @property
    def display_name(self) -> str:
        """The display name, or the user name where the platform has removed what was chosen (G10)."""
        return self.user if self.state.names_removed_ms else self.profile.display_name

    def has_chosen_names(self) -> bool:
        """Say whether the account is shown anywhere under another name than its own."""
        return any(name != self.user for name in (self.display_name, *map(self.name_in, self.settings)))

    def own_view(self) -> AccountView:
        """Return the account as its owner sees it."""
        credit = Credit(self.level.name, self.credit)
        return self.view(credit=credit, ignored=tuple(sorted(self.ignored)), staff=acts_of(self.role))

    def view(self, **own: Any) -> AccountView:
        """Return the account as others see it, and the fields that are its `own`."""
        return AccountView(
            user=self.user,
            display_name=self.display_name,
            identity=self.identity,
            created_ts=self.state.created_ts,
            badges=(),
            bot=self.answering if self.state.home else None,
            **own,
        )


class Reading(Struct, eq=False):
    """An account that is read from storage now. What was read, if anything, `is_outdated` when something of the account
    was stored, or news of it came, meanwhile. Each is itself alone: who takes it off the list takes no other off."""

    is_outdated: bool = True


class Accounts:
    """Loads accounts, keeps those in use, and keeps their group counts right while changes are on their way to disk.

    It follows the news of those in memory.
    """

    def __init__(
        self,
        ledger: Ledger,
        bus: Bus,
        limits: Limits,
        clock: Clock,
        credit: CreditRules = RULES,
        token_days: int = 0,
        in_force: InForce = NOTHING,
    ) -> None:
        self._in_force = in_force
        self._credit = credit
        self._token_ms = token_days * DAY_MS
        self._ledger = ledger
        self._bus = bus
        self._clock = clock
        self._limits = limits
        self._accounts: dict[str, Account] = {}
        self._loading: dict[str, asyncio.Task[Account | None]] = {}
        # Memberships decided and not yet stored, by user: a load that runs meanwhile reads the state before them.
        self._in_flight: dict[str, list[MembershipChange]] = defaultdict(list)
        self._reading: dict[str, list[Reading]] = {}
        # Counts whatever may have changed any account: `find` does not know whose it reads before it has read.
        self._changes = 0

    def get(self, user: str) -> Account | None:
        """Return the account if it is in memory."""
        return self._accounts.get(user)

    async def load(self, user: str) -> Account | None:
        """Return the account, from storage if need be; None if there is none."""
        account = self._accounts.get(user)
        if account is None:
            if user not in self._loading:
                task = self._loading[user] = asyncio.create_task(self._read(user))
                task.add_done_callback(lambda _: self._loading.pop(user, None))
            account = await asyncio.shield(self._loading[user])
        if account is not None:
            account.used_at = self._clock.ticks()
        return account

    def tokens_since(self) -> int:
        """Return since when (Unix ms) a session token must have been used to open anything."""
        return self._clock.now_ms() - self._token_ms if self._token_ms else 0

    async def find(self, token_hash: str) -> Account | None:
        """Return the account that a session token is for; None if there is none.

        Storage is asked once for both. Only if something may have changed meanwhile, the account is loaded by itself.
        """
        changes = self._changes
        stored = await self._ledger.find_session(token_hash, self.tokens_since())
        if stored is None:
            return None
        user = stored.state.user
        await self._bus.follow(account_topic(user))
        if user in self._accounts or user in self._loading or user in self._in_flight or changes != self._changes:
            account = await self.load(user)
            if account is not None and account.state.home and not account.giver:
                # It was in memory before somebody answered for it.
                await self.look_again(user)
            return account
        account = self._accounts[user] = Account(stored, self._limits, self._credit, self._clock, self._in_force)
        account.used_at = self._clock.ticks()
        return account

    async def find_again(self, token_hash: str) -> Account | None:
        """As `find`, and as storage has it now, whatever news of the account was lost on the way from other nodes."""
        user = await self._ledger.find_token(token_hash, self.tokens_since())
        if user is None:
            return None
        known = user in self._accounts or user in self._loading
        account = await self.load(user)
        if known and account is not None:
            await self.look_again(user)
        return account

    async def _read(self, user: str) -> Account | None:
        try:
            topic = account_topic(check_user_name(user))
        except ValueError:
            return None
        # What is told after this is heard, what was told before it is read: in between nothing gets lost.
        await self._bus.follow(topic)
        try:
            stored = await self._stored(user)
            if stored is not None:
                self._accounts[user] = Account(stored, self._limits, self._credit, self._clock, self._in_force)
                self._count_in_flight(self._accounts[user])
        finally:
            account = self._accounts.get(user)
            if account is None:
                self._bus.unfollow(topic)
        return account

    async def _stored(self, user: str) -> StoredAccount | None:
        """Return what storage has of an account now. Raises StorageError.

        What is stored while it is read may not be in what was read: then it is read once more.
        """
        reading = Reading()
        self._reading.setdefault(user, []).append(reading)
        try:
            stored = None
            while reading.is_outdated:
                reading.is_outdated = False
                stored = await self._ledger.load_account(user)
            return stored
        finally:
            self._reading[user].remove(reading)
            if not self._reading[user]:
                del self._reading[user]

    def _count_in_flight(self, account: Account) -> None:
        """Count what was decided and may not be stored yet."""
        for change in self._in_flight.get(account.user, ()):
            change.count(account)

    def changed(self, user: str) -> None:
        """Note that something of an account was stored just now, here or on another node: who reads it at this moment
        must do so again."""
        self._changes += 1
        for reading in self._reading.get(user, ()):
            reading.is_outdated = True

    def decided(self, change: "MembershipChange") -> None:
        """Count a membership change that was decided just now."""
        self._changes += 1
        self._in_flight[change.user].append(change)
        account = self._accounts.get(change.user)
        if account:
            change.count(account)

    def forget_change(self, change: "MembershipChange") -> None:
        """Forget a change: storage has it, or it failed and `reread` follows."""
        self.changed(change.user)
        changes = self._in_flight[change.user]
        changes.remove(change)
        if not changes:
            del self._in_flight[change.user]

    async def reread(self, user: str) -> None:
        """Take an account from storage again, because something that was counted for it was not stored."""
        while True:
            try:
                await self.look_again(user)
                return
            except StorageError:
                await asyncio.sleep(RETRY_S)

    async def look_again(self, user: str) -> None:
        """Bring an account in memory to what storage has. Raises StorageError."""
        account = self._accounts.get(user)
        stored = None
        # What news told of while storage was read may not be in what was read: then it is read once more.
        while account is not None and (stored is None or stored.state.version < account.state.version):
            stored = await self._stored(user)
            if stored is None:
                return
        if account is not None and stored is not None:
            account.renew(stored)
            self._count_in_flight(account)

    async def same_person(self, user: str) -> list[str]:
        """Return the other accounts that were verified with a number of this one's, and the bots it answers for."""
        while True:
            try:
                stored = await self._stored(user)
                return [one.user for one in stored.others] + [*stored.bots] if stored else []
            except StorageError:
                await asyncio.sleep(RETRY_S)

    def other_became(self, account: Account, ended: Collection[str] = (), *, bots_alone: bool = False) -> None:
        """Let what an account has become hold at once of the others of the same person, and of the bots that they
        answer for, as far as they are in memory; `ended` are entries of the blacklist that are no more."""
        state = account.state
        if ended:
            account.barred = [one for one in account.barred if one.entry not in ended]
            account.become(state)
        same_person = () if bots_alone else [one.user for one in account.others]
        for user in (*same_person, *account.bots):
            other = self._accounts.get(user)
            if other is not None:
                other.others = [
                    structs.replace(
                        one,
                        suspended_until_ms=state.suspended_until_ms,
                        suspended_reason=state.suspended_reason,
                        credit=state.credit,
                        restrictions=state.restrictions,
                        identity=state.identity,
                        verified_ts=state.verified_ts,
                    )
                    if one.user == account.user
                    else one
                    for one in other.others
                ]
                other.barred = [one for one in other.barred if one.entry not in ended]
                other.become(other.state)

    async def count_others(self, account: Account) -> None:
        """Read again what the other accounts of the same person have, where there are any. Raises StorageError."""
        if account.others:
            await self.look_again(account.user)

    def forget_idle(self) -> None:
        """Drop the accounts that have had no connection here for a while."""
        before = self._clock.ticks() - IDLE_MS
        for user, account in list(self._accounts.items()):
            is_used = account.connections or account.used_at >= before or account.unstored_reads
            if not is_used and user not in self._in_flight:
                del self._accounts[user]
                self._bus.unfollow(account_topic(user))

    def with_sessions(self) -> list[Account]:
        """Return the accounts that have a connection here."""
        return [account for account in self._accounts.values() if account.connections]

    def with_unstored_reads(self) -> list[Account]:
        """Return the accounts that have read, by posting, further than storage knows."""
        return [account for account in self._accounts.values() if account.unstored_reads]

    def signed_in(self) -> int:
        """Return how many accounts have a connection here."""
        return sum(bool(account.connections) for account in self._accounts.values())
