"""The desk: staff works through what waits, in the page; who has no role has none."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from folkmoot_client.sdk import Client, RequestRefused
from tests.browser.conftest import Visit
from tests.browser.test_access import AXE, wrong_with
from tests.browser.test_box import open_box
from tests.browser.visitor import PASSWORD, Visitor
from tests.integration.client.commands import folkmoot
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def root(own_server: RunningServer) -> AsyncIterator[Client]:
    """The first administrator of a server of one's own."""
    assert await own_server.stop() == 0
    made = await folkmoot("init", "--data", str(own_server.data), "--user", "root", stdin=PASSWORD + "\n")
    assert made.code == 0, made.err
    await own_server.start()
    async with Client(own_server.http) as client:
        await client.login("root", PASSWORD)
        yield client


async def give_role(root: Client, visitor: Visitor, role: str) -> None:
    await root.admin("role", "create", target=visitor.user, reason="hired", options={"role": role})


async def open_desk(visitor: Visitor) -> Locator:
    """Go to the desk, and to its first row by the keyboard."""
    await visitor.page.get_by_role("link", name="Desk").click()
    rows = visitor.page.locator("#page-body .item-row")
    await expect(visitor.page.locator("#page-body")).to_contain_text("All (")
    return rows


async def fill_queues(root: Client, server: RunningServer) -> str:
    """Have three reports and two held posts wait; return the code of the group that they are in."""
    await root.admin("word", "create", target="lottery", reason="case 7", options={"verdict": "hold"})
    async with Client(server.http) as ann, Client(server.http) as bob:
        await ann.register("ann", PASSWORD)
        await bob.register("bob", PASSWORD)
        group = await ann.create_group("Seed swap")
        await bob.join(group.id)
        for number in range(3):
            posted = await bob.post(group.id, f"cheap watches, kind {number}")
            await ann.run_command(f"/report {posted.seq} spam", group.id)
        for number in range(2):
            with pytest.raises(RequestRefused, match="content_held"):
                await bob.post(group.id, f"lottery number {number}")
    return group.id


async def test_a_reviewer_works_off_what_waits_by_keyboard_alone(
    visit: Visit, own_server: RunningServer, root: Client
) -> None:
    code = await fill_queues(root, own_server)
    rea, eve = await visit("rea", own_server, bypass_csp=True), await visit("eve", own_server)
    await rea.page.evaluate(AXE)
    for visitor in (rea, eve):
        await visitor.register()
    await expect(rea.page.get_by_role("link", name="Desk")).to_be_hidden()
    await give_role(root, rea, "reviewer")
    await give_role(root, eve, "viewer")
    keys, sheet = rea.page.keyboard, rea.page.get_by_role("dialog")
    rows = await open_desk(rea)
    await expect(rows).to_have_count(5)
    assert await wrong_with(rea) == []
    await keys.press("?")
    await expect(rea.page.locator("#toast")).to_contain_text("next ready reason")
    await keys.press("j")
    await expect(rows.nth(1)).to_be_focused()
    await keys.press("k")
    await keys.press("Enter")
    await expect(sheet).to_contain_text("cheap watches, kind 0")
    claimed = {one["claimed_by"] for one in (await root.admin("case", "list")).items}
    assert claimed == {"", rea.user}
    # Going on gives up what was only looked at.
    await keys.press("j")
    await expect(sheet).to_contain_text("→ #4")
    assert await wrong_with(rea) == []
    for width in (1280, 390, 320):
        await rea.page.set_viewport_size({"width": width, "height": 800})
        assert await rea.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await keys.press("Escape")
    await expect(rows.nth(1)).to_be_focused()
    for count, decision in ((5, "a"), (4, "d"), (3, "3")):
        await keys.press("k")
        await keys.press("Enter")
        await expect(sheet).to_contain_text("What was said around it")
        await keys.press("r")
        await expect(sheet.get_by_label("Reason")).not_to_have_value("")
        await keys.press(decision)
        await expect(rows).to_have_count(count - 1)
        await expect(sheet).to_be_hidden()
    await keys.press("Enter")
    await expect(sheet).to_contain_text("lottery number 0")
    await keys.press("d")
    await expect(sheet.get_by_role("alert")).to_contain_text("Give a reason")
    await keys.type("an advertisement")
    await keys.press("Enter")
    await expect(rows).to_have_count(1)
    await keys.press("Enter")
    await expect(sheet).to_contain_text("lottery number 1")
    await keys.press("a")
    await expect(rea.page.locator("#page-body")).to_contain_text("Nothing is waiting here.")
    closed = (await root.admin("case", "list", options={"state": "closed"})).items
    assert sorted(one["state"] for one in closed) == ["bad_faith", "dismissed", "upheld"]
    async with Client(own_server.http) as bob:
        await bob.login("bob", PASSWORD)
        entries = [entry.body async for entry in bob.read_history(code)]
    assert "lottery number 1" in entries and "lottery number 0" not in entries
    # A viewer sees what waits and decides nothing; what the protocol refuses is said.
    async with Client(own_server.http) as ann:
        await ann.login("ann", PASSWORD)
        await ann.run_command("/report @bob fraud", code)
    await eve.page.reload()
    await (await open_desk(eve)).first.click()
    shown = eve.page.get_by_role("dialog")
    await expect(shown).to_contain_text("Reason: Fraud")
    await expect(shown.locator("kbd")).to_have_count(0)


async def test_who_is_suspended_appeals_at_the_gate_and_staff_upholds_at_the_desk(
    visit: Visit, own_server: RunningServer, root: Client
) -> None:
    ben, mia = await visit("ben", own_server, bypass_csp=True), await visit("mia", own_server)
    await ben.page.evaluate(AXE)
    await ben.register()
    await mia.register()
    await give_role(root, mia, "moderator")
    await expect(ben.page.get_by_role("link", name="Desk")).to_be_hidden()
    grounds = {"duration": "7d", "rule": "spam"}
    await root.admin("user", "suspend", target=ben.user, reason="in three groups", options=grounds)
    gate = ben.page.locator("#gate")
    await expect(gate).to_be_visible()
    await ben.sign_in()
    await expect(gate.get_by_role("alert")).to_contain_text("has suspended this account until")
    await expect(gate.get_by_role("listitem")).to_contain_text("in three groups (Advertising, spam)")
    await expect(gate.get_by_role("listitem")).to_contain_text("In force until")
    assert await wrong_with(ben) == []
    await gate.get_by_label("Why you appeal").fill("that was not me")
    await gate.get_by_role("button", name="Appeal").click()
    await expect(gate.get_by_role("alert")).to_contain_text("Your appeal is case")
    rows = await open_desk(mia)
    await expect(rows).to_have_count(1)
    await mia.page.keyboard.press("j")
    await rows.first.focus()
    await mia.page.keyboard.press("Enter")
    sheet = mia.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("that was not me")
    await expect(sheet).to_contain_text("in three groups")
    await mia.page.keyboard.press("d")
    await sheet.get_by_label("Reason").fill("it was you")
    await mia.page.keyboard.press("Enter")
    await expect(mia.page.locator("#page-body")).to_contain_text("Nothing is waiting here.")
    await ben.sign_in()
    await expect(gate.get_by_role("listitem").first).to_contain_text("was turned down")
    await root.admin("user", "restore", target=ben.user, reason="enough")
    await ben.sign_in()
    await ben.sees_own_name()
    await expect(await open_box(ben)).to_contain_text("The suspension of your account is lifted")
    assert await wrong_with(ben) == []
