"""`folkmoot cluster-demo`: three nodes on a PostgreSQL and a NATS of their own, to click through and to break.

Everything runs in processes of its own, as it would on machines of its own. One account is signed in on each node, over
a connection like any other, and what it hears there is shown: each line that somebody types comes three times.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ..common.terminal import _, say_on_stderr
from .play import interruptible
from .script import PASSWORD
from .services import Guard, Nats, Postgres, ServiceError, missing, running

PATIENCE_S = 60
DATABASE = "folkmoot"


class Resident(NamedTuple):
    """Somebody who is signed in on a node, and the first line that they say. Names and talk are theirs."""

    user: str
    display_name: str
    language: str
    line: str


RESIDENTS = (
    Resident("ada", "Ada", "en", "Hello from the first node. Who hears me?"),
    Resident("ben", "Ben", "en", "I do, on the second."),
    Resident("mei", "阿梅", "zh-CN", "第三个节点也听到了。"),
)
GROUP = "Three nodes · 三个节点"


class NodeProcess:
    """`folkmoot serve` as a process, node `number` of a cluster that `settings` names; its log is in `place`."""

    def __init__(self, number: int, place: Path, settings: Mapping[str, str]) -> None:
        self.number = number
        self.log = place / f"node{number}.log"
        self.urls: dict[str, str] = {}
        self._place = place
        self._settings = {**settings, "FOLKMOOT_CLUSTER__NODE_NAME": f"node{number}"}
        self._process: asyncio.subprocess.Process | None = None
        self._guard: Guard | None = None

    @property
    def pid(self) -> int:
        """The process's number, 0 before it has one."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it and wait until it accepts connections. Raises ServiceError."""
        ready = self._place / f"node{self.number}.json"
        command = ["-m", "folkmoot_server.cli", "serve", "--profile", "open", "--listen", "127.0.0.1:0"]
        command += ["--data", str(self._place / "data"), "--ready-file", str(ready)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT_")}
        with self.log.open("wb") as log:
            # In a session of its own: Ctrl-C is for the demo, which stops the nodes in order.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, env={**kept, **self._settings}, stderr=log, start_new_session=True
            )
        self._guard = Guard(self._process.pid)
        async with asyncio.timeout(PATIENCE_S):
            while not ready.exists():
                if self._process.returncode is not None:
                    said = self.log.read_text(errors="replace")
                    raise ServiceError(
                        _("{program} did not start: {log}").format(program=f"node {self.number}", log=said)
                    )
                await asyncio.sleep(0.02)
        self.urls = json.loads(ready.read_text())

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        code = await self._process.wait() if self._process else 0
        self._release()
        return code

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.release()
            self._guard = None

    async def stop(self) -> None:
        """Ask it to end, and end it if it does not in time."""
        self._release()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), PATIENCE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Seat:
    """A resident's connection to a node. Requests go one at a time; messages of groups are shown as they come."""

    def __init__(self, resident: Resident, number: int, connection: ClientConnection, agreement: str) -> None:
        self.resident = resident
        self._number = number
        self._connection = connection
        self._agreement = agreement
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._lines = 0
        self._heard = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def take(cls, resident: Resident, node: NodeProcess) -> "Seat":
        """Connect to a node and register there."""
        connection = await connect(node.urls["ws"])
        hello = json.loads(await connection.recv())
        seat = cls(resident, node.number, connection, hello["agreement"]["version"])
        await seat.register()
        return seat

    async def register(self) -> None:
        """Make the account; this signs in."""
        who = self.resident
        more = {"agreement": self._agreement, "display_name": who.display_name, "language": who.language}
        await self.ask("register", user=who.user, password=PASSWORD, **more)

    async def ask(self, type: str, **fields: str) -> dict[str, Any]:
        """Return the result of a request. Raises ServiceError when it is refused."""
        await self._connection.send(json.dumps({"type": type, "id": 1, **fields}))
        reply = await self._replies.get()
        if reply["type"] != "ok":
            raise ServiceError(f"{type}: {reply['message']}")
        result: dict[str, Any] = reply["result"]
        return result

    async def hear(self, lines: int) -> None:
        """Wait until so many lines have come."""
        async with self._heard:
            await self._heard.wait_for(lambda: self._lines >= lines)

    async def leave(self) -> None:
        """Close the connection."""
        await self._connection.close()
        await self._reading

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._connection:
                message = json.loads(frame)
                if "re" in message:
                    self._replies.put_nowait(message)
                elif message["type"] == "entry" and message["entry"]["kind"] == "text":
                    await self._show(message["entry"])

    async def _show(self, entry: dict[str, Any]) -> None:
        say_on_stderr(f"[{self._number}] {entry['from']['user']}: {entry['body']}")
        async with self._heard:
            self._lines += 1
            self._heard.notify_all()


