"""The client: one account's connection, kept alive, and what comes over it.

    async with Client("127.0.0.1:8765") as client:
        await client.login("ann", password)
        async for event in client.events():
            ...

A supervisor task holds one connection at a time. When it breaks, unless the close code forbids it, a new
one is made after a delay, the session is resumed by its token, and what was missed is fetched (`sync`). A
mender task fetches what a `lag` event named or a hole in `seq` shows. Requests wait for a connection that
is ready.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import folkmoot_protocol as fm
from folkmoot_protocol import CloseCode, ErrorCode

from .address import parse_server
from .backoff import Backoff
from .book import Book, ClientEvent, Connected, Disconnected
from .errors import WAITED_FOR, ConnectionLost, NotReachable, RequestRefused, SessionEnded
from .inbox import Inbox
from .link import Link
from .media import Progress, fetch, send, size_of
from .requests import Requests, make_nonce

T = TypeVar("T")

STEADY_S = 10.0
"""A connection that held so long was a good one: the next delay begins from the smallest again."""

SYNC_GROUPS = 500
"""Groups in one `sync`, at most."""

SIGN_INS = (fm.Register, fm.Login, fm.Resume)


def may_reconnect(code: int) -> bool:
    """Say whether a client comes back after a close code; of unknown ones, the application's are final."""
    known = fm.CLOSES.get(CloseCode(code)) if code in set(CloseCode) else None
    return known.reconnect if known else code < 4000


