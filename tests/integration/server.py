"""A server as a process of its own, and accounts and groups written into its store before it starts."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

from folkmoot_server.config.documents import load_documents
from folkmoot_server.storage.check.seed import NO_CHANNELS, seed
from folkmoot_server.storage.check.seed_channels import ChannelSeeds
from tests import commands
from tests.integration.wire import PATIENCE_S, Wire

FAILURES = re.compile(r"level='(error|critical)'|Traceback|never awaited|never retrieved")
"""What a healthy server never writes to its log."""


PASSWORD = "correct horse battery"


class Seat(NamedTuple):
    """A seeded account: a member of the group `code`, number 0 its owner."""

    user: str
    token: str
    code: str


Launch = Callable[..., "Server"]
"""`launch(groups=…, members=…, limits__auth_seconds=…)` starts a server; it is stopped, and checked, after the test."""

SignIn = Callable[..., Awaitable[Wire]]
"""`await sign_in(seat, json=True)` opens a connection to the shared server; it is closed after the test."""


class Server:
    """`folkmoot serve` on a data directory. `settings` are keys of the configuration with `__` for the dot."""

    def __init__(self, place: Path, settings: Mapping[str, object]) -> None:
        self.place = place
        self.data = place / "data"
        self.settings = settings
        self.ready = place / "ready.json"
        self.seats: list[list[Seat]] = []
        self._outsiders: list[Seat] = []
        self.process: commands.Command | None = None
        self.urls: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.urls["ws"]

    def environment(self) -> dict[str, str]:
        """Return the environment with the settings in it, and none of the tester's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT_")}
        ours = {f"FOLKMOOT_{name.upper()}": str(value) for name, value in self.settings.items()}
        return {**kept, "LANGUAGE": "en", **ours}

    def run(self, *arguments: str, input: str = "") -> "subprocess.CompletedProcess[str]":
        """Run another command of `folkmoot` on the data directory to its end."""
        return commands.run([*arguments, "--data", str(self.data)], self.environment(), input)

    def seed(
        self, groups: int, members: int, agreement: str | None = None, channels: ChannelSeeds = NO_CHANNELS
    ) -> None:
        """Write groups of members into the store, with the agreement in force accepted, and channels; the server must
        not run."""
        tokens = self.place / "tokens"
        agreement = agreement or load_documents(self.data).agreement.version
        # In a thread: it runs an event loop of its own, and the test may be inside one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(seed, self.data, groups, members, tokens, agreement=agreement, channels=channels).result()
        self.seats = [[] for _ in range(groups)]
        for line in tokens.read_text().splitlines():
            index, _, user, token, code = line.split()
            self.seats[int(index)].append(Seat(user, token, code))

    def take_outsider(self) -> Seat:
        """Return an account that no other test uses, in a group of no interest."""
        if not self._outsiders:
            self._outsiders = self.seats.pop()
        return self._outsiders.pop()

    def start(self) -> None:
        """Start and wait until connections are accepted."""
        self.ready.unlink(missing_ok=True)
        command = ["serve", "--profile", "open", "--data", str(self.data)]
        command += ["--listen", "127.0.0.1:0", "--ready-file", str(self.ready)]
        with (self.place / "stderr").open("ab") as stderr:
            self.process = self.launch(command, stderr)
        deadline = time.monotonic() + PATIENCE_S
        while not self.ready.exists():
            assert self.process.poll() is None, f"the server did not start:\n{self.stderr()}"
            assert time.monotonic() < deadline, f"the server is not ready:\n{self.stderr()}"
            time.sleep(0.01)
        self.urls = json.loads(self.ready.read_text())

    def launch(self, command: list[str], output: IO[bytes]) -> commands.Command:
        """Begin to run a command that ends when it is told to."""
        return commands.Command(command, environment=self.environment(), output=output)

    def stderr(self) -> str:
        """Return all that the server has written so far."""
        return (self.place / "stderr").read_text()

    def terminate(self) -> int:
        """Send SIGTERM, return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait until the process has ended; return the exit code."""
        assert self.process is not None
        code = self.process.wait(PATIENCE_S)
        self.process = None
        return code

    def kill(self) -> None:
        """End the process as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.wait()

    def restart(self) -> None:
        """Stop in good order and start again on the same data, on another port."""
        assert self.terminate() == 0, self.stderr()
        self.start()

    async def connect(self, seat: Seat | None = None, *, json: bool = False) -> Wire:
        """Open a connection, signed in as the seat's account."""
        return await Wire.open(self.url, seat.token if seat else None, json=json)


class OwnPython(Server):
    """A server in a Python of its own, which finds `folder` first on its path, and so its `sitecustomize.py`;
    `variables` are for that."""

    def __init__(self, place: Path, settings: Mapping[str, object], folder: Path, variables: Mapping[str, str]) -> None:
        super().__init__(place, settings)
        self._variables = {"PYTHONPATH": str(folder), **variables}

    def launch(self, command: list[str], output: IO[bytes]) -> commands.Command:
        command = [sys.executable, "-m", "folkmoot_server.cli", *command]
        environment = {**self.environment(), **self._variables}
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # type: ignore[return-value]  # has the same methods


@contextlib.contextmanager
def serving(
    place: Path,
    *,
    groups: int = 0,
    members: int = 1,
    agreement: str | None = None,
    channels: ChannelSeeds = NO_CHANNELS,
    admin: str = "",
    **settings: object,
) -> Iterator[Server]:
    """A running server on seeded data. At the end it must stop in good order, with nothing bad in its log.

    `admin` names an administrator to make first; the password is `PASSWORD`.
    """
    server = Server(place, settings)
    if groups:
        server.seed(groups, members, agreement, channels)
    if admin:
        made = server.run("init", "--user", admin, input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
    server.start()
    try:
        yield server
    except BaseException:
        print(f"stderr of the server:\n{server.stderr()}")
        raise
    else:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()
        assert not FAILURES.search(server.stderr()), server.stderr()
    finally:
        if server.process is not None:
            server.kill()
