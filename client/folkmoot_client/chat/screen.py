"""Where lines come from and go to: a terminal with completion, or plain pipes."""

import asyncio
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from .view import Piece, as_text


class Screen(ABC):
    """A place to read lines from and to write to."""

    @abstractmethod
    async def read(self, prompt: str) -> str | None:
        """Return the next line, None when there are no more."""

    async def read_secret(self, prompt: str) -> str | None:
        """Return the next line, which is not shown where one types it; None when there are no more."""
        return await self.read(prompt)

    @abstractmethod
    def write(self, pieces: list[Piece]) -> None:
        """Write one line."""

    @abstractmethod
    def offer(self, words: Iterable[tuple[str, str]]) -> None:
        """Set what can be completed: words that begin with a slash, each with what it is for."""

    def shared(self) -> AbstractContextManager[None]:
        """Return the context in which lines may be written while one is read."""
        return nullcontext()


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

    def write(self, pieces: list[Piece]) -> None:
        sys.stdout.write(as_text(pieces) + "\n")
        sys.stdout.flush()

    def offer(self, words: Iterable[tuple[str, str]]) -> None:
        """Nothing is completed here."""


class Terminal(Screen):
    """A prompt with completion and a history, above which news scroll by."""

    def __init__(self) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory

        from .completion import SlashCompleter

        self._completer = SlashCompleter()
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), completer=self._completer, complete_while_typing=True
        )

    async def read(self, prompt: str) -> str | None:
        try:
            return await self._session.prompt_async(prompt)
        except (EOFError, KeyboardInterrupt):
            return None

    async def read_secret(self, prompt: str) -> str | None:
        from prompt_toolkit import PromptSession

        try:
            # Of its own: what is typed here goes into no history.
            return await PromptSession[str]().prompt_async(prompt, is_password=True)
        except (EOFError, KeyboardInterrupt):
            return None

    def write(self, pieces: list[Piece]) -> None:
        from prompt_toolkit import print_formatted_text
        from prompt_toolkit.formatted_text import FormattedText

        print_formatted_text(FormattedText(pieces))

    def offer(self, words: Iterable[tuple[str, str]]) -> None:
        self._completer.words = sorted(words)

    def shared(self) -> AbstractContextManager[None]:
        from prompt_toolkit.patch_stdout import patch_stdout

        return patch_stdout()
