"""What one writes: its marks, completing it, keeping it, and hearing of what others write."""

import json
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Route, expect

from folkmoot_client.sdk import Client
from tests.browser.conftest import NUMBERS, Visit
from tests.browser.visitor import PASSWORD, Visitor
from tests.builders.films import planted_film
from tests.builders.pictures import planted_picture
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "markdown.json").read_text("utf-8"))
READ = "async (texts) => { const { parse } = await import('/markdown.js'); return texts.map(parse); }"
HOSTILE = ["*", "**a *b ", "`", "[", "[a](http://x", "***a***"]
MARKED = """**be** *kind*
> she `said`
```
**a**
```
1. [rules](https://example.org/a) [x](https://[)
- <b>no</b> @{user}"""


async def meet(visit: Visit) -> tuple[Visitor, Visitor, str]:
    """Two people in a group, which the first has founded, and its code."""
    ada, ben = await visit("ada"), await visit("ben")
    await ada.register()
    code = await ada.create("Seed swap")
    await ben.register()
    await ben.join(code)
    return ada, ben, code


async def test_marks_become_what_they_mean_and_nothing_else(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.register()
    assert await ada.page.evaluate(READ, [text for text, _ in VECTORS]) == [blocks for _, blocks in VECTORS]
    assert len(await ada.page.evaluate(READ, [part * (100_000 // len(part)) for part in HOSTILE])) == len(HOSTILE)
    await ada.create("Seed swap")
    await ada.page.get_by_label("Message", exact=True).fill(MARKED.format(user=ada.user))
    await ada.page.get_by_label("Message", exact=True).press("Enter")
    body = ada.entries.first
    await expect(body.locator("b")).to_have_text(["be"])
    await expect(body.locator("i")).to_have_text(["kind"])
    await expect(body.locator("blockquote code")).to_have_text("said")
    await expect(body.locator("li")).to_have_text(["1. rules (example.org) x (https://[)", f"• <b>no</b> @{ada.user}"])
    await expect(body.locator("pre")).to_have_text("**a**")
    link = body.get_by_role("link", name="rules")
    await expect(link).to_have_attribute("href", "https://example.org/a")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    # Where there is one line, what is said stands without marks.
    await expect(ada.page.locator("#groups small").first).to_contain_text("be kind she said **a** rules")


async def test_what_is_written_is_completed_corrected_and_kept(visit: Visit) -> None:
    ada, ben, _ = await meet(visit)
    page, field = ada.page, ada.page.get_by_label("Message", exact=True)
    options = page.get_by_role("option")
    await ben.say("CHEAP *WATCHES*")
    await ada.hears("CHEAP WATCHES")
    await expect(page.locator("#members li")).to_have_count(2)
    # Commands, then what their arguments take.
    await field.press_sequentially("/mu")
    await field.press("Tab")
    await expect(options).to_have_text([f"@{ada.user}", f"@{ben.user}"])
    await field.press_sequentially(f"@{ben.user[:2]}")
    await field.press("Tab")
    await expect(options.first).to_have_text("10m10 minutes")
    await field.press("ArrowDown")
    await field.press("Enter")
    await field.press_sequentially("A")
    await field.press("Tab")
    await expect(field).to_have_value(f"/mute @{ben.user} 10m Advertising ")
    await field.fill("/delete ")
    seq = await page.locator("#entries article").get_attribute("data-seq")
    await expect(options).to_have_text([f"{seq}CHEAP WATCHES"])
    await field.fill("/promote ")
    await field.press_sequentially(f"@{ben.user} delete mu")
    await expect(options).to_contain_text(["mute"])
    await field.fill("/id")
    await field.press("Enter")
    await expect(page.locator(".note")).to_have_count(1)
    await field.press("Escape")
    await expect(page.locator(".note")).to_have_count(0)
    await field.fill("I say,")
    await field.press_sequentially(f" @{ben.user[:2]}")
    await field.press("Tab")
    await expect(field).to_have_value(f"I say, @{ben.user} ")
    # It is there after a reload, in its own group, until one signs out.
    await page.reload()
    await expect(field).to_have_value(f"I say, @{ben.user} ")
    await ada.create("Another")
    await expect(field).to_have_value("")
    await page.locator("#groups button", has_text="Seed swap").click()
    await expect(field).to_have_value(f"I say, @{ben.user} ")
    await field.press("Enter")
    await ada.hears("CHEAP WATCHES", f"I say, @{ben.user}")
    # With nothing written, the arrow up corrects what one has said last.
    await field.press("ArrowUp")
    await expect(field).to_have_value(f"/edit {int(seq or 0) + 1} I say, @{ben.user}")
    await field.press_sequentially("!")
    await field.press("Enter")
    await ben.hears("CHEAP WATCHES", f"I say, @{ben.user}! (edited)")
    await field.fill("secret")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert await page.evaluate("JSON.stringify(localStorage)") == "{}"


async def test_what_was_not_taken_stays_and_can_be_sent_again(visit: Visit) -> None:
    ada, ben, _ = await meet(visit)
    await ada.say(f"/mute @{ben.user} 10m")
    await expect(ben.page.locator("#notice")).to_contain_text("You are muted until")
    field = ben.page.get_by_label("Message", exact=True)
    # Two at once: one goes back to where it was written, the other stays in the log.
    await field.evaluate(
        "(field) => { for (const text of ['one', 'two']) { field.value = text; field.form.requestSubmit(); } }"
    )
    tail = ben.page.locator("#tail .pending")
    await expect(field).to_have_value("one")
    await expect(tail).to_contain_text("two")
    await expect(tail.get_by_role("alert")).to_contain_text("muted")
    await ada.say(f"/unmute @{ben.user}")
    await expect(ben.page.locator("#notice")).to_be_hidden()
    await tail.get_by_role("button", name="Send again").click()
    await ada.hears("two")
    await expect(tail).to_have_count(0)


HEARD = """() => {
  window.told = [];
  window.Notification = class {
    static permission = "default";
    static requestPermission = async () => (Notification.permission = "granted");
    constructor(title, { body }) { told.push(`${title}: ${body}`); (window.banners ??= []).push(this); }
  };
  const Real = AudioContext;
  window.rung = 0;
  window.AudioContext = class extends Real { constructor() { super(); window.rung += 1; } };
}"""


async def test_news_call_where_nobody_looks_and_where_they_are_wanted(visit: Visit) -> None:
    ada, ben, _ = await meet(visit)
    page = ada.page
    await page.evaluate(HEARD)
    assert await page.evaluate("Notification.permission") == "default", "nothing asks before somebody wants it"
    await page.locator("#account").click()
    await page.get_by_label("Notifications in this browser").check()
    await page.get_by_label("A short sound").check()
    await page.locator("#sheet-close").click()
    rung = await page.evaluate("rung")
    await ben.say("in sight")
    await ada.hears("in sight")
    await ada.create("Another")
    told = page.locator("#groups button", has_text="Seed swap")
    await ben.say("out of *sight*")
    await expect(told).to_contain_text("out of sight")
    assert await page.evaluate("told") == [f"Seed swap: {ben.user}: out of sight"]
    assert await page.evaluate("rung") == rung + 1
    assert await page.title() == "(1) Folkmoot"
    await page.evaluate("banners[0].onclick()")
    await ada.hears("in sight", "out of sight")
    await ada.say("/notify mentions")
    await page.locator("#groups button", has_text="Another").click()
    await ben.say("nobody in particular")
    await ben.say(f"but you, @{ada.user}")
    await expect(told).to_contain_text("but you")
    assert (await page.evaluate("told"))[1:] == [f"Seed swap: {ben.user}: but you, @{ada.user}"]


OF_PHONES = """() => {
  window.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor() { throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification()"); }
  };
}"""
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready;
  for (;;) {
    const all = await worker.getNotifications();
    if (all.length) return all.map(({ title, body }) => [title, body]);
    await new Promise(requestAnimationFrame);
  }
}"""
CLICKED = """async () => {
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


async def test_on_phones_a_worker_shows_what_calls_and_leads_to_it(visit: Visit) -> None:
    ada, ben, code = await meet(visit)
    page = ada.page
    await page.context.grant_permissions(["notifications"])
    await page.evaluate(OF_PHONES)
    await page.locator("#account").click()
    await page.get_by_label("Notifications in this browser").check()
    await page.locator("#sheet-close").click()
    await ada.create("Another")
    async with page.context.expect_event("serviceworker") as came:
        await ben.say("out of sight")
    worker = await came.value
    assert await page.evaluate(SHOWN) == [["Seed swap", f"{ben.user}: out of sight"]]
    await worker.evaluate(CLICKED)
    await expect(page.locator("#code")).to_have_text(code)
    await ada.hears("out of sight")


async def test_who_comes_in_a_row_is_counted_and_tags_are_said_once(visit: Visit, server: RunningServer) -> None:
    ada = await visit("ada")
    await ada.register()
    code = await ada.create("Seed swap")
    await expect(ada.page.locator("#head")).to_contain_text(f"Nobody else is here yet. Pass on its code: {code}")
    await ada.say("Welcome")
    for _ in range(4):
        async with Client(server.ws) as client:
            await client.register(f"guest{next(NUMBERS)}", PASSWORD)
            await client.join(code)
            group = await client.get_group(code)
    assert group.members == 5
    fold = ada.page.locator("#entries details")
    await expect(fold.locator("summary")).to_have_text("4 people joined")
    await expect(fold.locator("[data-seq]").first).to_be_hidden()
    await ada.say("Hello, all of you")
    await ada.hears("Welcome", "Hello, all of you")
    await expect(ada.page.locator("#entries .tag")).to_have_text(["owner", "founder"])
    await fold.locator("summary").click()
    await expect(fold.locator("[data-seq]").first).to_be_visible()
    await ada.page.reload()
    await expect(fold.locator("summary")).to_have_text("4 people joined")
    # A link to one of them opens it; compact messages stay compact.
    seq = await fold.locator("[data-seq]").nth(1).get_attribute("data-seq")
    await ada.page.evaluate("(hash) => (location.hash = hash)", f"#{code.replace('-', '')}/{seq}")
    await expect(fold.locator("[data-seq]").nth(1)).to_be_focused()
    await ada.page.locator("#account").click()
    await ada.page.get_by_label("Compact messages").check()
    await ada.page.locator("#sheet-close").click()
    await ada.page.reload()
    await expect(ada.page.locator("article .avatar").first).to_be_hidden()


async def test_the_page_can_be_installed_and_a_wrong_address_leads_to_it(visit: Visit, server: RunningServer) -> None:
    ada = await visit("ada")
    manifest = await ada.page.evaluate(
        "fetch(document.querySelector('[rel=manifest]').href).then(async (reply) => "
        "[reply.headers.get('content-type'), await reply.json()])"
    )
    assert manifest[0] == "application/manifest+json"
    assert manifest[1]["display"] == "standalone"
    sizes = await ada.page.evaluate(
        "Promise.all([...document.querySelectorAll('[rel=apple-touch-icon]')].map(async ({ href }) => "
        "(({ width, height }) => [width, height])(await createImageBitmap(await (await fetch(href)).blob()))))"
    )
    assert sizes == [[192, 192]], "phones take a picture of fixed size"
    assert {"src": "icon.png", "sizes": "192x192", "type": "image/png", "purpose": "any maskable"} in manifest[1][
        "icons"
    ]
    devtools = await ada.page.context.new_cdp_session(ada.page)
    assert (await devtools.send("Page.getAppManifest"))["errors"] == []
    await ada.register()
    code = await ada.create("Seed swap")
    reader = await visit("reader")
    await reader.page.goto(f"{server.http}/groups/{code}")
    await reader.page.get_by_role("link", name="Join this group").click()
    await reader.register()
    await expect(reader.page.get_by_role("dialog").get_by_label("Group code")).to_have_value(code)


BRING = """(zone, [kind, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
  const event = kind === "paste" ? new ClipboardEvent(kind, { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  zone.dispatchEvent(event);
}"""


async def test_pictures_are_pasted_dropped_and_seen_by_members(visit: Visit) -> None:
    ada, ben, _ = await meet(visit)
    page, picture = ada.page, list(planted_picture(size=(900, 600)))
    await ben.page.set_viewport_size({"width": 800, "height": 420})
    for kind in ("paste", "drop"):
        await page.locator("#message").evaluate(BRING, [kind, picture])
    await expect(page.locator("#added li")).to_have_count(2)
    await page.locator("#added input").first.fill("a round thing")
    await expect(page.locator("#added progress")).to_have_count(0)
    await ada.say("Look!")
    await expect(page.locator("#added li")).to_have_count(0)
    await ben.hears("Look!")
    shown = ben.page.locator("#entries img.shown")
    await expect(shown).to_have_count(2)
    await expect(shown.first).to_have_attribute("alt", "a round thing")
    await shown.first.evaluate("(picture) => picture.decode()")
    # Pictures come after their lines; the newest stays in sight.
    await expect(shown.last).to_be_in_viewport(ratio=0.6)
    async with ben.page.context.expect_page() as opened:
        await shown.first.click()
    whole = await opened.value
    await expect(whole.locator("img")).to_be_visible()
    assert await whole.locator("img").evaluate("(picture) => picture.naturalWidth") == 900


LOADED = "(picture) => picture.naturalWidth || new Promise((done) => (picture.onload = () => done(1)))"
PLAYED = """(sound) => new Promise((done) => {
  sound.onplaying = () => done(1);
  sound.play().catch(() => undefined);
})"""


async def test_what_was_drawn_long_ago_still_shows_and_plays(visit: Visit) -> None:
    """Its addresses have ended by then; here the first that is asked for of each file is spoiled on the way."""
    ada, ben, _ = await meet(visit)
    asked: set[str] = set()

    async def spoil(route: Route) -> None:
        place, _, key = route.request.url.partition("?")
        await route.continue_(url=f"{place}?{key}" if place in asked else f"{place}?{key}x")
        asked.add(place)

    await ben.page.route("**/media/**", spoil)
    files = [("a.png", "image/png", planted_picture()), ("b.flac", "audio/flac", planted_film("audio/flac"))]
    chosen: list[FilePayload] = [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    await ada.page.locator("#add-files").set_input_files(chosen)
    await expect(ada.page.locator("#added progress")).to_have_count(0)
    await ada.say("Look, and hear!")
    await ben.page.locator("#entries img.shown").evaluate(LOADED)
    await ben.page.locator("#entries audio.shown").evaluate(PLAYED)
    assert len(asked) == 2
    assert [problem for problem in ben.problems if "404" not in problem] == []
    ben.problems.clear()
