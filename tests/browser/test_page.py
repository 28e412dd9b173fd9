"""The page at `/` in a real browser against a real server."""

import json
import re
import time
from base64 import b32decode
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import expect
from pygments.lexers.javascript import JavascriptLexer

from folkmoot_client.sdk import Client
from folkmoot_protocol.exported import schemas
from folkmoot_server.crypto.one_time_codes import STEP_S, code_at
from folkmoot_server.http.short_names import Token, variables
from tests.browser.conftest import Visit
from tests.browser.visitor import PASSWORD
from tests.builders.schema import assert_valid
from tests.cluster.polling import until
from tests.integration.client.commands import folkmoot
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_people_meet_and_talk(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register("Ada")
    code = await ada.create("Seed swap", "What is sprouting")
    assert re.fullmatch(r"[1-9]\d{3}-\d{4}-\d{4}", code)
    await ben.register()
    await ben.join(code)
    await expect(ada.notices.last).to_contain_text(f"@{ben.user} joined")
    await ada.say("Has anyone got chives?")
    await ben.hears("Has anyone got chives?")
    await ben.say("Plenty, by the fence.")
    for visitor in (ada, ben):
        await visitor.hears("Has anyone got chives?", "Plenty, by the fence.")
    await expect(ben.page.locator("article header").first).to_contain_text("Ada owner founder")
    await expect(ada.page.locator("#members li")).to_contain_text([f"@{ada.user}", f"@{ben.user}"])


async def test_the_session_outlives_a_reload_and_ends_when_one_signs_out(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.create("Seed swap")
    await ada.say("Still here?")
    await ada.hears("Still here?")
    await ada.page.reload()
    await ada.sees_own_name()
    await ada.hears("Still here?")
    await ada.page.get_by_role("button", name="Sign out").click()
    await expect(ada.page.get_by_label("Password", exact=True)).to_be_visible()
    await ada.page.reload()
    await ada.sign_in("not the password at all")
    await expect(ada.page.get_by_role("alert").first).to_contain_text("password is wrong")
    await ada.sign_in()
    await ada.sees_own_name()


async def test_one_changes_the_password_and_gives_a_code_where_it_is_asked_for(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.page.get_by_role("button", name="Change password").click()
    dialog = ada.page.get_by_role("dialog", name="Change password")
    await dialog.get_by_label("Your password").fill("not the password at all")
    await dialog.get_by_label("The new one").fill("nine dry larks sleep")
    await dialog.get_by_role("button", name="Change password").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("password is wrong")
    await dialog.get_by_label("Your password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Change password").click()
    await expect(ada.page.locator("#toast")).to_contain_text("Your password has been changed")
    await ada.page.get_by_role("button", name="Sign out").click()
    await ada.page.get_by_role("radio", name="I have a code").check(force=True)
    await ada.page.get_by_label("Code for another password").fill("none-of-them")
    await ada.sign_in("nine dry larks sleep")
    await expect(ada.page.get_by_role("alert").first).to_contain_text("does not fit this account")
    await ada.page.get_by_role("radio", name="Sign in").check(force=True)
    await ada.sign_in("nine dry larks sleep")
    await ada.sees_own_name()


async def test_the_second_factor_is_asked_for_at_the_gate(visit: Visit, server: RunningServer) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.page.get_by_role("button", name="Sign out").click()
    async with Client(server.http) as client:
        await client.login(ada.user, PASSWORD)
        begun = await client.second_factor("begin", password=PASSWORD)
        assert begun.secret is not None
        secret = b32decode(begun.secret)
        first = code_at(secret, int(time.time()) // STEP_S)
        recovery, *_ = (await client.second_factor("confirm", code=first)).codes
    await ada.sign_in()
    field = ada.page.get_by_label("Code from your authenticator")
    await expect(field).to_be_visible()
    await expect(field).to_be_focused()
    await expect(ada.page.get_by_role("alert").first).not_to_be_empty()
    await field.fill("no such code")
    await ada.page.get_by_role("button", name="Sign in").click()
    await expect(ada.page.get_by_role("alert").first).to_contain_text("code")
    await expect(field).to_be_empty()
    await field.fill(recovery)
    await ada.page.get_by_role("button", name="Sign in").click()
    await ada.sees_own_name()
    await ada.page.get_by_role("button", name="Sign out").click()
    await expect(field).to_be_hidden()


async def test_who_has_lost_the_password_comes_in_by_the_verified_mobile(visit: Visit, server: RunningServer) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.create("Seed swap")
    await ada.say("/verify mobile 13912345678")
    await expect(ada.page.locator(".note pre")).to_contain_text("+86********678")
    await ada.say(f"/verify code {last_code(server)}")
    await expect(ada.page.locator(".note pre").last).to_contain_text("verified")
    await ada.page.get_by_role("button", name="Sign out").click()
    await ada.page.get_by_role("radio", name="I have a code").check(force=True)
    send = ada.page.get_by_role("button", name="Send me a code")
    await send.click()
    await expect(ada.page.get_by_role("alert").first).to_contain_text("Type your user name and the number first")
    await ada.page.get_by_label("User name").fill(ada.user)
    for number in ("13912340000", "139 1234 5678"):
        before = last_code(server)
        await ada.page.get_by_label("Your verified mobile").fill(number)
        await send.click()
        await expect(ada.page.get_by_role("alert").first).to_contain_text("a code is on its way")

    async def has_come() -> bool:
        return last_code(server) != before

    await until(has_come)
    await ada.page.get_by_label("Code for another password").fill(last_code(server))
    await ada.sign_in("nine dry larks sleep")
    await ada.sees_own_name()


def last_code(server: RunningServer) -> str:
    """Return the latest code that was sent: where the service is only tried out it stands in the log."""
    return re.findall(r"one_time_code='?([\w-]+)", server.log.read_text())[-1]


async def test_one_takes_home_all_that_is_stored_about_oneself(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register("Ada")
    await ada.create("Seed swap")
    await ada.say("Has anyone got chives?")
    await ada.hears("Has anyone got chives?")
    async with ada.page.expect_download() as coming:
        await ada.say("/mydata")
    download = await coming.value
    assert download.suggested_filename == "folkmoot-mydata.jsonl"
    text = Path(await download.path()).read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert_valid(line, schemas()["mydata"])
    assert lines[0]["account"]["profile"]["user"] == ada.user
    assert "Has anyone got chives?" in [line["entry"].get("body") for line in lines if line["line"] == "entry"]
    assert PASSWORD not in text


async def test_slash_commands_are_completed_answered_and_refused(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    field = ada.page.get_by_label("Message", exact=True)
    await field.fill("/unmu")
    await expect(ada.page.get_by_role("option")).to_have_count(1)
    await field.press("Tab")
    await expect(field).to_have_value("/unmute ")
    await ada.say(f"/mute @{ben.user} 10m advertising")
    await expect(ada.page.locator(".note pre")).to_contain_text(f"/unmute @{ben.user}")
    await expect(ben.notices.last).to_contain_text(f"@{ada.user} muted @{ben.user} until")
    await ben.say("CHEAP WATCHES")
    await expect(ben.page.locator("#complaint")).to_contain_text("muted")
    await expect(ben.page.get_by_label("Message", exact=True)).to_have_value("CHEAP WATCHES")
    await expect(ben.page.locator("#notice")).to_contain_text("You are muted until")
    await ada.say(f"/unmute @{ben.user}")
    await expect(ben.page.locator("#notice")).to_be_hidden()


async def test_edits_reactions_and_whom_one_ignores_change_what_stands_there(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    await ada.say("Beans on Munday")
    await ben.hears("Beans on Munday")
    seq = await ada.page.locator("#entries article").get_attribute("data-seq")
    await ada.say(f"/edit {seq} Beans on Monday")
    await ada.say(f"/react {seq} 👍")
    await ben.hears("Beans on Monday (edited) 👍 1")
    await ben.page.reload()
    await ben.hears("Beans on Monday (edited) 👍 1")
    await ben.say(f"/react {seq} 🤡")
    await ada.hears("Beans on Monday (edited) 👍 1 🤡 1")
    await ada.say(f"/react {seq} 🤡 off @{ben.user}")
    for visitor in (ada, ben):
        await visitor.hears("Beans on Monday (edited) 👍 1")
    await ada.page.reload()
    await ada.hears("Beans on Monday (edited) 👍 1")
    await ben.say(f"/ignore @{ada.user}")
    await ada.say("and peas")
    await expect(ben.entries.last).to_have_text("You ignore the author of this message.")
    await ada.say(f"/react {seq} 👍 off")
    await ada.hears("Beans on Monday (edited)", "and peas")
    await ada.say(f"/delete {seq}")
    await ada.hears("This message was deleted.", "and peas")


async def test_a_deleted_message_vanishes_and_its_quote_with_it(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.create("Seed swap")
    await ada.say("My pin is 1234")
    seq = await ada.page.locator("#entries article").first.get_attribute("data-seq")
    await ada.page.locator("#entries article").hover()
    await ada.page.get_by_role("button", name=f"Reply to {ada.user}").click()
    await ada.say("Oh no")
    await ada.hears("My pin is 1234", "Oh no")
    quote = ada.page.locator("#entries .quote")
    await expect(quote).to_contain_text("My pin is 1234")
    await ada.say(f"/edit {seq} My pin is 5678")
    await expect(quote).to_contain_text("My pin is 5678")
    await expect(ada.page.locator("#entries")).not_to_contain_text("1234")
    await ada.say(f"/delete {seq}")
    await ada.hears("This message was deleted.", "Oh no")
    await expect(ada.page.locator("#entries")).not_to_contain_text("5678")
    await ada.page.reload()
    await ada.hears("This message was deleted.", "Oh no")
    await expect(ada.page.locator("#entries")).not_to_contain_text("1234")


async def test_a_crash_of_the_server_loses_and_doubles_nothing(visit: Visit, own_server: RunningServer) -> None:
    ada, ben = await visit("ada", own_server), await visit("ben", own_server)
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    await ada.say("before")
    await ben.hears("before")
    await expect(ada.page.locator(".pending")).to_have_count(0)
    await own_server.kill()
    await expect(ada.page.locator("#banner")).to_contain_text("Trying again")
    await ada.say("meanwhile")
    await expect(ada.page.locator(".pending")).to_contain_text("meanwhile")
    await ada.say("/topic said while the server was away")
    await own_server.start()
    for visitor in (ada, ben):
        await visitor.hears("before", "meanwhile")
    await expect(ada.notices.last).to_contain_text("said while the server was away")
    await ben.say("after")
    await ada.hears("before", "meanwhile", "after")
    await expect(ada.page.locator(".pending")).to_have_count(0)


async def test_who_is_offline_reads_so_at_once_and_loses_nothing(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    await ada.create("Seed swap")
    await ada.page.context.set_offline(True)
    banner = ada.page.locator("#banner")
    await expect(banner).to_contain_text("Trying again")
    await expect(banner.get_by_role("button", name="Try now")).to_be_visible()
    await ada.say("from a tunnel")
    await expect(ada.page.locator(".pending")).to_contain_text("from a tunnel")
    await ada.page.context.set_offline(False)
    await ada.hears("from a tunnel")
    await expect(ada.page.locator(".pending")).to_have_count(0)
    await expect(banner).to_have_text("")


async def test_what_is_unread_begins_at_a_line_and_stays_so_until_it_was_seen(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.page.clock.install()
    await ben.register()
    await ben.join(code)
    await ben.create("Bees")
    for number in range(40):
        await ada.say(f"line {number}")
    groups = ben.page.locator("#groups button")
    await expect(groups.first).to_contain_text("line 39")
    await expect(groups.first.locator(".unread")).to_have_text("40")
    await expect(ben.page).to_have_title("(1) Folkmoot")
    await groups.first.click()
    await expect(ben.page.get_by_role("separator").filter(has_text="New messages")).to_be_in_viewport()
    await expect(ben.entries.filter(has_text="line 0")).to_be_in_viewport()
    await expect(ben.entries.filter(has_text="line 39")).not_to_be_in_viewport()
    await ben.page.clock.fast_forward("00:05")  # whatever is told of as read a little later has been told
    await ben.page.locator("#groups button", has_text="Bees").click()
    await expect(groups.first.locator(".unread")).to_have_text("40")  # nothing of it was seen
    await groups.first.click()
    await ben.page.locator("#newest").click()
    await expect(ben.entries.filter(has_text="line 39")).to_be_in_viewport()
    await ben.say("/notify off")
    await ben.page.locator("#groups button", has_text="Bees").click()
    await expect(groups.first.locator(".unread")).to_have_count(0)
    await ada.say("is anybody there?")
    await expect(groups.first.locator(".unread.still")).to_have_text("1")
    await expect(ben.page).to_have_title("Folkmoot")
    await ben.page.keyboard.press("Control+k")
    await ben.page.keyboard.type("seed")
    await expect(groups).to_have_count(1)
    await ben.page.keyboard.press("Enter")
    await expect(ben.entries.last).to_have_text("is anybody there?")


async def test_older_entries_come_when_one_scrolls_up(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    code = await ada.create("Seed swap")
    texts = [f"line {number}" for number in range(70)]
    for text in texts:
        await ada.say(text)
    await ada.hears(*texts)
    await ada.page.reload()
    await expect(ada.entries.last).to_have_text("line 69")
    assert await ada.entries.count() < len(texts)
    # A log that is being put together is scrolled to where one begins to read; whoever wants to go up goes on.
    up = "() => { const [log, head] = ['log', 'head'].map(id => document.getElementById(id)); log.scrollTop = 0;"
    await ada.page.wait_for_function(up + " return head.textContent.includes('begins'); }")
    await ada.hears(*texts)
    await expect(ada.page.locator("#head")).to_have_text(
        f"This is where the group begins. Nobody else is here yet. Pass on its code: {code}"
    )


async def test_the_page_speaks_chinese(visit: Visit) -> None:
    mei = await visit("mei", locale="zh-CN")
    await expect(mei.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(mei.page.get_by_role("button", name="登录")).to_be_visible()
    await mei.page.get_by_role("button", name="English").click()
    await mei.register()
    await mei.create("Seed swap")
    await expect(mei.notices.first).to_contain_text(f"@{mei.user} created the group")
    await mei.page.get_by_role("button", name="中文").click()
    await expect(mei.notices.first).to_contain_text("创建了群")
    await mei.page.reload()
    await expect(mei.page.locator("#group-role")).to_have_text("群主")
    field = mei.page.get_by_label("消息", exact=True)
    await field.fill("/nosuchcommand")
    await field.press("Enter")
    await expect(mei.page.locator("#complaint")).to_contain_text(re.compile("[一-鿿]"))


async def test_on_a_phone_one_thing_is_shown_at_a_time(visit: Visit) -> None:
    phone = await visit("ada", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    await phone.register()
    await phone.create("Seed swap")
    side, field = phone.page.locator("#side"), phone.page.get_by_label("Message", exact=True)
    await expect(side).to_be_hidden()
    await phone.say("from the bus")
    await phone.hears("from the bus")
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await field.fill("/mu")
    await phone.page.set_viewport_size({"width": 320, "height": 640})
    await expect(phone.page.get_by_role("option")).to_have_count(2)
    assert await phone.page.evaluate("document.documentElement.scrollWidth") <= 320, "commands are cut off"
    await field.fill("")
    await phone.page.get_by_role("button", name="Back to the groups").click()
    await expect(side).to_be_visible()
    await expect(field).to_be_hidden()


EDGES = """selector => {
  const { left, right } = document.querySelector(selector).getBoundingClientRect();
  return [Math.round(left), Math.round(right)];
}"""


async def test_on_a_wide_screen_all_of_a_group_stands_on_one_axis(visit: Visit) -> None:
    ada = await visit("ada", viewport={"width": 1920, "height": 1080})
    await ada.register()
    await ada.create("Seed swap")
    await ada.say("word " * 200)
    await expect(ada.entries).to_have_count(1)
    article, notice, field = [
        await ada.page.evaluate(EDGES, selector)
        for selector in ("#entries article", "#entries .notice", "#composer .row")
    ]
    assert article == notice == field
    assert article[1] - article[0] < 1000, "lines are too long to be read"


async def test_a_link_to_a_group_asks_to_join_it(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.page.goto(f"{ben.url}/#{code.replace('-', '')}")
    await ben.register()
    await expect(ben.page.get_by_role("dialog").get_by_label("Group code")).to_have_value(code)
    await ben.page.get_by_role("dialog").get_by_role("button", name="Join").click()
    await expect(ben.page.locator("#group-name")).to_have_text("Seed swap")


async def test_what_one_is_told_stays_in_sight_until_it_is_read(visit: Visit) -> None:
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    await ada.say(f"/kick @{ben.user} advertising")
    told = ben.page.get_by_role("region", name="Notices for you")
    await expect(told).to_contain_text("You were removed from Seed swap: advertising")
    await ben.page.reload()
    await ben.sees_own_name()
    await expect(told.get_by_role("listitem")).to_have_count(1)
    # On the smallest phone there is room for groups beside it.
    await ben.create("Swap of pots")
    await ben.page.set_viewport_size({"width": 320, "height": 640})
    await ben.page.get_by_role("button", name="Back to the groups").click()
    groups = ben.page.get_by_role("navigation", name="Your groups")
    await expect(groups.get_by_role("button", name="Swap of pots")).to_be_in_viewport(ratio=1)
    await expect(told.get_by_role("listitem")).to_be_in_viewport(ratio=0.4)
    await told.get_by_role("button", name="I have read this").click()
    await expect(told).to_be_hidden()
    await ben.page.reload()
    await ben.sees_own_name()
    await expect(told).to_be_hidden()


async def test_what_the_platform_removes_is_a_tombstone_and_comes_back(visit: Visit, own_server: RunningServer) -> None:
    assert await own_server.stop() == 0
    for name in ("root", "judge"):
        made = await folkmoot("init", "--data", str(own_server.data), "--user", name, stdin=PASSWORD + "\n")
        assert made.code == 0, made.err
    await own_server.start()
    ada, ben = await visit("ada", own_server), await visit("ben", own_server)
    await ada.register()
    code = await ada.create("Seed swap", "Cheap money here")
    await ben.register()
    await ben.join(code)
    await ben.say("Send me your savings")
    await ada.hears("Send me your savings")
    seq = str(await ada.page.locator("#entries article").get_attribute("data-seq"))
    topic = ada.page.locator("#group-topic")
    async with Client(own_server.ws) as root, Client(own_server.ws) as judge:
        await root.login("root", PASSWORD)
        await judge.login("judge", PASSWORD)
        await root.admin("entry", "remove", target=code, reason="a swindle", options={"seqs": seq})
        await root.admin("text", "remove", target=code, reason="a swindle", options={"what": "topic"})
        for visitor in (ada, ben):
            await visitor.hears("This message was deleted.")
            await expect(visitor.notices.last).to_contain_text("The platform removed the topic: a swindle")
            await expect(visitor.page.locator("#entries")).not_to_contain_text("savings")
        await expect(topic).to_have_text("")
        await ada.page.reload()
        await ada.hears("This message was deleted.")
        await expect(ada.page.locator("body")).not_to_contain_text("Cheap money")
        for visitor in (ben, ada):
            told = visitor.page.locator("#told-lines")
            await expect(told).to_contain_text("/appeal")
            case = re.search(r"/appeal (\S+)", await told.inner_text())
            assert case is not None
            await visitor.say(f"/appeal {case[1]} it was a joke")
            await expect(visitor.page.locator(".note pre").last).to_contain_text("Your appeal is case")
        for item in (await judge.admin("appeal", "list")).items:
            await judge.admin("appeal", "approve", target=item["case"], reason="so it was")
        for visitor in (ada, ben):
            await visitor.hears("Send me your savings")
        await expect(topic).to_have_text("Cheap money here")


async def test_the_names_that_are_made_shorter_are_none_of_the_browser(visit: Visit) -> None:
    """What a browser has under such a name would be hidden from the script otherwise, or be somebody else's."""
    ada = await visit("ada")
    lexer = JavascriptLexer(stripnl=False, ensurenl=False)
    scripts = [
        file.read_text("utf-8") for file in (files("folkmoot_client") / "web").iterdir() if file.name.endswith(".js")
    ]
    names = {name for text in scripts for name in variables([Token(*token) for token in lexer.get_tokens(text)])}
    # On a page of its own: elements are there under their ids, too.
    empty = await ada.page.context.new_page()
    assert await empty.evaluate("names => names.filter((name) => name in window)", sorted(names)) == []
