"""From a governance command to a queued work: the shell around `decide` and `apply` for groups and accounts.

Everything from the decision to the queue happens in one step without an await, so that nothing comes between a
decision and its place in the order (PROTOCOL, Delivery 6).
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Literal

import structlog

from folkmoot_governance import (
    AccountState,
    Actor,
    GroupState,
    Policy,
    Refusal,
    apply,
    apply_account,
    case_number,
    decide,
    decide_account,
    founded,
    registered,
)
from folkmoot_governance.account import (
    AccountClosed,
    AccountEvent,
    AccountRegistered,
    IdentityAttested,
    IdentityRejected,
    account_case,
)
from folkmoot_governance.account_commands import AccountCommand
from folkmoot_governance.group import events as e
from folkmoot_governance.group.commands import Command, CreateGroup, WriteNote
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_governance.platform_words import DropPlatformWord, PlatformWord, SetPlatformWord, decide_words

from ...bus.api import Bus
from ...bus.messages import AccountNews, AnswerNews, ClosedNews, GroupNews, JoinedNews
from ...common.clock import Clock
from ...common.i18n import Say
from ...live.accounts import Account, Accounts
from ...live.commit_queue import Writer
from ...live.memberships import MembershipChange, membership_changes
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room, Rooms
from ...storage.change_set import Claim, NewEntry, RowChange, Work, account_stream
from ...storage.changes import note_row, platform_word_row
from ...storage.sql.projection import project_account, project_group
from ..acting import SERVICE, Attach, Doer

log = structlog.get_logger()


REVIEWED: dict[type[AccountEvent], Literal["verified", "unverified"]] = {
    IdentityAttested: "verified",
    IdentityRejected: "unverified",
}
"""How a review of identity ends, as the account is told."""


class Act:
    """A governance act on a group, decided and on its way to disk (a `Pending` of the writer).

    `cases` has the case number of each event. When the act is stored, `on_done` is called first (it answers), then the
    group hears of it; when it could not be stored, `on_fail` is called with the reason.
    """

    __slots__ = (
        "_governor",
        "attach",
        "cases",
        "changes",
        "command",
        "doer",
        "events",
        "on_done",
        "on_fail",
        "room",
        "tries",
        "work",
    )

    def __init__(self, governor: "Governor", room: Room, command: Command, doer: Doer) -> None:
        self._governor = governor
        self.room: Room = room
        self.command = command
        self.doer = doer
        self.on_done: Callable[[Act], None]
        self.on_fail: Callable[[Refusal], None]
        self.attach: Attach | None = None
        self.tries = 0
        self.begin(Work(room.stream), ())

    def begin(self, work: Work, events: Sequence[e.Event]) -> None:
        """Start from nothing but what was decided."""
        self.work = work
        self.events = events
        self.cases: list[str] = []
        self.changes: list[MembershipChange] = []

    def done(self) -> None:
        self._governor.settled(self)
        try:
            self.on_done(self)
        finally:
            # Whatever becomes of the answer: the act is stored, so the group hears of it.
            self._governor.tell_group(self)

    def fail(self, refusal: Refusal) -> None:
        self.on_fail(refusal)

    def withdraw(self) -> frozenset[str]:
        """Take back what was counted for accounts; return which must be read again all the same."""
        self._governor.settled(self)
        for change in self.changes:
            self._governor.take_back(change)
        return frozenset(change.user for change in self.changes)

    def redo(self) -> None:
        """Decide again on what the group is now."""
        refusal = self._governor.decide_again(self)
        if refusal is None:
            self._governor.queue(self)
        else:
            self.fail(refusal)


class AccountAct:
    """Something to store about an account: governance events, other rows of its own, or both (a `Pending`).

    `state` is the account's state after the events; it takes effect when they are stored.
    """

    __slots__ = ("_governor", "events", "on_done", "on_fail", "room", "state", "tries", "user", "work")

    def __init__(self, governor: "Governor", user: str, work: Work) -> None:
        self._governor = governor
        self.user = user
        self.work = work
        self.room: Room | None = None
        self.tries = 0
        self.state: AccountState | None = None
        self.events: Sequence[AccountEvent] = ()
        self.on_done: Callable[[], None]
        self.on_fail: Callable[[Refusal], None]

    def done(self) -> None:
        self._governor.renew_account(self)
        self.on_done()
        self._governor.tell_account(self)

    def fail(self, refusal: Refusal) -> None:
        self.on_fail(refusal)

    def withdraw(self) -> frozenset[str]:
        """Nothing counts before it is stored; but somebody else may have moved the account on."""
        return frozenset({self.user})

    def redo(self) -> None:
        """Two commands on one account at the same moment: the second is told so, and may ask again."""
        self.fail(OVERTAKEN)


class Governor:
    """Decides, applies, projects, writes the notice, queues. Refuses or succeeds at once; storing comes later."""

    def __init__(
        self,
        rooms: Rooms,
        accounts: Accounts,
        writer: Writer,
        bus: Bus,
        clock: Clock,
        policy: Policy,
        say: Say,
    ) -> None:
        self._rooms = rooms
        self._accounts = accounts
        self._writer = writer
        self._bus = bus
        self._clock = clock
        self.policy = policy
        self._say = say

    def create(self, command: CreateGroup, account: Account) -> Act | Refusal:
        """Found a group whose code is free."""
        decision = self._decide(None, command, account)
        if isinstance(decision, Refusal):
            return decision
        first, *more = decision
        assert isinstance(first, e.GroupCreated)
        room = self._rooms.add(founded(first))
        act = Act(self, room, command, account)
        act.begin(Work(room.stream, claims=[self._claim(account.user, founding=True)]), decision)
        self._count(act, [MembershipChange(account.user, command.code, joined=True, created=True)])
        self._take_in(act, first)
        for event in more:
            apply(room.state, event)
            self._take_in(act, event)
        return act

    def act(self, room: Room, command: Command, doer: Doer, attach: Attach | None = None) -> Act | Refusal:
        """Carry out a command on a group that is ready; the caller sets `on_done` and `on_fail`, then calls `queue`.

        An act without events (nothing to change) is queued as well: its answer waits for what came before it.
        """
        act = Act(self, room, command, doer)
        act.attach = attach
        return self._decide_act(act) or act

    def act_unasked(self, room: Room, command: Command, attach: Attach | None = None) -> None:
        """Let the service itself carry out a command on a group that is ready, where there is cause to."""
        act = self.act(room, command, SERVICE, attach)
        if isinstance(act, Refusal):
            log.warning("could not act", group=room.state.code, command=type(command).__name__, code=act.code)
        elif act.events:
            act.on_done = lambda stored: log.info("acted", group=room.state.code, events=names_of(stored.events))
            act.on_fail = lambda refusal: log.error("an act was not stored", group=room.state.code, code=refusal.code)
            self.queue(act)

    def decide_again(self, act: Act) -> Refusal | None:
        """Decide an act afresh, because storage had moved on; return why not, if it is refused now."""
        if isinstance(act.command, CreateGroup):
            return OVERTAKEN
        return self._decide_act(act)

    def _decide_act(self, act: Act) -> Refusal | None:
        room, state = act.room, act.room.state
        decision = self._decide(state, act.command, act.doer)
        if isinstance(decision, Refusal):
            return decision
        claims = [self._claim(event.user) for event in decision if isinstance(event, e.MemberJoined)]
        act.begin(Work(room.stream, state.version, claims=claims), decision)
        try:
            for event in decision:
                self._count(act, membership_changes(state, event))
                apply(state, event)
                self._take_in(act, event)
        except Exception:
            # Half an act must not stay in memory: what is decided on next has to be what storage has.
            self._writer.read_again(room, act.withdraw())
            raise
        return None

    def _claim(self, user: str, *, founding: bool = False) -> Claim:
        account = self._accounts.get(user)
        quota = account.level.quota if account else self.policy.quota_of(self.policy.credit.start)
        return Claim(user, quota.groups_joined, quota.groups_created if founding else None)

    def queue(self, act: Act | AccountAct) -> None:
        """Put an act on the writer's queue; in the same step in which it was decided."""
        self._writer.put(act)

    def _decide(self, state: GroupState | None, command: Command, doer: Doer) -> Sequence[e.Event] | Refusal:
        if self._writer.is_full():
            return TOO_BUSY
        return decide(state, command, doer.actor(), self._clock.now_ms(), self.policy)

    def _take_in(self, act: Act, event: e.Event) -> None:
        """Add an event that was just applied to the act: its rows, its notice, what it changes for accounts."""
        state, work = act.room.state, act.work
        act.room.authors.clear()
        case = case_number(state.code, state.version)
        act.cases.append(case)
        work.events = [*work.events, event]
        work.rows = [*work.rows, *project_group(state, event)]
        author = author_of(state, event, act.doer.name_in(state.code))
        notice = notice_of(event, case=case, author=author, say=self._say)
        if notice is not None:
            work.entries = [*work.entries, NewEntry(notice, version=state.version)]
        work.erase = [*work.erase, *e.erased_by(event)]
        if isinstance(event, e.NoteWritten):
            assert isinstance(act.command, WriteNote)
            work.rows = [*work.rows, note_row(state, event, act.command.text)]
        if act.attach is not None:
            act.attach(work, state, event)

    def _count(self, act: Act, changes: list[MembershipChange]) -> None:
        act.changes += changes
        for change in changes:
            self._accounts.decided(change)

    def settled(self, act: Act) -> None:
        """Forget the membership changes of an act: storage has them, or they failed."""
        for change in act.changes:
            self._accounts.settled(change)

    def take_back(self, change: MembershipChange) -> None:
        """Count the opposite of a change that was not stored."""
        account = self._accounts.get(change.user)
        if account is not None:
            change.opposite().count(account)

    def tell_group(self, act: Act) -> None:
        """Publish a stored act."""
        work = act.work
        entries = tuple(new.entry for new in work.entries)
        news = GroupNews(act.room.state.code, entries, work.version + len(act.events), tuple(act.events))  # type: ignore[arg-type]  # a sequence of its members
        self._bus.publish(news)
        for change in act.changes:
            if change.joined:
                self._bus.publish(JoinedNews(change.user, change.code))
        for event, case in zip(act.events, act.cases, strict=True):
            for answer in answers_to(event, case, act.room.state.name):
                self._bus.publish(answer)

    def act_on_account(
        self,
        state: AccountState | None,
        command: AccountCommand,
        actor: Actor,
        rows: Sequence[RowChange] = (),
    ) -> AccountAct | Refusal:
        """Carry out a command on an account; `state` None registers it. `rows` are stored with the events.

        Two commands on one account at the same moment are in conflict, and the ledger lets only the first through.
        """
        if self._writer.is_full():
            return TOO_BUSY
        decision = decide_account(state, command, actor, self._clock.now_ms(), self.policy)
        if isinstance(decision, Refusal):
            return decision
        return self._account_act(state, decision, rows)

    def act_on_words(
        self, account: Account, words: Mapping[str, PlatformWord], command: SetPlatformWord | DropPlatformWord
    ) -> AccountAct | Refusal:
        """Carry out a command of staff on the platform's words; it is on record with the account that gave it."""
        if self._writer.is_full():
            return TOO_BUSY
        decision = decide_words(words, command, account.actor(), self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        return self._account_act(account.state, decision, list(filter(None, map(platform_word_row, decision))))

    def _account_act(
        self, state: AccountState | None, decision: Sequence[AccountEvent], rows: Sequence[RowChange]
    ) -> AccountAct:
        after = copy(state)
        changes: list[RowChange] = []
        for event in decision:
            if after is None:
                assert isinstance(event, AccountRegistered)
                after = registered(event)
            else:
                apply_account(after, event)
            changes += project_account(after, event)
        assert after is not None
        stream, version = account_stream(after.user), state.version if state else 0
        act = AccountAct(self, after.user, Work(stream, version, decision, [*changes, *rows]))
        act.state, act.events = after, decision
        return act

    def store_rows(self, user: str, rows: Sequence[RowChange]) -> AccountAct | Refusal:
        """Store rows that no rule is asked about: a token, a read mark."""
        return TOO_BUSY if self._writer.is_full() else AccountAct(self, user, Work(rows=rows))

    def renew_account(self, act: AccountAct) -> None:
        """Let a stored change of an account take effect here."""
        account = self._accounts.get(act.user)
        if account is not None and act.state is not None:
            account.become(act.state)

    def tell_account(self, act: AccountAct) -> None:
        """Publish a stored change of an account."""
        if act.events:
            self._bus.publish(AccountNews(act.user, act.work.version + len(act.events), tuple(act.events)))  # type: ignore[arg-type]  # a sequence of its members
        for number, event in enumerate(act.events, 1):
            if isinstance(event, AccountClosed):
                self._bus.publish(ClosedNews(act.user))
            if isinstance(event, (IdentityAttested, IdentityRejected)):
                case = account_case(act.user, act.work.version + number)
                level, outcome = event.identity.value, REVIEWED[type(event)]
                self._bus.publish(AnswerNews(act.user, case, outcome, level, event.reason))


def answers_to(event: e.Event, case: str, name: str) -> list[AnswerNews]:
    """Return what applicants to the group of this name have to be told of an event."""
    if isinstance(event, e.JoinRequestEnded) and event.by != event.user:
        return [AnswerNews(event.user, case, "denied", name, event.reason)]
    if isinstance(event, e.RequestsExpired):
        return [AnswerNews(user, case, "expired", name) for user in event.users]
    return []


def names_of(events: Sequence[e.Event]) -> list[str | int | None]:
    """Return the names of events, for the log."""
    return [event.__struct_config__.tag for event in events]
