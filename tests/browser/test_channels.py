"""Channels in the page: home, a channel, a post with its comments; and the pages for who has no account."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from folkmoot_client.sdk import Client
from folkmoot_protocol import MediaRef
from tests.browser.conftest import NUMBERS, Visit
from tests.browser.visitor import PASSWORD
from tests.builders.pictures import planted_picture
from tests.integration.client.commands import folkmoot
from tests.integration.running import RunningServer
from tests.integration.test_public_channels import NEWS

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTHS = (1280, 390, 320)
LONG = "Bean" * 40 + " https://example.org/" + "path/" * 30 + " 豆子" * 20
ASKED = "May I? <b>" + "Bean" * 40
PICTURES = os.environ.get("FOLKMOOT_PICTURES", "")
"""A folder for pictures of what is tested, where one wants to look at it."""


async def in_all_widths(page: Page, name: str) -> None:
    """See that the page never scrolls sideways, on a desk and on two phones."""
    before = page.viewport_size
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 760})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        sideways = """[...document.querySelectorAll("#flow, #publish, #channels-head, #side")]
            .filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.id)"""
        assert await page.evaluate(sideways) == [], (name, width)
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png")
    if before:
        await page.set_viewport_size(before)


async def test_one_publishes_and_others_follow_read_and_comment(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register("Ada")
    await ada.page.get_by_role("link", name="My channel").click()
    await expect(ada.page.locator("#nothing")).to_have_text("Your first post opens your channel.")
    field = ada.page.get_by_label("Write a post")
    await field.fill("Chives are up.")
    await ada.page.get_by_role("button", name="Publish").click()
    await expect(ada.page.locator(".item .body")).to_have_text(["Chives are up."])
    await expect(ada.page.locator("#channels-title")).to_have_text("Ada")
    await ben.register("Ben")
    await ben.page.get_by_role("link", name="Home").click()
    await expect(ben.page.locator("#nothing")).to_contain_text("Nothing here yet")
    await ben.page.get_by_label("Name of a channel").fill(f"@{ada.user}")
    await ben.page.keyboard.press("Enter")
    await ben.page.get_by_role("button", name="Follow").click()
    await expect(ben.page.get_by_role("button", name="Unfollow")).to_be_visible()
    await expect(ben.page.locator("#channels-words")).to_contain_text("1 follower")
    await ben.page.get_by_role("link", name="Home").click()
    await expect(ben.page.locator(".item .body")).to_have_text(["Chives are up."])
    # What comes while one reads is told, and shown when one asks for it.
    await field.fill(f"And {LONG}")
    await field.press("Control+Enter")
    fresh = ben.page.get_by_role("button", name="1 new post")
    await expect(fresh).to_be_visible()
    await expect(ben.page.locator(".item")).to_have_count(1)
    await in_all_widths(ben.page, "home-fresh")
    await fresh.focus()
    await ben.page.keyboard.press("Enter")
    await expect(ben.page.locator(".item")).to_have_count(2)
    await expect(fresh).to_be_hidden()
    await in_all_widths(ben.page, "home")
    # Repeated in one's own channel it shows what it repeats.
    await ben.page.locator(".item").last.get_by_role("button", name="Repost").click()
    await expect(ben.page.locator("#toast")).to_contain_text("in your channel")
    await ben.page.get_by_role("link", name="My channel").click()
    await expect(ben.page.locator(".original .body")).to_have_text("Chives are up.")
    await in_all_widths(ben.page, "repost")
    await ben.page.get_by_role("link", name="Home").click()
    await expect(ben.page.locator(".item")).to_have_count(2)
    # By the keyboard alone: from the post to its comments.
    comments = ben.page.locator(".item").last.get_by_role("link", name="Comments")
    await comments.focus()
    await ben.page.keyboard.press("Enter")
    await expect(ben.page).to_have_url(re.compile(rf"#@{ada.user}/\d+$"))
    await expect(ben.page.locator(".item.whole .body")).to_have_text("Chives are up.")
    await ben.page.get_by_label("Write a comment").fill(f"Here too, @{ada.user} {LONG}")
    await ben.page.get_by_role("button", name="Comment", exact=True).click()
    await expect(ben.page.locator(".item.comment")).to_have_count(1)
    await ben.page.get_by_role("button", name="Reply to Ben").click()
    await ben.page.get_by_label("Write a comment").fill("I mean mine.")
    await ben.page.keyboard.press("Control+Enter")
    await expect(ben.page.locator(".item.comment .quote")).to_have_text("Reply to Ben")
    await in_all_widths(ben.page, "thread")
    # One's own comments are edited, and nobody else's: all read what they say now, and that they were edited.
    edit = ben.page.get_by_role("button", name="Edit", exact=True)
    await expect(edit).to_have_count(2)
    await edit.last.click()
    await expect(ben.page.get_by_label("Write a comment")).to_have_value("I mean mine.")
    await ben.page.get_by_role("button", name="Cancel").click()
    await expect(ben.page.get_by_label("Write a comment")).to_have_value("")
    await edit.last.click()
    await ben.page.get_by_label("Write a comment").fill("I mean ours.")
    await ben.page.keyboard.press("Control+Enter")
    await expect(ben.page.locator(".item.comment").last).to_contain_text("(edited)")
    await expect(ben.page.locator(".item.comment .body").last).to_have_text("I mean ours.")
    public = await (await ben.page.request.get(f"{ben.url}/{ben.page.url.partition('#')[2]}")).text()
    assert "I mean ours." in public
    assert "I mean mine." not in public
    assert "edited" in public.partition("I mean ours.")[0].rpartition("Here too")[2]
    # Its editor removes a comment, and then the post.
    await ada.page.goto(ben.page.url)
    ada.page.on("dialog", lambda dialog: dialog.accept())
    await expect(ada.page.get_by_role("button", name="Delete")).to_have_count(3)
    await expect(ada.page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    await ada.page.locator(".item.comment").last.get_by_role("button", name="Delete").click()
    await expect(ada.page.locator(".item.comment .gone")).to_have_count(1)
    await in_all_widths(ada.page, "editor")
    await ada.page.locator(".item.whole").get_by_role("button", name="Delete").click()
    await expect(ada.page.locator(".item .body")).to_have_text([f"And {LONG}"])
    await in_all_widths(ada.page, "channel")
    # A name leads to its channel, and the way back is the browser's.
    await ada.page.go_back()
    await expect(ada.page.locator("#nothing")).to_contain_text("no such entry")


async def test_ones_channel_has_its_own_door_and_those_that_one_edits_stand_among_the_groups(
    visit: Visit, server: RunningServer
) -> None:
    ada = await visit("ada")
    await ada.register("Ada")
    await ada.create("Seed swap")
    name = f"star-{ada.user}"
    async with Client(server.http) as star:
        await star.register(name, PASSWORD)
        await star.post(f"@{name}", "First.")
        channel = await star.get_channel(f"@{name}")
        await star.run_command(f"/invite @{ada.user}", channel.id)
        await ada.page.get_by_role("link", name="My channel").click()
        await ada.page.get_by_label("Write a post").fill("Chives are up.")
        await ada.page.get_by_role("button", name="Publish").click()
        await expect(ada.page.locator(".item .body")).to_have_text(["Chives are up."])
        await ada.page.goto(f"{ada.url}/#{channel.id}")
        await ada.page.get_by_role("dialog").get_by_role("button", name="Join").click()
        groups = ada.page.locator("#groups").get_by_role("button")
        await expect(groups).to_have_count(2)
        await ada.page.reload()
        await expect(groups).to_have_count(2)
        await star.post(f"@{name}", "Second.")
        await expect(groups.filter(has_text=name)).to_contain_text("Second.")
        await expect(ada.page).to_have_title("Folkmoot")
        await groups.filter(has_text=name).click()
        await expect(ada.page.locator(".item .body")).to_have_text(["Second.", "First."])
        # By keyboard it opens as by a click, and one goes on from it.
        await ada.page.keyboard.press("Alt+ArrowDown")
        await expect(ada.page.locator("#group-name")).to_have_text("Seed swap")
        await ada.page.keyboard.press("Alt+ArrowDown")
        await expect(ada.page.locator(".item .body")).to_have_text(["Second.", "First."])
        await expect(ada.page.locator("#room")).to_be_hidden()


async def test_editors_decide_who_comments_and_apply_for_what_is_granted(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben", viewport={"width": 390, "height": 760})
    await ada.register("Ada")
    await ben.register("Ben")
    page = ada.page
    await page.get_by_role("link", name="My channel").click()
    await page.get_by_label("Write a post").fill("First.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".item .body")).to_have_text(["First."])
    # For the next post, and for one that is there.
    await page.get_by_label("Who may comment").select_option("closed")
    await page.get_by_label("Write a post").fill("Second.")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".item .body")).to_have_text(["Second.", "First."])
    await page.locator(".item").first.get_by_role("link", name="Comments").click()
    await expect(page.locator("#policy")).to_have_text("Nobody may comment.")
    await page.get_by_label("Who may comment").select_option("approval")
    await expect(page.locator("#policy")).to_have_text("Comments are read by an editor before they are shown.")
    await ben.page.goto(page.url)
    await ben.page.get_by_label("Write a comment").fill(ASKED)
    await ben.page.get_by_role("button", name="Comment", exact=True).click()
    await expect(ben.page.locator("#publish-complaint")).to_contain_text("You need not send it again")
    await expect(ben.page.get_by_role("button", name="Apply")).to_be_hidden()
    await page.get_by_role("link", name="My channel").click()
    await page.get_by_role("button", name="Waiting comments: 1").click()
    sheet = page.locator("#sheet")
    await expect(sheet.locator("pre")).to_contain_text(ASKED)
    await in_all_widths(page, "waiting")
    await sheet.get_by_role("button", name="Approve").click()
    await sheet.get_by_role("button", name="Do it").click()
    await expect(sheet).to_be_hidden()
    await page.get_by_role("link", name="My channel").click()
    await expect(page.get_by_role("button", name="Waiting comments")).to_be_hidden()
    await page.locator(".item").first.get_by_role("link", name="Comments").click()
    await expect(page.locator(".item.comment .body")).to_have_text(ASKED)
    await page.get_by_role("link", name="My channel").click()
    # What the operator asks for stands in the form.
    await page.get_by_role("button", name="Apply").click()
    await sheet.get_by_role("button", name="Open a public account").click()
    await sheet.get_by_label("Handle").fill(f"{ada.user}.news")
    await sheet.get_by_label("Its name").fill("The News")
    await in_all_widths(page, "apply")
    await sheet.get_by_role("button", name="Do it").click()
    await expect(sheet.locator("pre")).to_contain_text("Your application is case")
    await page.locator("#sheet-close").click()
    await page.get_by_role("button", name="Apply").click()
    await sheet.get_by_role("button", name="Ask for a badge").click()
    await sheet.get_by_label("Name on the badge").fill("Ada")
    await sheet.get_by_label("Authorisation").fill("authorisation=7")
    await sheet.get_by_label("charter").fill("charter=8")
    await expect(sheet.locator("code")).to_have_text(f"/apply badge @{ada.user} Ada authorisation=7 charter=8")
    await in_all_widths(page, "badge")
    await sheet.get_by_role("button", name="Do it").click()
    await expect(sheet.locator("pre")).to_contain_text("Your application is case")


async def test_editors_say_of_which_category_a_post_is_that_takes_a_licence(visit: Visit, tmp_path: Path) -> None:
    server = RunningServer(tmp_path, **{f"FOLKMOOT_{name.upper()}": value for name, value in NEWS.items()})
    made = await folkmoot("init", "--data", str(server.data), "--user", "root", stdin=PASSWORD + "\n")
    assert made.code == 0, made.err
    await server.start()
    try:
        ada = await visit("ada", server)
        await ada.register("Ada")
        async with Client(server.ws) as root:
            await root.login("root", PASSWORD)
            for line in ("/apply channel daily.news News", "/apply licence @daily.news news publish 10120170002"):
                async with Client(server.ws) as editor:
                    await editor.login(ada.user, PASSWORD)
                    case = (await editor.run_command(line)).data["case"]
                await root.admin("application", "approve", target=case, reason="in order")
        await ada.page.goto(f"{server.http}/#@daily.news")
        await ada.page.get_by_label("Category").select_option("news")
        await ada.page.get_by_label("Write a post").fill("An event.")
        await in_all_widths(ada.page, "category")
        await ada.page.get_by_role("button", name="Publish").click()
        await expect(ada.page.locator(".item .body")).to_have_text(["An event."])
        async with Client(server.ws) as reader:
            await reader.login("root", PASSWORD)
            (post,) = (await reader.get_posts("@daily.news")).posts
        assert post.entry.data == {"category": "news"}
    finally:
        assert await server.stop() == 0


async def test_new_posts_are_counted_over_a_break_and_in_chinese(visit: Visit, own_server: RunningServer) -> None:
    star, mei = (
        f"star{next(NUMBERS)}",
        await visit("mei", own_server, locale="zh-CN", viewport={"width": 390, "height": 760}),
    )
    async with Client(own_server.ws) as client:
        await client.register(star, PASSWORD)
        await client.post(f"@{star}", "<b>one</b>")
    await mei.page.get_by_role("button", name="English").click()
    await mei.register()
    await mei.page.get_by_role("button", name="中文").click()
    await mei.page.evaluate(f"location.hash = '#@{star}'")
    await mei.page.get_by_role("button", name="关注", exact=True).click()
    await expect(mei.page.locator(".item .body")).to_have_text(["<b>one</b>"])
    await mei.page.evaluate("location.hash = '#home'")
    await expect(mei.page.locator(".item")).to_have_count(1)
    await mei.page.context.set_offline(True)
    await own_server.kill()
    await own_server.start()
    async with Client(own_server.ws) as client:
        await client.login(star, PASSWORD)
        await client.post(f"@{star}", "two")
        await client.post(f"@{star}", "three")
    await mei.page.context.set_offline(False)
    fresh = mei.page.get_by_role("button", name="2 条新帖子")
    await fresh.click()
    await expect(mei.page.locator(".item .body")).to_have_text(["three", "two", "<b>one</b>"])
    await in_all_widths(mei.page, "chinese")


async def test_pictures_and_what_editors_chose_are_shown(visit: Visit, server: RunningServer) -> None:
    star = f"star{next(NUMBERS)}"
    async with Client(server.ws) as client:
        await client.register(star, PASSWORD)
        picture = await client.upload(planted_picture(size=(1200, 800)))
        post = await client.post(f"@{star}", "", media=[MediaRef(id=picture["id"], alt="a round thing")])
        channel = (await client.get_channel(f"@{star}")).id
        comment = await client.post(channel, "Well seen", thread=post.seq)
        await client.post(channel, "Beside the point", thread=post.seq)
        await client.run_command(f"/pin {comment.seq}", channel)
        await client.run_command("/comments closed", channel)
    ada = await visit("ada")
    await ada.register()
    await ada.page.evaluate(f"location.hash = '#@{star}/{post.seq}'")
    await expect(ada.page.locator("#posts h2")).to_have_text(["Chosen by the editors", "Comments"])
    await expect(ada.page.locator(".comment .body")).to_have_text(["Well seen", "Well seen", "Beside the point"])
    await expect(ada.page.locator("#policy")).to_have_text("Nobody may comment.")
    await expect(ada.page.locator("#publish")).to_be_hidden()
    shown = ada.page.get_by_role("img", name="a round thing")
    await expect(shown).to_have_js_property("complete", True)
    assert await shown.evaluate("picture => picture.naturalWidth") > 0
    await in_all_widths(ada.page, "picture")
    await ada.page.goto(f"{server.http}/@{star}/{post.seq}")
    shown = ada.page.get_by_role("img", name="a round thing")
    await expect(shown).to_have_js_property("complete", True)
    assert await shown.evaluate("picture => picture.naturalWidth") > 0


async def test_one_publishes_pictures_with_words_for_who_does_not_see(visit: Visit) -> None:
    ada = await visit("ada", viewport={"width": 320, "height": 760})
    page = ada.page
    await ada.register()
    await page.evaluate(f"location.hash = '#@{ada.user}'")
    files = page.locator("#publish").get_by_label("Add pictures, sound or films")
    await files.set_input_files(
        [
            {
                "name": "a very long name of a picture of beans.jpg",
                "mimeType": "image/jpeg",
                "buffer": planted_picture(),
            },
            {"name": "page.html", "mimeType": "image/png", "buffer": b"<html><script>alert(1)</script>"},
        ]
    )
    await expect(page.locator("#attached li")).to_have_count(2)
    await expect(page.locator("#attached progress")).to_have_count(0)
    await expect(page.locator("#attached [role=alert]").last).not_to_be_empty()
    await page.get_by_label("Describe it in words").fill("Beans on a string")
    await in_all_widths(page, "attach")
    await page.get_by_role("button", name="Publish").click()
    shown = page.get_by_role("img", name="Beans on a string")
    await expect(shown).to_be_visible()
    await expect(page.locator("#attached li")).to_have_count(0)
    await expect(page.locator(".item")).to_have_count(1)
    # What is refused is a line in the console of the browser, too.
    ada.problems = [problem for problem in ada.problems if "422" not in problem]


async def test_pages_for_anybody_fit_a_phone_and_need_no_script(visit: Visit, server: RunningServer) -> None:
    star = f"star{next(NUMBERS)}"
    async with Client(server.ws) as client:
        await client.register(star, PASSWORD, display_name="豆子与 Beans")
        seq = 0
        for text in ("Short.", f"{LONG}\n\n{LONG}", "第三条：https://example.org/豆子"):
            seq = (await client.post(f"@{star}", text)).seq or 0
        await client.post(f"@{star}", f"A comment {LONG}", thread=seq)
    reader = await visit("reader", java_script_enabled=False, locale="zh-CN")
    page = reader.page
    for path, name in ((f"/@{star}", "public"), (f"/@{star}/{seq}", "public-post")):
        await page.goto(server.http + path)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 760})
            body = page.locator("body")
            assert await body.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            if PICTURES:
                await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png")
    await page.goto(f"{server.http}/@{star}")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.locator("article")).to_have_count(3)
    await page.locator("article time").first.click()
    await expect(page.locator("h2")).to_have_text("评论")
