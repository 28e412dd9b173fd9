"""The info page of a group as a phone and a desk show it, in light and dark."""

import pytest
from playwright.async_api import expect

from folkmoot_client.sdk import Client
from tests.browser.conftest import NUMBERS, Visit
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"width": 360, "height": 740}
WIDE_NAME = "群" * 20 + "W" * 40


async def make_group(server: RunningServer) -> str:
    """A group with a name as wide as can be, and rules; return its code."""
    async with Client(server.ws) as client:
        await client.register(f"page{next(NUMBERS)}", "correct horse battery")
        group = await client.create_group(WIDE_NAME)
        await client.run_command("/setrules Be kind.\nOne thing at a time.", group.id)
    return group.id


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_follows_the_readers_scheme(visit: Visit, server: RunningServer, scheme: str) -> None:
    code = await make_group(server)
    reader = await visit("reader", viewport=PHONE, color_scheme=scheme, locale="zh-CN")
    page = reader.page
    await page.goto(f"{server.http}/groups/{code}")
    await expect(page.locator("h1")).to_have_text(WIDE_NAME)
    await expect(page.locator(".rules")).to_have_text("Be kind.\nOne thing at a time.", use_inner_text=True)
    await expect(page.locator("dt").first).to_have_text("群号")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "it must not scroll sideways"
    )
    # The style sheet came through the page's own security policy, and knows both schemes.
    paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, paper.removeprefix("rgb(").removesuffix(")").split(","))) > 3 * 128
    assert light == (scheme == "light")