class Client(Requests):
    """One account on one server.

    `token` signs in at once with the token of an earlier session, and `cursors` (seq by group code) makes
    the client fetch what came after them. Events go to `on_event`, at once and in order, or else into a
    queue of about `queue` events, for `events()`. An entry is handed over once, in seq order of its group,
    across all reconnects.
    With `waits` a request that the server refuses for passing (rate limits, `unavailable`) is sent again when it says.
    `patience_s` is for how long the first connection is tried, at least once; those after it are tried for ever.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        cursors: Mapping[str, int] | None = None,
        on_event: Callable[[ClientEvent], None] | None = None,
        codec: fm.Codec = fm.MSGPACK,
        backoff: Backoff | None = None,
        connect_timeout_s: float = 10.0,
        patience_s: float = 0.0,
        queue: int = 1000,
        waits: bool = False,
    ) -> None:
        self.url = parse_server(url)
        self.token = token
        self._waits = waits
        self._inbox = Inbox(queue)
        self._book = Book(cursors, None if on_event else self._inbox.has_room)
        self._hand = on_event or self._inbox.put
        self._codec = codec
        self._backoff = backoff or Backoff()
        self._connect_timeout_s = connect_timeout_s
        self._patience_s = patience_s
        self._hello: fm.Hello | None = None
        self._link: Link | None = None  # connected
        self._ready: Link | None = None  # connected, and signed in if there is a token
        self._changed = asyncio.Condition()
        self._mend = asyncio.Event()
        self._ended: SessionEnded | NotReachable | RequestRefused | None = None
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: list[tuple[str, int, asyncio.Event]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._signed_in_before = False

    async def __aenter__(self) -> Self:
        """Connect, and sign in when there is a token. Raises `NotReachable`, `RequestRefused`."""
        self._tasks = [asyncio.create_task(self._supervise()), asyncio.create_task(self._keep_mending())]
        try:
            await self._wait_ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection on purpose; `events()` ends."""
        await self._end(SessionEnded(CloseCode.NORMAL))
        if self._link is not None:
            await self._link.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def events(self) -> AsyncIterator[ClientEvent]:
        """Yield what happens; ends after `close`, raises `SessionEnded` when the server ended the session."""
        while (event := await self._inbox.get()) is not None:
            yield event
            if self._book.behind() and self._inbox.has_room():
                self._mend.set()
        if self._ended is not None and not _is_own_close(self._ended):
            raise self._ended

    @property
    def hello(self) -> fm.Hello:
        """The newest connection's first frame, there once the client is entered."""
        assert self._hello is not None
        return self._hello

    @property
    def account(self) -> fm.Account | None:
        """The account signed in."""
        return self._book.account

    @property
    def groups(self) -> Mapping[str, fm.Group]:
        """One's own groups by code, kept up to date."""
        return self._book.groups

    def cursors(self) -> dict[str, int]:
        """Return the seq of the last entry handed over, by group: give it to the next `Client`."""
        return self._book.cursors()

    async def register(
        self,
        user: str,
        password: str,
        *,
        agreement: str | None = None,
        display_name: str | None = None,
        language: str | None = None,
        invitation: str | None = None,
        device: str | None = None,
    ) -> fm.SessionResult:
        """Create an account and sign in; without `agreement` the version that the server shows is taken.

        `invitation`, where the server wants one: the code of a group, a space, and an invite code of it. `device`: what
        the account's list of sessions calls this one.
        """
        link = await self._wait_link()
        fields = {
            "user": user,
            "password": password,
            "agreement": agreement or link.hello.agreement.version,
            "display_name": display_name,
            "language": language,
            "invitation": invitation,
            "device": device,
        }
        return await self._sign_in(link, fm.Register(id=link.next_id(), **cast(Any, fields)))

    async def login(
        self, user: str, password: str, otp: str | None = None, *, device: str | None = None
    ) -> fm.SessionResult:
        """Sign in with a password; `device` as in `register`."""
        link = await self._wait_link()
        request = fm.Login(id=link.next_id(), user=user, password=password, otp=otp, device=device)
        return await self._sign_in(link, request)

    async def appeal(self, user: str, password: str, text: str, case: str | None = None) -> fm.ReportResult:
        """Appeal without signing in, as who is suspended must: against that, or against the measure `case`."""
        link = await self._wait_link()
        request = fm.Appeal(id=link.next_id(), user=user, password=password, text=text, case=case)
        return _expect(await link.ask(request), fm.ReportResult)

    async def recover(self, user: str, number: str) -> None:
        """Have a code for `reset_password` sent to the verified mobile of an account, if that is its number."""
        link = await self._wait_link()
        await link.ask(fm.Recover(id=link.next_id(), user=user, number=number))

    async def reset_password(self, user: str, code: str, new: str) -> None:
        """Have another password by a code of staff, or of `recover`, without signing in; all sessions end."""
        link = await self._wait_link()
        await link.ask(fm.ResetPassword(id=link.next_id(), user=user, code=code, new=new))

    async def notices(
        self, user: str | None = None, password: str | None = None, *, before: str | None = None, unread: bool = False
    ) -> fm.NoticesResult:
        """List what one is told by oneself; who is suspended gives user name and password instead of signing in."""
        link = await self._wait_link()
        request = fm.GetNotices(id=link.next_id(), user=user, password=password, before=before, unread=unread)
        return _expect(await link.ask(request), fm.NoticesResult)

    async def read_notices(self, up_to: str, user: str | None = None, password: str | None = None) -> None:
        """Say that one has read what one is told, up to an id."""
        link = await self._wait_link()
        await link.ask(fm.ReadNotices(id=link.next_id(), up_to=up_to, user=user, password=password))

    async def resume(self, token: str) -> fm.SessionResult:
        """Sign in with the token of an earlier session."""
        link = await self._wait_link()
        return await self._sign_in(link, fm.Resume(id=link.next_id(), token=token))

    async def logout(self) -> None:
        """Revoke the token; the connection is then as before a sign-in."""
        await self.ask(fm.Logout, fm.Empty, repeat=False)
        self.token = None
        self._book.sign_out()

    async def upload(self, source: bytes | Path, *, on_progress: Progress | None = None) -> dict[str, Any]:
        """Upload a picture, sound or film; return what entries will tell of it, its `id` above all, for `post`.

        `on_progress(sent, size)` is called in another thread. An upload that no post shows is removed after a day.
        """
        asked = await self.ask(fm.Upload, fm.UploadResult, size=size_of(source))
        return await asyncio.to_thread(send, self.url, asked.path, source, on_progress)

    async def fetch_media(self, media: str, *, small: bool = False) -> bytes:
        """Return the bytes of what an entry shows, or of its small picture."""
        path = f"/media/{media}/thumb" if small else f"/media/{media}"
        headers = {"Authorization": f"Bearer {self.token}"}
        return await asyncio.to_thread(fetch, self.url, "GET", path, headers)

    async def post(
        self,
        group: str,
        body: str,
        *,
        reply_to: int | None = None,
        thread: int | None = None,
        nonce: str | None = None,
        media: Sequence[str | fm.MediaRef] = (),
        category: str | None = None,
        repost: fm.Repost | None = None,
    ) -> fm.PostResult:
        """Post to a group or a channel or, with `thread`, below a post of a channel: stored exactly once.

        Posts to one group are stored in the order of the calls, hence one at a time. A body that begins
        with one slash is a command: that is carried out once, too. `media` are ids of uploads of one's own, or these
        with what is to be seen or heard in them, in words. Of a post of a channel, `category` is that which it is of,
        where it is another than the channel's, and `repost` which post it repeats.
        """
        shown = tuple(fm.MediaRef(id=one) if isinstance(one, str) else one for one in media)
        fields: dict[str, Any] = {
            "group": group,
            "body": body,
            "nonce": nonce or make_nonce(),
            "reply_to": reply_to,
            "media": shown or None,
            "thread": thread,
            "category": category,
            "repost": repost,
        }
        async with self._lanes[fm.parse_group_code(group) or group]:
            while True:
                try:
                    return await self.ask(fm.Post, fm.PostResult, **fields)
                except RequestRefused as refused:
                    if refused.code != ErrorCode.UNAVAILABLE:
                        raise
                    await asyncio.sleep(refused.retry_after_ms / 1000)

    async def wait_for(self, group: str, seq: int) -> None:
        """Wait until the entries of a group (code as 12 digits) up to `seq` were handed over."""
        if self._book.cursors().get(group, 0) >= seq:
            return
        waiting = group, seq, asyncio.Event()
        self._waiting.append(waiting)
        try:
            await waiting[2].wait()
        finally:
            self._waiting.remove(waiting)

    async def ask(self, kind: type[fm.Request], expect: type[T], *, repeat: bool = True, **fields: Any) -> T:
        """Send a request when a connection is ready; with `repeat`, again when it breaks before the reply."""
        while True:
            link = await self._wait_ready()
            try:
                result = await link.ask(kind(id=link.next_id(), **fields))
            except ConnectionLost:
                if not repeat:
                    raise
                continue
            except RequestRefused as refused:
                if not (self._waits and repeat and refused.code in WAITED_FOR):
                    raise
                await asyncio.sleep(refused.retry_after_ms / 1000)
                continue
            return _expect(result, expect)

    # The connection

    async def _wait_link(self) -> Link:
        return await self._wait(lambda: self._link)

    async def _wait_ready(self) -> Link:
        return await self._wait(lambda: self._ready)

    async def _wait(self, get: Callable[[], Link | None]) -> Link:
        """Wait for a connection. Raises what ended the client."""
        async with self._changed:
            while (link := get()) is None:
                if self._ended is not None:
                    raise self._ended
                await self._changed.wait()
        if self._ended is not None:
            raise self._ended
        return link

    async def _end(self, why: SessionEnded | NotReachable | RequestRefused) -> None:
        """Let all who wait for a connection fail; the first reason stays."""
        self._ended = self._ended or why
        self._inbox.close()
        async with self._changed:
            self._changed.notify_all()

    async def _set_link(self, link: Link | None, ready: Link | None) -> None:
        self._link, self._ready = link, ready
        async with self._changed:
            self._changed.notify_all()

    async def _supervise(self) -> None:
        """Hold a connection until the client ends."""
        try:
            code, reason = await self._hold(await self._open_first())
            while may_reconnect(code):
                delay = self._backoff.next_s()
                self._hand(Disconnected(code, delay))
                await asyncio.sleep(delay)
                code, reason = await self._reconnect()
            await self._end(SessionEnded(code, reason))
        except (NotReachable, RequestRefused) as error:
            await self._end(error)
        except fm.ProtocolError as error:
            await self._end(SessionEnded(CloseCode.UNDECODABLE, str(error)))

    async def _open_first(self) -> Link:
        """Connect for the first time, trying again for as long as the patience lasts."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience_s
        while True:
            try:
                return await self._open()
            except NotReachable:
                if loop.time() >= give_up:
                    raise
            await asyncio.sleep(self._backoff.next_s())

    async def _open(self) -> Link:
        return await Link.open(self.url, self._codec, self._on_event, self._on_result, self._connect_timeout_s)

    async def _reconnect(self) -> tuple[int, str]:
        """Try once to connect and hold the connection; return how that ended."""
        try:
            link = await self._open()
        except NotReachable as error:
            return 1006, str(error)
        return await self._hold(link)

    async def _hold(self, link: Link) -> tuple[int, str]:
        """Run a connection until it closes; return code and reason of the close. Raises `RequestRefused`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        signing_in = asyncio.create_task(self._prepare(link))
        try:
            closed = await link.run()
            # Once the connection is closed, this ends by itself.
            await signing_in
        finally:
            signing_in.cancel()
            await self._set_link(None, None)
            await link.close()
        if loop.time() - began > STEADY_S:
            self._backoff.reset()
        return closed

    async def _prepare(self, link: Link) -> None:
        """Sign a new connection in and fetch what was missed, then let requests through."""
        self._hello = link.hello
        await self._set_link(link, None)
        try:
            if self.token is not None:
                await self._resume(link, self.token)
        except RequestRefused as refused:
            await self._end(refused)
            await link.close()
            raise
        except ConnectionLost:
            return  # the supervisor has seen it
        if self._link is link:
            await self._set_link(link, link)

    async def _resume(self, link: Link, token: str) -> None:
        """Resume the session, however often it takes. Raises `RequestRefused` when it never will."""
        await _insist(lambda: link.ask(fm.Resume(id=link.next_id(), token=token)))
        await self._sync(link)
        self._hand(Connected(again=self._signed_in_before))
        self._signed_in_before = True

    async def _sign_in(self, link: Link, request: fm.Register | fm.Login | fm.Resume) -> fm.SessionResult:
        result = _expect(await link.ask(request), fm.SessionResult)
        if not self._signed_in_before:
            self._signed_in_before = True
            self._hand(Connected(again=False))
        return result

    # What comes over it

    def _on_event(self, event: fm.Event) -> None:
        self._pass_on(self._book.take(event))
        if isinstance(event, fm.EntryEvent | fm.LagEvent):
            feed = self._book.feeds.get(event.group)
            if feed is not None and feed.is_behind:
                self._mend.set()

    def _on_result(self, request: fm.Request, result: fm.Result) -> None:
        if isinstance(result, fm.SessionResult):
            self.token = result.token
            self._pass_on(self._book.sign_in(result))
            self._mend.set()
        elif isinstance(request, fm.CreateGroup | fm.JoinGroup):
            if isinstance(result, fm.GroupResult | fm.JoinResult) and result.group is not None:
                self._book.add_group(result.group)

    async def _sync(self, link: Link) -> None:
        """Fetch what all groups had after their cursors. Raises `RequestRefused`, `ConnectionLost`."""
        behind = list(self._book.behind().items())
        for start in range(0, len(behind), SYNC_GROUPS):
            asked = {code: feed.known for code, feed in behind[start : start + SYNC_GROUPS]}
            cursors = {code: self._book.feeds[code].cursor for code in asked}
            result = await _insist(partial(self._ask_sync, link, cursors))
            for code, page in result.groups.items():
                self._fill(code, page.entries, more=page.more, asked=asked.get(code, 0))

    async def _ask_sync(self, link: Link, cursors: dict[str, int]) -> fm.SyncResult:
        return _expect(await link.ask(fm.Sync(id=link.next_id(), cursors=cursors)), fm.SyncResult)

    def _fill(self, code: str, entries: tuple[fm.Entry, ...], *, more: bool, asked: int) -> None:
        self._pass_on(self._book.fill(code, entries, more=more, asked=asked))

    def _pass_on(self, events: Iterable[ClientEvent]) -> None:
        for event in events:
            self._hand(event)
        if self._waiting:
            self._wake_waiting()

    def _wake_waiting(self) -> None:
        """Tell those who wait for an entry that was handed over by now."""
        cursors = self._book.cursors()
        for group, seq, reached in self._waiting:
            if cursors.get(group, 0) >= seq:
                reached.set()

    async def _keep_mending(self) -> None:
        """Fetch what is missing, whenever something is."""
        with suppress(SessionEnded, NotReachable):
            while True:
                await self._mend.wait()
                self._mend.clear()
                for code in list(self._book.behind()):
                    await self._mend_group(code)

    async def _mend_group(self, code: str) -> None:
        """Read a group's history until nothing is missing, or the reader has enough to do."""
        while (feed := self._book.behind().get(code)) is not None and self._inbox.has_room():
            asked = feed.known
            try:
                page = await _insist(partial(self.get_history, code, after=feed.cursor))
            except RequestRefused:
                self._book.give_up(code)
                return
            self._fill(code, page.entries, more=page.more, asked=asked)


async def _insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is no passing refusal. Raises `RequestRefused` for any other."""
    while True:
        try:
            return await ask()
        except RequestRefused as refused:
            if not refused.is_passing:
                raise
            await asyncio.sleep(refused.retry_after_ms / 1000)


def _expect(result: fm.Result, kind: type[T]) -> T:
    """Return a result as its type, which the request decides."""
    assert isinstance(result, kind)
    return result


def _is_own_close(why: Exception) -> bool:
    return isinstance(why, SessionEnded) and why.code == CloseCode.NORMAL and not why.reason
