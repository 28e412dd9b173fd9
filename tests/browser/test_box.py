"""The box: what one is told waits there, and how it stands, whoever signs in from where."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.test_acting import meet, post
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_box(visitor: Visitor) -> Locator:
    """Go to the box."""
    await visitor.page.get_by_role("link", name="Box").click()
    await expect(visitor.page.get_by_role("heading", name="Box")).to_be_visible()
    return visitor.page.locator("#page-body")


async def test_a_mute_waits_in_the_box_and_is_undone_from_there(visit: Visit) -> None:
    ada, ben, code = await meet(visit, "ada", "ben")
    # Somebody else than who muted decides.
    cleo = await visit("cleo")
    await cleo.register()
    await cleo.join(code)
    await ada.say(f"/promote @{cleo.user}")
    await expect(cleo.notices.last).to_contain_text("an admin")
    await ben.say("CHEAP WATCHES")
    await ada.hears("CHEAP WATCHES")
    await ben.page.locator("#sign-out").click()
    await post(ada, "WATCHES").get_by_text(ben.user).click()
    sheet = ada.page.get_by_role("dialog")
    await sheet.get_by_role("button", name="10 min").click()
    await sheet.get_by_label("Reason").fill("advertising")
    await sheet.get_by_role("button", name="Do it").click()
    await expect(ada.notices.last).to_contain_text("muted")
    # Anew, and in no group.
    await ben.sign_in()
    await expect(ben.page.locator("#box-unseen")).to_have_text("1")
    box = await open_box(ben)
    told = box.get_by_role("listitem").filter(has_text="You were muted in Seed swap")
    await expect(told).to_contain_text("advertising")
    await expect(told).to_contain_text("In force until")
    await expect(told).to_contain_text("You can appeal until")
    await told.get_by_role("button", name="What can I do?").click()
    await expect(ben.page.get_by_role("dialog")).to_contain_text("/appeal")
    await ben.page.get_by_role("button", name="Close", exact=True).click()
    await told.get_by_role("button", name="Appeal").click()
    form = ben.page.get_by_role("dialog")
    await form.get_by_label("Text").fill("it was a joke")
    await form.get_by_role("button", name="Do it").click()
    await expect(form).to_contain_text("Your appeal is case")
    await form.get_by_role("button", name="Close", exact=True).click()
    await expect(box).to_contain_text("open, an answer is due by")
    await expect(told).to_contain_text("You have appealed")
    await expect(told.get_by_role("button", name="Appeal")).to_have_count(0)
    await cleo.page.get_by_role("button", name="Run this group").click()
    queue = cleo.page.get_by_role("dialog")
    await queue.locator("[data-act=queue]").click()
    await expect(queue).to_contain_text("it was a joke")
    await queue.get_by_role("button", name="Approve").click()
    await queue.get_by_label("Reason").fill("so it was")
    await queue.get_by_role("button", name="Do it").click()
    await expect(box).to_contain_text("succeeded: the measure is lifted: so it was")
    await expect(box).to_contain_text("overturned: so it was")
    await box.get_by_role("button", name="I have read this").click()
    await expect(ben.page.locator("#box-unseen")).to_be_hidden()
    await told.get_by_role("link", name="Open").click()
    await expect(ben.page.locator("#group-name")).to_have_text("Seed swap")


async def test_the_box_tells_what_became_of_a_request_and_where_one_was_called(visit: Visit) -> None:
    ada, ben, _ = await meet(visit, "ada", "ben")
    await ada.say("/joinmode approval")
    other = await visit("cleo")
    await other.register()
    code = await ada.page.locator("#code").inner_text()
    await other.page.get_by_role("button", name="Join", exact=True).click()
    await other.page.get_by_role("dialog").get_by_label("Group code").fill(code)
    await other.page.get_by_role("dialog").get_by_role("button", name="Join").click()
    box = await open_box(other)
    await expect(box).to_contain_text("Nothing is waiting here.")
    await expect(ada.notices.last).to_contain_text("approval")
    await ada.say(f"/deny @{other.user}")
    await expect(box).to_contain_text("Your request to join Seed swap was declined")
    await other.page.get_by_role("button", name="Your account", exact=True).click()
    await expect(other.page.locator("[data-act=verify]")).to_be_visible()
    # Called while one is elsewhere.
    box = await open_box(ben)
    await ada.say(f"@{ben.user} have you got chives?")
    await ada.hears(f"@{ben.user} have you got chives?")
    await expect(ben.page.locator("#groups .unread")).to_contain_text("@")
    await ben.page.locator("#home").click()
    box = await open_box(ben)
    await expect(box.get_by_role("listitem").filter(has_text="@ 1")).to_contain_text("Seed swap")
