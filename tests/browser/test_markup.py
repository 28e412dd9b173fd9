"""Whatever people type stays text: two hundred payloads in every text of the table of texts, read in the page, on the
pages for everybody and in feeds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from folkmoot_governance.published import TEXTS
from tests.browser.conftest import Visit
from tests.browser.markup import HANDLE, IMAGE, PAYLOADS, SVG, Planted, plant
from tests.integration.planting import UNLIMITED
from tests.integration.server import Seat, Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT_HITS = "window.hits = []; window.hit = () => hits.push(document.currentScript?.outerHTML ?? new Error().stack);"
HARM = (Path(__file__).parent / "harm.js").read_text("utf-8")
# What readers of feeds make of the texts that a feed calls HTML.
HARM_IN_FEED = """text => {
  const feed = new DOMParser().parseFromString(text, "application/xml");
  const texts = [...feed.querySelectorAll("[type=html]")].map(node => node.textContent);
  const broken = [...feed.querySelectorAll("parsererror, script")].map(node => node.outerHTML);
  const harm = %s;
  return [...broken, ...texts.flatMap(text => harm(new DOMParser().parseFromString(text, "text/html")))];
}"""


Enter = Callable[[Seat], Awaitable["Reader"]]
"""`await enter(seat)` opens the page with the seat's session; nothing of what was looked at may have been markup."""


class Stage(NamedTuple):
    """A server with all payloads in it, and whose session is whose: the reader, and one of those who wrote."""

    server: Server
    planted: Planted
    seats: list[Seat]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("markup")
    with serving(folder, groups=1, members=len(PAYLOADS) + 1, admin="root", **UNLIMITED) as server:
        [seats] = server.seats
        yield Stage(server, await plant(server, seats), seats)


