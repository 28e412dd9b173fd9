"""Telling people that others have answered, repeated or mentioned them in channels, whether they are there or not.

A stored entry is noted in memory, and what follows from it is found out soon after, for all that were noted: who is
posting waits for nothing. A node that is killed loses the notices of the last moment, and no entry. Two nodes that add
to one notice in the same moment may count one too few.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_governance.group.mentions import find_called
from folkmoot_governance.group.responses import (
    EACH_PER_DAY,
    MOST_UNREAD,
    QUIET_MS,
    TOGETHER_MS,
    Response,
    is_wanted,
    told_by,
)
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol.types import Entry, EntryKind

from ...bus.api import Bus
from ...bus.messages import NoticeUpdate
from ...common.clock import Clock
from ...common.rate_limit import Buckets
from ...live.accounts import Account, Accounts
from ...live.rooms import Room, Rooms
from ...storage.api import Store, StoredNotice
from ...storage.change_set import StorageError
from ...storage.changes import notice_row
from ..accounts.govern import AccountService
from ..posts.form import repost_in

log = structlog.get_logger()

STORE_S = 0.25
"""How often what was noted is told."""

DAY_S = 86_400

MOST_TOLD = 2 * MOST_UNREAD
"""Notices of an account that are looked through for one that is about the same."""

MOST_WAITING = 5_000
"""Entries that wait for that at most; of more nobody is told."""

MOST_TRIES = 5
"""How often it is tried to find whom an entry concerns, where that fails."""


class Said(NamedTuple):
    """An entry of a channel: the channel's code and handle, and how often it failed to find whom it concerns."""

    code: str
    handle: str
    entry: Entry
    failures: int = 0

    @property
    def by(self) -> str:
        """Who others see that it is from: a post is from the channel."""
        return self.handle if self.entry.kind is EntryKind.POST else self.entry.from_.user


class About(NamedTuple):
    """What a notice is about: whose it is, what happened, and the post."""

    user: str
    response: Response
    code: str
    seq: int


