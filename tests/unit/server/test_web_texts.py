"""What the page in the browser says, as the server gives it, and how large the page is."""

import re
from importlib.resources import files

import msgspec
import pytest

from folkmoot_governance.notices import TELLINGS
from folkmoot_server.common.i18n import LANGUAGES
from folkmoot_server.http.page_words import WORDS
from folkmoot_server.http.pages import lean, web_files
from folkmoot_server.http.web_texts import texts_in

WEB = files("folkmoot_client") / "web"
MOST_BYTES = 160_000
"""Of the page, uncompressed, as a browser loads it, with all texts of a language."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_and_values_are_there_in_each_language(language: str) -> None:
    found = msgspec.json.decode(texts_in(language).body)
    public = {kind.__struct_config__.tag for kind, telling in TELLINGS.items() if telling.public}
    assert found["notices"].keys() == public
    assert all(one["text"] for one in found["notices"].values())
    assert found["notices"]["purged"]["number"] == "count"
    assert found["notices"]["slow_mode"]["unset"]
    assert found["labels"]["role"].keys() >= {"owner", "admin", "member"}
    assert "spam" in found["labels"]["reason"]


def test_the_scripts_name_no_text_that_is_not_there() -> None:
    names = WORDS.keys() | {"language"}
    for file in WEB.iterdir():
        if file.name.endswith((".js", ".html")):
            used = re.findall(r'\bt\("(\w+)"|data-t(?:-\w+)?="(\w+)"', file.read_text("utf-8"))
            assert {one or other for one, other in used} - names == set(), file.name


def test_the_page_stays_small() -> None:
    sizes = {name: len(content.body) for name, content in web_files().items()}
    assert sum(sizes.values()) + max(len(texts_in(language).body) for language in LANGUAGES) < MOST_BYTES, sizes


LITERAL = re.compile(r"""("[^"\n]*"|`[^`\n]*`|/(?![/*])[^/\n]+[^\\]/(?=\.test|\.exec|,))""")


def test_a_script_is_served_as_it_reads_but_for_what_is_for_readers() -> None:
    for file in WEB.iterdir():
        if file.name.endswith(".js"):
            lines = file.read_text("utf-8").splitlines()
            assert all(line.count("`") % 2 == 0 for line in lines), "no text goes over several lines"
            served = web_files()[file.name].body.decode().splitlines()
            assert len(served) == len(lines)
            for short, line in zip(served, lines, strict=True):
                assert short.replace(" ", "") in line.replace(" ", "")
                assert not short.startswith(("//", " ", "/*"))
                if short:
                    code = line.split(" // ")[0]
                    assert all(literal in short for literal in LITERAL.findall(code)), line


@pytest.mark.parametrize(
    ("source", "served"),
    [
        ("  // why\nlet a = 1;", "\nlet a=1;"),
        ('say("a , b", `c , ${d ? ` e , ${f}` : ""} g`); // why', 'say("a , b",`c , ${d ? ` e , ${f}` : ""} g`);'),
        ("const [, b] = /a = (b , c)/.exec(d / e) ?? [];", "const[,b]=/a = (b , c)/.exec(d/e)??[];"),
        ("return /a = b/.test(c);", "return /a = b/.test(c);"),
        ("a = b - -c + +d + e++ + f;", "a=b - -c + +d+e++ + f;"),
        ('fetch("https://x"); a = b ? 1 : 2', 'fetch("https://x");a=b?1:2'),
    ],
)
def test_what_is_for_readers_is_found_by_what_is_around_it(source: str, served: str) -> None:
    assert lean(source.encode(), "text/javascript").decode() == served


def test_a_style_keeps_the_spaces_that_say_something() -> None:
    style = b'  /* why */\n.a :is(b, c) > d { font: 1px/2 "A , B", x; margin: 0 calc(1px + 2px); }'
    served = b'\n.a :is(b,c)>d{font:1px/2 "A , B",x;margin:0 calc(1px + 2px)}'
    assert lean(style, "text/css") == served
