"""What the page in the browser says, as the server gives it, and how large the page is."""

import re
from importlib.resources import files

import msgspec
import pytest
from pygments.lexers.javascript import JavascriptLexer
from pygments.token import Comment, Text

from folkmoot_governance.notices import TELLINGS
from folkmoot_server.common.i18n import LANGUAGES
from folkmoot_server.http.lean import lean_script, lean_style
from folkmoot_server.http.page_words import WORDS
from folkmoot_server.http.pages import web_files
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


def test_a_script_is_served_as_it_reads_but_for_what_is_for_readers() -> None:
    for file in WEB.iterdir():
        if file.name.endswith(".js"):
            source, served = file.read_text("utf-8"), web_files()[file.name].body.decode()
            assert tokens_of(served) == tokens_of(source)
            assert len(served.splitlines()) == len(source.splitlines()), "lines keep their numbers"
            assert not any(line.startswith(("//", " ", "/*")) for line in served.splitlines())


@pytest.mark.parametrize(
    ("script", "served"),
    [
        ("let a = 1; // one", "let a=1;"),
        ("const b = '  const ';", "let b='  const ';"),
        ("a + +b - -c", "a+ +b- -c"),
        ("`/x  ${ a ? `n  ${ b }` : c }`;", "`/x  ${a?`n  ${b}`:c}`;"),
        ("`${ a }  ${ b }\\n `;", "`${a}  ${b}\\n `;"),
        ("return /a  b/.test(x)", "return/a  b/.test(x)"),
        ("a /* one\ntwo */\nb", "a\n\nb"),
        ("static #x = 1", "static #x=1"),
    ],
)
def test_space_goes_where_nothing_needs_it(script: str, served: str) -> None:
    assert lean_script(script) == served


def test_a_style_has_short_names_of_its_own() -> None:
    assert lean_style("a { --ink: red; --ink-2: blue; color: var(--ink) }") == "a{--a:red;--b:blue;color:var(--a)}"
    scripts = [file.read_text("utf-8") for file in WEB.iterdir() if file.name.endswith(".js")]
    assert not any(re.search(r"""["'`]--\w|var\(--""", script) for script in scripts), "a script says one's long name"


def tokens_of(script: str) -> list[str]:
    found = JavascriptLexer().get_tokens(script)
    return [
        "let" if text == "const" else text for kind, text in found if text and kind not in Text and kind not in Comment
    ]
