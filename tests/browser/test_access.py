"""The page for those who listen to it or see little: axe finds nothing, at any impact, in both themes and languages."""

from importlib.resources import files

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RUN = "axe.run(document, {resultTypes: ['violations']})"

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}}


async def wrong_with(visitor: Visitor) -> list[str]:
    """What axe has to say about what is shown now, in the light and in the dark."""
    wrong = []
    for scheme in ("light", "dark"):
        await visitor.page.emulate_media(color_scheme=scheme)
        # Colours that are on their way are none that anybody reads by.
        await visitor.page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        found = await visitor.page.evaluate(RUN)
        nodes = [(one, node) for one in found["violations"] for node in one["nodes"]]
        wrong += [f"{scheme}: {one['impact']} {one['id']}: {node['html']}" for one, node in nodes]
    return wrong


@pytest.mark.parametrize(("options", "is_chinese"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone"])
async def test_axe_finds_nothing(visit: Visit, options: dict[str, object], is_chinese: bool) -> None:
    ada = await visit("ada", bypass_csp=True, **options)
    page, wrong = ada.page, {}
    await page.evaluate(AXE)
    wrong["gate"] = await wrong_with(ada)
    await ada.register("Ada")
    wrong["start"] = await wrong_with(ada)
    await ada.create("Seed swap", "What is sprouting")
    await ada.say("hello #1")
    await ada.say("/announce Meeting on Monday")
    await ada.say("/pin 2")
    await ada.say("> said\n`code`, [link](https://example.org), **and** *so on*")
    await expect(page.locator(".note")).to_have_count(2)
    if is_chinese:
        if await page.locator("#back").is_visible():
            await page.locator("#back").click()
        await page.locator("#side [data-language]").click()
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        wrong["groups"] = await wrong_with(ada)
        await page.locator("#groups button").click()
    wrong["room"] = await wrong_with(ada)
    await page.locator("article").first.click(button="right")
    await expect(page.get_by_role("menu")).to_be_visible()
    wrong["menu"] = await wrong_with(ada)
    await page.keyboard.press("Escape")
    await page.locator("#run").click()
    wrong["panel"] = await wrong_with(ada)
    for act in ("members", "promote", "word"):
        await page.locator(f"[data-act={act}]").first.click()
        await expect(page.locator("#sheet-back")).to_be_visible()
        wrong[act] = await wrong_with(ada)
        await page.locator("#sheet-back").click()
    await page.locator("#sheet-close").click()
    await page.locator("article .name").first.click()
    await expect(page.locator("[data-act=verify]")).to_be_visible()
    wrong["self"] = await wrong_with(ada)
    await page.locator("#sheet-close").click()
    if await page.locator("#back").is_visible():
        await page.locator("#back").click()
    await page.locator("#box").click()
    await expect(page.locator("#page-body")).not_to_be_empty()
    wrong["box"] = await wrong_with(ada)
    if await page.locator("#page-back").is_visible():
        await page.locator("#page-back").click()
    await page.locator("#home").click()
    await expect(page.locator("#channels-title")).to_be_visible()
    wrong["home"] = await wrong_with(ada)
    assert {view: found for view, found in wrong.items() if found} == {}
