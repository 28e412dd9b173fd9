"""Servers for tests: one that all may share, and new ones for those that need settings or a fate of their own."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.cast import Cast
from tests.integration.running import RunningServer
from tests.integration.server import Launch, Seat, Server, SignIn, serving
from tests.integration.wire import Wire

CREWS, CREW = 960, 6


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server with the profile `open` on a free port; it must end well when the test has."""
    running = RunningServer(tmp_path)
    await running.start()
    try:
        yield running
    finally:
        code = await running.stop()
    assert code == 0, running.log.read_text()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that need nothing special of it: 960 groups of 6 seeded members each."""
    limits = (
        "posts_per_second",
        "requests_per_second",
        "acts_per_minute",
        "group_acts_per_minute",
        "sign_ins_per_minute",
        "connections_per_address",
    )
    settings = {f"limits__{name}": 0 for name in limits}
    with serving(tmp_path_factory.mktemp("shared"), groups=CREWS, members=CREW, **settings) as server:
        yield server


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts servers of one's own."""
    with contextlib.ExitStack() as stack:
        numbers = iter(range(100))

        def start(**settings: object) -> Server:
            place = tmp_path / f"server{next(numbers)}"
            place.mkdir()
            return stack.enter_context(serving(place, **settings))  # type: ignore[arg-type]

        yield start


@pytest.fixture
def seats(shared: Server) -> list[Seat]:
    """The six members of a group of the shared server that no other test knows, the owner first."""
    return shared.seats.pop()


@pytest.fixture
async def sign_in(shared: Server) -> AsyncIterator[SignIn]:
    """Opens connections to the shared server: `await sign_in(seat, json=True)`; they are closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def connect(seat: Seat | None = None, *, json: bool = False) -> Wire:
            return await stack.enter_async_context(await shared.connect(seat, json=json))

        yield connect


@pytest.fixture
async def cast(shared: Server, seats: list[Seat], sign_in: SignIn) -> Cast:
    """An owner, two members and an outsider, in a group of the shared server that no other test knows."""
    outsider = shared.take_outsider()
    wires = [await sign_in(seats[0]), await sign_in(seats[1], json=True), await sign_in(seats[2])]
    return Cast(seats, [*wires, await sign_in(outsider)], outsider.code)
