"""Webhooks that go out: what is said in a group is posted to an address, as a bot of the group asks for it.

Nothing of this is on the path of a post. A job reads what came after the last entry that an address has been told,
tells it, and notes how far it is: so nothing waits in memory, and whoever is killed goes on where it was. An address
may be told twice of an entry; by its `seq` it can tell. See docs/decisions/0038.
"""

import asyncio
import ipaddress
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import structlog

from folkmoot_governance import Refusal
from folkmoot_governance.duration import HOUR_MS, SECOND_MS
from folkmoot_governance.group.checks import check_giver
from folkmoot_governance.group.state import BOT
from folkmoot_governance.personal_notices import HOOK_ENDED, PersonalNotice
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, Entry

from ..bus.api import Bus
from ..bus.messages import NoticeUpdate
from ..common.clock import Clock
from ..common.i18n import N_
from ..config.hooks import Hooks as Settings
from ..crypto.cipher import Sealed
from ..delivery.hook_session import HookSession
from ..live.accounts import Account, Accounts
from ..live.rooms import Room, Rooms
from ..storage.api import HookRow, Ledger
from ..storage.change_set import RowChange
from ..storage.changes import hook_progress, hook_row, notice_row, remove_hook
from .accounts.govern import AccountService
from .lookups import Lookups
from .posts.history import History
from .posts.posting import Posting
from .webhook import FAILED, SIGNATURE, post, sign

log = structlog.get_logger()

AT_ONCE = 8
"""Addresses that are called at the same time, each in a thread."""
THREADS = 2 * AT_ONCE
"""A thread may be cut off as late as half again the time after which its call counts as failed: the next call has one
all the same."""
ENTRIES = 20
"""Entries that one address is told of in a round."""
PAGE = 200
LONGEST_URL, LONGEST_WORD = 500, 64
FIRST_WAIT_MS, MOST_WAIT_MS = 5 * SECOND_MS, HOUR_MS

BAD_URL = Refusal(
    ErrorCode.BAD_SYNTAX, N_("Give an address of at most {most} characters that begins with https://."), {"most": 500}
)
OFF = Refusal(ErrorCode.FORBIDDEN, N_("This server calls no addresses."), {"rule": "hooks.out_per_group"})


class Call(msgspec.Struct, frozen=True):
    """Where an address is, and what signs what is sent there."""

    url: str
    secret: str


class Said(msgspec.Struct, frozen=True):
    """What is sent: who asked for it, in which group, and what was said there."""

    hook: str
    group: str
    name: str
    entry: Entry


class Answer(msgspec.Struct, frozen=True):
    """What an address may answer: a text, which is posted as a reply."""

    text: str = ""


class Told(NamedTuple):
    """How far an address has been told, and whether that failed."""

    seq: int
    is_failed: bool


