"""Runs `folkmoot` in processes of their own, forked from one that has the packages imported: see `tests/zygote.py`."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

RUN_S = 300
"""How long a command may take before a test gives up on it. Never a measure of speed."""

_LOCK = threading.Lock()


@cache
def _zygote(folder: Path | None = None) -> socket.socket:
    """The socket that takes orders, of one zygote for all tests of this process.

    With a folder, of one that finds it first on its path, and so its `sitecustomize.py`.
    """
    ours, theirs = socket.socketpair()
    script = Path(__file__).with_name("zygote.py")
    with theirs:
        number = theirs.fileno()
        command = [sys.executable, "-P", str(script), str(number)]
        environment = {**os.environ, "PYTHONPATH": str(folder)} if folder else None
        process = subprocess.Popen(
            command, env=environment, pass_fds=[number], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


class Command:
    """A `folkmoot` that runs. The names are those of `subprocess.Popen`; `folder` is as for `_zygote`."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdin: int | None = None,
        output: IO[bytes],
        errors: IO[bytes] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._code: int | None = None
        self._told = b""
        self._end, theirs = socket.socketpair()
        order = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode() + b"\n"
        with theirs, open(os.devnull, "rb") as nothing, _LOCK:
            given = nothing.fileno() if stdin is None else stdin
            files = [given, output.fileno(), (errors or output).fileno(), theirs.fileno()]
            sent = socket.send_fds(_zygote(folder), [order], files)
            _zygote(folder).sendall(order[sent:])
        self.pid = int(self._line())

    def _line(self) -> bytes:
        """Return the next line that what has started the process sends."""
        while b"\n" not in self._told:
            data = self._end.recv(64)
            assert data, "what starts commands is gone"
            self._told += data
        line, _, self._told = self._told.partition(b"\n")
        return line

    @property
    def returncode(self) -> int | None:
        """How it ended: the exit code, or less than 0 the signal; None while it runs."""
        return self.poll()

    def poll(self, timeout_s: float = 0) -> int | None:
        """Return how it ended, None when it still runs after the time."""
        if self._code is None and select.select([self._end], [], [], timeout_s)[0]:
            self._code = int(self._line())
            self._end.close()
        return self._code

    def wait(self, timeout_s: float = RUN_S) -> int:
        """Wait for the end; return how it ended."""
        code = self.poll(timeout_s)
        if code is None:
            raise subprocess.TimeoutExpired("folkmoot", timeout_s)
        return code

    def send_signal(self, which: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, which)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self.send_signal(signal.SIGKILL)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], input: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, with a pipe for its input and files for its output instead of a terminal."""
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with open(reading, "rb") as stdin, open(writing, "wb") as pipe:
            command = Command(arguments, environment=environment, stdin=stdin.fileno(), output=output, errors=errors)
            pipe.write(input.encode())
        try:
            code = command.wait()
        except BaseException:
            command.kill()
            raise
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(["folkmoot", *arguments], code, *texts)
