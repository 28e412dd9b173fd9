"""Telling a syslog server of the operator's what is done, and who connects, without saying who anybody is (G13).

Events are read from the ledger, from where they were last sent up to: none is left out, however long the server was
away. Sent is what its machine has acknowledged over a connection that stood for a while after it (`TlsStream.settle`).
All else is sent again over the next, so some may come twice, which their positions tell. Records of the access log wait
in memory until they are sent; what does not fit is counted, logged, and told the server when it takes something again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from itertools import islice

import structlog

from ..common.background import Remarks
from ..common.clock import Clock
from ..common.metrics import AUDIT_LOST, AUDIT_SENT
from ..common.syslog import Writer
from ..config.settings import Config, split_address
from ..crypto.cipher import Sealed
from ..sealed.access_records import AccessRecord
from ..storage.api import Ledger
from ..storage.changes import AUDIT_MARK, mark
from ..transport.tls_stream import TlsStream
from .accounts.govern import AccountService
from .audit_formats import Told, as_message, told_of_access, told_of_event, told_of_loss
from .event_log import EventLog

log = structlog.get_logger()

AT_ONCE, ACCOUNTS = 250, 1000
"""Messages that are sent, and accounts that are looked at, at once."""
UNSURE = 5000
"""Messages that are sent before one looks whether they have arrived."""
AGAIN_S = 5.0
"""How long to wait after the server took nothing."""
CLOSE_S = 2.0
"""How long a node that stops waits for the server."""
MATTER = "audit"


class Audit:
    """What is told by one node, `name`. Where no server is set, it is not on, and nothing is told."""

    def __init__(
        self,
        config: Config,
        name: str,
        ledger: Ledger,
        clock: Clock,
        account_service: AccountService,
        event_log: EventLog,
        remarks: Remarks,
    ) -> None:
        self._settings = settings = config.audit
        self._name = name
        self._ledger = ledger
        self._clock = clock
        self._account_service = account_service
        self._event_log = event_log
        self._remarks = remarks
        self._writer = Writer(name)
        self._waiting: deque[AccessRecord] = deque()
        self._lost = 0
        self.is_on = bool(settings.syslog.address)
        self._names = Sealed(config.server.data_dir, b"folkmoot audit names")
        if self.is_on:
            syslog = settings.syslog
            own = (syslog.certificate, syslog.key) if syslog.certificate and syslog.key else None
            self._stream = TlsStream(*split_address(syslog.address), syslog.ca_file, own, syslog.timeout_seconds)

    def hide(self, name: str) -> str:
        """Return what stands for a name or an address, the same each time."""
        return self._names.draw(name)[:8].hex()

    async def whose(self, hidden: str) -> str | None:
        """Return the account for which something stands, None for none. Raises StorageError."""
        after = ""
        while rows := await self._ledger.list_accounts(after, ACCOUNTS):
            users, after = [one.user for one in rows], rows[-1].user
            names = dict(zip(await asyncio.to_thread(list, map(self.hide, users)), users, strict=True))
            if hidden in names:
                return names[hidden]
        return None

    def heard(self, record: AccessRecord) -> None:
        """Take a record of the access log, if there is room."""
        if not self.is_on:
            return
        if len(self._waiting) < self._settings.syslog.waiting:
            self._waiting.append(record)
        else:
            self._lost += 1
            AUDIT_LOST.inc()

    async def send_access(self) -> float | None:
        """Send what waits, piece by piece; return how long to rest if that is not as usual."""
        records = UNSURE
        while records == UNSURE:
            records = min(len(self._waiting), UNSURE)
            # What was lost is told after all that came before it.
            lost = self._lost if records == len(self._waiting) else 0
            if not await self._deliver("access", self._told_of_access(records, lost)):
                return AGAIN_S
            for _ in range(records):
                self._waiting.popleft()
            if lost:
                log.warning("records of the access log were not sent to the syslog server", records=lost)
                self._lost -= lost
        return None

    def _told_of_access(self, records: int, lost: int) -> list[Told]:
        """Return what to tell of the first that wait, and of how many could not."""
        told = [told_of_access(one, self._name, self.hide) for one in islice(self._waiting, records)]
        return [*told, told_of_loss(self._clock.now_ms(), self._name, lost)] if lost else told

    async def send_events(self) -> float | None:
        """Send what was done since it was last sent, from now on where it never was; return how long to rest.

        Raises StorageError.
        """
        after = (await self._ledger.marks()).get(AUDIT_MARK)
        if after is None:
            await self._account_service.store_rows("", [mark(AUDIT_MARK, await self._last())])
            return None
        while True:
            told, last = await self._events_after(after)
            if not told:
                return None
            if not await self._deliver("governance", told):
                return AGAIN_S
            after = last
            await self._account_service.store_rows("", [mark(AUDIT_MARK, after)])

    async def _events_after(self, last: int) -> tuple[list[Told], int]:
        """Return what to tell of the events after a position, and up to which."""
        told: list[Told] = []
        while len(told) < UNSURE and (rows := await self._ledger.ledger_rows(last, AT_ONCE)):
            leaves = await self._event_log.leaves(rows)
            told += [told_of_event(row, leaf, self.hide) for row, leaf in zip(rows, leaves, strict=True)]
            last = rows[-1].position
        return told, last

    async def _last(self) -> int:
        """Return the last position that is in the log: what is not yet is sent."""
        checkpoint = await self._event_log.newest()
        return checkpoint.size if checkpoint else 0

    async def _deliver(self, kind: str, told: Sequence[Told]) -> bool:
        """Send messages; say whether all have arrived, as far as one can tell. If not, any of them may be lost."""
        try:
            for number in await self._send(told):
                await self._stream.settle(number)
        except OSError as error:
            if MATTER not in self._remarks:
                log.warning("the syslog server takes nothing", cause=repr(error), waiting=len(self._waiting))
            self._remarks[MATTER] = (
                f"the syslog server takes nothing, {self._settings.syslog.address}: {str(error) or repr(error)}"
            )
            return False
        if told:
            AUDIT_SENT.labels(kind).inc(len(told))
            self._remarks.pop(MATTER, None)
        return True

    async def _send(self, told: Sequence[Told]) -> set[int]:
        """Send messages; return the numbers of the connections over which. Raises OSError."""
        form, numbers = self._settings.format, set[int]()
        for start in range(0, len(told), AT_ONCE):
            some = told[start : start + AT_ONCE]
            messages = await asyncio.to_thread(lambda some: [as_message(one, form) for one in some], some)
            frames = [
                self._writer.frame(one.ts, one.severity, one.kind, message)
                for one, message in zip(some, messages, strict=True)
            ]
            numbers.add(await self._stream.send(b"".join(frames)))
        return numbers

    async def close(self) -> None:
        """Send what waits, once, and end the connection."""
        if not self.is_on:
            return
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CLOSE_S):
                await self._send(self._told_of_access(len(self._waiting), self._lost))
                await self._stream.close()