class Responses:
    """What was said here in channels, and of which nobody has been told yet."""

    def __init__(
        self, store: Store, rooms: Rooms, accounts: Accounts, account_service: AccountService, bus: Bus, clock: Clock
    ) -> None:
        self._ledger, self._journal, self._channels = store.ledger, store.journal, store.channels
        self._rooms = rooms
        self._accounts = accounts
        self._account_service = account_service
        self._bus = bus
        self._clock = clock
        self._by_writer = Buckets(EACH_PER_DAY / DAY_S, EACH_PER_DAY)
        self._waiting: list[Said] = []

    def note(self, room: Room, entry: Entry) -> None:
        """Note an entry that is stored, if it is one that may concern somebody."""
        if entry.kind in (EntryKind.POST, EntryKind.COMMENT) and len(self._waiting) < MOST_WAITING:
            self._waiting.append(Said(room.state.code, room.state.handle, entry))

    async def tell(self) -> None:
        """Tell whom it concerns what was noted; what cannot be stored is told the next time. Raises StorageError."""
        waiting, self._waiting = self._waiting, []
        found: dict[About, list[str]] = defaultdict(list)
        again = waiting
        try:
            failed = await self._find(waiting, found)
            if await self._store(found) is None:
                again = failed
        finally:
            self._waiting[:0] = again

    async def _find(self, waiting: list[Said], found: dict[About, list[str]]) -> list[Said]:
        """Enter into `found` whom entries concern; return those to look at again, those that failed last.

        One that always fails keeps no other back, and is given up.
        """
        failed: list[Said] = []
        for at, said in enumerate(waiting):
            try:
                concerned = await self._concerned(said)
            except StorageError:
                # The store is away, or this cannot be read: the others are first the next time, which shows what it is.
                return [*waiting[at + 1 :], *failed, *has_failed(said, counts=at > len(failed))]
            except Exception:
                log.exception("could not find whom an entry concerns", group=said.code, seq=said.entry.seq)
                failed += has_failed(said)
            else:
                for about in concerned:
                    found[about].append(said.by)
        return failed

    async def _concerned(self, said: Said) -> list[About]:
        """Return who is to be told of an entry, and wants to be."""
        entry, writer = said.entry, said.entry.from_.user
        repeated = repost_in(entry)
        place = repeated or (said.code, entry.target or entry.seq)
        told = told_by(
            writer,
            answered=await self._author(said.code, entry.reply_to),
            author=await self._author(said.code, entry.target),
            repeated=await self._author(*repeated) if repeated else "",
            quotes=bool(entry.body),
            mentioned=await self._mentioned(entry.body),
        )
        # Whom it merely mentions is led to where that is said.
        here = (said.code, entry.target or entry.seq)
        return [
            About(user, response, *(here if response is Response.MENTIONED else place))
            for user, response in told.items()
            if await self._wants(user, response, said.code, writer)
        ]

    async def _author(self, code: str, seq: int | None) -> str:
        """Return who wrote an entry, whoever others see that it is from; empty where there is none."""
        found = (await self._journal.versions(code, (seq,))).get(seq) if seq else None
        return found.entry.from_.user if found is not None else ""

    async def _mentioned(self, body: str) -> list[str]:
        """Return the accounts that a text mentions, by name, or by the handle of a channel that they own."""
        found = []
        for readings in find_called(body):
            for name in readings:
                user = name if await self._accounts.load(name) is not None else await self._owner_of(name)
                if user:
                    found.append(user)
                    break
        return found

    async def _owner_of(self, handle: str) -> str:
        code = await self._channels.find_channel(handle)
        room = await self._rooms.load(code) if code else None
        return room.state.owner if room is not None else ""

    async def _wants(self, user: str, response: Response, code: str, writer: str) -> bool:
        """Say whether an account wants to hear of what somebody has said in a channel, and may be told."""
        account = await self._accounts.load(user)
        if account is None or account.state.closed_ts or writer in account.ignored:
            return False
        settings = account.settings.get(code)
        if settings is not None and not is_wanted(response, settings.notify):
            return False
        if await self._is_banned(account, writer):
            return False
        return not self._by_writer.take(writer, self._clock.ticks())

    async def _is_banned(self, account: Account, writer: str) -> bool:
        """Say whether an account has shut somebody out of its own channel."""
        code = await self._channels.find_channel(account.user)
        room = await self._rooms.load(code) if code else None
        ban = room.state.bans.get(writer) if room is not None else None
        return ban is not None and ban.until_ms > self._clock.now_ms()

    async def _store(self, found: dict[About, list[str]]) -> Refusal | None:
        """Store the notices, and tell of those that are new; return why they could not be stored."""
        now, grown, new = self._clock.now_ms(), list[PersonalNotice](), list[PersonalNotice]()
        handles = await self._handles({about.code for about in found})
        told = {
            user: await self._ledger.told_of_kinds(user, tuple(Response), now - QUIET_MS, MOST_TOLD)
            for user in {about.user for about in found}
        }
        waiting = {user: sum(not one.read_ts for one in some) for user, some in told.items()}
        for about, by in found.items():
            before = next((one.notice for one in told[about.user] if is_of(one, about, now)), None)
            if before is not None:
                grown.append(with_more(before, by))
            elif waiting[about.user] < MOST_UNREAD:
                new.append(notice_of(about, handles.get(about.code, ""), by, now))
                waiting[about.user] += 1
        if not (grown or new):
            return None
        refusal = await self._account_service.store_rows("", [notice_row(one) for one in (*grown, *new)])
        for one in new if refusal is None else ():
            self._bus.publish(NoticeUpdate(one.user, one))
        return refusal

    async def _handles(self, codes: Iterable[str]) -> dict[str, str]:
        rooms = [await self._rooms.load(code) for code in codes]
        return {room.state.code: room.state.handle for room in rooms if room is not None}


def has_failed(said: Said, *, counts: bool = True) -> list[Said]:
    """Return what is to be tried again where an entry failed: the entry, nothing after so many tries."""
    failures = said.failures + counts
    if failures < MOST_TRIES:
        return [said._replace(failures=failures)]
    log.error("nobody is told of an entry", group=said.code, seq=said.entry.seq, tries=failures)
    return []


def is_of(stored: StoredNotice, about: About, now: int) -> bool:
    """Say whether a notice is about the same, and so new that what comes is added to it."""
    notice, together = stored.notice, QUIET_MS if stored.read_ts else TOGETHER_MS
    is_same = (notice.kind, notice.code, notice.data.get("seq")) == (about.response, about.code, about.seq)
    return is_same and notice.at > now - together


def with_more(notice: PersonalNotice, by: list[str]) -> PersonalNotice:
    """Return a notice that says besides that others did the same."""
    return replace(notice, data=notice.data | {"by": by[-1], "count": notice.data["count"] + len(by)})


def notice_of(about: About, handle: str, by: list[str], now: int) -> PersonalNotice:
    """Return what an account is told of those who did something."""
    data = {"seq": about.seq, "post": f"@{handle}/{about.seq}", "by": by[-1], "count": len(by)}
    return PersonalNotice(about.user, now, about.response.value, code=about.code, data=data)
