"""One story from the first account to a mute overturned on appeal, in two browsers at once: on desktops, and on phones
by touch."""

import re

import pytest
from playwright.async_api import Locator, expect

from folkmoot_client.sdk import Client
from tests.browser.conftest import Visit
from tests.browser.visitor import PASSWORD, Visitor
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Player:
    """A visitor who has a pointer or, on a phone, fingers."""

    def __init__(self, visitor: Visitor, has_touch: bool) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.has_touch = has_touch
        self.sheet = self.page.get_by_role("dialog")
        self.notice = self.page.locator("#notice")

    async def press(self, what: Locator) -> None:
        """Click at something, or tap it."""
        await (what.tap() if self.has_touch else what.click())

    def post(self, text: str) -> Locator:
        """The post that says a text."""
        return self.page.locator("#entries article", has=self.page.locator(".body", has_text=text)).first

    async def choose(self, text: str, item: str) -> None:
        """Open the menu of a post by the other button or by holding it, and choose an item."""
        if self.has_touch:
            await self.hold(self.post(text).locator(".body"))
        else:
            await self.post(text).click(button="right")
        await self.press(self.page.get_by_role("menuitem", name=item, exact=True))

    async def hold(self, what: Locator) -> None:
        """Hold something until the menu is there."""
        box = await what.bounding_box()
        assert box is not None
        fingers = await self.page.context.new_cdp_session(self.page)
        point = {"x": box["x"] + 20, "y": box["y"] + 8}
        await fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        await expect(self.page.get_by_role("menu")).to_be_visible()
        await fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await fingers.detach()

    async def do_it(self) -> None:
        """Send the form that is open, and wait until it is gone."""
        await self.press(self.sheet.get_by_role("button", name="Do it"))
        await expect(self.sheet).to_be_hidden()

    async def close_cards(self) -> None:
        """Close the answers to what one has done: they stay until one does."""
        while await self.page.locator(".note").count():
            await self.press(self.page.locator(".note").first.get_by_role("button", name="Close", exact=True))

    async def go_to_the_list(self) -> None:
        """Leave what is shown for the list of groups, where there is not room for both."""
        if self.has_touch:
            await self.press(self.page.get_by_role("button", name="Back to the groups").locator("visible=true"))

    async def open_box(self) -> Locator:
        """Go to where one finds what one is told; return what stands there."""
        await self.go_to_the_list()
        await self.press(self.page.get_by_role("link", name="Box"))
        return self.page.locator("#page-body")

    async def go_to_the_group(self) -> None:
        """Show the group again."""
        await self.go_to_the_list()
        await self.press(self.page.locator("#groups button").first)

    async def fits(self) -> None:
        """Nothing is wider than the screen."""
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_from_the_first_account_to_a_mute_undone(
    visit: Visit, server: RunningServer, options: dict[str, object]
) -> None:
    has_touch = options is PHONE
    ada, ben = [Player(await visit(name, **options), has_touch) for name in ("ada", "ben")]
    code = await meet_by_invitation(ada, ben)
    await talk(ada, ben)
    async with Client(server.http) as cleo:
        await cleo.register(f"cleo-{ada.visitor.user}", PASSWORD)
        await ada.visitor.say(f"/invite @cleo-{ada.visitor.user}")
        await expect(ada.page.locator(".note").last).to_contain_text("cleo")
        await cleo.join(code)
        await ada.visitor.say(f"/promote @cleo-{ada.visitor.user} mute")
        await expect(ada.visitor.notices.last).to_contain_text("an admin")
        await mute_by_card(ada, ben)
        await appeal(ben)
        # Somebody else than who muted decides.
        [waiting] = (await cleo.run_command("/queue", code)).data["appeals"]
        await cleo.run_command(f"/queue approve {waiting['case']} it was a joke", code)
    await expect(ben.page.locator("#page-body")).to_contain_text("it was a joke")
    await ben.go_to_the_group()
    await expect(ben.notice).to_be_hidden()
    await ben.visitor.say("Thank you. Back to the seeds.")
    await expect(ada.visitor.entries.last).to_have_text("Thank you. Back to the seeds.")
    for player in (ada, ben):
        await expect(player.visitor.notices.last).to_contain_text("it was a joke")
        await player.fits()


