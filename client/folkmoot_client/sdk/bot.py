"""Bots: programs that listen in groups and answer, with a function for each thing that they do."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import folkmoot_protocol as fm

from .acts import Acts
from .client import Client
from .errors import RequestRefused, SessionEnded

log = logging.getLogger("folkmoot.bot")

MOST_AT_ONCE = 32
"""Messages of one group that handlers are at work on, or wait for, before reading goes on."""

Handler = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Handler)


class Message:
    """A message that somebody wrote in a group, and what a bot can do about it."""

    def __init__(self, bot: "Bot", group: str, entry: fm.Entry) -> None:
        self.bot = bot
        self.group = group
        self.entry = entry
        self.acts = Acts(bot.client, group)

    @property
    def text(self) -> str:
        """What it says."""
        return self.entry.body

    @property
    def author(self) -> fm.Author:
        """Who wrote it."""
        return self.entry.from_

    async def reply(self, text: str) -> fm.PostResult:
        """Answer it. Raises `RequestRefused`."""
        return await self.bot.post(self.group, text, reply_to=self.entry.seq)

    async def react(self, emoji: str) -> None:
        """Put an emoji to it. Raises `RequestRefused`."""
        await self.bot.client.react(self.group, self.entry.seq, emoji)


class Bot:
    """A client with handlers. `url` and `token` are as for `Client`; `prefix` begins the bot's own commands.

    Each handler is awaited with a `Message`; those of one group one after the other, in order. What the server refuses
    for passing (rate limits, `unavailable`) is waited for and done; an error of a handler is logged, and the bot goes
    on.
    """

    def __init__(self, url: str, token: str, *, prefix: str = "!", **client: Any) -> None:
        self.client = Client(url, token=token, waits=True, **client)
        self._prefix = prefix
        self._commands: dict[str, Handler] = {}
        self._on_message: list[Handler] = []
        self._on_join: list[Handler] = []
        self._on_start: list[Handler] = []
        self._queues: dict[str, asyncio.Queue[tuple[Handler, tuple[Any, ...]]]] = {}
        self._workers: list[asyncio.Task[None]] = []

    def command(self, name: str) -> Callable[[H], H]:
        """Have a function carry out `!name words…`: it is given the message and the words, as many as it takes."""

        def register(handler: H) -> H:
            self._commands[name.casefold()] = handler
            return handler

        return register

    def on_message(self, handler: H) -> H:
        """Have a function see each message that is no command of the bot's: it is given the message."""
        self._on_message.append(handler)
        return handler

    def on_join(self, handler: H) -> H:
        """Have a function greet who joins, bots aside: it is given the bot, the group's code and the user name."""
        self._on_join.append(handler)
        return handler

    def on_start(self, handler: H) -> H:
        """Have a function run beside the others from when the bot is signed in; it is given nothing."""
        self._on_start.append(handler)
        return handler

    async def post(self, group: str, text: str, *, reply_to: int | None = None) -> fm.PostResult:
        """Say something in a group. A text that begins with a slash is a text, too. Raises `RequestRefused`."""
        return await self.client.post(group, f"/{text}" if text.startswith("/") else text, reply_to=reply_to)

    async def run(self) -> None:
        """Listen and answer until the session ends. Raises `ClientError`, CancelledError when it is cancelled."""
        try:
            async with self.client:
                self._workers += [asyncio.create_task(self._try(one, ())) for one in self._on_start]
                async for event in self.client.events():
                    if isinstance(event, fm.EntryEvent):
                        await self._take(event.group, event.entry)
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)

    async def _take(self, group: str, entry: fm.Entry) -> None:
        account = self.client.account
        if account is None or entry.from_.user == account.user:
            return  # a bot that hears itself answers itself
        if entry.kind is fm.EntryKind.TEXT and not entry.redacted:
            for handler, values in self._wanted(Message(self, group, entry)):
                await self._queue_of(group).put((handler, values))
        elif entry.kind is fm.EntryKind.NOTICE and is_join(entry.data or {}):
            for handler in self._on_join:
                await self._queue_of(group).put((handler, (self, group, str((entry.data or {}).get("user", "")))))

    def _wanted(self, message: Message) -> list[tuple[Handler, tuple[Any, ...]]]:
        """Return which handlers a message is for, with what they are given."""
        words = message.text.removeprefix(self._prefix).split() if message.text.startswith(self._prefix) else []
        handler = self._commands.get(words[0].casefold()) if words else None
        if handler is not None:
            return [(handler, (message, *words[1:]))]
        return [(one, (message,)) for one in self._on_message]

    def _queue_of(self, group: str) -> "asyncio.Queue[tuple[Handler, tuple[Any, ...]]]":
        if group not in self._queues:
            self._queues[group] = asyncio.Queue(MOST_AT_ONCE)
            self._workers.append(asyncio.create_task(self._work(self._queues[group])))
        return self._queues[group]

    async def _work(self, queue: "asyncio.Queue[tuple[Handler, tuple[Any, ...]]]") -> None:
        while True:
            await self._try(*await queue.get())

    async def _try(self, handler: Handler, values: tuple[Any, ...]) -> None:
        """Run a handler. What goes wrong in it is logged: the bot goes on."""
        try:
            await handler(*_fitting(handler, values))
        except RequestRefused as refused:
            log.warning("%s was refused: %s", handler.__name__, refused)
        except SessionEnded:
            pass  # `run` says so
        except Exception:
            log.exception("%s failed", handler.__name__)


def is_join(data: Mapping[str, object]) -> bool:
    """Say whether a notice tells that a person has joined."""
    return data.get("event") == "joined" and not data.get("giver")


def _fitting(handler: Handler, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return as many of the values as a handler takes; the last that it takes has all the words that are left."""
    parameters = inspect.signature(handler).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return values
    count = len(parameters)
    if len(values) > count > 1:
        return (*values[: count - 1], " ".join(values[count - 1 :]))
    return values[:count] + ("",) * (count - len(values))
