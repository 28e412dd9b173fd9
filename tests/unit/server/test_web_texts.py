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
    assert all(one if isinstance(one, str) else one["text"] for one in found["notices"].values())
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
            pairs = [pair for pair in zip(tokens_of(source), tokens_of(served), strict=True) if len(set(pair)) > 1]
            assert len({short for _, short in pairs}) == len({long for long, _ in pairs}) == len(set(pairs))
            assert not {short for _, short in pairs} & set(tokens_of(source)), "what one thing was stays one"
            assert not re.search(r"^\s*;|\)\s+;", source, re.MULTILINE), "an empty statement"
            assert len(served.splitlines()) == len(source.splitlines()), "lines keep their numbers"
            assert not any(line.startswith(("//", " ", "/*")) for line in served.splitlines())


@pytest.mark.parametrize(
    ("script", "served"),
    [
        ("let a = 1; // one", "let a=1;"),
        ("const b = '  const ';", "let b='  const ';"),
        ("{ a(); }\n{ b;\nc;\n}\nd;\n(e);\n[f];\n/g/;\n+h;", "{a()}\n{b\nc\n}\nd;\n(e);\n[f];\n/g/;\n+h;"),
        ("for (let a = 1; ; ) {\nb;\n\n  `c`;\n}", "for(let a=1;;){\nb;\n\n`c`\n}"),
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


@pytest.mark.parametrize(
    ("script", "served"),
    [
        ("const one = 1; two(one, one.one, { one: one });", "let a=1;two(a,a.one,{one:a});"),
        ("const one = 1; two({ one }); one();", "let one=1;two({one});one();"),
        ("const { one, two: ten = 2 } = three; one(ten);", "let{one,two:ten=2}=three;one(ten);"),
        ("let one = 1; class Two { one(three) { return one; } }", "let a=1;class Two{one(three){return a}}"),
        ("const f = (one, two = three) => one(two);", "let f=(a,b=three)=>a(b);"),
        ("export const one = 1; one();", "export let one=1;one();"),
        ("export async function one() {} one();", "export async function one(){}one();"),
        ('import { one } from "two"; one(one);', 'import{one}from"two";one(one);'),
        ("const one = 1; `one {${one} one`;", "let a=1;`one {${a} one`;"),
        ("function one(two) { one(); } catch (three) { three(); }", "function a(two){a()}catch(b){b()}"),
        ("const name = 1; name();", "let name=1;name();"),
    ],
)
def test_a_name_is_short_where_it_is_a_variable_and_nothing_else(script: str, served: str) -> None:
    assert lean_script(script) == served


def test_what_may_be_misread_keeps_its_names() -> None:
    for script in ("let one=1;`${{two:3}[one]}`;(one)", "let one=[two(three];", "let one=(two", "let one=two=>/one/"):
        assert lean_script(script) == script


def tokens_of(script: str) -> list[str]:
    found = JavascriptLexer().get_tokens(script)
    return [
        "let" if text == "const" else text
        for kind, text in found
        if text not in ("", ";") and kind not in Text and kind not in Comment
    ]
