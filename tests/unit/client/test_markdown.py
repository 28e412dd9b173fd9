"""The marks in a text, as the terminal reads them; tests/browser/test_composing.py asks the page for the same."""

import json
from pathlib import Path

import msgspec
import pytest

from folkmoot_client.chat.markdown import Block, parse
from folkmoot_client.chat.view import DIM, as_text, show_entry, show_text
from tests.builders.entries import make_entry

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "markdown.json").read_text("utf-8"))
HOSTILE = (
    "*",
    "* ",
    "*a ",
    "a* ",
    "**a *b ",
    "`",
    "` ",
    "``a",
    "[",
    "[a](",
    "[a](http://x",
    "> ",
    "***a***",
    "http://",
)
MOST_CHARACTERS = 100_000


def as_vector(block: Block) -> list[object]:
    """A block as it stands in the file of vectors."""
    if block.kind == "code":
        return ["code", [line[0].text for line in block.lines]]
    lines = [[list(piece) if piece.href else list(piece[:3]) for piece in line] for line in block.lines]
    return [block.kind, [list(one) for one in zip(block.marks, lines, strict=True)] if block.kind == "list" else lines]


@pytest.mark.parametrize(("text", "blocks"), VECTORS, ids=[text[:30] for text, _ in VECTORS])
def test_marks_are_read_as_the_vectors_say(text: str, blocks: list[object]) -> None:
    assert [as_vector(block) for block in parse(text)] == blocks


@pytest.mark.parametrize("part", HOSTILE)
def test_no_text_takes_longer_than_it_is_long(part: str) -> None:
    # With as many steps as pairs of signs, this would not end within the time of a test.
    blocks = parse(part * (MOST_CHARACTERS // len(part)))
    assert sum(len(piece.text) for block in blocks for line in block.lines for piece in line) <= MOST_CHARACTERS


def test_a_terminal_shows_marks_as_styles_and_where_a_link_leads() -> None:
    pieces = show_text("**be** `kind`\n> she *said*\n- [rules](https://example.org)\n```\na\x1b[2J\n```")
    assert ("bold", "be") in pieces
    assert ("fg:ansigreen", "kind") in pieces
    assert ("italic", "said") in pieces
    assert (DIM, " (https://example.org)") in pieces
    indent = "\n" + " " * 6
    assert as_text(pieces) == f"be kind{indent}│ she said{indent}• rules (https://example.org){indent}  a\ufffd[2J"


def test_a_terminal_says_what_an_entry_shows() -> None:
    media = [{"id": "m1", "type": "image/webp", "alt": "a round\x1b thing"}, {"id": "m2", "type": "video/mp4"}]
    entry = msgspec.structs.replace(make_entry(7), data={"media": media})
    assert as_text(show_entry(entry)).endswith(" [picture: a round\ufffd thing] [film]")
