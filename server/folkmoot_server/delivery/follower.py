"""The follower: keeps what is in memory in step with what is stored, whoever stored it.

News of this node's own change sets comes in order and finds everything as it should be. News of other nodes may be
late, out of order or lost: entries are held back until those before them are there, and what is missing is read from
storage; events of a group are applied when they are the next ones, else the group is read again. On a single node all
that is never used.

Of accounts, news only tell that there is something new: role, identity, suspension and tokens are read from storage.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from folkmoot_governance import apply
from folkmoot_governance.account_events import NamesRemoved, NamesRestored
from folkmoot_governance.group import events as e
from folkmoot_protocol.types import Entry, LeftReason

from ..bus.messages import (
    AccountUpdate,
    BusMessage,
    ClosedUpdate,
    FollowUpdate,
    GroupUpdate,
    JoinedUpdate,
    NoticeUpdate,
    RevokedUpdate,
    SettingsUpdate,
    TypingUpdate,
)
from ..common.background import end
from ..common.metrics import HOLES
from ..live.accounts import RETRY_S, Account, Accounts
from ..live.commit_queue import CommitQueue
from ..live.memberships import membership_changes
from ..live.rooms import Room, Rooms
from ..storage.api import Store
from ..storage.change_set import StorageError
from .audience import Audience
from .hub import Hub

log = structlog.get_logger()

PATIENCE_S = 0.02
"""How long to wait for a missing entry to come by itself before storage is asked."""

PAGE = 200
MAX_HELD_BACK = 5_000
"""Entries of one group that wait for those before them; more are dropped, for storage has them."""


class Follower:
    """Listens to the bus; brings entries to the hub without a hole and in order, and state up to date."""

    def __init__(
        self,
        rooms: Rooms,
        accounts: Accounts,
        store: Store,
        hub: Hub,
        audience: Audience,
        commit_queue: CommitQueue,
    ) -> None:
        self._rooms = rooms
        self._accounts = accounts
        self._store = store
        self._hub = hub
        self._audience = audience
        self._commit_queue = commit_queue
        self._filling: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        rooms.on_reload = self.reconcile

    async def stop(self) -> None:
        """Give up what is being read."""
        await end(self._tasks)

    def on_bus_message(self, message: BusMessage) -> None:
        """Take news from the bus."""
        match message:
            case GroupUpdate():
                room = self._rooms.find(message.code)
                if room is not None:
                    self._on_group(room, message)
            case JoinedUpdate():
                self._on_joined(message)
            case TypingUpdate():
                room = self._rooms.find(message.code)
                if room is not None:
                    self._hub.tell_typing(room, message.user)
            case AccountUpdate():
                if any(isinstance(event, (NamesRemoved, NamesRestored)) for event in message.events):
                    # At once: whoever is told of it reads under which name the account is shown now.
                    self._rooms.forget_author(message.user)
                    self._start(self._on_names(message.user))
                account = self._accounts.get(message.user)
                if account is None:
                    self._accounts.changed(message.user)
                else:
                    self._on_account(account, message)
            case NoticeUpdate():
                self._on_notice(message)
            case FollowUpdate():
                for session in self._audience.sessions_of(self._accounts.get(message.user)):
                    self._hub.live_home.changed(session, message.code, follows=message.follows)
            case SettingsUpdate():
                account = self._accounts.get(message.user)
                if account is not None:
                    self._start(self._on_settings(account, message.code))
            case ClosedUpdate():
                self._rooms.forget_tails()
                self._start(self._rooms.forget_name(message.user))
            case RevokedUpdate():
                account = self._accounts.get(message.user)
                if account is not None:
                    self.look_at_tokens(account, message.token_hash)

    def _on_group(self, room: Room, message: GroupUpdate) -> None:
        for event in self._take_in(room, message):
            self._hub.tell_members(room, event)
        self._take(room, message.entries)
        for event in message.events:
            self._hub.tell_change(room, event)

    def _take_in(self, room: Room, message: GroupUpdate) -> Sequence[e.Event]:
        """Bring the room's state up to the news; return the events whose effects can be told from that state.

        What this node decided itself is in the state already. With change sets of its own on their way, the state may
        rest on what will never be stored, so nothing is applied to it: those change sets are in conflict, and the room
        is read again.
        """
        if not message.events:
            return ()
        room.known_version = max(room.known_version, message.version)
        if room.state.version >= message.version and room.ready.is_set():
            return message.events
        if room.in_flight or room.state.version + len(message.events) != message.version or not room.ready.is_set():
            if room.ready.is_set():
                self._commit_queue.read_again(room, frozenset())
            return ()
        for event in message.events:
            for change in membership_changes(room.state, event):
                account = self._accounts.get(change.user)
                if account is not None:
                    change.count(account)
            apply(room.state, event)
            room.note_leaving(event)
        room.authors.clear()
        return message.events

    def _take(self, room: Room, entries: Sequence[Entry]) -> None:
        """Deliver entries if they are the next; else hold them back and see to it that the missing ones come."""
        if not entries:
            return
        if entries[0].seq == room.last_seq + 1 and not room.held_back:
            self._hub.deliver(room, entries)
            return
        for entry in entries:
            if entry.seq > room.last_seq:
                room.held_back[entry.seq] = entry
        self._release(room)
        if room.held_back:
            if len(room.held_back) > MAX_HELD_BACK:
                room.held_back.clear()
            self.fill(room, PATIENCE_S)

    def _release(self, room: Room) -> None:
        """Deliver what was held back, as far as it follows without a hole."""
        run: list[Entry] = []
        seq = room.last_seq + 1
        while seq in room.held_back:
            run.append(room.held_back.pop(seq))
            seq += 1
        if run:
            self._hub.deliver(room, run)
        for old in [seq for seq in room.held_back if seq <= room.last_seq]:
            del room.held_back[old]

    def fill(self, room: Room, patience_s: float = 0) -> None:
        """Read what is missing after the room's last delivered entry, unless it comes by itself first."""
        code = room.state.code
        if code not in self._filling:
            self._filling.add(code)
            self._start(self._fill(room, patience_s))

    async def _fill(self, room: Room, patience_s: float) -> None:
        code = room.state.code
        try:
            if patience_s:
                await asyncio.sleep(patience_s)
                if not room.held_back:
                    return
            HOLES.inc()
            more = True
            while more:
                page = await self._store.journal.page(code, after=room.last_seq, limit=PAGE)
                missing = [entry for entry in page.entries if entry.seq > room.last_seq]
                if missing and missing[0].seq == room.last_seq + 1:
                    self._hub.deliver(room, missing)
                self._release(room)
                more = bool(missing) and (page.more or bool(room.held_back))
        except StorageError:
            await asyncio.sleep(RETRY_S)
        finally:
            self._filling.discard(code)
        if room.held_back:
            self.fill(room)

    def _on_notice(self, message: NoticeUpdate) -> None:
        # Who reads the account from storage at this moment may have read that there is nothing to tell it.
        self._accounts.changed(message.user)
        account = self._accounts.get(message.user)
        if account is not None:
            account.has_unread = True
            self._hub.tell_notice(account, message.notice)

    def _on_joined(self, message: JoinedUpdate) -> None:
        """Open a room that is not in memory for an account that is signed in here and has joined elsewhere."""
        account = self._accounts.get(message.user)
        if account is not None and account.connections and self._rooms.find(message.code) is None:
            self._start(self._open(message.code))

    async def _open(self, code: str) -> None:
        try:
            room = await self._rooms.load(code)
        except StorageError as error:
            log.error("could not open a group", cause=repr(error.__cause__ or error))
            return
        if room is not None:
            self.reconcile(room)

    def reconcile(self, room: Room) -> None:
        """Make the listeners of a room, and the groups of accounts, what its state says; tell those concerned."""
        members, code = room.state.members, room.state.code
        for session in self._audience.listening_to(room):
            if session.user not in members:
                self._hub.unsubscribe(room, session, self._why_gone(room, session.user))
            elif session.account is not None:
                self._hub.tell_one(room, session.user)
        for account in self._accounts.with_sessions():
            if account.user not in members:
                account.groups.discard(code)
                continue
            account.groups.add(code)
            if any(room not in session.rooms for session in self._audience.sessions_of(account)):
                self._hub.admit(room, account.user)
        self.fill(room)

    def _why_gone(self, room: Room, user: str) -> LeftReason:
        """Return why somebody is no member any more, as far as the room's state tells."""
        if user in room.state.bans:
            return LeftReason.BANNED
        return LeftReason.LEFT if room.state.members else LeftReason.CLOSED

    async def look_after(self, account: Account) -> None:
        """Find what this node has missed of an account that is signed in here: groups it came into or left elsewhere.

        Storage is asked after the connection stands, so what happens later is heard of as it happens. Raises
        StorageError.
        """
        stored = await self._store.ledger.load_account(account.user)
        codes = {*account.groups, *(stored.groups if stored else ())}
        for code, (version, last_seq) in (await self._store.ledger.heads(codes)).items():
            room = await self._rooms.load(code)
            if room is None or room.in_flight:
                continue  # Works on their way find out themselves what they have missed.
            if version > room.state.version:
                self._commit_queue.read_again(room, frozenset())
                continue
            is_member = account.user in room.state.members
            sessions = self._audience.sessions_of(account)
            if any(is_member != (room in session.rooms) for session in sessions):
                self.reconcile(room)
            if last_seq > room.last_seq:
                self.fill(room)

    def signed_in(self, account: Account) -> None:
        """Look after an account that has signed in just now."""
        self._start(self._look_after_now(account))

    async def _look_after_now(self, account: Account) -> None:
        try:
            await self.look_after(account)
        except StorageError as error:
            log.warning("could not look after an account", cause=repr(error.__cause__ or error))

    def _on_account(self, account: Account, message: AccountUpdate) -> None:
        if account.state.version >= message.version:
            self._hub.tell_account(account)
        else:
            self._start(self.refresh(account))

    async def _on_names(self, user: str) -> None:
        """Show an account under the name that it has now, wherever it is."""
        account = self._accounts.get(user)
        if account is not None:
            await self._accounts.reread(user)
        self._rooms.forget_author(user)

    async def refresh(self, account: Account) -> None:
        """Read an account again that has changed elsewhere, and act on what it is now."""
        await self._accounts.reread(account.user)
        self._hub.tell_account(account)

    def look_at_tokens(self, account: Account, token_hash: str = "") -> None:
        """Close the connections of an account's token, or (empty) of any, if it is true that it holds no more."""
        opened = {session.token_hash for session in self._audience.sessions_of(account)}
        for one in opened & {token_hash} if token_hash else opened:
            self._start(self._close_revoked(account, one))

    async def _close_revoked(self, account: Account, token_hash: str) -> None:
        while True:
            try:
                if await self._store.ledger.find_token(token_hash) is None:
                    self._hub.close_token(account, token_hash)
                return
            except StorageError:
                await asyncio.sleep(RETRY_S)

    async def _on_settings(self, account: Account, code: str) -> None:
        room = self._rooms.find(code)
        if room is None:
            await self.refresh(account)
            return
        await self._accounts.reread(account.user)
        room.authors.pop(account.user, None)
        self._hub.tell_one(room, account.user)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
