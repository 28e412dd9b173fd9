"""The people of a replay: for each nick an account and a connection of its own."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import folkmoot_protocol as fm
from folkmoot_protocol import ErrorCode

from ..sdk import Backoff, Client, ClientEvent, Connected, ConnectionLost, RequestRefused
from .names import display_name, user_name
from .tally import SharedLimits

PATIENCE_S = 120.0
"""How long a server may be away before a replay gives up."""

CONNECTING_AT_ONCE = 16
NAMES_TRIED = 5


class OutOfTokens(Exception):
    """The file of tokens has fewer accounts than the transcript has nicks."""


def read_tokens(path: Path) -> Iterator[str]:
    """Yield the tokens in a file that `folkmoot db seed` wrote, one for each account. Raises OSError, ValueError."""
    seen = set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if len(words) != 5:
            raise ValueError(f"line {number}: not `group member user token code`")
        if words[2] not in seen:
            seen.add(words[2])
            yield words[3]


class Person:
    """One account and its connection. `groups` are the codes of the groups that it is in by its own doing."""

    def __init__(self, nick: str, client: Client) -> None:
        self.nick = nick
        self.client = client
        self.groups: set[str] = set()
        self.admin_in: set[str] = set()

    @property
    def user(self) -> str:
        """The account's name."""
        assert self.client.account is not None
        return self.client.account.user


class Cast:
    """Everybody who was asked for so far. Connections open when they are first needed, a few at a time."""

    def __init__(self, server: str, tally: SharedLimits, tokens: Iterator[str] | None) -> None:
        self._server = server
        self._tally = tally
        self._tokens = tokens
        self._gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
        self._seeking = asyncio.Lock()
        self._found_server = False
        self._people: dict[str, asyncio.Task[Person]] = {}

    async def find(self, nick: str) -> Person:
        """Return the person behind a nick, connected and signed in. Raises `ClientError`, `OutOfTokens`."""
        if nick not in self._people:
            self._people[nick] = asyncio.create_task(self._bring(nick))
        return await asyncio.shield(self._people[nick])

    async def call(self, nicks: list[str]) -> None:
        """Connect people ahead of their first line."""
        await asyncio.gather(*map(self.find, nicks))

    async def close(self) -> None:
        """Close all connections."""
        for task in self._people.values():
            task.cancel()
        people = await asyncio.gather(*self._people.values(), return_exceptions=True)
        await asyncio.gather(*(one.client.close() for one in people if isinstance(one, Person)))

    async def _bring(self, nick: str) -> Person:
        await self._seek_server()
        async with self._gate:
            client = Client(
                self._server,
                token=self._take_token(),
                on_event=self._on_event,
                backoff=Backoff(0.1, 2.0),
                patience_s=PATIENCE_S,
            )
            await client.__aenter__()
            try:
                if client.token is None:
                    await _register(client, nick)
            except BaseException:
                await client.close()
                raise
        self._tally.people += 1
        return Person(nick, client)

    async def _seek_server(self) -> None:
        """Say at once when the server was never there; one that went away later is waited for."""
        async with self._seeking:
            if not self._found_server:
                async with Client(self._server):
                    self._found_server = True

    def _take_token(self) -> str | None:
        if self._tokens is None:
            return None
        token = next(self._tokens, None)
        if token is None:
            raise OutOfTokens
        return token

    def _on_event(self, event: ClientEvent) -> None:
        if isinstance(event, fm.EntryEvent):
            self._tally.deliver(event)
        elif isinstance(event, Connected) and event.again:
            self._tally.reconnects += 1


async def _register(client: Client, nick: str) -> None:
    """Register an account for a nick, under another name when its own is taken."""
    password = secrets.token_urlsafe(16)
    user = user_name(nick)
    for _ in range(NAMES_TRIED):
        try:
            return await _register_as(client, user, password, display_name(nick))
        except RequestRefused as refused:
            if refused.code not in (ErrorCode.NAME_TAKEN, ErrorCode.BAD_NAME):
                raise
        user = user_name(nick, salt=secrets.token_hex(4))
    raise RequestRefused(ErrorCode.NAME_TAKEN, user)


async def _register_as(client: Client, user: str, password: str, shown: str | None) -> None:
    """Register; when the connection broke before the reply, find out whether that was carried out."""
    lost = False
    while True:
        try:
            await client.register(user, password, display_name=shown)
            return
        except ConnectionLost:
            lost = True
        except RequestRefused as refused:
            if refused.code == ErrorCode.RATE_LIMITED:
                await asyncio.sleep(refused.retry_after_ms / 1000)
            elif lost and refused.code == ErrorCode.NAME_TAKEN:
                await persist(lambda: client.login(user, password))
                return
            else:
                raise


async def persist(ask: Callable[[], Awaitable[object]]) -> None:
    """Do what may be done twice until its reply comes."""
    while True:
        with suppress(ConnectionLost):
            await ask()
            return
