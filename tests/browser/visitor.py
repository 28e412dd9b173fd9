"""One person before the page: what they do, and what they see."""

import re

from playwright.async_api import ConsoleMessage, Locator, Page, expect

PASSWORD = "seven wet herons stand"

# What Chromium itself writes when a server is down: for the page that is a break like any other.
_BREAK = re.compile(r"WebSocket connection to .* failed")


class Visitor:
    """`problems` collects errors of the page's scripts, refusals of its security policy among them."""

    def __init__(self, user: str, page: Page, url: str) -> None:
        self.user = user
        self.page = page
        self.url = url
        self.problems: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.problems.append(f"{user}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _BREAK.search(message.text):
            self.problems.append(f"{self.user}: {message.text}")

    @property
    def entries(self) -> Locator:
        """The posts in the log of the group shown."""
        return self.page.locator("#entries article .body")

    @property
    def notices(self) -> Locator:
        """The notices in the log of the group shown."""
        return self.page.locator("#entries .notice")

    async def register(self, display_name: str = "") -> None:
        """Make an account and be in."""
        await self.page.get_by_role("radio", name="Create account").check(force=True)
        await self.page.get_by_label("User name").fill(self.user)
        await self.page.get_by_label("Display name").fill(display_name)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_role("checkbox").check()
        await self.page.get_by_role("button", name="Create account").click()
        await self.sees_own_name()

    async def sign_in(self, password: str = PASSWORD) -> None:
        """Try to sign in."""
        await self.page.get_by_label("User name").fill(self.user)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def sees_own_name(self) -> None:
        """Wait until the page says who is signed in."""
        await expect(self.page.locator("#account")).to_contain_text(f"@{self.user}")

    async def create(self, name: str, topic: str = "") -> str:
        """Found a group; return its code as it is shown."""
        await self.page.get_by_role("button", name="New group").click()
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Name").fill(name)
        await dialog.get_by_label("Topic").fill(topic)
        await dialog.get_by_role("button", name="New group").click()
        await expect(self.page.locator("#group-name")).to_have_text(name)
        return await self.page.locator("#code").inner_text()

    async def join(self, code: str) -> None:
        """Join a group by its code."""
        await self.page.get_by_role("button", name="Join", exact=True).click()
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Group code").fill(code)
        await dialog.get_by_role("button", name="Join").click()
        await expect(self.page.locator("#code")).to_have_text(code)

    async def say(self, text: str) -> None:
        """Write a message and send it with Enter."""
        field = self.page.get_by_label("Message", exact=True)
        await field.fill(text)
        await field.press("Enter")

    async def hears(self, *texts: str) -> None:
        """Wait until the posts of the group shown are these, each once and in this order."""
        await expect(self.entries).to_have_text(list(texts))
