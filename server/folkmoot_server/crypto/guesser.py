"""Asks the process that says how soon a password is guessed: see `guessing`."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedRWPair

TIMEOUT_S = 20
"""How long an answer may take: what others leave of the processors may be little."""


class Guesser:
    """Keeps a process from the first password on, and starts it anew if it has ended."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: BufferedRWPair | None = None
        self._closed = False

    def guesses(self, password: str, inputs: Sequence[str]) -> float:
        """Return how many guesses a password takes. Blocks, without holding the interpreter. Raises OSError where no
        process can be had, or none that answers."""
        asked = json.dumps([password, list(inputs)]).encode() + b"\n"
        with self._one_at_a_time:
            try:
                with suppress(OSError):
                    return self._ask(asked)
                self._end()
                return self._ask(asked)
            finally:
                if self._closed:
                    self._end()

    def close(self) -> None:
        """End the process; who waits for it gets OSError."""
        self._closed = True
        if process := self._process:
            process.kill()
            process.wait()
        if self._one_at_a_time.acquire(blocking=False):
            self._end()
            self._one_at_a_time.release()

    def _ask(self, asked: bytes) -> float:
        line = self._line or self._start()
        line.write(asked)
        line.flush()
        if not (answer := line.readline()):
            raise ConnectionError("the process that knows common passwords has ended")
        return float(answer)

    def _start(self) -> BufferedRWPair:
        if self._closed:
            raise ConnectionError("closed")
        ours, its = socket.socketpair()
        ours.settimeout(TIMEOUT_S)
        # Passwords go through this line alone: arguments and environment can be read by others.
        with ours, its:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", f"{__package__}.guessing"],
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=subprocess.DEVNULL,
                env={},
            )
            self._line = ours.makefile("rwb")
        return self._line

    def _end(self) -> None:
        line, process = self._line, self._process
        self._line = self._process = None
        if line is not None:
            # What could not be sent is not sent any more.
            with suppress(OSError):
                line.close()
        if process is not None:
            process.kill()
            process.wait()
