"""A terminal of 80 by 24 that `folkmoot chat` runs in, and that a test types into and reads."""

import asyncio
import fcntl
import os
import re
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyte

from tests.commands import Command

COLUMNS, ROWS = 80, 24
PATIENCE_S = 60
ASKED_WHERE = b"\x1b[6n"
ENTER, ESCAPE, UP, SHIFT_UP, PAGE_UP, LEAVE = "\r", "\x1b", "\x1b[A", "\x1b[1;2A", "\x1b[5~", "\x04"


class Terminal:
    """What a person has before them: keys, and what stands on the screen."""

    def __init__(self, master: int, command: Command) -> None:
        self._master = master
        self._screen: Any = pyte.Screen(COLUMNS, ROWS)
        self._stream: Any = pyte.ByteStream(self._screen)
        self._news = asyncio.Event()
        self.command = command
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            told = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            told = b""
        if not told:
            asyncio.get_running_loop().remove_reader(self._master)
        if ASKED_WHERE in told:
            os.write(self._master, b"\x1b[1;1R")
        self._stream.feed(told)
        self._news.set()

    @property
    def text(self) -> str:
        """What stands there, row by row."""
        rows = (self._screen.buffer[row] for row in range(ROWS))
        return "\n".join("".join(row[column].data for column in range(COLUMNS)).rstrip() for row in rows)

    async def see(self, pattern: str) -> "re.Match[str]":
        """Wait until something stands there."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (found := re.search(pattern, self.text)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{pattern!r} does not come:\n{self.text}") from None
        return found

    def press(self, keys: str) -> None:
        """Type, or press keys."""
        os.write(self._master, keys.encode())

    async def say(self, line: str, pattern: str) -> "re.Match[str]":
        """Type a line, and wait until something stands there."""
        self.press(line + ENTER)
        return await self.see(pattern)

    async def leave(self) -> int:
        """Leave the chat; return the exit code."""
        self.press(LEAVE)
        return await asyncio.to_thread(self.command.wait)


@asynccontextmanager
async def terminal(*arguments: str, folder: Path, **environment: str) -> AsyncIterator[Terminal]:
    """Run `folkmoot` with arguments in a terminal; what it remembers goes into `folder`."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    given = {"PATH": os.environ["PATH"], "LANGUAGE": "en", "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(folder)}
    with open(slave, "r+b", buffering=0) as side:
        command = Command(arguments, environment={**given, **environment}, stdin=side.fileno(), output=side)
    shown = Terminal(master, command)
    try:
        yield shown
    finally:
        if command.poll() is None:
            command.kill()
            await asyncio.to_thread(command.wait)
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
