"""Three hundred groups, and a thousand lines that one has not read, in a page that stays as quick as with few."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from folkmoot_protocol import requests as rq
from tests.browser.conftest import Visit
from tests.integration.planting import UNLIMITED
from tests.integration.server import Seat, Server, serving
from tests.integration.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="session")

GROUPS, UNREAD = 300, 1000
MOST_NODES = 20_000
"""Elements of a page that has 300 groups in its list and the log that it keeps."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server on which the first member of a group has 300 of their own as well, and the second has talked."""
    with serving(
        tmp_path_factory.mktemp("many"), groups=1, members=2, limits__posts_per_second=0, **UNLIMITED
    ) as server:
        [[ann, bob]] = server.seats
        async with await server.connect(ann) as owner, await server.connect(bob) as talker:
            await asyncio.gather(*(owner.ask(rq.CreateGroup, name=f"Allotment {at}") for at in range(GROUPS)))
            await talk(talker, bob.code, 0, UNREAD)
        yield server


async def talk(wire: Wire, code: str, first: int, count: int) -> None:
    """Say lines with their numbers."""
    for sent in [await wire.send(rq.Post, group=code, body=f"line {at}.") for at in range(first, first + count)]:
        await sent


async def enter(visit: Visit, server: Server, seat: Seat) -> Page:
    """Open the page with a session that there is."""
    visitor = await visit(seat.user, SimpleNamespace(http=server.urls["http"].rstrip("/")))
    await visitor.page.evaluate("token => localStorage.setItem('folkmoot.token', token)", seat.token)
    await visitor.page.reload()
    await expect(visitor.page.locator("#account")).to_contain_text(f"@{seat.user}")
    return visitor.page


async def count_nodes(page: Page) -> int:
    return int(await page.evaluate("document.querySelectorAll('*').length"))


async def test_of_three_hundred_groups_one_is_found_by_its_name(visit: Visit, crowded: Server) -> None:
    page = await enter(visit, crowded, crowded.seats[0][0])
    groups = page.locator("#groups button")
    await expect(groups).to_have_count(GROUPS + 1)
    assert await count_nodes(page) < MOST_NODES
    await page.keyboard.press("Control+k")
    await page.keyboard.type("allotment 29")
    await expect(groups).to_have_count(11)
    await page.keyboard.press("Enter")
    await expect(page.locator("#group-name")).to_contain_text("Allotment 29")
    await expect(groups).to_have_count(GROUPS + 1)
    assert await page.evaluate(
        "document.querySelector('#side').scrollWidth <= document.querySelector('#side').clientWidth"
    )


async def test_a_thousand_unread_lines_begin_at_the_first(visit: Visit, crowded: Server) -> None:
    ann, bob = crowded.seats[0]
    page = await enter(visit, crowded, ann)
    busy = page.locator(f"#groups button[data-group='{ann.code}']")
    await expect(busy.locator(".unread")).to_have_text("99+")
    await busy.click()
    posts = page.locator("#entries article .body")
    await expect(page.get_by_role("separator").filter(has_text="New messages")).to_be_in_viewport()
    await expect(posts.filter(has_text="line 0.")).to_be_in_viewport()
    assert await count_nodes(page) < MOST_NODES
    await page.locator("#newest").click()
    await expect(posts.filter(has_text=f"line {UNREAD - 1}.")).to_be_in_viewport()
    # Whoever stays there is shown more and more, and the page does not grow with it.
    async with await crowded.connect(bob) as talker:
        await talk(talker, bob.code, UNREAD, 300)
    await expect(posts.filter(has_text=f"line {UNREAD + 299}.")).to_be_in_viewport()
    assert await page.locator("#entries article").count() <= 1200
