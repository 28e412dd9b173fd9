"""The marks in a text, as Python reads them; tests/browser/test_composing.py asks the page for the same."""

import json
from pathlib import Path

import pytest

from folkmoot_protocol.marks import Block, parse, plain

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


def test_a_text_without_its_marks_is_what_it_says() -> None:
    assert plain("**be** `kind`\n> [so](https://example.org)\n1. *one*\n```\n*a*\n```") == "be kind\nso\none\n*a*"
