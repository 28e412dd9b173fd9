"""From a command on a group to a queued change set: the shell around `decide` and `apply`.

Everything from the decision to the queue happens in one step without an await, so that nothing comes between a
decision and its place in the order (PROTOCOL, Delivery 6).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any

import structlog

from folkmoot_governance import (
    GroupState,
    Policy,
    Refusal,
    apply,
    case_number,
    decide,
    founded,
)
from folkmoot_governance.closed_names import hide_in_entry, names_in_entry
from folkmoot_governance.features import Feature, check_features
from folkmoot_governance.group import events as e
from folkmoot_governance.group.checks import check_subject
from folkmoot_governance.group.commands import (
    AcceptTransfer,
    Command,
    CreateGroup,
    OpenChannel,
    Succeed,
    WriteNote,
)
from folkmoot_governance.group.decide_lapsing import outcome
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_governance.permissions import PLATFORM_ACTS
from folkmoot_governance.personal_notices import PersonalNotice, told_in_group
from folkmoot_governance.store_acts import HandleTaken
from folkmoot_protocol.results import Result
from folkmoot_protocol.types import ChannelForm, Entry

from ...bus.api import Bus
from ...bus.messages import GroupUpdate, JoinedUpdate, NoticeUpdate, RevokedUpdate, SettingsUpdate
from ...common.clock import Clock
from ...common.fair_turns import FairTurns
from ...common.i18n import Translate
from ...common.rate_limit import Buckets
from ...config.settings import Limits
from ...delivery.session import Session
from ...live.accounts import ACTS_AT_ONCE, Account, Accounts
from ...live.commit_queue import CommitQueue
from ...live.memberships import MembershipChange, membership_changes
from ...live.once import Once, current_once
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room, Rooms
from ...storage.change_set import ChangeSet, NewEntry, QuotaGuard, account_stream, handle_stream
from ...storage.changes import draft_rows, ended_bot, note_row, notice_row
from ...storage.sql.projection import project_group
from ..acting import SERVICE, ExtraRows, Initiator, Joint, rests_on, too_many_acts

log = structlog.get_logger()

ACTS_TOGETHER = 4
"""Acts of people that are decided and not stored yet, at most: what a post has to wait for. See `decide_in_turn`."""


def guards_of_owner(command: Command, decision: Sequence[e.Event]) -> list[QuotaGuard]:
    """Return that who takes over a public account has no more of them by that than it may (P7.3), whatever else it
    takes over, or opens, at the same moment."""
    limits: dict[str, int] = {}
    if isinstance(command, Succeed):
        limits = {one.actor.user: one.limit for one in command.candidates}
    owners = [one.user for one in decision if isinstance(one, (e.OwnershipTransferred, e.OwnerReplaced))]
    if isinstance(command, AcceptTransfer):
        limits = dict.fromkeys(owners, command.limit)
    return [QuotaGuard(user, channels=limits[user]) for user in owners if limits.get(user)]


class Act:
    """A governance act on a group, decided and on its way to disk (a `PendingCommit` of the commit queue).

    `cases` has the case number of each event, `told` what accounts are told of it by themselves. When the act is
    stored, `on_done` is called first (it answers), then the group hears of it; when it could not be stored, `on_fail`
    is called with the reason. `after` is done last. `turn`: whose turn it has taken, empty where it had not to
    wait for one.
    """

    __slots__ = (
        "_group_service",
        "after",
        "also",
        "cases",
        "change_set",
        "changes",
        "command",
        "events",
        "extra_rows",
        "initiator",
        "on_done",
        "on_fail",
        "once",
        "room",
        "told",
        "tries",
        "turn",
    )

    def __init__(self, group_service: "GroupService", room: Room, command: Command, initiator: Initiator) -> None:
        self._group_service = group_service
        self.room: Room = room
        self.command = command
        self.initiator = initiator
        self.on_done: Callable[[], None]
        self.on_fail: Callable[[Refusal], None]
        self.extra_rows: ExtraRows | None = None
        self.after: Callable[[], None] | None = None
        self.also: Sequence[Joint] = ()
        self.once: Once | None = None
        self.tries = 0
        self.turn = ""
        self.begin(ChangeSet(room.stream), ())

    def begin(self, change_set: ChangeSet, events: Sequence[e.Event]) -> None:
        """Start from nothing but what was decided."""
        self.change_set = change_set
        change_set.also = [one.change_set for one in self.also]
        self.events = events
        self.cases: list[str] = []
        self.told: list[PersonalNotice] = []
        self.changes: list[MembershipChange] = []

    def done(self) -> None:
        self._group_service.forget_changes(self)
        on_done, _ = self._release()
        try:
            on_done()
        finally:
            # Whatever becomes of the answer: the act is stored, so the group hears of it.
            self.take_effect()

    def take_effect(self) -> None:
        self._group_service.tell_group(self)
        if self.after is not None:
            self.after()
        for one in self.also:
            one.take_effect()

    def fail(self, refusal: Refusal) -> None:
        _, on_fail = self._release()
        on_fail(too_many_by_now(self, refusal))

    def _release(self) -> tuple[Callable[[], None], Callable[[Refusal], None]]:
        """Return `on_done` and `on_fail`, and keep neither: both may refer to this act, and a cycle would stay."""
        if self.turn:
            self._group_service.turns.leave(self.turn)
        on_done, on_fail = self.on_done, self.on_fail
        del self.on_done, self.on_fail
        return on_done, on_fail

    def rollback(self) -> frozenset[str]:
        """Take back what was counted for accounts; return which must be read again all the same."""
        self._group_service.forget_changes(self)
        for change in self.changes:
            self._group_service.take_back(change)
        return frozenset(change.user for change in self.changes)

    def retry(self) -> None:
        """Decide again on what the group is now."""
        refusal = self._group_service.decide_again(self)
        if refusal is None:
            self._group_service.queue(self)
        else:
            self.fail(refusal)


def too_many_by_now(act: Act, refusal: Refusal) -> Refusal:
    """Return why somebody did not become the owner of a public account: what overtook that, again and again, is that
    the same subject came to own another one."""
    limits = [one.channels for one in act.change_set.quota_guards if one.channels]
    if refusal is not OVERTAKEN or not isinstance(act.command, AcceptTransfer) or not limits:
        return refusal
    return check_subject(limits[0], limits[0]) or refusal


class HandleClaim:
    """That a channel takes a handle, stored with its opening: nobody else has it, or had (a `Joint`)."""

    def __init__(self, opened: e.ChannelOpened) -> None:
        taken = HandleTaken(at=opened.at, by=opened.by, handle=opened.handle, code=opened.code)
        self.change_set = ChangeSet(handle_stream(opened.handle), events=[taken])
        if opened.form is ChannelForm.PUBLIC:
            # Nor has anybody that user name.
            self.change_set.rests_on = account_stream(opened.handle), 0
        self.also: Sequence[Joint] = ()

    def take_effect(self) -> None:
        """Nothing rests on it in memory."""


class GroupService:
    """Decides, applies, projects, writes the notice, queues. Refuses or succeeds at once; storing comes later."""

    def __init__(
        self,
        rooms: Rooms,
        accounts: Accounts,
        commit_queue: CommitQueue,
        bus: Bus,
        clock: Clock,
        policy: Policy,
        limits: Limits,
        say: Translate,
    ) -> None:
        self._rooms = rooms
        self._accounts = accounts
        self._commit_queue = commit_queue
        self._bus = bus
        self._clock = clock
        self._policy = policy
        per_minute = limits.group_acts_per_minute
        self._acts = Buckets(per_minute / 60, per_minute / ACTS_AT_ONCE)
        self._say = say
        self.on_said: Callable[[Room, Entry], None] | None = None
        self.turns = FairTurns(ACTS_TOGETHER)

    async def decide_in_turn(
        self, initiator: Initiator, decide: Callable[[], Awaitable[Act | Refusal]]
    ) -> Act | Refusal:
        """Decide an act when it is its initiator's turn; it is to be queued in the step in which it was decided.

        What is queued is stored in its order, posts behind the acts before them. So no account has more than one act
        there, all together have `ACTS_TOGETHER`, and a member's post waits for these, however many more are asked for.
        """
        user = initiator.actor().user
        await self.turns.enter(user)
        try:
            act = await decide()
        except BaseException:
            self.turns.leave(user)
            raise
        if isinstance(act, Refusal):
            self.turns.leave(user)
        else:
            act.turn = user
        return act

    async def create(self, command: CreateGroup, account: Account) -> Act | Refusal:
        """Found a group whose code is free; the act is to be queued in the same step."""
        await self._accounts.count_others(account)

        async def decide() -> Act | Refusal:
            return self._create(command, account)

        return await self.decide_in_turn(account, decide)

    def _create(self, command: CreateGroup, account: Account) -> Act | Refusal:
        asked = (Feature.CHANNELS,) if isinstance(command, OpenChannel) else ()
        refusal = check_features(asked, account.assessed, self._policy) or self.check_pace(None, account)
        decision = refusal or self._decide(None, command, account)
        if isinstance(decision, Refusal):
            return decision
        first, *more = decision
        assert isinstance(first, e.GroupCreated)
        room = self._rooms.add(founded(first))
        act = Act(self, room, command, account)
        # Caps on groups do not count channels, which have caps of their own.
        is_group = not isinstance(first, e.ChannelOpened)
        guards = [self._quota_guard(account.user, founding=True)] if is_group else []
        if isinstance(first, e.ChannelOpened):
            act.also = [HandleClaim(first)]
        act.begin(ChangeSet(room.stream, quota_guards=guards), decision)
        self._count(act, [MembershipChange(account.user, command.code, joined=True, created=is_group or None)])
        self._take_in(act, first)
        for event in more:
            apply(room.state, event)
            self._take_in(act, event)
        return act

    def act(
        self, room: Room, command: Command, initiator: Initiator, extra_rows: ExtraRows | None = None
    ) -> Act | Refusal:
        """Carry out a command on a group that is ready; the caller sets `on_done` and `on_fail`, then calls `queue`.

        An act without events (nothing to change) is queued as well: its answer waits for what came before it.
        """
        act = Act(self, room, command, initiator)
        act.extra_rows = extra_rows
        return self.check_pace(room, initiator) or self._decide_act(act) or act

    def aside(self, room: Room, command: Command, initiator: Initiator) -> Act | Refusal:
        """As `act`, for one that is stored with an act on something else: nothing of it is in memory before that, and
        then it is taken in as news of another node are."""
        apart = copy(room)
        apart.state = outcome(room.state, ())
        act = Act(self, apart, command, initiator)
        return self._decide_act(act) or act

    def check_pace(self, room: Room | None, initiator: Initiator) -> Refusal | None:
        """Refuse an account, or a group, that fills the record faster than `limits.acts_per_minute` allow.

        The service itself and the operator's staff are not held up.
        """
        if not isinstance(initiator, Account) or initiator.is_staff:
            return None
        ticks, rule = self._clock.ticks(), "limits.acts_per_minute"
        wait = initiator.acts.take(ticks)
        if not wait and room is not None:
            wait, rule = self._acts.take(room.state.code, ticks), "limits.group_acts_per_minute"
        return too_many_acts(wait, rule) if wait else None

    def would(self, room: Room, command: Command, initiator: Initiator) -> Sequence[e.Event] | Refusal:
        """Return the events that `act` would cause now, or why it would be refused; nothing comes of it.

        The rules return events and leave the group's state as it is, so no copy of the group is needed.
        """
        return self._decide(room.state, command, initiator)

    def act_unasked(self, room: Room, command: Command, extra_rows: ExtraRows | None = None) -> None:
        """Let the service itself carry out a command on a group that is ready, where there is cause to."""
        act = self.act(room, command, SERVICE, extra_rows)
        if isinstance(act, Refusal):
            log.warning("could not act", group=room.state.code, command=type(command).__name__, code=act.code)
        elif act.events:
            act.on_done = lambda: log.info("acted", group=room.state.code, events=names_of(act.events))
            act.on_fail = lambda refusal: log.error("an act was not stored", group=room.state.code, code=refusal.code)
            self.queue(act)

    def decide_again(self, act: Act) -> Refusal | None:
        """Decide an act afresh, because storage had moved on; return why not, if it is refused now."""
        if isinstance(act.command, CreateGroup):
            decision = self._decide(None, act.command, act.initiator)
            return decision if isinstance(decision, Refusal) else OVERTAKEN
        return self._decide_act(act)

    def _decide_act(self, act: Act) -> Refusal | None:
        room, state = act.room, act.room.state
        decision = self._decide(state, act.command, act.initiator)
        if isinstance(decision, Refusal):
            return decision
        quota_guards = [self._quota_guard(event.user) for event in decision if isinstance(event, e.MemberJoined)]
        quota_guards += guards_of_owner(act.command, decision)
        act.begin(ChangeSet(room.stream, state.version, quota_guards=quota_guards), decision)
        if type(act.command) in PLATFORM_ACTS:
            act.change_set.rests_on = rests_on(act.initiator.actor(), room.stream)
        try:
            for event in decision:
                changes = membership_changes(state, event)
                self._count(act, changes)
                # Before it: who led a group that is closed nobody knows after that.
                told = told_in_group(state, event, self._policy)
                apply(state, event)
                self._take_in(act, event)
                act.told += told
                ended = [row for change in changes if change.ends_tokens for row in ended_bot(change.user)]
                act.change_set.rows = [*act.change_set.rows, *map(notice_row, told), *ended]
        except Exception:
            # Half an act must not stay in memory: what is decided on next has to be what storage has.
            self._commit_queue.read_again(room, act.rollback())
            raise
        return None

    def _quota_guard(self, user: str, *, founding: bool = False) -> QuotaGuard:
        account = self._accounts.get(user)
        quota = account.level.quota if account else self._policy.quota_of(self._policy.credit.start)
        return QuotaGuard(user, quota.groups_joined, quota.groups_created if founding else None)

    def queue(self, act: Act) -> None:
        """Put an act on the commit queue; in the same step in which it was decided."""
        if act.once is not None:
            act.change_set.asked = act.once.asked()
        self._commit_queue.put(act)

    async def wait_stored(self, act: Act | Refusal) -> Refusal | None:
        """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
        return await self._commit_queue.wait_stored(act)

    def queue_answer(
        self, session: Session, re: int, act: Act, result: Callable[[], Result], keep: Callable[[], dict[str, Any]]
    ) -> None:
        """Queue an act; `result` makes the answer to request `re` when it is stored, before the group hears of it.

        Where the request has a nonce, `keep` gives what the answer is made of when it is asked for again.
        """
        session.begin()
        once = current_once.get()
        if once is not None:
            act.once, once.keep = once, keep
            once.outcome = asyncio.get_running_loop().create_future()

        def done() -> None:
            session.finish()
            try:
                session.reply(re, result())
            finally:
                if once is not None:
                    once.settle(None)

        def fail(refusal: Refusal) -> None:
            session.finish()
            if once is None:
                session.refuse(re, refusal)
            else:
                once.settle(refusal)

        act.on_done, act.on_fail = done, fail
        self.queue(act)

    def _decide(self, state: GroupState | None, command: Command, initiator: Initiator) -> Sequence[e.Event] | Refusal:
        if self._commit_queue.is_full():
            return TOO_BUSY
        return decide(state, command, initiator.actor(), self._clock.now_ms(), self._policy)

    def _take_in(self, act: Act, event: e.Event) -> None:
        """Add an event that was just applied to the act: its rows, its notice, what it changes for accounts."""
        state, change_set = act.room.state, act.change_set
        act.room.authors.clear()
        act.room.note_leaving(event)
        case = case_number(state.code, state.version)
        act.cases.append(case)
        change_set.events = [*change_set.events, event]
        drafts = draft_rows(event, case, code=state.code)
        change_set.rows = [*change_set.rows, *project_group(state, event), *drafts]
        author = author_of(state, event, act.initiator.name_in(state.code))
        notice = notice_of(event, case=case, author=author, say=self._say)
        if notice is not None:
            change_set.entries = [*change_set.entries, NewEntry(notice, version=state.version)]
        change_set.erase = [*change_set.erase, *e.erased_by(event)]
        if isinstance(event, e.NoteWritten):
            assert isinstance(act.command, WriteNote)
            change_set.rows = [*change_set.rows, note_row(state, event, act.command.text)]
        if act.extra_rows is not None:
            act.extra_rows(change_set, state, event)

    def _count(self, act: Act, changes: list[MembershipChange]) -> None:
        act.changes += changes
        for change in changes:
            self._accounts.decided(change)

    def forget_changes(self, act: Act) -> None:
        """Forget the membership changes of an act: storage has them, or they failed."""
        for change in act.changes:
            self._accounts.forget_change(change)

    def take_back(self, change: MembershipChange) -> None:
        """Count the opposite of a change that was not stored."""
        account = self._accounts.get(change.user)
        if account is not None:
            change.opposite().count(account)

    def tell_group(self, act: Act) -> None:
        """Publish a stored act."""
        change_set = act.change_set
        entries = tuple(self._without_closed(act.room, new.entry) for new in change_set.entries)
        news = GroupUpdate(act.room.state.code, entries, change_set.version + len(act.events), tuple(act.events))  # type: ignore[arg-type]  # a sequence of its members
        self._bus.publish(news)
        if self.on_said is not None and act.room.state.form is not None:
            # What was held, and has been approved.
            for new in change_set.entries:
                self.on_said(act.room, new.entry)
        for change in act.changes:
            if change.joined:
                self._bus.publish(JoinedUpdate(change.user, change.code))
            if change.ends_tokens:
                self._bus.publish(RevokedUpdate(change.user, ""))
        for event in act.events:
            if isinstance(event, e.BotTaken):
                self._bus.publish(RevokedUpdate(event.user, ""))
        for user in concerned_by_bots(act.events):
            # Which bots it answers for has changed.
            self._bus.publish(SettingsUpdate(user))
        for notice in act.told:
            self._bus.publish(NoticeUpdate(notice.user, notice))

    def _without_closed(self, room: Room, notice: Entry) -> Entry:
        """Return a notice as everybody reads it from now on: acts about an account that was closed know its name.

        The account itself may be in memory no more, or not yet.
        """
        found = {name: self._accounts.get(name) for name in names_in_entry(notice)}
        tags = {name: one.state.author_tag for name, one in found.items() if one is not None and one.state.author_tag}
        return hide_in_entry(notice, room.tags | tags)


def concerned_by_bots(events: Sequence[e.Event]) -> set[str]:
    """Return the bots that somebody else answers for now, and who that is and was."""
    added = [(one.user, one.giver) for one in events if isinstance(one, e.MemberJoined) and one.giver]
    taken = [(one.user, one.by, one.was_giver) for one in events if isinstance(one, e.BotTaken)]
    return {user for users in (*added, *taken) for user in users}


def names_of(events: Sequence[e.Event]) -> list[str | int | None]:
    """Return the names of events, for the log."""
    return [event.__struct_config__.tag for event in events]