class Reader:
    """Somebody signed in who looks at everything, and what of it was more than text."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.harm: list[str] = []
        self.sheet = page.get_by_role("dialog")
        page.on("dialog", lambda dialog: self.harm.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.note_request(request.url))

    def note_request(self, url: str) -> None:
        """Nothing is asked of anybody else."""
        if not url.startswith((self.url, "blob:", "data:", self.url.replace("http", "ws"))):
            self.harm.append(f"request: {url}")

    async def look(self, where: str, shows: str) -> None:
        """Look at what is shown, which has a payload in it as it was typed."""
        assert shows in await self.page.locator("body").inner_text(), f"{where} does not show {shows}"
        self.harm += [f"{where}: {found}" for found in await self.page.evaluate(HARM)]

    async def read_on(self) -> None:
        """Have all that is older, or later, shown as well."""
        items = self.page.locator("#posts article")
        while await self.page.locator("#older").is_visible():
            count = await items.count()
            await self.page.locator("#older").click()
            await expect(items.nth(count)).to_be_attached()


@pytest_asyncio.fixture(loop_scope="session")
async def enter(stage: Stage, visit: Visit) -> AsyncIterator[Enter]:
    readers: list[Reader] = []

    async def sign_in(seat: Seat) -> Reader:
        url = stage.server.urls["http"].rstrip("/")
        visitor = await visit(seat.user, SimpleNamespace(http=url))
        await visitor.page.context.add_init_script(COUNT_HITS)
        await visitor.page.evaluate("token => localStorage.setItem('folkmoot.token', token)", seat.token)
        await visitor.page.reload()
        readers.append(Reader(visitor.page, url))
        await expect(visitor.page.locator("#account")).to_contain_text(f"@{seat.user}")
        return readers[-1]

    yield sign_in
    assert [found for reader in readers for found in reader.harm] == []


async def test_every_kind_of_text_was_planted(stage: Stage) -> None:
    taken = stage.planted.taken
    # Of a row of the table that is new nothing is planted before somebody says how.
    assert set(taken) == {row.name for row in TEXTS}
    assert [name for name, count in taken.items() if not count] == []
    assert len(PAYLOADS) >= 200


PANEL = ("rules", "pins", "members", "queue", "warns", "tag", "log", "word")


async def test_in_groups_it_is_text(stage: Stage, enter: Enter) -> None:
    reader = await enter(stage.seats[0])
    page, code, sheet = reader.page, stage.planted.group, reader.sheet
    await reader.look("list", IMAGE)
    # All of the log, from its first entry on.
    await page.evaluate("code => { location.hash = `#${code}/1`; }", code)
    await expect(page.locator("#head")).to_have_text("This is where the group begins.")
    await expect(page.locator("#entries article").first).to_be_visible()
    await reader.look("log", IMAGE)
    assert await page.locator("#entries .notice", has_text=SVG).count()
    links = await page.locator("#entries a[target]").evaluate_all(
        "nodes => nodes.map(node => node.getAttribute('href'))"
    )
    assert {"https://evil.example/", "https://evil.example"} <= set(links)
    await page.locator("#announcement").click()
    await reader.look("announcement", PAYLOADS[-1])
    await sheet.get_by_role("button", name="Close", exact=True).click()
    for act in PANEL:
        await page.get_by_role("button", name="Run this group").click()
        await sheet.locator(f"[data-act={act}]").first.click()
        await expect(sheet.get_by_role("button", name="Back", exact=True)).to_be_visible()
        await expect(sheet.get_by_role("status").or_(sheet.get_by_role("list")).first).not_to_be_empty()
        await reader.look(act, "hit()")
        await sheet.get_by_role("button", name="Close", exact=True).click()
    # A card, a note and the menu of what one of them said, quoted in an answer.
    await page.locator("article .name").last.click()
    await expect(sheet.get_by_role("status")).not_to_be_empty()
    await reader.look("card", "hit()")
    await sheet.locator("[data-act=note]").click()
    await reader.look("note", "hit()")
    await sheet.get_by_role("button", name="Close", exact=True).click()
    await page.locator("article .body", has_text=IMAGE).first.click(button="right")
    await reader.look("menu", IMAGE)
    await page.keyboard.press("Escape")
    await page.locator("article.own.text", has=page.locator(".quote")).locator(".body").click(button="right")
    await page.get_by_role("menuitem", name="Edit", exact=True).click()
    await expect(sheet.get_by_label("Text")).to_have_value(PAYLOADS[0])
    await reader.look("form", IMAGE)
    await sheet.get_by_role("button", name="Close", exact=True).click()
    for line in (
        f"/note @{stage.seats[1].user}",
        "/mediate",
        "/me <img src=x onerror=hit()>",
        "/nosuch <b onclick=hit()>",
    ):
        await page.get_by_label("Message", exact=True).fill(line)
        await page.keyboard.press("Enter")
    await expect(page.locator("#complaint")).to_contain_text("nosuch")
    await reader.look("answers", IMAGE)


async def test_at_doors_and_in_what_one_is_told_it_is_text(stage: Stage, enter: Enter) -> None:
    """Of the one who let in, of the one who asks, and of those who were warned."""
    reader = await enter(stage.seats[1])
    await expect(reader.page.locator("#told-lines li").first).to_be_visible()
    await reader.look("told", "hit()")
    await reader.page.evaluate("code => { location.hash = `#${code}`; }", stage.planted.asking)
    await reader.sheet.get_by_role("button", name="Join").click()
    await expect(reader.sheet.get_by_role("alert")).not_to_be_empty()
    await reader.look("door", "hit()")


async def test_in_the_box_and_on_the_desk_it_is_text(stage: Stage, enter: Enter) -> None:
    told = await enter(stage.seats[1])
    await told.page.get_by_role("link", name="Box").click()
    await expect(told.page.locator("#page-body li", has_text="hit()").first).to_be_visible()
    await told.look("box", "hit()")
    staff = await enter(stage.planted.root)
    await staff.page.get_by_role("link", name="Desk").click()
    rows = staff.page.locator("#page-body .item-row")
    await expect(rows.first).to_be_visible()
    for at in (0, 80, 160):
        await rows.nth(at).click()
        await expect(staff.sheet.locator("pre")).to_contain_text("Why it was taken")
        await staff.look("desk", "Why it was taken")
        await staff.sheet.get_by_role("button", name="Close", exact=True).click()


async def test_in_channels_it_is_text(stage: Stage, enter: Enter) -> None:
    reader = await enter(stage.seats[0])
    page, own = reader.page, stage.seats[0].user
    for place, shows in (
        (f"#@{own}", PAYLOADS[-1]),
        (f"#@{own}/{stage.planted.post}", PAYLOADS[0]),
        (f"#@{HANDLE}", IMAGE),
        (f"#@{HANDLE}/{stage.planted.public_post}", SVG),
        ("#home", "hit()"),
    ):
        await page.evaluate("place => { location.hash = place; }", place)
        await expect(page.locator("#flow")).to_contain_text(shows)
        await reader.read_on()
        await reader.look(place, shows)


async def test_on_pages_for_everybody_and_in_feeds_it_is_text(stage: Stage, enter: Enter) -> None:
    reader = await enter(stage.seats[0])
    page, own = reader.page, stage.seats[0].user
    for path, shows in (
        (f"/groups/{stage.planted.group}", "hit()"),
        (f"/@{own}", PAYLOADS[-1]),
        (f"/@{own}/{stage.planted.post}", PAYLOADS[0]),
        (f"/@{HANDLE}", SVG),
        (f"/@{HANDLE}/{stage.planted.public_post}", SVG),
        ("/report?group=%22%3E%3Cimg%20src=x%20onerror=hit()%3E", "Report"),
    ):
        await page.goto(reader.url + path)
        await reader.look(path, shows)
    missing = await (await page.request.get(f"{reader.url}/{IMAGE}")).text()
    assert "404" in missing and IMAGE not in missing
    for home in (f"/@{own}", f"/@{HANDLE}"):
        atom = await (await page.request.get(f"{reader.url}{home}/feed.atom")).text()
        assert "&lt;" in atom
        reader.harm += await page.evaluate(HARM_IN_FEED % HARM, atom)
        feed = await (await page.request.get(f"{reader.url}{home}/feed.json")).json()
        assert feed["items"] and not any("content_html" in item for item in feed["items"])