class Outgoing:
    """Notes where groups want their posts sent, and sends them."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        rooms: Rooms,
        accounts: Accounts,
        account_service: AccountService,
        history: History,
        posting: Posting,
        bus: Bus,
        clock: Clock,
        data_dir: Path,
        language: str,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._rooms = rooms
        self._accounts = accounts
        self._account_service = account_service
        self._history = history
        self._posting = posting
        self._bus = bus
        self._clock = clock
        self._language = language
        self._sealed = Sealed(data_dir, b"folkmoot outgoing hooks")
        self._threads = ThreadPoolExecutor(THREADS, "hooks")
        self._lookups = Lookups()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self, room: Room, user: str, url: str) -> Refusal | None:
        """Refuse an address that is none, and one more than a group may have."""
        most = self._settings.out_per_group
        if not most:
            return OFF
        if not is_address(url, plainly=self._settings.private_addresses):
            return BAD_URL
        others = [one for one in await self._ledger.hooks_of(room.state.code) if one.user != user]
        if len(others) < most:
            return None
        text = N_("The group has {current} addresses to which it sends its posts, which is the most allowed.")
        detail = {"current": len(others), "rule": "hooks.out_per_group", "help": "/webhook list"}
        return Refusal(ErrorCode.CONFLICT, text, detail)

    def row(self, room: Room, user: str, call: Call, word: str, now: int) -> RowChange:
        """Return the row by which an address is called for what comes from now on."""
        sealed = self._sealed.seal(msgspec.json.encode(call), user.encode())
        return hook_row(HookRow(user, room.state.code, sealed, word, room.last_seq, 0, 0, now))

    async def do_round(self) -> int | None:
        """Tell each address what it has not been told; return when the next that failed is due (Unix ms)."""
        after, now = "", self._clock.now_ms()
        while page := await self._ledger.due_hooks(now, after, PAGE) if self._settings.out_per_group else []:
            await asyncio.gather(*map(self._tell_in_turn, page))
            after = page[-1].user
        return await self._ledger.next_hook_ms(now)

    async def _tell_in_turn(self, row: HookRow) -> None:
        async with self._turns:
            await self._tell(row)

    async def _tell(self, row: HookRow) -> None:
        room, account = await self._rooms.load(row.code), await self._accounts.load(row.user)
        member = room.state.members.get(row.user) if room is not None else None
        if room is None or account is None or member is None or room.last_seq <= row.seq:
            return
        if check_giver(room.state, member) or account.shut_until_ms > self._clock.now_ms():
            # What is said while nobody answers for it goes nowhere, later neither.
            await self._store([hook_progress(row.user, room.last_seq, row.failures, 0)])
            return
        told = await self._tell_entries(row, room, account)
        if not told.is_failed:
            if told.seq > row.seq or row.failures:
                await self._store([hook_progress(row.user, told.seq, 0, 0)])
            return
        failures = row.failures + 1 if told.seq == row.seq else 1
        if failures < self._settings.failures:
            wait = min(FIRST_WAIT_MS * 2 ** (failures - 1), MOST_WAIT_MS)
            await self._store([hook_progress(row.user, told.seq, failures, self._clock.now_ms() + wait)])
            return
        data = {"name": room.state.name, "by": row.user, "count": failures}
        notice = PersonalNotice(member.giver, self._clock.now_ms(), HOOK_ENDED, code=row.code, data=data)
        if await self._store([remove_hook(row.user), notice_row(notice)]):
            self._bus.publish(NoticeUpdate(notice.user, notice))

    async def _tell_entries(self, row: HookRow, room: Room, account: Account) -> Told:
        opened = self._sealed.open(row.sealed, row.user.encode())
        if opened is None:
            return Told(row.seq, is_failed=True)
        call, seq = msgspec.json.decode(opened, type=Call), row.seq
        ends = self._clock.ticks() + self._settings.timeout_seconds * SECOND_MS
        page = await self._history.read_page(room, None, seq, ENTRIES)
        for entry in page.entries:
            if is_wanted(entry, row.word):
                answer = await self._send(call, Said(row.user, row.code, room.state.name, entry))
                if answer is None:
                    return Told(seq, is_failed=True)
                await self._reply(row, account, entry, answer.text)
            seq = entry.seq
            if self._clock.ticks() > ends:
                break
        return Told(seq, is_failed=False)

    async def _send(self, call: Call, said: Said) -> Answer | None:
        """Post something; return the answer, None where it failed."""
        body, ts = msgspec.json.encode(said), self._clock.now_ms()
        headers = {"Content-Type": "application/json", SIGNATURE: sign(call.secret.encode(), body, ts)}
        try:
            found = await self._lookups.find(*place_of(call.url), self._settings.timeout_seconds)
            work = partial(send, call.url, body, headers, self._settings, found)
            async with asyncio.timeout(2 * self._settings.timeout_seconds):
                status, answered = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except FAILED as error:
            log.info("a webhook could not be called", hook=said.hook, cause=type(error).__name__)
            return None
        if not 200 <= status < 300:
            log.info("a webhook was refused", hook=said.hook, status=status)
            return None
        try:
            return msgspec.json.decode(answered, type=Answer)
        except msgspec.DecodeError:
            return Answer()

    async def _reply(self, row: HookRow, account: Account, entry: Entry, text: str) -> None:
        """Post what an address answered, in reply; what may not be said is not."""
        if not text.strip():
            return
        nonce = f"hook-{entry.seq}"
        request = rq.Post(id=1, group=row.code, body=text, nonce=nonce, reply_to=entry.seq)
        answer = self._posting.check_length(text) or await post_without_connection(
            self._posting, HookSession("", self._language, account), request
        )
        if isinstance(answer, Refusal):
            log.info("the answer of a webhook was refused", hook=row.user, code=answer.code)

    async def _store(self, rows: list[RowChange]) -> bool:
        """Store rows; say whether that was done. What was not is told again."""
        return await self._account_service.store_rows("", rows) is None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def post_without_connection(posting: Posting, session: HookSession, request: rq.Post) -> object:
    """Post a text for somebody who has no connection; return the result, or a refusal."""
    begun = posting.post(session, request, request.body)
    answer = await begun if isinstance(begun, Coroutine) else begun
    # What was queued is answered once it is stored.
    return await session.answer if answer is None else answer


def is_wanted(entry: Entry, word: str) -> bool:
    """Say whether an address is told of an entry: what people say, if it begins with the word; bots that called each
    other would never end."""
    is_said = entry.kind in SAID and not entry.redacted and BOT not in entry.from_.tags
    return is_said and entry.body.casefold().startswith(word.casefold())


def is_address(url: str, *, plainly: bool) -> bool:
    """Say whether a text is an address that may be called; `plainly`: without TLS as well."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    schemes = ("https", "http") if plainly else ("https",)
    is_short = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
    return is_short and parts.scheme in schemes and bool(parts.hostname) and parts.username is None and port != 0


def place_of(url: str) -> tuple[str, int]:
    """Return name and port of an address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def send(
    url: str, body: bytes, headers: dict[str, str], settings: Settings, addresses: Sequence[str]
) -> tuple[int, bytes]:
    """Post something where no private one is among the IP addresses of the name, unless the operator wants that; in a
    thread. Raises `webhook.FAILED`.

    The address that was looked at is the one that is called, whatever the name says a moment later.
    """
    if not addresses or not (settings.private_addresses or all(map(is_public, addresses))):
        raise ValueError("the name is that of a private address")
    return post(url, body, headers, settings.timeout_seconds, address=addresses[0])


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public network, wrapped in IPv6 or not."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None and not inner.is_global:
            return False
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast
