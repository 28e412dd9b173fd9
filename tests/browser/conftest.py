"""A server, a headless Chromium, and people who sit before it. One of each serves all tests: starting them is slow."""

import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.visitor import Visitor
from tests.integration.running import RunningServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
PATIENCE_MS = 45_000
NUMBERS = itertools.count(1)

Visit = Callable[..., Awaitable[Visitor]]
"""`await visit("ada", locale="zh-CN")` opens the page in a browser context of its own, options as Playwright's, but for
`server`. The visitor's user name is `ada` and a number, for no other test has it."""

expect.set_options(timeout=PATIENCE_MS)


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[RunningServer]:
    """A server with the profile `open`, which writes one-time codes into its log, and wants documents for a badge; it
    must end well."""
    documents = {"FOLKMOOT_POLICY__CHANNELS__BADGE_DOCUMENTS": "authorisation,charter"}
    server = RunningServer(folder, FOLKMOOT_IDENTITY__SENDER__KIND="console", **documents)
    await server.start()
    try:
        yield server
    finally:
        code = await server.stop()
    assert code == 0, server.log.read_text()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    """The server that the tests share."""
    async with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def own_server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server for a test that does it harm."""
    async with running(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium as the system has it; Playwright's own download is never asked for."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: RunningServer) -> AsyncIterator[Visit]:
    """Opens the page for one person after the other; none of them may have met an error in the console."""
    visitors: list[Visitor] = []

    async def open_page(name: str, server: RunningServer = server, **options: object) -> Visitor:
        context = await browser.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(f"{name}{next(NUMBERS)}", await context.new_page(), server.http)
        visitors.append(visitor)
        await visitor.page.goto(server.http)
        return visitor

    yield open_page
    for visitor in visitors:
        await visitor.page.context.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []
