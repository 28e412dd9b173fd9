"""The pictures in the guides, of the story of the first five minutes, taken on request:

    FOLKMOOT_GUIDE_PICTURES=docs/images/guides make test PYTEST=tests/browser/test_guide_pictures.py

A machine without Chinese fonts draws boxes for some of their text.
"""

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from bench.newcomer import PASSWORD, play, stories
from tests.integration.running import RunningServer

PICTURES = os.environ.get("FOLKMOOT_GUIDE_PICTURES", "")
GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not PICTURES, reason="takes pictures only when FOLKMOOT_GUIDE_PICTURES names their folder"),
]


async def take(page: Page, picture: Path) -> None:
    """Write what a page shows, in few colours: it is a third of the size."""
    await page.screenshot(path=picture)
    with Image.open(picture) as shown:
        small = shown.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


async def sign_in(browser: Browser, server: RunningServer, user: str, locale: str) -> Page:
    """Open the group as one of the story sees it."""
    page = await browser.new_page(viewport={"width": 1280, "height": 720}, locale=locale, color_scheme="light")
    await page.goto(server.http)
    await page.locator("#user").fill(user)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#gate-form button[type=submit], #gate-form button:not([type])").first.click()
    await page.locator("#groups button").first.click()
    await expect(page.locator("#entries .notice").last).to_be_visible()
    return page


@pytest.mark.parametrize(
    ("guide", "locale", "mark"), [("first-minutes.md", "en-GB", "en"), ("zh/first-minutes.md", "zh-CN", "zh")]
)
async def test_pictures_of_the_first_minutes(
    browser: Browser, own_server: RunningServer, guide: str, locale: str, mark: str
) -> None:
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    told = stories(GUIDES / guide)
    muted = next(at for at, one in enumerate(told) if one.text.startswith(("/mute", "/禁言")))
    await play(own_server.ws, told[: muted + 1])
    ben = await sign_in(browser, own_server, "ben", locale)
    await take(ben, folder / f"muted-{mark}.png")
    ann = await sign_in(browser, own_server, "ann", locale)
    said = ann.locator("#entries article", has_text="ben").last
    await said.click(button="right")
    await expect(ann.get_by_role("menuitem").first).to_be_visible()
    await take(ann, folder / f"menu-{mark}.png")
    await ann.keyboard.press("Escape")
    await said.get_by_text("ben", exact=True).first.click()
    await expect(ann.get_by_role("dialog")).to_be_visible()
    await take(ann, folder / f"card-{mark}.png")
    await ben.close()
    await ann.close()
