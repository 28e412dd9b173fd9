"""Commands in the documentation are there: each slash line is taken by its row, each `folkmoot` line by the command
line's own parser."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bench.newcomer import stories
from folkmoot_client.admin.command import USAGE_ERROR
from folkmoot_governance import Refusal
from folkmoot_server.cli import app
from folkmoot_server.slash.arguments import read_arguments
from folkmoot_server.slash.line import Line, read_body
from folkmoot_server.slash.registry import find_slash

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "client", "server", "deploy")
PAGES = sorted([*ROOT.glob("README*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
GUIDES = [page for page in PAGES if "guides" in page.parts]
FENCED = re.compile(r"^```(?:console|sh|bash|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(?! )(.*)$", re.MULTILINE)
IN_A_LINE = re.compile(r"`(/[^\W\d_][^`]*)`")
PROGRAM = re.compile(r"^(?:\$ )?(?:\S*=\S+ )*(?:.*\| )?(?:\.venv/bin/)?folkmoot (?=[a-z-])")
LEFT_OUT = re.compile(r"[<…|\[]|CODE|CASE|USER")
OF_THE_CLIENT = {
    "switch",
    "groups",
    "password",
    "otp",
    "logout",
    "quit",
    "home",
    "posts",
    "thread",
    "publish",
    "comment",
}
"""What the terminal chat does by itself."""

PATHS = {"healthz", "readyz", "metrics"}
"""What is asked over HTTP."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def lines_of(page: Path) -> Iterator[str]:
    """Yield the lines of `folkmoot` in a page, without what only the shell reads."""
    text = page.read_text(encoding="utf-8")
    blocks = [*FENCED.findall(text), "\n".join(INDENTED.findall(FENCED.sub("", text)))]
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        if found := PROGRAM.match(line):
            rest = re.split(r"\s(?:#|[|>;&])|\s2>", line[found.end() :])[0]
            if not LEFT_OUT.search(rest):
                yield rest.strip()


def parse(arguments: list[str]) -> None:
    """Have the command line read its arguments, and do nothing. Raises `USAGE_ERROR`."""
    command: Any = typer.main.get_command(app)
    context: Any = None
    while hasattr(command, "resolve_command"):
        context = command.make_context("folkmoot", arguments, parent=context)
        _, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context("folkmoot", arguments, parent=context)


COMMANDS = [(name_of(page), line) for page in PAGES for line in dict.fromkeys(lines_of(page))]


def test_there_are_commands_to_try() -> None:
    assert len(COMMANDS) > 100 and {"README.md", "docs/operations.md"} <= {page for page, _ in COMMANDS}


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_the_command_line_takes_what_the_pages_show(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(re.sub(r"\$\([^)]*\)", "1", line))
    for name in (word for word in words if word.endswith(".toml") and "/" not in word):
        (tmp_path / name).touch()
    parse(words)


@pytest.mark.parametrize(
    "line", ["admin user lisst", "admin user list --nope", "serve now", "admin user show", "chatt"]
)
def test_the_command_line_refuses_what_it_does_not_know(line: str) -> None:
    with pytest.raises(USAGE_ERROR):
        parse(shlex.split(line))


NAMED = [
    (name_of(page), line) for page in GUIDES for line in re.findall(r"`folkmoot ([a-z -]+)`", page.read_text("utf-8"))
]


@pytest.mark.parametrize(("page", "line"), NAMED)
def test_commands_that_guides_name_are_there(page: str, line: str) -> None:
    """Without what they are about, which is all that may be wrong with them."""
    try:
        parse(line.split())
    except USAGE_ERROR as error:
        assert type(error).__name__ in ("MissingParameter", "NoArgsIsHelpError"), error


def check_slash(text: str) -> None:
    read = read_body(text)
    assert isinstance(read, Line), text
    row = find_slash(read.name)
    assert row is not None, text
    assert not isinstance(read_arguments(row.arguments, read.text, None, row.usage), Refusal), text


@pytest.mark.parametrize("page", [page for page in PAGES if stories(page)], ids=name_of)
def test_what_people_type_in_a_story_is_taken(page: Path) -> None:
    for _, text in stories(page):
        if text.startswith("/"):
            check_slash(text)


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_commands_in_the_guides_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [line for line in IN_A_LINE.findall(text) if line.split()[0][1:] not in OF_THE_CLIENT | PATHS]
    assert named
    for line in named:
        if " " in line:
            check_slash(line)
        assert find_slash(line.split()[0][1:]) is not None, line


def test_guides_in_chinese_tell_what_the_english_ones_tell() -> None:
    """The same stories: who types which command with which numbers and names, whatever it is called."""
    for english in (ROOT / "docs" / "guides").glob("*.md"):
        told = [shape(text) for _, text in stories(english)]
        assert told and [shape(text) for _, text in stories(english.parent / "zh" / english.name)] == told


def shape(text: str) -> tuple[str, ...]:
    """Return what of a line is the same in all languages: the command, names, numbers."""
    if not text.startswith("/"):
        return ()
    read = read_body(text)
    assert isinstance(read, Line)
    row = find_slash(read.name)
    assert row is not None
    return (row.name, *re.findall(r"@\w+|\b[\d-]{4,}\b", read.text))
