"""What a screen reader is told of the main views: each control by a name, where one is by headings and landmarks."""

from collections import Counter

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMED = {
    *("button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "menuitem", "option", "listbox"),
    *("menu", "tab", "heading", "dialog", "region", "radiogroup", "group", "log", "navigation", "article"),
}

Told = Counter[tuple[str, str]]
"""How often a role with a name is there."""


async def tree_of(visitor: Visitor) -> Told:
    """Return what is told of the page as it is shown, from Chromium's own tree; nothing there is without a name."""
    session = await visitor.page.context.new_cdp_session(visitor.page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    shown = [node for node in nodes if not node["ignored"]]
    told = Counter((node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown)
    assert [role for role, name in told if role in NAMED and not name.strip()] == []
    return told


def missing(told: Told, *wanted: tuple[str, str]) -> list[tuple[str, str]]:
    """Return what is not told; a name may go on after what is wanted, and is in capitals where it is shown so."""
    return [
        one
        for one in wanted
        if not any(role == one[0] and name.casefold().startswith(one[1].casefold()) for role, name in told)
    ]


async def test_each_view_is_told_by_names_and_roles(visit: Visit) -> None:
    ada = await visit("ada")
    page, sheet = ada.page, ada.page.get_by_role("dialog")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    told = await tree_of(ada)
    assert not missing(
        told,
        *(("main", ""), ("heading", "Folkmoot"), ("radiogroup", "Sign in"), ("radio", "Create account")),
        *(("textbox", "User name"), ("textbox", "Password"), ("button", "Sign in"), ("button", "中文")),
    )
    await ada.register("Ada")
    await ada.create("Seed swap", "What is sprouting")
    await ada.say("Has anyone got chives?")
    await ada.hears("Has anyone got chives?")
    told = await tree_of(ada)
    assert not missing(
        told,
        *(("navigation", "Channels"), ("navigation", "Your groups"), ("button", "Seed swap"), ("link", "Home")),
        *(("heading", "Seed swap owner"), ("log", ""), ("textbox", "Message"), ("button", "Send")),
        *(("complementary", "Members"), ("button", f"Ada @{ada.user} owner"), ("button", "Run this group")),
        *(("main", ""), ("article", ""), ("link", "Skip to the message field"), ("button", "Sign out")),
    )
    # What is shown of the group that is open is said once.
    assert sum(count for (role, _name), count in told.items() if role == "main") == 1
    await page.locator("article .name").click()
    await expect(sheet.locator("[data-act=nick]")).to_be_visible()
    told = await tree_of(ada)
    assert not missing(
        told,
        ("dialog", "Your account"),
        ("heading", "Your account"),
        ("button", "Close"),
        ("button", "Change password"),
    )
    # Whatever lies under a window is not told while it is open.
    assert missing(told, ("textbox", "Message"))
    await sheet.get_by_role("button", name="Close", exact=True).click()
    await page.get_by_role("button", name="Run this group").click()
    await expect(sheet.locator("[data-act=lock]")).to_be_visible()
    told = await tree_of(ada)
    assert not missing(
        told,
        *(
            ("dialog", "Seed swap"),
            ("heading", "Seed swap"),
            ("searchbox", ""),
            ("button", "Let only owner and admins post"),
        ),
        *(("heading", "People"), ("heading", "On record")),
    )
    await sheet.locator("[data-act=lock]").click()
    await expect(sheet.get_by_role("button", name="Do it")).to_be_visible()
    assert not missing(await tree_of(ada), ("textbox", "How long"), ("button", "1 h"), ("button", "Back"))
    await sheet.get_by_role("button", name="Close", exact=True).click()
    await see_channels(ada)


async def see_channels(ada: Visitor) -> None:
    """The box, home, a channel and a thread."""
    page = ada.page
    await page.get_by_role("link", name="Box").click()
    await expect(page.get_by_role("heading", name="Box")).to_be_visible()
    assert not missing(await tree_of(ada), ("heading", "Box"), ("main", ""), ("link", "Box"))
    await page.get_by_role("link", name="Home").click()
    await expect(page.locator("#nothing")).not_to_be_empty()
    told = await tree_of(ada)
    assert not missing(told, ("heading", "Home"), ("textbox", "Name of a channel"), ("button", "Open"))
    await page.get_by_role("link", name="My channel").click()
    await page.get_by_label("Write a post").fill("Chives are up.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".item .body")).to_have_text(["Chives are up."])
    told = await tree_of(ada)
    assert not missing(
        told,
        *(("region", "Ada"), ("heading", "Ada"), ("article", ""), ("textbox", "Write a post")),
        *(("button", "Publish"), ("link", "Comments"), ("button", "Delete"), ("combobox", "Who may comment")),
    )
    await page.locator(".item").get_by_role("link", name="Comments").click()
    await page.get_by_label("Write a comment").fill("Here too.")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.locator(".item.comment .body")).to_have_text(["Here too."])
    told = await tree_of(ada)
    assert not missing(told, ("button", "Reply to Ada"), ("textbox", "Write a comment"), ("link", "All posts"))
