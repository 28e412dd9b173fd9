"""Starts, kills and stops a server process."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

from tests.commands import Command

START_SECONDS = 100

# Tests open more connections and register more accounts than one address may in earnest.
ENVIRONMENT = {
    "FOLKMOOT_LIMITS__ACTS_PER_MINUTE": "0",
    "FOLKMOOT_LIMITS__CONNECTIONS_PER_ADDRESS": "0",
    "FOLKMOOT_LIMITS__SIGN_INS_PER_MINUTE": "0",
}


class RunningServer:
    """`ws` and `http` are its addresses, `data` is its data directory, `log` what it printed.

    The port stays the same across restarts, so that clients find it again.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = find_free_port()
        self.ws = f"ws://127.0.0.1:{self.port}/ws"
        self.http = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, **ENVIRONMENT, **environment}
        self.process: Command | None = None

    async def start(self) -> None:
        """Start it and wait until it accepts connections."""
        ready_file = self.folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        command = ["serve", "--profile", "open", "--listen", f"127.0.0.1:{self.port}"]
        self.process = self._spawn(*command, "--data", str(self.data), "--ready-file", str(ready_file))
        async with asyncio.timeout(START_SECONDS):
            while not ready_file.exists():
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)
        assert json.loads(ready_file.read_text())["ws"] == self.ws

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def stop(self) -> int:
        """Ask it to end; return its exit code, 0 if it had been killed and not started again."""
        assert self.process is not None
        if self.process.returncode is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, START_SECONDS)

    async def restart(self) -> None:
        """Kill it and start it again."""
        await self.kill()
        await self.start()

    async def run(self, *command: str) -> int:
        """Run another command of the server's, such as `db seed`; return its exit code."""
        return await asyncio.to_thread(self._spawn(*command).wait)

    def _spawn(self, *command: str) -> Command:
        with self.log.open("ab") as log:
            return Command(command, environment=self.environment, output=log)


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
