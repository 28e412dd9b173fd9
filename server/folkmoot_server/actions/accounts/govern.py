"""From a command on an account to a queued change set: the shell around `decide_account` and `apply_account`."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Protocol

from msgspec import structs

from folkmoot_governance import (
    SERVICE,
    AccountState,
    Actor,
    Policy,
    Refusal,
    account_case,
    apply_account,
    decide_account,
    registered,
)
from folkmoot_governance.account import (
    AccountClosed,
    AccountEvent,
    AccountRegistered,
    AccountRestored,
    AccountRestricted,
    AccountRestrictionEnded,
    AccountSuspended,
    ClosingOverturned,
    CreditChanged,
    IdentityAttested,
)
from folkmoot_governance.account_commands import AccountCommand, FinishClosing
from folkmoot_governance.account_events import AccountClosing
from folkmoot_governance.personal_notices import PersonalNotice, told_to_account
from folkmoot_governance.platform_words import DropPlatformWord, PlatformWord, SetPlatformWord, decide_words

from ...bus.api import Bus
from ...bus.messages import AccountUpdate, ClosedUpdate, NoticeUpdate, SettingsUpdate
from ...common.clock import Clock
from ...common.codes import new_author_tag
from ...live.accounts import Account, Accounts
from ...live.commit_queue import CommitQueue
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room
from ...storage.change_set import ChangeSet, RowChange, account_stream, handle_stream
from ...storage.changes import draft_rows, erasure, is_unbarred, notice_row, platform_word_row, read_mark_row, unbarred
from ...storage.sql.projection import project_account
from ..acting import Joint, rests_on

MOST_READS = 500
"""Read marks that are stored at once."""


OF_PERSON = (
    *(AccountSuspended, AccountRestored, AccountRestricted, AccountRestrictionEnded, AccountClosing, ClosingOverturned),
    CreditChanged,
)
"""What holds of a person, with whichever account."""


class AccountAct:
    """Something to store about an account: governance events, other rows of its own, or both (a `PendingCommit`).

    `state` is the account's state after the events; it takes effect when they are stored, and so does `password_hash`,
    unless it is empty.
    """

    __slots__ = (
        "_service",
        "also",
        "change_set",
        "events",
        "on_done",
        "on_fail",
        "password_hash",
        "room",
        "state",
        "told",
        "tries",
        "user",
    )

    def __init__(self, service: "AccountService", user: str, change_set: ChangeSet) -> None:
        self._service = service
        self.user = user
        self.change_set = change_set
        self.room: Room | None = None
        self.tries = 0
        self.state: AccountState | None = None
        self.password_hash = ""
        self.events: Sequence[AccountEvent] = ()
        self.told: list[PersonalNotice] = []
        self.also: Sequence[Joint] = ()
        self.on_done: Callable[[], None]
        self.on_fail: Callable[[Refusal], None]

    def done(self) -> None:
        self._service.renew_account(self)
        self.on_done()
        self._service.tell_account(self)
        for one in self.also:
            one.take_effect()

    def take_effect(self) -> None:
        self._service.renew_account(self)
        self._service.tell_account(self)

    def fail(self, refusal: Refusal) -> None:
        self.on_fail(refusal)

    def rollback(self) -> frozenset[str]:
        """Nothing counts before it is stored; but somebody else may have moved the account on."""
        return frozenset({self.user})

    def retry(self) -> None:
        """Two commands on one account at the same moment: the second is told so, and may ask again."""
        self.fail(OVERTAKEN)


def holds(act: AccountAct, *kinds: type[AccountEvent]) -> bool:
    """Say whether one of the events of an act is of these kinds."""
    return any(isinstance(event, kinds) for event in act.events)


class Dependents(Protocol):
    """What rests on the identity of accounts, and goes with it."""

    async def load(self, user: str, command: AccountCommand) -> tuple[Sequence[Room], frozenset[str]]:
        """Return what may be concerned by a command on an account."""
        ...

    def join(self, act: AccountAct, rooms: Sequence[Room], known: frozenset[str], rows: Sequence[RowChange]) -> None:
        """Have stored with an act on an account what follows from it."""
        ...


class AccountService:
    """Decides on accounts, projects, queues. Refuses or succeeds at once; storing comes later, see `wait_stored`."""

    def __init__(self, accounts: Accounts, commit_queue: CommitQueue, bus: Bus, clock: Clock, policy: Policy) -> None:
        self._accounts = accounts
        self._commit_queue = commit_queue
        self._bus = bus
        self._clock = clock
        self._policy = policy
        self.dependents: Dependents | None = None

    def act(
        self,
        state: AccountState | None,
        command: AccountCommand,
        actor: Actor,
        rows: Sequence[RowChange] = (),
    ) -> AccountAct | Refusal:
        """Carry out a command on an account; `state` None registers it. `rows` are stored with the events.

        Two commands on one account at the same moment are in conflict, and the ledger lets only the first through; so
        is one of staff whose own account changes at that moment, its role perhaps.
        """
        if self._commit_queue.is_full():
            return TOO_BUSY
        decision = decide_account(state, command, actor, self._clock.now_ms(), self._policy)
        if isinstance(decision, Refusal):
            return decision
        act = self._account_act(state, decision, rows)
        act.change_set.rests_on = rests_on(actor, act.change_set.stream)
        if state is None:
            # Names of people and handles of channels are one set, and none is used twice.
            act.change_set.rests_on = handle_stream(act.user), 0
        return act

    async def carry_out(
        self,
        state: AccountState | None,
        command: AccountCommand,
        actor: Actor,
        rows: Sequence[RowChange] = (),
    ) -> Refusal | None:
        """As `act`, and wait until it is stored; return why not."""
        return await self.wait_stored(await self.decide(state, command, actor, rows))

    async def decide(
        self,
        state: AccountState | None,
        command: AccountCommand,
        actor: Actor,
        rows: Sequence[RowChange] = (),
    ) -> AccountAct | Refusal:
        """As `act`, with what else changes by it; it is to be queued in the step in which this returns."""
        concerned = await self.dependents.load(state.user, command) if state and self.dependents else None
        act = self.act(state, command, actor, rows)
        if concerned and self.dependents and isinstance(act, AccountAct):
            self.dependents.join(act, *concerned, rows)
        return act

    async def finish_closing(self, account: Account, *, final: bool = False) -> Refusal | None:
        """Erase an account that the platform closes, if its time is over or (`final`) its appeal was turned down.

        Return why that was not stored.
        """
        rows = erasure(account.user, self._clock.now_ms())
        act = self.act(account.state, FinishClosing(new_author_tag(), final), SERVICE, rows)
        if isinstance(act, Refusal) or act.events:
            return await self.wait_stored(act)
        return None

    def act_on_words(
        self, account: Account, words: Mapping[str, PlatformWord], command: SetPlatformWord | DropPlatformWord
    ) -> AccountAct | Refusal:
        """Carry out a command of staff on the platform's words; it is on record with the account that gave it."""
        if self._commit_queue.is_full():
            return TOO_BUSY
        decision = decide_words(words, command, account.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        return self._account_act(account.state, decision, list(filter(None, map(platform_word_row, decision))))

    def record(self, account: Account, decision: Sequence[AccountEvent], rows: Sequence[RowChange]) -> AccountAct:
        """Put on record with the account of staff what was decided elsewhere, and store `rows` with it."""
        return self._account_act(account.state, decision, rows)

    async def store_rows(self, user: str, rows: Sequence[RowChange]) -> Refusal | None:
        """Store rows that no rule is asked about (a token, a read mark) and wait for it; return why it failed."""
        return await self.store(user, ChangeSet(rows=rows))

    async def store(self, user: str, change_set: ChangeSet) -> Refusal | None:
        """Store what was decided elsewhere, and is not on the account's own stream; wait for it, return why not."""
        if self._commit_queue.is_full():
            return TOO_BUSY
        return await self.wait_stored(AccountAct(self, user, change_set))

    async def store_own_reads(self) -> None:
        """Store how far accounts have read by posting: after the posts, so that these cost nothing more."""
        reads = [
            (account, code, seq)
            for account in self._accounts.with_unstored_reads()
            for code, seq in account.unstored_reads.items()
        ]
        for start in range(0, len(reads), MOST_READS):
            part = reads[start : start + MOST_READS]
            rows = [read_mark_row(code, account.user, seq) for account, code, seq in part]
            if self._commit_queue.is_full() or await self.wait_stored(AccountAct(self, "", ChangeSet(rows=rows))):
                return
            for account, code, seq in part:
                if account.unstored_reads.get(code) == seq:
                    del account.unstored_reads[code]

    async def wait_stored(self, act: AccountAct | Refusal) -> Refusal | None:
        """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
        refusal = await self._commit_queue.wait_stored(act)
        if refusal is None and isinstance(act, AccountAct) and holds(act, IdentityAttested):
            await self._find_person(act.user)
        return refusal

    async def _find_person(self, user: str) -> None:
        """Let an account that was verified, and each other of the same person, wherever it is signed in, be read again:
        what holds of one holds of all. Here it holds when this is done."""
        for one in {user, *await self._accounts.same_person(user)}:
            await self._accounts.reread(one)
            self._bus.publish(SettingsUpdate(one))

    def _account_act(
        self, state: AccountState | None, decision: Sequence[AccountEvent], rows: Sequence[RowChange]
    ) -> AccountAct:
        after = copy(state)
        changes: list[RowChange] = []
        told: list[PersonalNotice] = []
        for event in decision:
            if after is None:
                assert isinstance(event, AccountRegistered)
                after = registered(event)
            else:
                told += told_to_account(after, event, self._policy)
                before = after.restrictions
                apply_account(after, event)
                if isinstance(event, AccountRestrictionEnded):
                    ended = {one.entry for one in before} - {one.entry for one in after.restrictions}
                    changes += [unbarred(entry) for entry in sorted(ended)]
                changes += draft_rows(event, account_case(after.user, after.version), user=after.user)
            changes += project_account(after, event)
        assert after is not None
        changes += map(notice_row, told)
        stream, version = account_stream(after.user), state.version if state else 0
        act = AccountAct(self, after.user, ChangeSet(stream, version, decision, [*changes, *rows]))
        act.state, act.events, act.told = after, decision, told
        return act

    def look_again(self, user: str) -> None:
        """Let an account be read again wherever it is signed in: something around it has changed."""
        self._bus.publish(SettingsUpdate(user))

    def renew_account(self, act: AccountAct) -> None:
        """Let a stored change of an account take effect here."""
        self._accounts.changed(act.user)
        account = self._accounts.get(act.user)
        if account is not None and act.state is not None:
            if act.password_hash:
                account.profile = structs.replace(account.profile, password_hash=act.password_hash)
            account.become(act.state)
            if holds(act, *OF_PERSON):
                ended = frozenset(row.where["entry"] for row in act.change_set.rows if is_unbarred(row))
                self._accounts.other_became(account, ended)
            elif account.bots and act.events:
                self._accounts.other_became(account, bots_alone=True)

    def tell_account(self, act: AccountAct) -> None:
        """Publish a stored change of an account; first what it is told, for who is suspended hears no more after it."""
        for notice in act.told:
            self._bus.publish(NoticeUpdate(notice.user, notice))
        if act.events:
            version = act.change_set.version + len(act.events)
            self._bus.publish(AccountUpdate(act.user, version, tuple(act.events)))  # type: ignore[arg-type]  # a sequence of its members
        account = self._accounts.get(act.user) if holds(act, *OF_PERSON, AccountClosed) else None
        for user in (*(one.user for one in account.others), *account.bots) if account is not None else ():
            self._bus.publish(SettingsUpdate(user))
        if holds(act, AccountClosed):
            self._bus.publish(ClosedUpdate(act.user))
