"""Where lines come from and go to: plain pipes, the questions before one is signed in; `window` is a whole terminal."""

import asyncio
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import folkmoot_protocol as fm
from folkmoot_protocol.types import CommandArgument

from .view import Piece, as_text

Line = list[Piece]
"""What is written as one line, unless it has line breaks in it."""


class Word(NamedTuple):
    """A command that can be written: its word, with the slash, what it is for, and its arguments one by one."""

    word: str
    summary: str
    fields: tuple[CommandArgument, ...] = ()


class Screen(ABC):
    """A place to read lines from and to write to. `user` is who reads and writes here."""

    user = ""
    state = ""
    is_one_page = False
    """Whether a group is all that is there; otherwise its lines come below those of the one before."""
    reply_to: int | None = None
    """The seq of the entry that the line answers which was read last."""
    older: Callable[[], Awaitable[None]] | None = None
    """Is to bring entries above those that are shown, by `put_before`."""

    @abstractmethod
    async def read(self, prompt: str) -> str | None:
        """Return the next line, None when there are no more."""

    async def read_secret(self, prompt: str) -> str | None:
        """Return the next line, which is not shown where one types it; None when there are no more."""
        return await self.read(prompt)

    @abstractmethod
    def write(self, pieces: Line, entry: fm.Entry | None = None) -> None:
        """Write one line, of an entry if it is one."""

    def begin(self, pieces: Line) -> None:
        """Write the title of a group, whose entries come below; what stood there goes where there is one page."""
        self.write(pieces)

    def put_before(self, lines: Iterable[tuple[Line, fm.Entry | None]]) -> None:
        """Write lines above all those of the group."""
        for pieces, entry in lines:
            self.write(pieces, entry)

    def show_state(self, text: str) -> None:
        """Say where one is, and how the connection stands, in a place of its own where there is one."""
        self.state = text

    @abstractmethod
    def offer(self, words: Sequence[Word], names: Sequence[str] = ()) -> None:
        """Set what can be completed: commands, and user names."""

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """The context in which one reads and writes here."""
        yield


class Pipe(Screen):
    """Plain lines, for standard input that is not a terminal."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def feed() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(self._lines.put_nowait, line.rstrip("\r\n"))
            loop.call_soon_threadsafe(self._lines.put_nowait, None)

        # A thread of its own, which no exit waits for: reading a file is not something that a loop can watch.
        threading.Thread(target=feed, daemon=True).start()

    async def read(self, prompt: str) -> str | None:
        return await self._lines.get()

    def write(self, pieces: Line, entry: fm.Entry | None = None) -> None:
        sys.stdout.write(as_text(pieces) + "\n")
        sys.stdout.flush()

    def offer(self, words: Sequence[Word], names: Sequence[str] = ()) -> None:
        """Nothing is completed here."""


class Questions(Screen):
    """A terminal on which what is needed for signing in is asked, line by line."""

    async def read(self, prompt: str) -> str | None:
        return await self._ask(prompt, is_secret=False)

    async def read_secret(self, prompt: str) -> str | None:
        return await self._ask(prompt, is_secret=True)

    async def _ask(self, prompt: str, *, is_secret: bool) -> str | None:
        from prompt_toolkit import PromptSession

        try:
            # One of its own for each: what is typed here goes into no history.
            return await PromptSession[str]().prompt_async(prompt, is_password=is_secret)
        except (EOFError, KeyboardInterrupt):
            return None

    def write(self, pieces: Line, entry: fm.Entry | None = None) -> None:
        from prompt_toolkit import print_formatted_text
        from prompt_toolkit.formatted_text import FormattedText

        print_formatted_text(FormattedText(pieces))

    def offer(self, words: Sequence[Word], names: Sequence[str] = ()) -> None:
        """Nothing is completed here."""
