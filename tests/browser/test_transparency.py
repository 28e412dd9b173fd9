"""The page of figures as a phone shows it, with its drawings, in both languages."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from folkmoot_client.sdk import Client
from tests.browser.conftest import NUMBERS, Visit
from tests.browser.visitor import PASSWORD
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"width": 360, "height": 740}


async def test_it_fits_a_phone_and_draws_what_was_received(visit: Visit, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, FOLKMOOT_OPERATOR__PUBLISH_FIGURES="true")
    await server.start()
    try:
        async with Client(server.ws) as one:
            await one.register(f"one{next(NUMBERS)}", PASSWORD)
            for reason in ("spam", "fraud", "false_information"):
                user = f"other{next(NUMBERS)}"
                async with Client(server.ws) as other:
                    await other.register(user, PASSWORD)
                await one.run_command(f"/report @{user} {reason}")
        reader = await visit("reader", server, viewport=PHONE, locale="zh-CN")
        page = reader.page
        await page.goto(f"{server.http}/transparency")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page.locator("h2").first).to_have_text("举报")
        await expect(page.locator("dd").first).to_have_text("3")
        bars = page.locator(".bars svg .all")
        await expect(bars).to_have_count(3)
        box = await bars.first.bounding_box()
        assert box is not None and box["width"] > 200 and box["height"] > 4, "the bar is drawn"
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        # The style sheet came through the page's own security policy.
        assert await page.evaluate("getComputedStyle(document.querySelector('.part')).fill") != "rgb(0, 0, 0)"
    finally:
        assert await server.stop() == 0