class Cluster:
    """The nodes of a demo and the people on them."""

    def __init__(self, place: Path, settings: Mapping[str, str]) -> None:
        self.nodes = [NodeProcess(number, place, settings) for number in range(1, len(RESIDENTS) + 1)]
        self.seats: list[Seat] = []
        self.group = ""
        self._stopping = False

    async def start(self) -> None:
        """Start the nodes and let the residents meet. Raises ServiceError."""
        # One after the other: the first makes the tables and the key, the others find them.
        for node in self.nodes:
            await node.start()
        async with asyncio.timeout(PATIENCE_S):
            for node, resident in zip(self.nodes, RESIDENTS, strict=True):
                self.seats.append(await Seat.take(resident, node))
            founded = await self.seats[0].ask("create_group", name=GROUP)
            self.group = founded["group"]["id"]
            for seat in self.seats[1:]:
                await seat.ask("join", group=self.group)
            for said, seat in enumerate(self.seats, 1):
                await seat.ask("post", group=self.group, body=seat.resident.line)
                for other in self.seats:
                    await other.hear(said)

    async def watch(self, node: NodeProcess) -> None:
        """Say when a node has ended of its own accord, or of whoever killed it."""
        code = await node.wait()
        if not self._stopping:
            text = _("Node {number} has ended (exit code {code}). The others go on; its people can sign in there.")
            say_on_stderr(text.format(number=node.number, code=code))

    async def stop(self) -> None:
        """Let everyone leave, then stop the nodes."""
        self._stopping = True
        for seat in self.seats:
            await seat.leave()
        await asyncio.gather(*(node.stop() for node in self.nodes))

    def describe(self, postgres: Postgres, nats: Nats) -> Iterator[str]:
        """Yield what a person at the terminal needs to know."""
        for node, resident in zip(self.nodes, RESIDENTS, strict=True):
            text = _("Node {number}: {http}/ (process {pid}, log {log}); {user} is signed in there.")
            yield text.format(
                number=node.number, http=node.urls["http"], pid=node.pid, log=node.log, user=resident.user
            )
        users = ", ".join(resident.user for resident in RESIDENTS)
        yield _("PostgreSQL: {url}. NATS: {nats}").format(url=postgres.url(DATABASE), nats=nats.url)
        yield _("Accounts: {users}. The password of each is: {password}").format(users=users, password=PASSWORD)
        yield _(
            "Try: sign in on two nodes and write to the group. Below, each line comes once for each node, by number."
        )
        yield _("Kill a node, PostgreSQL or NATS to see how the others cope.")
        yield _("All of it is removed when you stop the demo with Ctrl-C.")

    def write(self, ready_file: Path, directories: list[str]) -> None:
        """Tell programs what `describe` tells people."""
        told = {
            "nodes": [node.urls for node in self.nodes],
            "users": [resident.user for resident in RESIDENTS],
            "password": PASSWORD,
            "group": self.group,
            "directories": directories,
        }
        # Renamed into place, so that nobody reads half of it.
        partial_file = ready_file.with_name(f"{ready_file.name}.partial")
        partial_file.write_text(json.dumps(told))
        partial_file.rename(ready_file)


async def run(place: Path, postgres: Postgres, nats: Nats, ready_file: Path | None) -> None:
    """Run the cluster until SIGTERM or SIGINT. Raises ServiceError."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    settings = {
        "FOLKMOOT_CLUSTER__DATABASE_URL": postgres.url(DATABASE),
        "FOLKMOOT_CLUSTER__NATS_URL": nats.url,
    }
    cluster = Cluster(place, settings)
    watching: list[asyncio.Task[None]] = []
    try:
        starting = asyncio.create_task(cluster.start())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            watching = [asyncio.create_task(cluster.watch(node)) for node in cluster.nodes]
            for line in cluster.describe(postgres, nats):
                say_on_stderr(line)
            if ready_file is not None:
                cluster.write(ready_file, [str(place), str(postgres.place), str(nats.place)])
            await stopping
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
    finally:
        await cluster.stop()
        await asyncio.gather(*watching)


def check_packages() -> None:
    """Raise Missing if the nodes could not speak to PostgreSQL or NATS."""
    for server, module, package in (("PostgreSQL", "asyncpg", "asyncpg"), ("NATS", "nats", "nats-py")):
        if importlib.util.find_spec(module) is None:
            raise missing(server, package)


def cluster_demo(ready_file: Path | None) -> int:
    """Run three nodes and what they need in temporary directories until SIGTERM or SIGINT; return the exit code."""
    try:
        check_packages()
        say_on_stderr(_("Starting PostgreSQL, NATS and three nodes. This takes some seconds."))
        directory = partial(tempfile.TemporaryDirectory, prefix="folkmoot-cluster-")
        with interruptible(), directory() as place, running(Postgres) as postgres, running(Nats) as nats:
            postgres.execute(f"CREATE DATABASE {DATABASE}")
            asyncio.run(run(Path(place), postgres, nats, ready_file))
    except (ServiceError, WebSocketException, OSError) as error:
        say_on_stderr(f"folkmoot: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
