"""The marks in a text as HTML, on the pages and in the feeds of channels."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from folkmoot_protocol.marks import plain
from folkmoot_server.http.channel_views import HTML_LINES, marked

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "markdown.json").read_text("utf-8"))
MADE = {"a", "b", "blockquote", "code", "i", "li", "pre", "small", "ul"}


class Reader(HTMLParser):
    """What a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.links: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"href", "rel"}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", [text for text, _ in VECTORS], ids=[text[:30] for text, _ in VECTORS])
def test_no_element_comes_from_a_text_but_those_of_marks(text: str) -> None:
    found = Reader(marked(text))
    assert found.tags <= MADE
    assert all(link and link.lower().startswith(("https://", "http://", "mailto:")) for link in found.links)
    if "](" not in text:  # behind which stands where it leads
        assert all(line in found.text for line in plain(text).split("\n"))


def test_a_link_says_where_it_leads_and_lines_are_as_they_are_asked_for() -> None:
    text = "a\n*b* [c](https://example.org/d) [e](https://[)"
    link = '<a href="https://example.org/d" rel="nofollow ugc noopener noreferrer">c</a> <small>(example.org)</small>'
    odd = '<a href="https://[" rel="nofollow ugc noopener noreferrer">e</a> <small>(https://[)</small>'
    assert marked(text) == f"a\n<i>b</i> {link} {odd}"
    assert marked(text, HTML_LINES) == f"<p>a<br><i>b</i> {link} {odd}</p>"
    assert marked('<img src="x" onerror=alert(1)>') == "&lt;img src=&#34;x&#34; onerror=alert(1)&gt;"
