"""What one writes: its marks, completing it, keeping it, and hearing of what others write."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

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
