"""Acting in the page without typing commands: on a message, on a person, on a group."""

import re

import msgspec
import pytest
from playwright.async_api import Locator, expect

from folkmoot_client.sdk import Client
from folkmoot_server.slash.registry import COMMANDS
from tests.browser.conftest import Visit
from tests.browser.visitor import PASSWORD, Visitor
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def meet(visit: Visit, first: str, second: str, **options: object) -> tuple[Visitor, Visitor, str]:
    """Two people in a group that the first has founded, with the options of the second's browser; and its code."""
    ada, ben = await visit(first), await visit(second, **options)
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    return ada, ben, code


def post(visitor: Visitor, text: str) -> Locator:
    """The post that says a text."""
    return visitor.page.locator("#entries article", has=visitor.page.locator(".body", has_text=text))


async def choose(visitor: Visitor, text: str, item: str) -> None:
    """Open the menu of a post by the pointer, and choose an item."""
    await post(visitor, text).first.click(button="right")
    await visitor.page.get_by_role("menuitem", name=item, exact=True).click()


async def test_cards_stay_until_they_are_closed_and_undo_what_they_tell_of(visit: Visit) -> None:
    ada, ben, _ = await meet(visit, "ada", "ben")
    await ada.say(f"/mute @{ben.user} 10m advertising")
    await expect(ben.page.locator("#notice")).to_contain_text("You are muted until")
    for number in range(5):
        await ada.say(f"line {number}")
    await expect(ada.entries).to_have_count(5)
    cards = ada.page.locator(".note")
    await expect(cards).to_have_count(1)
    await cards.first.get_by_role("button", name="Undo").click()
    await expect(ben.page.locator("#notice")).to_be_hidden()
    await expect(cards).to_have_count(2)
    await cards.first.get_by_role("button", name="Close", exact=True).click()
    await expect(cards).to_have_count(1)


async def test_what_is_not_allowed_says_why_and_a_reply_supplies_the_target(visit: Visit) -> None:
    ada, ben, _ = await meet(visit, "ada", "ben")
    # What is not allowed is grey, and says why.
    await ada.say("rubbish")
    await ben.hears("rubbish")
    await post(ben, "rubbish").click(button="right")
    pin = ben.page.get_by_role("menuitem", name="Pin")
    await expect(pin).to_have_attribute("aria-disabled", "true")
    await expect(pin).to_contain_text("This needs the role")
    await pin.dispatch_event("click")
    await expect(ben.page.get_by_role("dialog")).to_have_count(0)
    await ben.page.keyboard.press("Escape")
    await ben.page.locator("#members").get_by_text(f"@{ada.user}").click()
    mute = ben.page.get_by_role("dialog").get_by_role("button", name="Mute")
    await expect(mute).to_have_attribute("aria-disabled", "true")
    await ben.page.keyboard.press("Escape")
    # A command that replies needs no number.
    await ben.say("CHEAP WATCHES")
    await ada.hears("rubbish", "CHEAP WATCHES")
    await choose(ada, "WATCHES", "Reply")
    await ada.say("/delete advertising again")
    await ben.hears("rubbish", "This message was deleted.")
    await expect(ben.notices.last).to_contain_text("advertising again")
    # A locked group says so where one writes.
    await ada.page.get_by_role("button", name="Run this group").click()
    sheet = ada.page.get_by_role("dialog")
    await sheet.locator("[data-act=lock]").click()
    await expect(sheet).to_contain_text("Everyone may post.")
    await sheet.get_by_role("button", name="1 h").click()
    await sheet.get_by_role("button", name="Do it").click()
    await expect(ben.page.locator("#notice")).to_contain_text("Only owner and admins may post until")
    await ada.page.locator(".note").last.get_by_role("button", name="Undo").click()
    await expect(ben.page.locator("#notice")).to_be_hidden()


