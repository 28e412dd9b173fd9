"""The marks in a text, as docs/protocol.md has them: bold, italic, code, quotes, lists and links. No I/O.

The page in the browser reads them by the same grammar (`web/markdown.js`), and `tests/data/markdown.json` says to both
what comes out. Each mark is looked for once, up to the next one of its kind: no text takes longer than its length.
"""

import re
from itertools import groupby
from typing import NamedTuple

_WORDS = (
    r"""([Hh][Tt][Tt][Pp][Ss]?://[^\s<>"']+[^\s<>"'.,;:!?)\]*`，。；：！？）])"""
    r"|((?<![A-Za-z0-9_.@＠-])[@＠][A-Za-z0-9](?:[A-Za-z0-9_.-]{0,30}[A-Za-z0-9])?)"
    r"|(?<![A-Za-z0-9_&#/])#([0-9]{1,12})(?![A-Za-z0-9_-])"
)
_INLINE = re.compile(
    r"\\([*`\[>-])"
    r"|(?<!`)(`{1,3})(?!`)([^`]+)\2(?!`)"
    r"|\[([^\[\]]+)\]\(((?:[Hh][Tt][Tt][Pp][Ss]?://|[Mm][Aa][Ii][Ll][Tt][Oo]:)[^\s()<>]+)\)"
    rf"|(\*+)|{_WORDS}"
)
_FENCE = re.compile(r"```[A-Za-z0-9_+-]*\s*")
_ITEM = re.compile(r"( {0,6}(?:-|[0-9]{1,3}\.)|>) +(.*)")
_WORD = re.compile(r"[A-Za-z0-9]")
_SHORTEST_NAME = 4
"""With its @."""
_STYLES = {1: "i", 2: "b", 3: "bi"}
"""By how many stars there are."""
_LENGTHS = {"i": 1, "b": 2}


class Piece(NamedTuple):
    """A part of a line. `kind`: `text`, `code`, `link`, `mention`, `seq`; `style` has `b` for bold, `i` for italic."""

    kind: str
    text: str
    style: str = ""
    href: str = ""


class Block(NamedTuple):
    """`p`, `quote` or `list` with lines of pieces and the mark of each, `code` with lines of one piece."""

    kind: str
    lines: list[list[Piece]]
    marks: list[str]


def parse(text: str) -> list[Block]:
    """Return a text in blocks."""
    blocks: list[Block] = []
    is_fenced = False
    for line in text.split("\n"):
        found = _ITEM.fullmatch(line)
        mark, rest = found.groups() if found else ("", line)
        if is_fenced:
            if line.strip() == "```":
                is_fenced = False
            else:
                blocks[-1].lines.append([Piece("code", line)])
        elif _FENCE.fullmatch(line):
            is_fenced = True
            blocks.append(Block("code", [], []))
        else:
            kind = {"": "p", ">": "quote"}.get(mark, "list")
            if not blocks or blocks[-1].kind != kind:
                blocks.append(Block(kind, [], []))
            blocks[-1].lines.append(parse_line(rest))
            blocks[-1].marks.append(mark)
    return blocks


def parse_line(line: str) -> list[Piece]:
    """Return a line in pieces."""
    pieces: list[Piece] = []
    opened: dict[str, int] = {}
    end = 0
    for found in _INLINE.finditer(line):
        escaped, _ticks, code, label, href, stars, url, name, seq = found.groups()
        pieces.append(Piece("text", line[end : found.start()]))
        end = found.end()
        if stars:
            _star(stars, line[max(0, found.start() - 1) : found.start()], line[end : end + 1], pieces, opened)
        elif code:
            pieces.append(Piece("code", code))
        elif href or url:
            pieces.append(Piece("link", label or url, href=href or url))
        elif name and len(name) >= _SHORTEST_NAME:
            pieces.append(Piece("mention", name))
        else:
            pieces.append(Piece("seq" if seq else "text", escaped or found[0]))
    return _join([*pieces, Piece("text", line[end:])])


def _star(stars: str, before: str, after: str, pieces: list[Piece], opened: dict[str, int]) -> None:
    """Begin or end what stars are around; those that do neither, or are not ended, stay. `opened`: where they stand."""
    styles = _STYLES.get(len(stars), "")
    ends = bool(before.strip() and styles) and not _WORD.match(after) and all(style in opened for style in styles)
    if not ends:
        if after.strip() and not _WORD.match(before) and not any(style in opened for style in styles):
            opened.update(dict.fromkeys(styles, len(pieces)))
        pieces.append(Piece("text", stars))
        return
    for style in styles:
        at = opened.pop(style)
        pieces[at] = pieces[at]._replace(text=pieces[at].text[_LENGTHS[style] :])
        pieces[at + 1 :] = [one._replace(style="".join(sorted(one.style + style))) for one in pieces[at + 1 :]]


def _join(pieces: list[Piece]) -> list[Piece]:
    """Return pieces with texts of one style as one."""
    joined: list[Piece] = []
    for (kind, style), found in groupby(filter(_has_text, pieces), key=_look):
        same = list(found)
        joined += [Piece(kind, "".join(one.text for one in same), style)] if kind == "text" else same
    return joined


def _has_text(piece: Piece) -> bool:
    return bool(piece.text)


def _look(piece: Piece) -> tuple[str, str]:
    return piece.kind, piece.style


def plain(text: str) -> str:
    """Return what a text says without its marks."""
    return "\n".join("".join(piece.text for piece in line) for block in parse(text) for line in block.lines)
