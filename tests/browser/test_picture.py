"""The picture in the README, taken of `folkmoot demo` on request:

    FOLKMOOT_PICTURE=docs/images/web.png make test PYTEST=tests/browser/test_picture.py

A machine without Chinese fonts draws boxes for some of its text.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from folkmoot_server.demo.script import PASSWORD
from tests.browser.visitor import Visitor

PICTURE = os.environ.get("FOLKMOOT_PICTURE", "")
START_SECONDS = 60

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not PICTURE, reason="takes a picture only when FOLKMOOT_PICTURE names its file"),
]


async def until_ready(process: asyncio.subprocess.Process, ready_file: Path) -> str:
    """Return the address of the demo's page."""
    async with asyncio.timeout(START_SECONDS):
        while not ready_file.exists():
            assert process.returncode is None, "the demo ended"
            await asyncio.sleep(0.05)
    return str(json.loads(ready_file.read_text())["http"])


async def test_picture_of_the_demo(browser: Browser, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    options = ["demo", "--listen", "127.0.0.1:0", "--ready-file", str(ready_file)]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "folkmoot_server.cli", *options)
    try:
        url = await until_ready(process, ready_file)
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="light")
        await page.goto(url)
        await Visitor("ben", page, url).sign_in(PASSWORD)
        await page.get_by_role("button", name="Seed Swap Garden").click()
        await expect(page.locator("#entries .notice").last).to_be_visible()
        await page.get_by_label("Message", exact=True).fill("/mu")
        await expect(page.get_by_role("option")).to_have_count(2)
        await page.screenshot(path=PICTURE)
        await page.close()
    finally:
        process.terminate()
        await process.wait()
    assert process.returncode == 0
