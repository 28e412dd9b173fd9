"""The files of the page without what only those need who read their source: a browser loads less."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from string import ascii_letters

from pygments.lexers.javascript import JavascriptLexer
from pygments.token import Comment, Text
from rcssmin import cssmin

from .short_names import Token, shorten

NEEDS_SPACE = re.compile(r"[\w$#\\][\w$#\\]|\+\+|--")
"""The end of one piece and the beginning of the next, where together they would be read as one."""
GOES_ON = re.compile(r"[^\w$}]|(?:in|of|instanceof)$")
"""What begins a line that might go on with the one before: a semicolon has to stand between them."""

OWN_NAME = re.compile(r"--[\w-]+(?=[:)])")


def lean(body: bytes, kind: str) -> bytes:
    """Return a file of a media type without comments and needless space; one of another type as it is."""
    return LEAN[kind](body.decode()).encode() if kind in LEAN else body


def lean_script(text: str) -> str:
    """Return a script with short names whose lines keep their numbers, as the browser's console tells them. A semicolon
    goes where a line or a block ends; so no statement of the page is a semicolon alone. What is `const` is `let`, which
    is shorter, and the same to what assigns nothing twice."""
    pieces: list[str] = []
    space = ""
    lexer = JavascriptLexer(stripnl=False, ensurenl=False)
    for kind, piece in shorten([Token(*token) for token in lexer.get_tokens(text)]):
        if kind in Text or kind in Comment:
            space += "\n" * piece.count("\n") or " "
            continue
        if pieces and pieces[-1] == ";" and (piece == "}" or ("\n" in space and not GOES_ON.match(piece))):
            pieces.pop()
        if "\n" in space:
            pieces.append("\n" * space.count("\n"))
        elif space and pieces and NEEDS_SPACE.match(pieces[-1][-1] + piece[0]):
            pieces.append(" ")
        pieces.append("let" if piece == "const" else piece)
        space = ""
    return "".join(pieces)


def lean_style(text: str) -> str:
    """Return a style sheet whose own names (`--side-ink`) are as short as can be: no script says them."""
    style: str = cssmin(text)
    names = sorted(set(OWN_NAME.findall(style)))
    return OWN_NAME.sub(lambda found: f"--{ascii_letters[names.index(found[0])]}", style)


LEAN: Mapping[str, Callable[[str], str]] = {
    "text/javascript": lean_script,
    "text/css": lean_style,
    "text/html": partial(re.compile(r'^[ \t]+|(?<==)"([\w-]+)"', re.MULTILINE).sub, r"\1"),
}