async def test_the_log_is_one_stop_of_the_keyboard(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.create("Seed swap")
    for text in ("one", "two", "three"):
        await ada.say(text)
    await ada.hears("one", "two", "three")
    await ada.page.get_by_label("Message", exact=True).focus()
    await ada.page.keyboard.press("Shift+Tab")
    await expect(post(ada, "three")).to_be_focused()
    await ada.page.keyboard.press("ArrowUp")
    await expect(post(ada, "two")).to_be_focused()
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("menuitem", name="👍")).to_be_focused()
    await ada.page.keyboard.press("End")
    await expect(ada.page.get_by_role("menuitem", name="About")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(post(ada, "two")).to_be_focused()
    await ada.page.keyboard.press("Shift+Tab")
    assert await ada.page.evaluate("!document.querySelector('#entries').contains(document.activeElement)")


async def test_numbers_links_and_search_lead_to_their_entry(visit: Visit) -> None:
    ada, ben, code = await meet(visit, "ada", "ben")
    await ada.say("The key is under the third pot")
    seq = str(await post(ada, "third pot").get_attribute("data-seq"))
    await ada.say(f"/pin {seq}")
    await expect(ben.notices.last.get_by_role("link")).to_have_text(f"#{seq}")
    texts = [f"line {number}" for number in range(55)]
    for text in texts:
        await ada.say(text)
    await expect(ben.entries.last).to_have_text("line 54")
    await ben.page.goto("about:blank")
    await ben.page.goto(f"{ben.url}/#{code.replace('-', '')}/{seq}")
    await expect(post(ben, "third pot")).to_be_focused()
    await ben.page.get_by_role("button", name="📌 1").click()
    sheet = ben.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("third pot")
    await sheet.get_by_role("button", name="Close", exact=True).click()
    await ben.say("/search third pot")
    await ben.page.locator(".note").get_by_role("link", name=f"#{seq}").click()
    await expect(post(ben, "third pot")).to_be_in_viewport()


async def test_on_a_phone_holding_a_message_opens_its_menu(visit: Visit) -> None:
    ada, ben, _ = await meet(visit, "ada", "ben", **PHONE)
    await ada.say("Has anyone got chives?")
    await ben.hears("Has anyone got chives?")
    box = await post(ben, "chives").locator(".body").bounding_box()
    assert box is not None
    fingers = await ben.page.context.new_cdp_session(ben.page)
    point = {"x": box["x"] + 20, "y": box["y"] + 8}
    await fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(ben.page.get_by_role("menu")).to_be_visible()
    await fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await ben.page.get_by_role("menuitem", name="Reply").tap()
    await ben.say("Plenty")
    await expect(ada.page.locator("#entries .quote")).to_contain_text("chives?")
    await post(ben, "Plenty").locator(".body").tap()
    await ben.page.get_by_role("button", name="What you can do").tap()
    await expect(ben.page.get_by_role("menu")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await ben.page.go_back()
    await expect(ben.page.locator("#groups")).to_be_visible()
    await ben.page.locator("#groups button").tap()
    await expect(post(ben, "Plenty")).to_be_visible()
    for width in (390, 320):
        await ben.page.set_viewport_size({"width": width, "height": 640})
        assert await ben.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_an_appeal_goes_from_what_one_is_told_to_the_queue_of_the_group(
    visit: Visit, server: RunningServer
) -> None:
    ada, ben, code = await meet(visit, "ada", "ben")
    sheet, cleo_name = ada.page.get_by_role("dialog"), f"cleo-{ada.user}"
    async with Client(server.http) as cleo:
        await cleo.register(cleo_name, PASSWORD)
        group = (await cleo.join(code)).group
        assert group is not None
        await ada.page.get_by_role("button", name="Run this group").click()
        await sheet.locator("[data-act=members]").click()
        await sheet.get_by_label("Find a member").fill("cleo")
        await expect(sheet.get_by_role("listitem")).to_have_count(1)
        await sheet.get_by_role("listitem").get_by_role("button").click()
        await sheet.locator("[data-act=promote]").click()
        await sheet.get_by_label("ban", exact=True).uncheck()
        await expect(sheet.locator(".line code")).to_contain_text(" mute ")
        await sheet.get_by_role("button", name="Do it").click()
        await expect(ada.notices.last).to_contain_text("an admin")
        row = ada.page.locator("#members").get_by_role("button", name=cleo_name)
        await expect(row).to_contain_text("admin")
        await row.click()
        await sheet.locator("[data-act=rights]").click()
        await sheet.get_by_label("pin", exact=True).uncheck()
        await sheet.get_by_label("ban", exact=True).check()
        await expect(sheet.locator(".line code")).to_have_text(f"/rights @{cleo_name} +ban -pin")
        await sheet.get_by_role("button", name="Do it").click()
        await expect(ada.notices.last).to_contain_text("changed what")
        await cleo.run_command(f"/mute @{ben.user} 10m advertising", group.id)
    await expect(ben.page.locator("#notice")).to_contain_text("You are muted until")
    await ben.page.locator("#told-lines").get_by_role("button", name="Appeal").click()
    appeal = ben.page.get_by_role("dialog")
    await appeal.get_by_label("Text").fill("it was a joke")
    await appeal.get_by_role("button", name="Do it").click()
    await expect(ben.page.locator(".note")).to_contain_text("Your appeal is case")
    await ada.page.get_by_role("button", name="Run this group").click()
    await expect(sheet.locator("[data-act=queue]")).to_contain_text("1")
    await sheet.get_by_role("searchbox").fill("/queue")
    await expect(sheet.locator("[data-act]:visible")).to_have_count(1)
    await sheet.locator("[data-act=queue]").click()
    await expect(sheet).to_contain_text("it was a joke")
    await sheet.get_by_role("button", name="Approve").click()
    await sheet.get_by_label("Reason").fill("so it was")
    await sheet.get_by_role("button", name="Do it").click()
    await expect(ada.page.locator(".note").last).to_contain_text("is void")
    await expect(ben.page.locator("#notice")).to_be_hidden()
    await expect(ben.page.locator("#told-lines")).to_contain_text("so it was")


async def test_who_asks_to_join_is_let_in_from_the_panel_and_a_record_is_a_file(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ada.page.get_by_role("button", name="Run this group").click()
    sheet = ada.page.get_by_role("dialog")
    await sheet.locator("[data-act=joinmode]").click()
    await sheet.get_by_role("combobox").select_option("approval")
    await expect(sheet.locator(".line code")).to_have_text("/joinmode approval")
    await sheet.get_by_role("button", name="Do it").click()
    await expect(ada.notices.last).to_contain_text("approval")
    await ben.register()
    # What is one's own is at hand without any group.
    await ben.page.locator("#account").click()
    await ben.page.get_by_role("dialog").locator("[data-act=verify]").click()
    await expect(ben.page.get_by_role("dialog")).to_contain_text("identity")
    await ben.page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    await ben.page.get_by_role("button", name="Join", exact=True).click()
    await ben.page.get_by_role("dialog").get_by_label("Group code").fill(code)
    await ben.page.get_by_role("dialog").get_by_role("button", name="Join").click()
    await expect(ben.page.locator("#toast")).to_contain_text("waiting for the group")
    await ada.page.get_by_role("button", name="Run this group").click()
    await sheet.locator("[data-act=requests]").click()
    await sheet.get_by_role("button", name="Let in").click()
    await sheet.get_by_role("button", name="Do it").click()
    await expect(ben.page.locator("#groups")).to_contain_text("Seed swap")
    await ada.page.get_by_role("button", name="Run this group").click()
    await sheet.locator("[data-act=export]").click()
    async with ada.page.expect_download() as coming:
        await sheet.get_by_role("button", name="Do it").click()
    assert (await coming.value).suggested_filename == "folkmoot-Seed swap.jsonl"
    await ada.page.keyboard.press("Escape")
    # A group that is founded by a typed line is opened, too.
    await ada.say("/create Compost club")
    await expect(ada.page.locator("#group-name")).to_have_text("Compost club")


async def test_names_and_quotes_are_as_the_server_has_them(visit: Visit) -> None:
    ada, ben, _ = await meet(visit, "ada", "ben")
    await ada.say("first")
    await ben.hears("first")
    await choose(ben, "first", "Reply")
    await ben.say(f"hear, @{ada.user.upper()}. And mail@{ada.user} is none, #1 is there, #999999 not")
    await expect(ada.page.locator("#entries .body .seq")).to_have_text(["#1"])
    await expect(ada.page.locator("#entries .mention.me")).to_have_text([f"@{ada.user.upper()}"])
    await ben.page.get_by_role("log").get_by_text(ada.user, exact=True).first.click()
    await ben.page.get_by_role("dialog").locator("[data-act=ignore]").click()
    await ben.page.get_by_role("dialog").get_by_role("button", name="Do it").click()
    await ben.page.reload()
    await expect(ben.page.locator("#entries .quote")).to_contain_text("You ignore")


FIELDS = """async all => {
  const { fieldsOf } = await import("/acts.js");
  return Object.fromEntries(Object.entries(all).map(([name, args]) => [name, args.flatMap(fieldsOf)]));
}"""


async def test_each_argument_of_each_command_has_a_field_that_fits(visit: Visit) -> None:
    page = (await visit("nobody")).page
    rows = {row.name: [msgspec.to_builtins(one.describe()) for one in row.arguments] for row in COMMANDS}
    found = await page.evaluate(FIELDS, rows)
    fields = {(name, field["name"]): field for name, all_of in found.items() for field in all_of}
    for (command, name), field in fields.items():
        assert re.fullmatch(r"[\w=/ ]+|\w[\w-]*(\|[\w-]+)+|name…> \[category", name), (command, name)
        assert not field["isNeeded"] or not rows[command][0].get("optional"), (command, name)
    kinds = {key: fields[key]["kind"] for key in fields}
    assert kinds["mute", "duration"] == kinds["ban", "duration"] == kinds["slow", "duration"] == "duration"
    assert kinds["word", "refuse|hold|flag"] == kinds["joinmode", "open|approval|question|invite|closed"] == "choice"
    assert fields["slow", "duration"]["words"] == ["off"]
    assert [field["name"] for field in found["ban"]] == ["user", "duration", "reason"]
    assert [field["name"] for field in found["export"]] == []
