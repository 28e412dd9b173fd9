"""The box of what an account is told by itself: listed, sent at sign-in until it is read, marked as read."""

import asyncio

import structlog
from msgspec import structs

from folkmoot_governance import Refusal

from ...common.background import end
from ...common.clock import Clock
from ...delivery.notices import notice_event, passing
from ...delivery.session import Session
from ...live.accounts import Account
from ...storage.api import Ledger, StoredNotice
from ...storage.change_set import StorageError
from ...storage.changes import notice_row
from ..alarms import Alarms
from .closed import hide_closed
from .govern import AccountService

log = structlog.get_logger()

PAGE = 50
"""What is sent at sign-in, and listed by `/notices`, at once. Sent are the oldest: who says to have read up to the last
of them has read them all."""

MARKED_AT_ONCE = 200


class NoticeBox:
    """Reads and marks. What was read is kept for `kept_ms` after the act that it tells of."""

    def __init__(
        self, ledger: Ledger, clock: Clock, account_service: AccountService, alarms: Alarms, kept_ms: int
    ) -> None:
        self._ledger = ledger
        self._alarms = alarms
        self._clock = clock
        self._account_service = account_service
        self._kept_ms = kept_ms
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Give up what is being read."""
        await end(self._tasks)

    async def page(
        self, user: str, before: str = "", limit: int = PAGE, *, unread: bool = False
    ) -> tuple[list[StoredNotice], bool]:
        """Return a page of what an account is told, the latest first, and whether there is something older."""
        await self._alarms.hand_out_to(user)
        found = await self._ledger.list_notices(user, before, limit + 1, unread=unread)
        return await self._without_closed(found[:limit]), len(found) > limit

    async def _without_closed(self, page: list[StoredNotice]) -> list[StoredNotice]:
        """Return notices as they are read from now on: reasons may name accounts that were closed."""
        told = await hide_closed(self._ledger, [one.notice.data for one in page])
        return [
            StoredNotice(structs.replace(one.notice, data=data), one.read_ts)
            for one, data in zip(page, told, strict=True)
        ]

    async def mark_read(self, user: str, up_to: str) -> Refusal | None:
        """Note that an account has read what it is told, up to an id; return why that could not be stored."""
        # Nothing that is an id stands between one and itself with a space.
        before, more = f"{up_to} ", True
        while more:
            found = await self._ledger.list_notices(user, before, MARKED_AT_ONCE, unread=True)
            refusal = await self._store_read(user, found) if found else None
            if refusal:
                return refusal
            more = len(found) == MARKED_AT_ONCE
            before = found[-1].notice.id if found else before
        return None

    async def mark_shown(self, user: str, page: list[StoredNotice]) -> Refusal | None:
        """Note that an account has read what stands on a page; return why that could not be stored."""
        unread = [one for one in page if not one.read_ts]
        return await self._store_read(user, unread) if unread else None

    async def _store_read(self, user: str, found: list[StoredNotice]) -> Refusal | None:
        now = self._clock.now_ms()
        rows = [notice_row(one.notice, now, max(now, one.notice.at + self._kept_ms)) for one in found]
        return await self._account_service.store_rows(user, rows)

    def may_have_unread(self, account: Account) -> bool:
        """Say whether there may be something that an account has not read."""
        return account.has_unread or self._alarms.has_news

    def send_unread(self, session: Session) -> None:
        """Tell a connection that has just signed in what its account has not read, after the answer to that."""
        task = asyncio.create_task(self._send_unread(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_unread(self, session: Session) -> None:
        user = session.user
        try:
            await self._alarms.hand_out_to(user)
            found = await self._ledger.unread_notices(user, PAGE + 1)
            page = await self._without_closed(found[:PAGE])
        except StorageError as error:
            log.warning("could not tell an account what it has not read", cause=repr(error.__cause__ or error))
            return
        if session.user != user:
            return
        for one in page:
            session.send(notice_event(one.notice, session.say))
        if len(found) > PAGE:
            session.send(notice_event(passing(user, "more"), session.say))
