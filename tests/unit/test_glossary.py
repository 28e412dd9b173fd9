"""One word for each thing in Chinese, and signs of Chinese between Chinese characters: docs/glossary.md is true."""

import io
import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "glossary.md"
CHINESE = "\u3400-\u9fff"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and re.search(f"[{CHINESE}]", line)
]
TERMS = {term: english for english, chinese, _, _ in ROWS for term in chinese.split("、")}
INSTEAD = {word: chinese for _, chinese, variants, _ in ROWS for word in variants.split("、") if word}
HALF_WIDTH = re.compile(rf"[{CHINESE}}}）”][,;:?!](?=[{CHINESE}{{@“（]|$)|[{CHINESE}]\(|\)[{CHINESE}]")
"""A sign of ASCII where a sentence in Chinese has one of its own, `{placeholder}` being a word of it."""


def texts_of_catalogue(package: str) -> list[str]:
    path = Path(str(files(package))) / "locale" / "zh_CN" / "LC_MESSAGES" / "folkmoot.po"
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale="zh_CN")
    return [one.string if isinstance(one.string, str) else one.string[0] for one in catalogue if one.id]


def texts_of_pages() -> list[str]:
    """Return the lines of the pages in Chinese, without what is in code."""
    pages = [ROOT / "README.zh-CN.md", ROOT / "docs" / "channels.md", *(ROOT / "docs" / "guides" / "zh").glob("*.md")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return [re.sub(r"`[^`]*`|\]\([^)]*\)|^    .*", "", line) for line in lines]


SOURCES = {
    "server": texts_of_catalogue("folkmoot_server"),
    "client": texts_of_catalogue("folkmoot_client"),
    "pages": texts_of_pages(),
}


WORDS = re.compile("|".join(map(re.escape, sorted({*TERMS, *INSTEAD}, key=len, reverse=True))))


def other_words(text: str) -> list[str]:
    """Return the words of a text that the glossary has another one for; what is part of a longer word of it is none."""
    return [word for word in WORDS.findall(text) if word in INSTEAD]


def test_the_glossary_says_each_word_once() -> None:
    assert len(ROWS) > 40 and all(len(row) == 4 for row in ROWS)
    assert not TERMS.keys() & INSTEAD.keys()


@pytest.mark.parametrize(
    ("text", "found"),
    [("平台的措施", ["措施"]), ("应急措施生效中", []), ("请您稍候", ["您"]), ("处置编号 {case}", ["处置编号"])],
)
def test_what_is_another_word(text: str, found: list[str]) -> None:
    assert other_words(text) == found


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("举报({reason}),{time}", True),
        ("期限{until}:{reason}", True),
        ("设为 {score}?", True),
        ("举报（{reason}），{time}：{stands}", False),
        ("{time} · {case}", False),
        ("写 --where COLUMN=TEXT，如 30s", False),
    ],
)
def test_what_is_a_sign_of_half_width(text: str, is_wrong: bool) -> None:
    assert bool(HALF_WIDTH.search(text)) == is_wrong


@pytest.mark.parametrize("source", SOURCES)
def test_one_word_is_used_for_each_thing(source: str) -> None:
    texts = SOURCES[source]
    assert len(texts) > 50
    wrong = {text: [f"{word} → {INSTEAD[word]}" for word in found] for text in texts if (found := other_words(text))}
    assert wrong == {}


@pytest.mark.parametrize("source", SOURCES)
def test_sentences_in_chinese_have_its_punctuation(source: str) -> None:
    assert [text for text in SOURCES[source] if HALF_WIDTH.search(text)] == []
