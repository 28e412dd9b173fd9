"""What the documentation says of itself and of the tree is true: links lead somewhere, indexes are complete."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest

from folkmoot_protocol.exported import schemas
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_server.storage.sql.schema import SERVES_FROM

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"\b(?:\d{12}|\d{4}-\d{4}-\d{4})\b")
HEADINGS = ("## Context", "## Decision", "## Why", "## Consequences")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
FOLDERS = ("docs", "protocol", "governance", "server", "client", "tests", "bench", "deploy")
PUBLISHED = ROOT / "server" / "folkmoot_server" / "texts"
"""What users are shown as it stands, line by line."""

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
    if page.parent != PUBLISHED
)
COLUMNS = 120
MADE_UP = {"storage/sql/migrations/versions/s0025_motto.py"}
"""Files that a recipe would have somebody make."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchor_of(heading: str) -> str:
    """Return the anchor that a heading gets: small letters, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_group_codes_of_the_examples_can_be_typed() -> None:
    codes = {code for page in PAGES for code in CODE.findall(page.read_text(encoding="utf-8"))}
    assert codes
    assert [code for code in codes if parse_group_code(code) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), f"{target} is not there"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(anchor_of, headings), f"{target}: no such heading"


def is_breakable(line: str) -> bool:
    """Say whether a line could be two: a row of a table cannot, nor what is one word but for links."""
    return not line.lstrip().startswith("|") and " " in LINK.sub("link", line.strip())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lines_are_within_the_columns(page: Path) -> None:
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    assert [number for number, line in lines if len(line) > COLUMNS and is_breakable(line)] == []


@pytest.mark.parametrize(
    ("line", "breakable"),
    [
        ("two words", True),
        ("- [one link](x.md) and more", True),
        ("| a | row |", False),
        ("![a picture](x.png)", False),
    ],
)
def test_what_can_be_broken(line: str, breakable: bool) -> None:
    assert is_breakable(line) == breakable


def test_there_are_pages_to_check() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/operations.md", "bench/README.md"} <= set(map(name_of, PAGES))


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_files_of_code_that_are_named_are_there(page: Path) -> None:
    files = [f"/{file.relative_to(ROOT)}" for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    named = set(re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8"))) - MADE_UP
    assert [name for name in named if not any(file.endswith(f"/{name}") for file in files)] == []


def is_named(part: str, names: list[str]) -> bool:
    """Say whether a module or folder is named, by itself, by a pattern or by what it holds."""
    return any(fnmatch(part, name) or (part.endswith("/") and name.startswith(part)) for name in names)


@pytest.mark.parametrize("folder", ["protocol", "governance", "server", "client"])
def test_readme_of_a_package_names_each_module_and_folder(folder: str) -> None:
    named = re.findall(r"`([^`]+)`", (ROOT / folder / "README.md").read_text(encoding="utf-8"))
    package = ROOT / folder / f"folkmoot_{folder}"
    parts = [f"{part.name}/" if part.is_dir() else part.name for part in package.iterdir() if part.name[0] != "_"]
    missing = [part for part in parts if part != "py.typed" and not is_named(part, named)]
    assert not missing, f"say in {folder}/README.md what they hold"


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[\d+\]\((\d{4}-[\w-]+\.md)\) \| (.+) \|$", index, re.MULTILINE))
    assert set(rows) == {page.name for page in DECISIONS}
    for page in DECISIONS:
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert title == f"# {int(page.name[:4])}. {rows[page.name]}"


def test_decisions_are_numbered_without_a_hole() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_decision_has_the_headings(page: Path) -> None:
    headings = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert headings == list(HEADINGS)


def test_schemas_are_those_of_the_code() -> None:
    published = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs" / "schemas").glob("*.json")}
    assert published == json.loads(msgspec.json.encode(schemas())), "run make docs"


def shape_of(page: Path) -> dict[str, list[str]]:
    """Return what a page has in any language: links, commands, code, and how deep its headings are."""
    text = page.read_text(encoding="utf-8")
    commands = [line.split(" # ")[0].strip() for line in re.findall(r"^    (?![ ]).*", text, re.MULTILINE)]
    code = re.findall(r"^```python$(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    links = sorted(link for link in LINK.findall(text) if not link.startswith("README"))
    return {"links": links, "commands": commands, "code": code, "headings": re.findall(r"^#+ ", text, re.MULTILINE)}


def test_the_page_on_upgrades_names_the_schema_that_is_served_from() -> None:
    """*It went on to name one of long before.*"""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert f"`folkmoot_server/storage/sql/schema.py`, {SERVES_FROM} for now" in page
    assert f"| from schema {SERVES_FROM} or later" in page


def test_readme_in_chinese_says_what_the_english_one_says() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert shape_of(chinese) == shape_of(english)
    points = [len(re.findall(r"^(?:- |\| )", page.read_text("utf-8"), re.MULTILINE)) for page in (english, chinese)]
    assert points[0] == points[1]
    for one, other in ((english, chinese), (chinese, english)):
        assert f"]({other.name})" in one.read_text("utf-8")
