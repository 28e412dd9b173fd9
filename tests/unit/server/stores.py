"""A store that fails, waits and is overtaken on demand, and a node that runs on it inside the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from folkmoot_governance import Actor, decide
from folkmoot_governance.group.commands import Command
from folkmoot_governance.policy import Policy
from folkmoot_protocol.errors import CloseCode
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.bus.messages import GroupUpdate
from folkmoot_server.common.background import Loop
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.documents import load_documents
from folkmoot_server.config.settings import Config, load_config
from folkmoot_server.jobs.runner import Job
from folkmoot_server.main import start_listening
from folkmoot_server.node import Node
from folkmoot_server.storage.api import AccessLog, Channels, Journal, Ledger, Store
from folkmoot_server.storage.change_set import ChangeSet, StorageError
from folkmoot_server.storage.check.seed import seed
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import carry_out
from tests.integration.server import Seat
from tests.integration.wire import PATIENCE_S, Wire

AnyJob = TypeVar("AnyJob", bound=Job)


class FailingStore:
    """A store whose commits wait while `gate` is shut, and fail as often as `failures` says.

    `sizes` has the number of change sets of each commit that was tried; `waiting` is set while one is at the gate.
    `before_return` is awaited once, when a commit is stored and nobody has heard of it yet.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.failures = 0
        self.sizes: list[int] = []
        self.before_return: Callable[[], Awaitable[None]] | None = None

    @property
    def ledger(self) -> Ledger:
        return self._store.ledger

    @property
    def journal(self) -> Journal:
        return self._store.journal

    @property
    def channels(self) -> Channels:
        return self._store.channels

    @property
    def access(self) -> AccessLog:
        return self._store.access

    @property
    def damage(self) -> Sequence[str]:
        return self._store.damage

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        self.sizes.append(len(batch))
        self.waiting.set()
        await self.gate.wait()
        self.waiting.clear()
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is full")
        overtaken = await self._store.commit(batch)
        hook, self.before_return = self.before_return, None
        if hook is not None:
            await hook()
        return overtaken

    async def close(self) -> None:
        await self._store.close()

    async def commit_elsewhere(self, change_set: ChangeSet) -> frozenset[str]:
        """Store what another node on the same store has decided."""
        return await self._store.commit([change_set])

    async def act_elsewhere(self, code: str, command: Command, actor: Actor) -> GroupUpdate:
        """Carry out a command as another node on the same store would; return what that node would tell this one."""
        state = await self._store.ledger.load_group(code)
        assert state is not None
        events = decide(state, command, actor, Clock().now_ms(), Policy())
        assert isinstance(events, Sequence), events
        change_set = carry_out(state, events)
        assert await self._store.commit([change_set]) == frozenset()
        entries = tuple(one.entry for one in change_set.entries)
        return GroupUpdate(code, entries, state.version, tuple(events))


class Stage:
    """A node in this process: its store, where it listens, who has a seat."""

    def __init__(self, node: Node, store: FailingStore, url: str, seats: list[list[Seat]]) -> None:
        self.node = node
        self.store = store
        self.seats = seats
        self.url = url
        self._wires: list[Wire] = []

    async def connect(self, seat: Seat) -> Wire:
        wire = await Wire.open(self.url, seat.token)
        self._wires.append(wire)
        return wire

    def job(self, kind: type[AnyJob]) -> AnyJob:
        """Return a job of the node's, apart from the one that runs in the background."""
        return next(job for job in self.node.jobs() if isinstance(job, kind))

    async def rest(self) -> None:
        """Have nothing done in rounds any more but commits: what is to be done the test does."""
        await self.node.background.stop()
        self.node.background.start([Loop("commit_queue", self.node.commit_queue.run, 0)])

    async def hang_up(self) -> None:
        for wire in self._wires:
            await wire.close()


async def have_begun(node: Node) -> None:
    """Wait until jobs and clock have done their first round, in which they store what a store is to remember.

    What comes to the store from then on is what the test does: it is the test's own commit that fails or waits, and not
    one of these.
    """
    first = {"clock", *(job.name for job in node.jobs())}

    def are_over() -> bool:
        rounds = [one for one in node.background.status() if one.name in first]
        return all(one.last_success_ts or one.failures for one in rounds)

    async with asyncio.timeout(PATIENCE_S):
        while not are_over():  # noqa: ASYNC110  # a round tells nobody that it is over
            await asyncio.sleep(0.001)


async def seated(place: Path, groups: int, members: int, agreement: str) -> list[list[Seat]]:
    """Write a store with so many groups of so many members, who have accepted an agreement; return who has a seat."""
    await asyncio.to_thread(seed, place / "data", groups, members, place / "tokens", agreement=agreement)
    lines = [line.split() for line in (place / "tokens").read_text().splitlines()]
    return [
        [Seat(user, token, code) for at, _, user, token, code in lines if int(at) == index] for index in range(groups)
    ]


def config_of(place: Path, settings: Mapping[str, object]) -> Config:
    """Return the configuration of a node on the store at `place`; `settings` are its keys with `__` for the dot."""
    overrides = {"profile": "open", "server.data_dir": str(place / "data"), "server.listen": "127.0.0.1:0"}
    return load_config(None, {}, {**overrides, **{key.replace("__", "."): value for key, value in settings.items()}})


@contextlib.asynccontextmanager
async def opened(config: Config, seats: list[list[Seat]], clock: Clock | None = None) -> AsyncIterator[Stage]:
    """Run a node on a store that is there."""
    store = FailingStore(await SqliteStore.open(config.server.data_dir, say=translator("en")))
    node = Node(config, store, LocalBus(), clock or Clock())
    # As `folkmoot serve` does.
    await node.in_force.load(store.ledger, node.clock)
    node.start()
    await have_begun(node)
    server = await start_listening(node)
    stage = Stage(node, store, f"ws://127.0.0.1:{server.name[1]}/ws", seats)
    try:
        yield stage
    finally:
        store.gate.set()
        await stage.hang_up()
        await server.close(CloseCode.RESTART)
        await node.stop()


@contextlib.asynccontextmanager
async def staged(place: Path, clock: Clock | None = None, **settings: object) -> AsyncIterator[Stage]:
    """Run a node on a store with three groups of three members each."""
    config = config_of(place, settings)
    seats = await seated(place, 3, 3, load_documents(config.server.data_dir).agreement.version)
    async with opened(config, seats, clock) as stage:
        yield stage