async def meet_by_invitation(ada: Player, ben: Player) -> str:
    """Two accounts, a group that is entered by invitation, and the invitation; return the group's code."""
    await ada.visitor.register()
    await ben.visitor.register()
    await ada.press(ada.page.get_by_role("button", name="New group"))
    await ada.sheet.get_by_label("Name").fill("Seed swap")
    await ada.sheet.get_by_label("Who may join").select_option("invite")
    await ada.press(ada.sheet.get_by_role("button", name="New group"))
    await ada.press(ada.page.get_by_role("button", name="Run this group"))
    await ada.press(ada.sheet.locator("[data-act=invite]"))
    await ada.sheet.get_by_label("Whom").fill(f"@{ben.visitor.user}")
    await ada.do_it()
    await expect(ada.page.locator(".note")).to_have_count(1)
    await ada.close_cards()
    code = await ada.page.locator("#code").text_content()
    assert code is not None
    await ben.press(ben.page.get_by_role("button", name="Join", exact=True))
    await ben.sheet.get_by_label("Group code").fill(code)
    await ben.press(ben.sheet.get_by_role("button", name="Join"))
    await expect(ben.page.locator("#group-name")).to_have_text("Seed swap")
    await expect(ada.visitor.notices.last).to_contain_text(f"@{ben.visitor.user} joined")
    return code.replace("-", "")


async def talk(ada: Player, ben: Player) -> None:
    """Posts, a reply, a reaction, an edit and a deletion; each sees what the other does."""
    await ada.visitor.say("Has anyone got chives?")
    await ben.visitor.hears("Has anyone got chives?")
    await ben.choose("chives", "Reply")
    await ben.visitor.say("Plenty, by the fence.")
    await ada.visitor.hears("Has anyone got chives?", "Plenty, by the fence.")
    await expect(ada.page.locator("#entries .quote")).to_contain_text("chives?")
    await ben.choose("anyone", "👍")
    await ada.visitor.hears("Has anyone got chives? 👍 1", "Plenty, by the fence.")
    await ada.choose("anyone", "Edit")
    await ada.sheet.get_by_label("Text").fill("Has anybody got chives?")
    await ada.do_it()
    await ben.visitor.hears("Has anybody got chives? (edited) 👍 1", "Plenty, by the fence.")
    await ben.visitor.say("CHEAP WATCHES")
    await expect(ada.visitor.entries).to_have_count(3)
    await ada.choose("WATCHES", "Delete")
    await ada.do_it()
    await ben.visitor.hears(
        "Has anybody got chives? (edited) 👍 1", "Plenty, by the fence.", "This message was deleted."
    )


async def mute_by_card(ada: Player, ben: Player) -> None:
    """Click the name, choose how long, say why; the form shows the command that does the same."""
    await ada.close_cards()
    await ada.press(ada.post("by the fence").locator(".name"))
    await ada.press(ada.sheet.get_by_role("button", name="10 min"))
    await ada.sheet.get_by_label("Reason").fill("advertising")
    await expect(ada.sheet.locator(".line code")).to_have_text(f"/mute @{ben.visitor.user} 10m advertising")
    await ada.do_it()
    await expect(ben.visitor.notices.last).to_contain_text(
        re.compile(f"@{ada.visitor.user} muted @{ben.visitor.user} until .*advertising")
    )


async def appeal(ben: Player) -> None:
    """The muted one reads why and until when, and appeals from the box."""
    await expect(ben.notice).to_contain_text("You are muted until")
    await ben.visitor.say("may I?")
    await expect(ben.page.locator("#complaint")).to_contain_text("muted")
    await ben.visitor.page.get_by_label("Message", exact=True).fill("")
    box = await ben.open_box()
    muted = box.get_by_role("listitem").filter(has_text="You were muted")
    await expect(muted).to_contain_text("advertising")
    await ben.press(muted.get_by_role("button", name="Appeal"))
    await ben.sheet.get_by_label("Text").fill("I only asked who wants them")
    await ben.press(ben.sheet.get_by_role("button", name="Do it"))
    await expect(ben.page.get_by_text("Your appeal is case")).to_be_visible()
    await ben.page.keyboard.press("Escape")
